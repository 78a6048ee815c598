/* SPDX-License-Identifier: Apache-2.0
 *
 * test_load.c - what a configuration means, and the words that refuse one
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "config/config.h"

#define TWO "nodes: [{names: 'n[1-2]'}]\n"

static struct config *parse(const char *text)
{
    struct config *c = NULL;
    struct err err = {0};

    if (config_parse("berth.yaml", text, strlen(text), &c, &err) < 0)
        fail_msg("%s", err.text);
    return c;
}

/* Are these the words that refuse 'text'? Prints those that come instead. */
static bool is_refused(const char *text, const char *words)
{
    cleanup(config_freep) struct config *c = NULL;
    struct err err = {.text = "(accepted)"};

    if (config_parse("berth.yaml", text, strlen(text), &c, &err) < 0 &&
        strcmp(err.text, words) == 0)
        return true;
    print_error("got:  %s\nwant: %s\n", err.text, words);
    return false;
}

static void a_small_file_gets_all_defaults(void **state)
{
    cleanup(config_freep) struct config *c = parse("nodes:\n  - names: n[1-4]\n");

    (void)state;
    assert_string_equal(c->cluster, "berth");
    assert_int_equal(c->controller.port, BERTH_DEFAULT_CONTROLLER_PORT);
    assert_int_equal(c->controller.keep_ended, 7 * 86400);
    assert_int_equal(c->node.heartbeat, 10);
    assert_int_equal(c->node.fanout, 16);
    assert_null(c->munge.socket);
    assert_null(c->image.fallback);
    assert_true(c->scheduling.w_switch == 100.0);
    assert_int_equal(c->n_nodes, 4);
    assert_string_equal(c->nodes[3].name, "n4");
    assert_string_equal(c->nodes[3].address, "n4");
    assert_int_equal(c->nodes[3].port, BERTH_DEFAULT_NODE_PORT);
    assert_int_equal(c->nodes[3].memory, 0);
    assert_null(c->nodes[3].topology);
}

static void a_file_without_partitions_has_one_of_all_nodes(void **state)
{
    cleanup(config_freep) struct config *c = parse(TWO);

    (void)state;
    assert_int_equal(c->n_partitions, 1);
    assert_string_equal(c->partitions[0].name, "batch");
    assert_string_equal(c->partitions[0].nodes, "ALL");
    assert_true(c->partitions[0].is_default);
    assert_true(c->partitions[0].up);
    assert_int_equal(c->partitions[0].time_max, TIME_UNLIMITED);
}

static void values_arrive_in_their_fields(void **state)
{
    cleanup(config_freep) struct config *c =
        parse("cluster: demo\n"
              "controller: {host: login1, port: 99, max_jobs: 5, keep_ended: 1h30m}\n"
              "node: {port: 100, heartbeat: 2s, lost_after: 5s, kill_grace: 0s}\n"
              "munge: {socket: /tmp/m}\n"
              "scheduling: {weight_age: 2.5, placement: {l3: 7}}\n"
              "log: {level: debug}\n"
              "nodes:\n"
              "  - names: n[1-2]\n"
              "    address: 10.0.0.[7-8]\n"
              "    memory: 64G\n"
              "    topology: synthetic:pack:2 core:4 pu:1\n"
              "  - {names: [a, b], port: 5}\n"
              "partitions:\n"
              "  - {name: slow, time_max: 2h}\n"
              "  - {name: fast, nodes: 'n[1-2],a', default: yes, up: off, "
              "time_default: 1m, time_max: 1d}\n");

    (void)state;
    assert_string_equal(c->cluster, "demo");
    assert_int_equal(c->controller.port, 99);
    assert_int_equal(c->controller.keep_ended, 5400);
    assert_int_equal(c->node.kill_grace, 0);
    assert_string_equal(c->munge.socket, "/tmp/m");
    assert_true(c->scheduling.weight_age == 2.5);
    assert_true(c->scheduling.w_l3 == 7.0);
    assert_string_equal(c->log_level, "debug");
    assert_int_equal(c->n_nodes, 4);
    assert_string_equal(c->nodes[1].address, "10.0.0.8");
    assert_string_equal(c->nodes[1].topology, "synthetic:pack:2 core:4 pu:1");
    assert_int_equal(c->nodes[1].memory, 65536);
    assert_int_equal(c->nodes[1].port, 100);
    assert_string_equal(c->nodes[3].name, "b");
    assert_int_equal(c->nodes[3].port, 5);
    assert_int_equal(c->partitions[0].time_default, 7200);
    assert_false(c->partitions[0].is_default);
    assert_true(c->partitions[1].is_default);
    assert_false(c->partitions[1].up);
    assert_int_equal(c->partitions[1].time_default, 60);
}

static void lists_counts_and_choices_arrive(void **state)
{
    cleanup(config_freep) struct config *c =
        parse("scheduling: {policy: hybrid, promises: 7, half_life: 0s, preempt: qos,\n"
              "  preempt_mode: suspend, fairshare: classic, usage: {gpus: 20}}\n"
              "licences: {matlab: 10, ansys: 5}\n"
              "nodes: [{names: 'n[1-2]', features: [rome, ib]}, {names: m}]\n"
              "partitions: [{name: p, priority: 9, qos: high, min_nodes: 2,\n"
              "  allow_accounts: 'a,b', deny_accounts: [c], allow_groups: [staff],\n"
              "  mem_per_cpu: 2G, max_cores_per_node: 3, oversubscribe: exclusive,\n"
              "  preempt_mode: none}, {name: q}]\n");
    const struct config_partition *p = &c->partitions[0], *q = &c->partitions[1];

    (void)state;
    assert_int_equal(c->scheduling.policy, CONFIG_POLICY_HYBRID);
    assert_int_equal(c->scheduling.promises, 7);
    assert_int_equal(c->scheduling.backfill_window, TIME_UNLIMITED);
    assert_int_equal(c->scheduling.half_life, 0);
    assert_int_equal(c->scheduling.fairshare, CONFIG_FAIR_CLASSIC);
    assert_int_equal(c->scheduling.preempt, CONFIG_PREEMPT_QOS);
    assert_int_equal(c->scheduling.preempt_mode, CONFIG_MODE_SUSPEND);
    assert_true(c->scheduling.usage_cores == 1 && c->scheduling.usage_gpus == 20);
    assert_string_equal(c->licences, "matlab:10,ansys:5");
    assert_string_equal(c->nodes[1].features, "rome,ib");
    assert_null(c->nodes[2].features);
    assert_string_equal(p->qos, "high");
    assert_int_equal(p->priority, 9);
    assert_int_equal(p->min_nodes, 2);
    assert_int_equal(p->max_cores_per_node, 3);
    assert_int_equal(p->mem_per_cpu, 2048);
    assert_string_equal(p->allow_accounts, "a,b");
    assert_string_equal(p->deny_accounts, "c");
    assert_string_equal(p->allow_groups, "staff");
    assert_int_equal(p->oversubscribe, CONFIG_OVERSUBSCRIBE_EXCLUSIVE);
    assert_int_equal(p->preempt_mode, CONFIG_MODE_NONE);
    assert_null(q->qos);
    assert_null(q->allow_qos);
    assert_int_equal(q->priority, 1);
    assert_int_equal(q->max_nodes, 0);
    assert_int_equal(q->oversubscribe, CONFIG_OVERSUBSCRIBE_NO);
    assert_int_equal(q->preempt_mode, CONFIG_MODE_CLUSTER);
}

static void the_first_partition_is_default_when_none_says_so(void **state)
{
    cleanup(config_freep) struct config *c =
        parse(TWO "partitions: [{name: a}, {name: b}]\n");

    (void)state;
    assert_true(c->partitions[0].is_default);
    assert_false(c->partitions[1].is_default);
}

static void nodes_are_found_by_name(void **state)
{
    cleanup(config_freep) struct config *c =
        parse("nodes: [{names: 'z[1-9]'}, {names: 'a[01-20]'}]\n");

    (void)state;
    for (size_t i = 0; i < c->n_nodes; i++)
        assert_ptr_equal(config_node_by_name(c, c->nodes[i].name), &c->nodes[i]);
    assert_null(config_node_by_name(c, "a1"));
    assert_null(config_node_by_name(c, ""));
}

static void a_topology_file_is_looked_for_beside_the_configuration(void **state)
{
    cleanup(config_freep) struct config *c = NULL;
    const char *text = "nodes: [{names: a, topology: big.xml}, "
                       "{names: b, topology: /x/y.xml}]\n";

    (void)state;
    assert_int_equal(
        config_parse("/etc/berth/berth.yaml", text, strlen(text), &c, NULL), 0);
    assert_string_equal(c->nodes[0].topology, "/etc/berth/big.xml");
    assert_string_equal(c->nodes[1].topology, "/x/y.xml");
}

static void an_alias_stands_for_what_it_names(void **state)
{
    cleanup(config_freep) struct config *c =
        parse("cluster: &x demo\ncontroller: {host: *x}\n" TWO);

    (void)state;
    assert_string_equal(c->controller.host, "demo");
}

static void node_dirs_carry_the_nodes_name(void **state)
{
    cleanup(freep) char *dir = config_node_dir("/run/%n/x-%n", "n1");

    (void)state;
    assert_string_equal(dir, "/run/n1/x-n1");
}

/* The words are the product: each is what a person reads. */
static const struct {
    const char *text, *words;
} refusals[] = {
    {"", "berth.yaml:1: must be a group of keys (cluster: ..., nodes: ...), not an "
         "empty file"},
    {"- a\n", "berth.yaml:1: must be a group of keys (cluster: ..., nodes: ...), not "
              "a list"},
    {"nodes:\n  - {names: n1, adress: x}\n",
     "berth.yaml:2: nodes[].adress: no such key, did you mean 'address'?"},
    {"conroller: {}\n",
     "berth.yaml:1: conroller: no such key, did you mean 'controller'?"},
    {"controller:\n  hots: x\n",
     "berth.yaml:2: controller.hots: no such key, did you mean 'host'?"},
    {"heartbeat: 10s\n",
     "berth.yaml:1: heartbeat: no such key, did you mean 'node.heartbeat'?"},
    {"qwertyuiop: 1\n", "berth.yaml:1: qwertyuiop: no such key"},
    {"nodes[].names: x\n", "berth.yaml:1: nodes[].names: no such key"},
    {"cluster: a\ncluster: b\n", "berth.yaml:2: cluster: given twice, first in line 1"},
    {"controller:\n  port: 70000\n" TWO,
     "berth.yaml:2: controller.port: 70000 is not between 1 and 65535"},
    {"controller:\n  port: [1]\n",
     "berth.yaml:2: controller.port: must be a single value, not a list"},
    {"controller: 7\n",
     "berth.yaml:1: controller: must be a group of keys, not a single value"},
    {"nodes: {names: n1}\n",
     "berth.yaml:1: nodes: must be a list, not a group of keys"},
    {"nodes: [n1]\n",
     "berth.yaml:1: nodes: each item must be a group of keys, not a single value"},
    {"nodes:\n- address: x\n", "berth.yaml:2: nodes[].names: is missing"},
    {"cluster: demo\n", "berth.yaml: nodes: is missing, a cluster needs a node"},
    {"node: {heartbeat: 10}\n" TWO, "berth.yaml:1: node.heartbeat: '10' has no unit, "
                                    "write 10s, 10m or 10h"},
    {"node: {heartbeat: 2h}\n" TWO,
     "berth.yaml:1: node.heartbeat: 2h is not between 1s and 1h"},
    {"pods:\n  nfs_mounts: [\"filer:/a=/b\", \"filer:/a\"]\n" TWO,
     "berth.yaml:2: pods.nfs_mounts: 'filer:/a' is not SERVER:/PATH=/DIRECTORY[:rw]"},
    {"pods:\n  nfs: [filer]\n" TWO,
     "berth.yaml:2: pods.nfs: 'filer' is not SERVER:/PATH[:rw]"},
    {"pods:\n  reclaim_paths: pv\n" TWO,
     "berth.yaml:2: pods.reclaim_paths: 'pv' is no absolute path"},
    {"pods:\n  host_paths: scratch\n" TWO,
     "berth.yaml:2: pods.host_paths: 'scratch' is no absolute path"},
    {"node:\n  heartbeat: 20s\n  lost_after: 30s\n" TWO,
     "berth.yaml:3: node.lost_after: 30s must be at least twice node.heartbeat (20s)"},
    {"node: {state_dir: var/x}\n" TWO,
     "berth.yaml:1: node.state_dir: 'var/x' must be an absolute path"},
    {"log: {level: inof}\n" TWO, "berth.yaml:1: log.level: 'inof' is not error, warn, "
                                 "info or debug, did you mean 'info'?"},
    {"cluster: a/b\n", "berth.yaml:1: cluster: 'a/b' is no name: letters, digits, '_', "
                       "'.' and '-', beginning with a letter or digit"},
    {"scheduling: {weight_age: many}\n",
     "berth.yaml:1: scheduling.weight_age: 'many' is not a number"},
    {"scheduling: {placement: {numa: -1}}\n",
     "berth.yaml:1: scheduling.placement.numa: -1 is not between 0 and 1000000000"},
    {"nodes:\n- names: n[1-3]\n  address: a[1-2]\n",
     "berth.yaml:2: nodes[].address: 2 addresses for 3 names"},
    {"nodes:\n- names: n[1-3]\n- names: n3\n",
     "berth.yaml:3: nodes[].names: n3 is named twice, first in line 2"},
    {"nodes:\n- names: n1\n  address: x\n- names: n2\n  address: x\n",
     "berth.yaml:4: nodes[].port: n1 and n2 both listen at x port 7818"},
    {"controller: {host: n1, port: 7818}\n" TWO,
     "berth.yaml:2: nodes[].port: n1 and the controller both listen at n1 port 7818"},
    {"nodes: [{names: ALL}]\n",
     "berth.yaml:1: nodes[].names: 'ALL' means every node and cannot name one"},
    {TWO "partitions:\n- {name: p, nodes: m1}\n",
     "berth.yaml:3: partitions[].nodes: there is no node m1, did you mean 'n1'?"},
    {TWO "partitions:\n- name: p\n- name: p\n",
     "berth.yaml:4: partitions[].name: p is named twice, first in line 3"},
    {TWO "partitions:\n- {name: p, default: true}\n- {name: q, default: true}\n",
     "berth.yaml:4: partitions[].default: p and q cannot both be the default"},
    {TWO "partitions: [{name: p, time_default: 2h, time_max: 1h}]\n",
     "berth.yaml:2: partitions[].time_default: is longer than time_max"},
    {TWO "partitions: [{name: p, up: maybe}]\n",
     "berth.yaml:2: partitions[].up: 'maybe' is neither true nor false"},
    {TWO "partitions: [{name: p, min_nodes: 4, max_nodes: 2}]\n",
     "berth.yaml:2: partitions[].max_nodes: 2 is less than min_nodes (4)"},
    {TWO "partitions: [{name: p, allow_accounts: [a b]}]\n",
     "berth.yaml:2: partitions[].allow_accounts: 'a b' is no name: letters, digits, "
     "'_', '.' and '-', beginning with a letter or digit"},
    {TWO "scheduling: {policy: conservativ}\n",
     "berth.yaml:2: scheduling.policy: 'conservativ' is not default, fifo, easy, "
     "conservative or hybrid, did you mean 'conservative'?"},
    {TWO "scheduling: {preempt_mode: cluster}\n",
     "berth.yaml:2: scheduling.preempt_mode: 'cluster' is not requeue, suspend or "
     "cancel"},
    {TWO "licences: {matlab: many}\n",
     "berth.yaml:2: licences: 'many' is not a whole number"},
    {TWO "licences: matlab\n",
     "berth.yaml:2: licences: matlab has no count, write matlab:1"},
    {TWO "licences: 'a:1,a:2'\n", "berth.yaml:2: licences: a is counted twice"},
    {TWO "switches: [{name: s}]\n",
     "berth.yaml:2: switches[].nodes: nothing hangs from "
     "s, give it nodes or switches"},
    {TWO "switches:\n- {name: a, nodes: n1}\n- {name: b, nodes: 'n[1-2]'}\n",
     "berth.yaml:4: switches[].nodes: n1 hangs from a already"},
    {TWO "switches: [{name: a, nodes: n9}]\n",
     "berth.yaml:2: switches[].nodes: there is no node n9, did you mean 'n1'?"},
    {TWO "switches: [{name: leaf1, nodes: n1}, {name: top, switches: 'leaf2'}]\n",
     "berth.yaml:2: switches[].switches: there is no switch leaf2, did you mean "
     "'leaf1'?"},
    {TWO "switches:\n- {name: a, switches: b}\n- {name: b, switches: a}\n",
     "berth.yaml:3: switches[].switches: a hangs from itself, by a loop"},
    {TWO "switches:\n- {name: a, switches: a}\n",
     "berth.yaml:3: switches[].switches: a hangs from itself, by a loop"},
    {"a: &a {b: *a}\n", "berth.yaml:1: this alias contains itself"},
    {"a: *nothing\n", "berth.yaml:1: no anchor '&nothing' before this alias"},
    {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]\n", "berth.yaml:1: nested too deep"},
    {TWO "---\ncluster: x\n",
     "berth.yaml:2: a second document ('---') begins; only one may be here"},
    {"cluster: \"a\\0b\"\n", "berth.yaml:1: a NUL character in a value"},
    {"nodes: [{names: n[1-2]}]\n",
     "berth.yaml:1: not valid YAML: did not find expected ',' or '}' (inside braces "
     "quote host lists: \"n[1-4]\")"},
    {"cluster:\n\tx\n", "berth.yaml:2: not valid YAML: found character that cannot "
                        "start any token (indent "
                        "with blanks, not tabs; quote values that begin with % or @)"},
};

static void each_mistake_is_named_with_its_line(void **state)
{
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
        wrong += !is_refused(refusals[i].text, refusals[i].words);
    assert_int_equal(wrong, 0);
}

/* Ten aliases a level, so that 16 MiB of weight are reached at once. */
static void aliases_cannot_make_a_file_huge(void **state)
{
    struct strbuf sb = STRBUF_INIT;
    struct config *c = NULL;
    struct err err;

    (void)state;
    strbuf_puts(&sb, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 12; i++) {
        strbuf_printf(&sb, "a%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++)
            strbuf_printf(&sb, "%s*a%d", j ? "," : "", i - 1);
        strbuf_puts(&sb, "]\n");
    }
    assert_true(config_parse("bomb", sb.s, sb.len, &c, &err) < 0);
    assert_non_null(strstr(err.text, "aliases make this file too large"));
    strbuf_fini(&sb);
}

static void the_installed_example_is_right(void **state)
{
    cleanup(config_freep) struct config *c = NULL;
    cleanup(config_freep) struct config *preset = config_defaults();
    const char *srcdir = getenv("srcdir");
    cleanup(freep) char *path = xasprintf("%s/etc/berth.yaml", srcdir ? srcdir : ".");
    struct err err = {0};

    (void)state;
    if (config_load(path, &c, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(c->n_nodes, 6);
    assert_int_equal(c->n_switches, 3);
    /* It says that what it shows are the defaults. */
    assert_int_equal(c->node.lost_after, preset->node.lost_after);
    assert_int_equal(c->node.kill_grace, preset->node.kill_grace);
    assert_int_equal(c->controller.max_jobs, preset->controller.max_jobs);
    assert_string_equal(c->image.user_store, preset->image.user_store);
    assert_true(c->scheduling.w_fragmentation == preset->scheduling.w_fragmentation);
}

static void settings_come_without_nodes_and_other_mistakes_are_found(void **state)
{
    static const char right[] = "cluster: c\ncontroller: {host: h, port: 4711}\n"
                                "nodes: [{names: 'a,a'}]\n";
    static const char wrong[] = "cluster: c\ncontroler: {host: h}\n";
    char path[] = "/tmp/berth-test-XXXXXX";
    int fd = mkstemp(path);
    cleanup(config_freep) struct config *c = NULL;
    struct config *none = NULL;
    struct err err;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, right, strlen(right)), strlen(right));
    assert_true(config_load(path, &none, &err) < 0);
    assert_int_equal(config_load_settings(path, &c, &err), 0);
    assert_int_equal(c->controller.port, 4711);
    assert_int_equal(c->n_nodes, 0);
    assert_int_equal(pwrite(fd, wrong, strlen(wrong), 0), strlen(wrong));
    assert_int_equal(ftruncate(fd, (off_t)strlen(wrong)), 0);
    assert_true(config_load_settings(path, &none, &err) < 0);
    assert_non_null(strstr(err.text, "controler"));
    close(fd);
    unlink(path);
}

static void a_file_that_is_not_there_is_named(void **state)
{
    struct config *c = NULL;
    struct err err;

    (void)state;
    assert_true(config_load("/nonexistent/berth.yaml", &c, &err) < 0);
    assert_non_null(strstr(err.text, "/nonexistent/berth.yaml"));
}

static void a_file_too_large_is_refused_unread(void **state)
{
    char path[] = "/tmp/berth-test-XXXXXX";
    int fd = mkstemp(path);
    struct config *c = NULL;
    struct err err;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, CONFIG_BYTES_MAX + 1), 0);
    assert_int_equal(config_load(path, &c, &err), -EFBIG);
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_file_gets_all_defaults),
        cmocka_unit_test(a_file_without_partitions_has_one_of_all_nodes),
        cmocka_unit_test(values_arrive_in_their_fields),
        cmocka_unit_test(lists_counts_and_choices_arrive),
        cmocka_unit_test(the_first_partition_is_default_when_none_says_so),
        cmocka_unit_test(nodes_are_found_by_name),
        cmocka_unit_test(a_topology_file_is_looked_for_beside_the_configuration),
        cmocka_unit_test(an_alias_stands_for_what_it_names),
        cmocka_unit_test(node_dirs_carry_the_nodes_name),
        cmocka_unit_test(each_mistake_is_named_with_its_line),
        cmocka_unit_test(aliases_cannot_make_a_file_huge),
        cmocka_unit_test(the_installed_example_is_right),
        cmocka_unit_test(settings_come_without_nodes_and_other_mistakes_are_found),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
        cmocka_unit_test(a_file_too_large_is_refused_unread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
