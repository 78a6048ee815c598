/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pod_network.c - slices of pods' addresses, one for each node and kept
 */
#include "fixture.h"

#include "base/mem.h"
#include "controller/pods/pod_network.h"
#include "wire/pack.h"

#include <string.h>

static const struct ipv4_range cidr = {0x0a580000, 16};

static void free_parts_are_given_in_order(void **state)
{
    struct ipv4_range slices[3] = {{0}};

    (void)state;
    pod_network_allot(cidr, 24, slices, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(ipv4_range_equal(slices[i], ipv4_range_part(cidr, 24, i)));
}

static void what_a_node_has_it_keeps(void **state)
{
    struct ipv4_range slices[] = {
        {0},
        ipv4_range_part(cidr, 24, 0),
        ipv4_range_part(cidr, 24, 200),
        ipv4_range_part(cidr, 24, 200), /* twice */
        ipv4_range_part(cidr, 25, 3),   /* of another length */
        {0x0b000000, 24},               /* of another range */
    };
    static const uint64_t expected[] = {1, 0, 200, 2, 3, 4};

    (void)state;
    pod_network_allot(cidr, 24, slices, ARRAY_SIZE(slices));
    for (size_t i = 0; i < ARRAY_SIZE(slices); i++)
        assert_true(
            ipv4_range_equal(slices[i], ipv4_range_part(cidr, 24, expected[i])));
}

static void all_parts_can_be_given(void **state)
{
    struct ipv4_range slices[256] = {{0}};

    (void)state;
    slices[0] = ipv4_range_part(cidr, 24, 255);
    pod_network_allot(cidr, 24, slices, 256);
    assert_true(ipv4_range_equal(slices[255], ipv4_range_part(cidr, 24, 254)));
}

static Berth__Envelope *registered(struct cluster *cluster, const char *node)
{
    return node_register(party_connect(cluster), node, "boot", NULL, 0);
}

static void nodes_are_told_their_own_and_all_others(void **state)
{
    struct cluster *cluster = *state;
    cleanup(free_messagep) Berth__Envelope *before = registered(cluster, "n3");
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    const Berth__PodNetwork *net = before->registered->pod_network;

    assert_string_equal(net->cidr, "");
    assert_int_equal(net->n_routes, 0);
    cluster_stop(cluster);
    str_replace(&cluster->config->pods.cidr, "10.88.0.0/16");
    cluster_start(cluster);
    reply = registered(cluster, "n3");
    net = reply->registered->pod_network;
    assert_string_equal(net->cidr, "10.88.0.0/16");
    assert_string_equal(net->slice, "10.88.2.0/24");
    assert_int_equal(net->n_routes, NODES - 1);
    assert_string_equal(net->routes[0]->node, "n1");
    assert_string_equal(net->routes[0]->address, "n1");
    assert_string_equal(net->routes[0]->slice, "10.88.0.0/24");
    assert_string_equal(net->routes[2]->slice, "10.88.3.0/24");
}

static char *slice_of(struct cluster *cluster, const char *node)
{
    cleanup(free_messagep) Berth__Envelope *reply = registered(cluster, node);

    return xstrdup(reply->registered->pod_network->slice);
}

static void a_slice_stays_when_others_leave_the_configuration(void **state)
{
    struct cluster *cluster = *state;
    cleanup(freep) char *before = NULL;
    cleanup(freep) char *after = NULL;
    struct config_node first;
    size_t n = cluster->config->n_nodes;

    cluster_stop(cluster);
    str_replace(&cluster->config->pods.cidr, "10.88.0.0/16");
    cluster_start(cluster);
    before = slice_of(cluster, "n2");
    assert_string_equal(before, "10.88.1.0/24");
    cluster_stop(cluster);
    /* n1 goes to the end, as a file that was edited has it. */
    first = cluster->config->nodes[0];
    memmove(cluster->config->nodes, cluster->config->nodes + 1,
            (n - 1) * sizeof(first));
    cluster->config->nodes[n - 1] = first;
    cluster_start(cluster);
    after = slice_of(cluster, "n2");
    assert_string_equal(after, before);
}

int main(void)
{
#define WITH_CLUSTER(test) \
    cmocka_unit_test_setup_teardown(test, cluster_setup, cluster_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(free_parts_are_given_in_order),
        cmocka_unit_test(what_a_node_has_it_keeps),
        cmocka_unit_test(all_parts_can_be_given),
        WITH_CLUSTER(nodes_are_told_their_own_and_all_others),
        WITH_CLUSTER(a_slice_stays_when_others_leave_the_configuration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
