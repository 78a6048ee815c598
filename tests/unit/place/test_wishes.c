/* SPDX-License-Identifier: Apache-2.0
 *
 * test_wishes.c - quotas, rows, switches, packages, devices, numbers only
 */
#include <math.h>
#include <string.h>

#include "cluster.h"

static const struct switch_def three_leaves[] = {{.name = "top", .switches = "a,b,c"},
                                                 {.name = "a", .nodes = "n[0-2]"},
                                                 {.name = "b", .nodes = "n[3-5]"},
                                                 {.name = "c", .nodes = "n[6-7]"}};

/* Eight nodes of 2 packages, 4 cores each, under three leaf switches. */
static int setup(void **state)
{
    static struct cluster c;
    cluster_init(&c, "synthetic:pack:2 [numa] l3:1 core:4 pu:1", 8, three_leaves, 4);
    *state = &c;
    return 0;
}

static int teardown(void **state)
{
    cluster_fini(*state);
    return 0;
}

/* "n0 n3 ...", or the words of the refusal. */
static void assert_nodes(const struct cluster *c, const struct place_request *req,
                         const char *expected)
{
    struct place_result *r = NULL;
    struct strbuf text = STRBUF_INIT;
    struct err err;
    if (place_choose(c->cluster, req, &place_weights_default, 0, &r, &err) < 0)
        strbuf_puts(&text, err.text);
    for (size_t i = 0; r && i < r->n_shares; i++)
        strbuf_printf(&text, "%s%s", i ? " " : "", c->names[r->shares[i].node]);
    assert_string_equal(text.s, expected);
    strbuf_fini(&text);
    place_result_destroy(r);
}

static void quotas_are_met_from_their_sets(void **state)
{
    cleanup(bitset_destroyp) struct bitset *first = node_set("0-2"),
                                           *last = node_set("5-7");
    struct place_quota quotas[] = {{.nodes = first, .n = 1}, {.nodes = last, .n = 2}};
    struct place_request req = {
        .nodes_min = 3, .exclusive = true, .quotas = quotas, .n_quotas = 2};
    assert_nodes(*state, &req, "n0 n6 n7");
    quotas[1].n = 3;
    req.nodes_min = 4;
    assert_nodes(*state, &req, "n0 n5 n6 n7");
    cluster_use(*state, 5, "0");
    assert_nodes(*state, &req,
                 "the nodes with room do not have the features in the numbers that are "
                 "asked for");
}

static void a_row_has_no_gap(void **state)
{
    struct place_request req = {.nodes_min = 3, .exclusive = true, .contiguous = true};
    assert_nodes(*state, &req, "n0 n1 n2");
    cluster_use(*state, 1, "0");
    assert_nodes(*state, &req, "n3 n4 n5");
    cluster_use(*state, 4, "0");
    assert_nodes(*state, &req, "n5 n6 n7");
    cluster_use(*state, 6, "0");
    assert_nodes(*state, &req, "--contiguous: no nodes in a row have room for it now");
}

static void no_more_switches_than_are_allowed(void **state)
{
    struct place_request req = {.nodes_min = 5, .exclusive = true};
    req.switches_max = 2;
    assert_nodes(*state, &req, "n0 n1 n2 n6 n7");
    cluster_use(*state, 0, "0");
    cluster_use(*state, 3, "0");
    assert_nodes(*state, &req, "--switches=2: the nodes with room hang from more");
    req.switches_max = 3;
    assert_nodes(*state, &req, "n1 n2 n4 n5 n6");
}

static void packages_hold_no_more_tasks_than_are_allowed(void **state)
{
    struct place_request req = {.nodes_min = 1, .tasks = 4, .tasks_per_package = 2};
    assert_placed(*state, &req, "n0 0-1,4-5 (0 1 4 5)");
    req.nodes_max = 1;
    req.tasks = 5;
    assert_nodes(*state, &req, "--ntasks=5: the largest 1 node hold 4 such tasks");
}

static void tasks_go_round_over_packages(void **state)
{
    struct place_request req = {.nodes_min = 1, .tasks = 4};
    req.package_order = PLACE_CYCLIC;
    assert_placed(*state, &req, "n0 0-1,4-5 (0 4 1 5)");
    req.package_order = PLACE_PLANE;
    req.plane = 2;
    req.tasks = 6;
    assert_placed(*state, &req, "n0 0-5 (0 1 4 5 2 3)");
}

static void tasks_share_a_core_when_they_may(void **state)
{
    struct place_request req = {.nodes_min = 1, .tasks = 3, .tasks_per_core = 2};
    assert_placed(*state, &req, "n0 0-1 (0 0 1)");
}

static void the_next_best_is_told_when_asked(void **state)
{
    const struct cluster *c = *state;
    struct place_request req = {.nodes_min = 1, .tasks = 2};
    struct place_result *r;
    cluster_use(*state, 3, "0-5");
    assert_int_equal(place_choose(c->cluster, &req, &place_weights_default,
                                  PLACE_WHY | PLACE_RUNNER_UP, &r, NULL),
                     0);
    assert_int_equal(r->shares[0].node, 3);
    assert_true(r->score == 0 && r->runner_up_score == 4);
    assert_string_equal(r->why, "1 switch (0 levels up), 1 node, 0 split; past need: 0 "
                                "packages, 0 NUMA nodes, 0 L3");
    assert_string_equal(r->runner_up,
                        "n0: 1 switch (0 levels up), 1 node, 1 split; past need: 0 "
                        "packages, 0 NUMA nodes, 0 L3");
    place_result_destroy(r);
}

/* ------------------------------------------------------------------- devices */

/* Every other node gets two GPUs, one by each package. */
static void equip(struct cluster *c, struct node_topo **ret)
{
    static const struct topo_gres gres[] = {
        {.name = "gpu", .type = "a", .count = 1, .cores = "0-3"},
        {.name = "gpu", .type = "b", .count = 1, .cores = "4-7"}};
    assert_int_equal(node_topo_equip(c->topo, gres, 2, ret, NULL), 0);
    for (uint32_t i = 0; i < c->n; i += 2)
        place_cluster_set(c->cluster, i, *ret, 16384);
}

static void devices_are_chosen_taken_and_given_back(void **state)
{
    struct cluster *c = *state;
    struct node_topo *topo;
    equip(c, &topo);
    struct place_gres gres = {
        .kind = PLACE_KIND_GPU, .count = 1, .per = PLACE_PER_TASK};
    struct place_request req = {.nodes_min = 1, .tasks = 2, .gres = &gres, .n_gres = 1};
    struct place_result *r, *none;
    uint16_t counts[8] = {0};
    assert_int_equal(
        place_choose(c->cluster, &req, &place_weights_default, 0, &r, NULL), 0);
    assert_int_equal(r->shares[0].node, 0);
    assert_int_equal(bitset_count(r->shares[0].devices), 2);
    assert_true(bitset_test(r->shares[0].task_devices[1], 1));
    for (int i = 0; i < 4; i++) {
        r->shares[0].node = (uint32_t)(2 * i);
        place_cluster_take(c->cluster, &r->shares[0]);
    }
    place_cluster_check(c->cluster);
    assert_int_equal(
        place_choose(c->cluster, &req, &place_weights_default, 0, &none, NULL),
        -EAGAIN);
    place_cluster_release(c->cluster, &r->shares[0]);
    place_cluster_count(c->cluster, 6, NULL, counts);
    assert_int_equal(counts[PLACE_KIND_GPU], 2);
    assert_int_equal(counts[place_cluster_kind(c->cluster, "gpu", "b")], 1);
    gres.kind = place_cluster_kind(c->cluster, "gpu", "b");
    req.tasks = 1;
    place_result_destroy(r);
    assert_int_equal(
        place_choose(c->cluster, &req, &place_weights_default, 0, &r, NULL), 0);
    assert_int_equal(r->shares[0].node, 6);
    assert_true(bitset_test(r->shares[0].devices, 1));
    assert_true(bitset_test(r->shares[0].cores, 4));
    place_result_destroy(r);
    for (uint32_t i = 0; i < c->n; i++)
        place_cluster_set(c->cluster, i, c->topo, 16384);
    node_topo_destroy(topo);
}

static void devices_of_the_whole_job_are_dealt_out(void **state)
{
    struct cluster *c = *state;
    struct node_topo *topo;
    equip(c, &topo);
    struct place_gres gres = {
        .kind = PLACE_KIND_GPU, .count = 4, .per = PLACE_PER_JOB, .memory = 100};
    struct place_request req = {.nodes_min = 2, .tasks = 4, .gres = &gres, .n_gres = 1};
    struct place_result *r;
    assert_int_equal(
        place_choose(c->cluster, &req, &place_weights_default, 0, &r, NULL), 0);
    assert_int_equal(r->n_shares, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(bitset_count(r->shares[i].devices), 2);
        assert_int_equal(r->shares[i].memory, 200);
        assert_int_equal(r->shares[i].node % 2, 0);
    }
    place_result_destroy(r);
    for (uint32_t i = 0; i < c->n; i++)
        place_cluster_set(c->cluster, i, c->topo, 16384);
    node_topo_destroy(topo);
}

/* ------------------------------------------------------------------- numbers */

static void flat_nodes_count_their_cores(void **state)
{
    static const char *const names[] = {"m"};
    struct switch_tree *tree;
    struct place_result *r;
    struct place_request req = {.tasks = 60};
    (void)state;
    assert_int_equal(switch_tree_build(NULL, 0, names, 1, &tree, NULL), 0);
    struct place_cluster *cluster = place_cluster_create(tree, names, 1, true);
    place_cluster_set_flat(cluster, 0, 100, 0);
    place_cluster_up(cluster, 0, true);
    assert_int_equal(
        place_choose(cluster, &req, &place_weights_default, PLACE_BAG, &r, NULL), 0);
    assert_int_equal(r->shares[0].n_cores, 60);
    assert_null(r->shares[0].cores);
    place_cluster_take(cluster, &r->shares[0]);
    assert_int_equal(place_cluster_node(cluster, 0)->n_free, 40);
    struct place_cluster *later = place_cluster_dup(cluster);
    place_cluster_release(later, &r->shares[0]);
    place_cluster_check(later);
    place_result_destroy(r);
    assert_int_equal(place_choose(cluster, &req, &place_weights_default, 0, &r, NULL),
                     -EAGAIN);
    assert_int_equal(place_choose(later, &req, &place_weights_default, 0, &r, NULL), 0);
    place_result_destroy(r);
    place_cluster_check(cluster);
    place_cluster_destroy(later);
    place_cluster_destroy(cluster);
    switch_tree_destroy(tree);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* What a node's numbers say, the set of candidates says too; and one node of them
 * takes the least that is asked for. */
static void candidates_are_the_nodes_that_have_room(void **state)
{
    struct cluster *c = *state;
    cleanup(bitset_destroyp) struct bitset *set = bitset_create(c->n);
    struct node_topo *topo;
    uint32_t seed = 5;
    equip(c, &topo);
    for (int round = 0; round < 500; round++) {
        struct place_gres gres = {.count = 1 + next_random(&seed) % 2,
                                  .per = (enum place_per)(next_random(&seed) % 2)};
        struct place_request req = {.nodes_min = 1,
                                    .tasks_per_node = 1 + next_random(&seed) % 4,
                                    .cpus_per_task = 1 + next_random(&seed) % 3,
                                    .mem_per_cpu = next_random(&seed) % 3000,
                                    .gres = &gres,
                                    .n_gres = next_random(&seed) % 2,
                                    .exclusive = next_random(&seed) % 8 == 0};
        cleanup(bitset_destroyp) struct bitset *cores = bitset_create(8);
        cleanup(bitset_destroyp) struct bitset *devices = bitset_create(2);
        struct place_share share = {.node = next_random(&seed) % 8, .cores = cores};
        for (uint32_t i = 0; i < 8; i++)
            if (next_random(&seed) % 3 == 0)
                bitset_set(cores, i);
        bitset_set(devices, next_random(&seed) % 2);
        share.devices = devices;
        share.memory = next_random(&seed) % 6000;
        if (next_random(&seed) % 2)
            place_cluster_take(c->cluster, &share);
        else
            place_cluster_release(c->cluster, &share);
        size_t n = place_candidates(c->cluster, &req, set), expected = 0;
        for (uint32_t i = 0; i < c->n; i++) {
            const struct place_node *node = place_cluster_node(c->cluster, i);
            uint16_t counts[8] = {0};
            if (node->free_devices)
                place_cluster_count(c->cluster, i, node->free_devices, counts);
            struct place_room room = {.cores = node->n_cores,
                                      .free_cores = node->n_free,
                                      .free_memory = place_node_free_memory(node),
                                      .devices = counts};
            bool holds = place_capacity(node->topo, &room, &req) > 0;
            assert_int_equal(bitset_test(set, i), holds);
            expected += holds;
        }
        assert_int_equal(n, expected);
        struct place_result *r = NULL;
        int rc = place_choose(c->cluster, &req, &place_weights_default, 0, &r, NULL);
        assert_int_equal(rc == 0, n > 0);
        if (rc == 0)
            assert_true(bitset_test(set, r->shares[0].node));
        place_result_destroy(r);
    }
    place_cluster_check(c->cluster);
    for (uint32_t i = 0; i < c->n; i++)
        place_cluster_set(c->cluster, i, c->topo, 16384);
    node_topo_destroy(topo);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(quotas_are_met_from_their_sets),
        TEST(a_row_has_no_gap),
        TEST(no_more_switches_than_are_allowed),
        TEST(packages_hold_no_more_tasks_than_are_allowed),
        TEST(tasks_go_round_over_packages),
        TEST(tasks_share_a_core_when_they_may),
        TEST(the_next_best_is_told_when_asked),
        TEST(devices_are_chosen_taken_and_given_back),
        TEST(devices_of_the_whole_job_are_dealt_out),
        TEST(flat_nodes_count_their_cores),
        TEST(candidates_are_the_nodes_that_have_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
