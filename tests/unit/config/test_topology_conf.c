/* SPDX-License-Identifier: Apache-2.0
 *
 * test_topology_conf.c - switches as Slurm writes them, blocks, and devices of nodes
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "config/gres.h"
#include "config/topology_conf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* "name <switches> [nodes]; ...", or the words of the refusal. */
static char *read_text(const char *text)
{
    struct switch_list list;
    struct strbuf out = STRBUF_INIT;
    struct err err;
    if (topology_conf_parse("t.conf", text, strlen(text), &list, &err) < 0)
        return xstrdup(err.text);
    for (size_t i = 0; i < list.n; i++)
        strbuf_printf(&out, "%s%s <%s> [%s]", i ? "; " : "", list.at[i].name,
                      list.at[i].switches ? list.at[i].switches : "",
                      list.at[i].nodes ? list.at[i].nodes : "");
    switch_list_free(&list);
    return strbuf_take(&out);
}

static void assert_reads(const char *text, const char *expected)
{
    cleanup(freep) char *got = read_text(text);
    assert_string_equal(got, expected);
}

static void a_tree_is_read_with_comments_case_and_continued_lines(void **state)
{
    (void)state;
    assert_reads("# a tree\n\nSwitchName=s0 Nodes=n[0-3] LinkSpeed=100\n"
                 "switchname=s1\tnodes=n[4-7] # behind\r\n"
                 "SwitchName=top \\\n  Switches=s[0-1]",
                 "s0 <> [n[0-3]]; s1 <> [n[4-7]]; top <s[0-1]> []");
    assert_reads("", "");
    assert_reads("# nothing\n", "");
}

static void blocks_get_a_switch_for_each_group_of_them(void **state)
{
    (void)state;
    assert_reads("BlockName=b1 Nodes=n[0-3]\nBlockName=b2 Nodes=n[4-7]\n"
                 "BlockName=b3 Nodes=n[8-11]\nBlockSizes=4,8,16\n",
                 "b1 <> [n[0-3]]; b2 <> [n[4-7]]; b3 <> [n[8-11]]; b1.x8 <b1,b2> []; "
                 "b3.x8 <b3> []; b1.x16 <b1.x8,b3.x8> []");
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
    (void)state;
    assert_reads("SwitchName=a Nodes=n1\nSwichName=b Nodes=n2\n",
                 "t.conf:2: no such key 'SwichName', did you mean 'SwitchName'?");
    assert_reads("SwitchName=a\n", "t.conf:1: neither Switches nor Nodes for 'a'");
    assert_reads("SwitchName= Nodes=n1\n", "t.conf:1: no value for 'SwitchName'");
    assert_reads("SwitchName=a Nodes=n1 Nodes=n2\n", "t.conf:1: given twice: 'Nodes'");
    assert_reads("hello\n", "t.conf:1: a '=' is missing in 'hello'");
    assert_reads("SwitchName=a Nodes=n1\nBlockName=b Nodes=n2\n",
                 "t.conf: both switches and blocks");
    assert_reads("BlockName=b Nodes=n2\nBlockSizes=4,6\n",
                 "t.conf: BlockSizes: 6 is not a multiple of 4");
    assert_reads("BlockSizes=4\n", "t.conf: BlockSizes without any block");
}

/* As the configuration has it: tree, groups, blocks, and a file beside it. */
static char *load_text(const char *text, size_t *ret_n)
{
    struct config *c = NULL;
    struct strbuf out = STRBUF_INIT;
    struct err err;
    if (config_parse("berth.yaml", text, strlen(text), &c, &err) < 0)
        return xstrdup(err.text);
    for (size_t i = 0; i < c->n_switches; i++)
        strbuf_printf(&out, "%s%s", i ? " " : "", c->switches[i].name);
    if (c->nodes[0].gres)
        strbuf_printf(&out, "%s", c->nodes[0].gres);
    *ret_n = c->n_switches;
    config_free(c);
    return strbuf_take(&out);
}

static void assert_loads(const char *text, const char *expected)
{
    size_t n;
    cleanup(freep) char *got = load_text(text, &n);
    assert_string_equal(got, expected);
}

static void groups_and_blocks_are_switches_too(void **state)
{
    (void)state;
    assert_loads("nodes: [{names: 'n[1-4]'}]\n"
                 "switches: [{name: s, nodes: 'n[1-2]'}]\n"
                 "groups: [{name: g1, switches: s}, {name: g2, nodes: 'n[3-4]'}]\n",
                 "s g1 g2");
    assert_loads("nodes: [{names: 'n[1-4]'}]\nblock_sizes: [2, 4]\n"
                 "blocks: [{name: b1, nodes: 'n[1-2]'}, {name: b2, nodes: 'n[3-4]'}]\n",
                 "b1 b2 b1.x4");
    assert_loads("nodes: [{names: 'n[1-4]'}]\nblock_sizes: [2, 3]\n"
                 "blocks: [{name: b1, nodes: 'n[1-2]'}, {name: b2, nodes: 'n[3-4]'}]\n",
                 "berth.yaml:2: block_sizes: 3 is not a multiple of 2");
}

static void a_file_of_slurm_gives_the_switches(void **state)
{
    (void)state;
    char path[] = "topology-conf-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    assert_true(fputs("SwitchName=a Nodes=n[1-2]\nSwitchName=b Nodes=n3\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    cleanup(freep) char *text =
        xasprintf("topology_file: %s\nnodes: [{names: 'n[1-3]'}]\n", path);
    assert_loads(text, "a b");
    cleanup(freep) char *short_of =
        xasprintf("topology_file: %s\nnodes: [{names: 'n[1-2]'}]\n", path);
    assert_loads(short_of, "berth.yaml:1: switches[].nodes: there is no node n3, did "
                           "you mean 'n1'?");
    assert_int_equal(remove(path), 0);
    assert_loads("topology_file: absent.conf\nnodes: [{names: n1}]\n",
                 "berth.yaml:1: topology_file: absent.conf: No such file or "
                 "directory");
}

static void devices_are_words_or_groups_of_keys(void **state)
{
    (void)state;
    assert_loads("nodes: [{names: n1, gres: 'gpu:a100:4[0-15],fpga'}]\n",
                 "gpu:a100:4[0-15],fpga");
    assert_loads("nodes:\n  - names: n1\n"
                 "    gres: [{name: gpu, type: a100, count: 4, cores: '0-7,9'}, "
                 "'fpga:2', {name: shard, count: 8}]\n",
                 "gpu:a100:4[0-7,9],fpga:2,shard:8");
    assert_loads(
        "nodes: [{names: n1, gres: [{kind: gpu}]}]\n",
        "berth.yaml:1: nodes[].gres: each item must be like gpu:a100:4 or have "
        "name, type, count, cores and cdi");
    assert_loads("nodes: [{names: n1, gres: 'gpu:4:a100'}]\n",
                 "berth.yaml:1: nodes[].gres: gpu: the count '4' stands last");
    assert_loads("nodes: [{names: n1, gres: 'gpu:4000'}]\n",
                 "berth.yaml:1: nodes[].gres: gpu: '4000' is no number up to 1024");
    assert_loads("nodes: [{names: n1, gres: 'gpu[0-'}]\n",
                 "berth.yaml:1: nodes[].gres: gpu: a ']' is missing");
}

static void gres_are_taken_apart(void **state)
{
    (void)state;
    struct config_gres *list;
    size_t n;
    assert_int_equal(config_gres_parse("gpu:a100:4[0-3,8],gpu:2,fpga", &list, &n, NULL),
                     0);
    assert_int_equal(n, 3);
    assert_string_equal(list[0].name, "gpu");
    assert_string_equal(list[0].type, "a100");
    assert_string_equal(list[0].cores, "0-3,8");
    assert_int_equal(list[0].count, 4);
    assert_null(list[1].type);
    assert_int_equal(list[1].count, 2);
    assert_int_equal(list[2].count, 1);
    config_gres_free(list, n);
}

/* Files that others wrote, where there are some. */
static void files_of_others_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        size_t n;
    } rows[] = {{"slurm-tests/test_133_1_testcases-testcase1/topology.conf", 529},
                {"slurm-tests/test_133_1_testcases-testcase4/topology.conf", 22},
                {"slurm-tests/test_133_1_testcases-testcase5/topology.conf", 22},
                {"sites/unsw-abacus.topology.conf", 5},
                {"topograph/expected.slinky-oci-sim-tree.conf", 19}};
    const char *src = getenv("srcdir");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup(freep) char *path =
            xasprintf("%s/../shared/data/topology/%s", src ? src : ".", rows[i].path);
        cleanup(freep) char *text = NULL;
        struct switch_list list;
        struct err err;
        size_t len;
        if (io_read_file(path, 1 << 20, &text, &len, NULL) < 0) {
            print_message("not there: %s\n", path);
            continue;
        }
        if (topology_conf_parse(path, text, len, &list, &err) < 0)
            fail_msg("%s", err.text);
        assert_int_equal(list.n, rows[i].n);
        switch_list_free(&list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_is_read_with_comments_case_and_continued_lines),
        cmocka_unit_test(blocks_get_a_switch_for_each_group_of_them),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(groups_and_blocks_are_switches_too),
        cmocka_unit_test(a_file_of_slurm_gives_the_switches),
        cmocka_unit_test(devices_are_words_or_groups_of_keys),
        cmocka_unit_test(gres_are_taken_apart),
        cmocka_unit_test(files_of_others_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
