/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pods.c - the network of pods in a site's configuration
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/config.h"

#define BEGIN                                                      \
    "nodes: [{names: \"n[1-3]\", address: \"10.0.0.[1-3]\"}]\n"    \
    "partitions: [{name: batch, default: true}, {name: secure}]\n" \
    "pods:\n"

static void assert_refused(const char *rest, const char *words)
{
    cleanup(freep) char *text = xasprintf(BEGIN "%s", rest);
    struct config *config;
    struct err err;

    assert_true(config_parse("t.yaml", text, strlen(text), &config, &err) < 0);
    if (strcmp(err.text, words) != 0)
        fail_msg("%s", err.text);
}

static struct config *parse(const char *rest)
{
    cleanup(freep) char *text = xasprintf(BEGIN "%s", rest);
    struct config *config = NULL;
    struct err err = {0};

    if (config_parse("t.yaml", text, strlen(text), &config, &err))
        fail_msg("%s", err.text);
    return config;
}

static void the_first_subnet_that_fits_counts(void **state)
{
    cleanup(config_freep) struct config *c =
        parse("  cidr: 10.88.0.0/16\n"
              "  subnets:\n"
              "    - {name: secret, partitions: [secure]}\n"
              "    - {name: physics, accounts: [astro, plasma]}\n");

    (void)state;
    assert_int_equal(config_pod_subnet(c, "batch", "bio"), 0);
    assert_int_equal(config_pod_subnet(c, "secure", "astro"), 1);
    assert_int_equal(config_pod_subnet(c, "batch", "plasma"), 2);
    assert_int_equal(config_pod_subnet(c, "", ""), 0);
    assert_int_equal(config_pod_subnet(c, "secur", "astr"), 0);
}

static void without_a_word_there_is_no_network(void **state)
{
    cleanup(config_freep) struct config *c = parse("  mtu: 9000\n");

    (void)state;
    assert_null(c->pods.cidr);
    assert_int_equal(c->pods.node_prefix, 24);
    assert_int_equal(c->pods.mtu, 9000);
    assert_int_equal(c->pods.tunnel, CONFIG_TUNNEL_AUTO);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    assert_refused("  cidr: 10.88.0.0\n",
                   "t.yaml:4: pods.cidr: '10.88.0.0' is not a range like 10.88.0.0/16");
    assert_refused("  cidr: 10.88.1.0/16\n",
                   "t.yaml:4: pods.cidr: '10.88.1.0/16' has bits beyond its prefix: "
                   "write 10.88.0.0/16");
    assert_refused("  cidr: 10.0.0.0/16\n",
                   "t.yaml:4: pods.cidr: 10.0.0.0/16 has the address of node n1, "
                   "10.0.0.1");
    assert_refused("  cidr: 10.88.0.0/24\n  node_prefix: 25\n",
                   "t.yaml:5: pods.node_prefix: 10.88.0.0/24 has 2 parts with /25, and "
                   "there are 3 nodes");
    assert_refused("  host_ports: 30000-70000\n",
                   "t.yaml:4: pods.host_ports: '30000-70000' is not a range of ports "
                   "like 30000-32767");
    assert_refused("  host_ports: 9-2\n",
                   "t.yaml:4: pods.host_ports: '9-2' runs backwards");
    assert_refused("  cidr: 10.88.0.0/16\n  node_prefix: 15\n",
                   "t.yaml:5: pods.node_prefix: 10.88.0.0/16 has 0 parts with /15, and "
                   "there are 3 nodes");
    assert_refused("  mtu: 100\n", "t.yaml:4: pods.mtu: must be 0, or 576 at least");
    assert_refused("  tunnel: yes\n",
                   "t.yaml:4: pods.tunnel: 'yes' is not auto, always or never");
}

static void wrong_subnets_are_refused(void **state)
{
    (void)state;
    assert_refused("  cidr: 10.88.0.0/16\n  node_prefix: 30\n"
                   "  subnets: [{name: a, accounts: x}]\n",
                   "t.yaml:5: pods.node_prefix: /30 is too small a part for 1 subnets: "
                   "use /29 or less");
    assert_refused("  subnets: [{name: a}]\n",
                   "t.yaml:4: pods.subnets[].name: a has neither partitions nor "
                   "accounts");
    assert_refused("  subnets:\n    - {name: a, accounts: x}\n"
                   "    - {name: a, accounts: y}\n",
                   "t.yaml:6: pods.subnets[].name: a is in line 5 already");
    assert_refused(
        "  subnets: [{name: a, partitions: [physics]}]\n",
        "t.yaml:4: pods.subnets[].partitions: there is no partition physics");
    assert_refused("  subnets: [{name: a, partitions: [secur]}]\n",
                   "t.yaml:4: pods.subnets[].partitions: there is no partition secur, "
                   "did you mean 'secure'?");
}

static void pods_may_take_the_ports_of_the_range(void **state)
{
    cleanup(config_freep) struct config *usual = parse("  mtu: 0\n");
    cleanup(config_freep) struct config *one = parse("  host_ports: 8088\n");
    cleanup(config_freep) struct config *none = parse("  host_ports: \"\"\n");

    (void)state;
    assert_true(config_pod_host_port(usual, 30000));
    assert_true(config_pod_host_port(usual, 32767));
    assert_false(config_pod_host_port(usual, 29999));
    assert_false(config_pod_host_port(usual, 32768));
    assert_true(config_pod_host_port(one, 8088));
    assert_false(config_pod_host_port(one, 22));
    assert_false(config_pod_host_port(none, 30000));
}

static void what_is_shown_says_the_same(void **state)
{
    cleanup(config_freep) struct config *c =
        parse("  cidr: 10.88.0.0/16\n"
              "  subnets: [{name: secret, partitions: [secure, batch]}]\n");
    cleanup(freep) char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    cleanup(config_freep) struct config *again = NULL;

    (void)state;
    config_show(c, out);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(config_parse("again.yaml", text, len, &again, NULL), 0);
    assert_string_equal(again->pods.cidr, "10.88.0.0/16");
    assert_int_equal(again->pods.n_subnets, 1);
    assert_string_equal(again->pods.subnets[0].partitions, "secure,batch");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_subnet_that_fits_counts),
        cmocka_unit_test(without_a_word_there_is_no_network),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(wrong_subnets_are_refused),
        cmocka_unit_test(pods_may_take_the_ports_of_the_range),
        cmocka_unit_test(what_is_shown_says_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
