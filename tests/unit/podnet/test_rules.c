/* SPDX-License-Identifier: Apache-2.0
 *
 * test_rules.c - the text of a node's rules
 *
 * That they do what they say is test_podnet's part.
 */
#include "podnet/rules.h"

#include "base/mem.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct podnet_plan plain = {
    .table = "berth_c_n1",
    .cidr = {0x0a580000, 16},
    .slice = {0x0a580100, 24},
};

static void the_table_is_replaced_as_a_whole(void **state)
{
    cleanup(freep) char *rules = podnet_rules(&plain);
    cleanup(freep) char *removed = podnet_rules_removed("berth_c_n1");

    (void)state;
    assert_string_equal(removed,
                        "table inet berth_c_n1\ndelete table inet berth_c_n1\n");
    assert_int_equal(strncmp(rules, removed, strlen(removed)), 0);
    assert_non_null(strstr(rules, "table inet berth_c_n1 {\n"));
    assert_null(strstr(rules, "hook forward"));
    assert_null(strstr(rules, "dport"));
}

static void what_leaves_the_cluster_takes_the_nodes_name(void **state)
{
    cleanup(freep) char *rules = podnet_rules(&plain);

    (void)state;
    assert_non_null(
        strstr(rules, "ip saddr 10.88.1.0/24 ip daddr != 10.88.0.0/16 masquerade\n"));
}

static void subnets_are_kept_apart_by_bits_of_addresses(void **state)
{
    static const char *const names[] = {"secret", "open"};
    struct podnet_plan plan = plain;
    cleanup(freep) char *rules = NULL;
    const char *last;

    (void)state;
    plan.subnets = names;
    plan.n_subnets = 2;
    rules = podnet_rules(&plan);
    assert_non_null(
        strstr(rules, "ip saddr 10.88.0.0/16 ip daddr 10.88.0.0/16 jump between\n"));
    assert_non_null(strstr(rules,
                           "ip saddr & 0.0.0.192 == 0.0.0.0 ip daddr & 0.0.0.192 "
                           "== 0.0.0.0 accept comment \"no subnet\"\n"));
    assert_non_null(strstr(rules, "== 0.0.0.64 accept comment \"secret\"\n"));
    last = strstr(rules, "== 0.0.0.128 accept comment \"open\"\n");
    assert_non_null(last);
    assert_non_null(strstr(last, "reject with"));
    assert_non_null(strstr(rules, "ip saddr & 0.0.0.255 == 0.0.0.1 accept\n"));
}

static void only_packets_of_pods_are_passed_on(void **state)
{
    struct podnet_plan plan = plain;
    cleanup(freep) char *rules = NULL;

    (void)state;
    plan.passes_pods_only = true;
    rules = podnet_rules(&plan);
    assert_non_null(
        strstr(rules, "hook forward priority filter; policy accept;\n"
                      "    ip saddr != 10.88.0.0/16 ip daddr != 10.88.0.0/16 drop\n"));
    assert_null(strstr(rules, "jump between"));
}

static void ports_lead_to_pods(void **state)
{
    static const struct podnet_forward forwards[] = {
        {.address = 0x0a580107, .port = {.host_port = 8080, .pod_port = 80}},
        {.address = 0x0a580108,
         .port = {.is_udp = true,
                  .host_port = 53,
                  .pod_port = 5353,
                  .host_ip = 0x0ad50101}},
    };
    struct podnet_plan plan = plain;
    cleanup(freep) char *rules = NULL;

    (void)state;
    plan.forwards = forwards;
    plan.n_forwards = 2;
    rules = podnet_rules(&plan);
    assert_non_null(strstr(rules, "    tcp dport 8080 dnat ip to 10.88.1.7:80\n"));
    assert_non_null(strstr(
        rules, "    ip daddr 10.213.1.1 udp dport 53 dnat ip to 10.88.1.8:5353\n"));
    assert_non_null(
        strstr(rules, "ip saddr 10.88.1.8 ip daddr 10.88.1.8 masquerade\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_replaced_as_a_whole),
        cmocka_unit_test(what_leaves_the_cluster_takes_the_nodes_name),
        cmocka_unit_test(subnets_are_kept_apart_by_bits_of_addresses),
        cmocka_unit_test(only_packets_of_pods_are_passed_on),
        cmocka_unit_test(ports_lead_to_pods),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
