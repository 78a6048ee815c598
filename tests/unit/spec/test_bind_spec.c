/* SPDX-License-Identifier: Apache-2.0
 *
 * test_bind_spec.c - what --cpu-bind, --mem-bind, --gpu-bind and --distribution say
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "spec/bind_spec.h"
#include "spec/distribution_spec.h"

typedef int parse_fn(const char *text, struct bind_spec *ret, struct err *err);

/* "kind v p count: mask mask ..." */
static char *describe(parse_fn *parse, const char *text)
{
    cleanup(bind_spec_fini) struct bind_spec spec = {.kind = BIND_TO_OWN};
    struct strbuf sb = STRBUF_INIT;
    struct err err;

    if (parse(text, &spec, &err) < 0)
        return xstrdup(err.text);
    strbuf_printf(&sb, "%d%s%s", spec.kind, spec.is_verbose ? " v" : "",
                  spec.prefers ? " p" : "");
    if (spec.count)
        strbuf_printf(&sb, " %u", spec.count);
    for (size_t i = 0; i < spec.n_items; i++) {
        cleanup(freep) char *mask = bind_mask_format(spec.items[i]);

        strbuf_printf(&sb, " %s", mask);
    }
    return strbuf_take(&sb);
}

static void assert_parsed(parse_fn *parse, const char *text, const char *expected)
{
    cleanup(freep) char *found = describe(parse, text);

    assert_string_equal(found, expected);
}

static void assert_kind(parse_fn *parse, const char *text, enum bind_kind kind,
                        const char *rest)
{
    cleanup(freep) char *expected = xasprintf("%d%s", kind, rest);

    assert_parsed(parse, text, expected);
}

static void processors_are_said_in_slurms_forms(void **state)
{
    (void)state;
    assert_kind(cpu_bind_parse, "", BIND_TO_OWN, "");
    assert_kind(cpu_bind_parse, "q", BIND_TO_OWN, "");
    assert_kind(cpu_bind_parse, "verbose", BIND_TO_OWN, " v");
    assert_kind(cpu_bind_parse, "v,quiet", BIND_TO_OWN, "");
    assert_kind(cpu_bind_parse, "q,none", BIND_TO_NONE, "");
    assert_kind(cpu_bind_parse, "no", BIND_TO_NONE, "");
    assert_kind(cpu_bind_parse, "sockets", BIND_TO_SOCKETS, "");
    assert_kind(cpu_bind_parse, "socket,v", BIND_TO_SOCKETS, " v");
    assert_kind(cpu_bind_parse, "ldoms", BIND_TO_LDOMS, "");
    assert_kind(cpu_bind_parse, "none,cores", BIND_TO_CORES, "");
    assert_kind(cpu_bind_parse, "rank_ldom", BIND_TO_RANK_LDOM, "");
}

static void lists_have_repeats_and_end_at_a_word(void **state)
{
    (void)state;
    assert_kind(cpu_bind_parse, "map_cpu:0,2*2,5", BIND_TO_MAP, " 0x1 0x4 0x4 0x20");
    assert_kind(cpu_bind_parse, "map_cpu:1,v", BIND_TO_MAP, " v 0x2");
    assert_kind(cpu_bind_parse, "mask_cpu:0x3,f0", BIND_TO_MASK, " 0x3 0xf0");
    assert_kind(cpu_bind_parse, "mask_cpu:0x10000000000000000*2,q", BIND_TO_MASK,
                " 0x10000000000000000 0x10000000000000000");
    assert_kind(cpu_bind_parse, "mask_ldom:0x1,0x2", BIND_TO_MASK_LDOM, " 0x1 0x2");
    assert_kind(cpu_bind_parse, "map_cpu:0,map_cpu:3", BIND_TO_MAP, " 0x8");
}

static void memory_and_gpus_have_forms_of_their_own(void **state)
{
    (void)state;
    assert_kind(mem_bind_parse, "local,v", BIND_TO_LOCAL, " v");
    assert_kind(mem_bind_parse, "prefer,map_mem:0,1", BIND_TO_MAP, " p 0x1 0x2");
    assert_kind(mem_bind_parse, "sort,rank", BIND_TO_RANK, "");
    assert_kind(gpu_bind_parse, "closest", BIND_TO_CLOSEST, "");
    assert_kind(gpu_bind_parse, "v,single:2", BIND_TO_SINGLE, " v 2");
    assert_kind(gpu_bind_parse, "per_task:1", BIND_TO_PER_TASK, " 1");
    assert_kind(gpu_bind_parse, "mask_gpu:0x3,0xc", BIND_TO_MASK, " 0x3 0xc");
}

static void mistakes_are_named(void **state)
{
    (void)state;
    assert_parsed(cpu_bind_parse, "scokets", "'scokets': did you mean 'sockets'?");
    assert_parsed(cpu_bind_parse, "map_cpu", "'map_cpu' needs a list: map_cpu:0,1");
    assert_parsed(cpu_bind_parse, "map_cpu:", "'' is no number");
    assert_parsed(cpu_bind_parse, "map_cpu:0x1", "'0x1' is no number");
    assert_parsed(cpu_bind_parse, "mask_cpu:0", "'0' is no mask, such as 0x3");
    assert_parsed(cpu_bind_parse, "mask_cpu:0xg", "'0xg' is no mask, such as 0x3");
    assert_parsed(cpu_bind_parse, "map_cpu:8192", "'8192': too large, or too many");
    assert_parsed(cpu_bind_parse, "map_cpu:0*9000", "'0*9000': too large, or too many");
    assert_parsed(cpu_bind_parse, "map_cpu:0*0", "'0*0': too large, or too many");
    assert_parsed(cpu_bind_parse, "cores:1", "'cores' takes no list");
    assert_parsed(gpu_bind_parse, "single", "'single' needs a number: single:1");
    assert_parsed(mem_bind_parse, "map_cpu:0",
                  "'map_cpu' is no such thing; the first is 'local'");
}

static void levels_of_a_distribution(void **state)
{
    static const struct {
        const char *text;
        struct distribution_spec spec;
    } rows[] = {
        {"", {.nodes = DEAL_DEFAULT}},
        {"cyclic", {.nodes = DEAL_CYCLIC}},
        {"*:fcyclic", {.sockets = DEAL_FCYCLIC, .cores = DEAL_FCYCLIC}},
        {"block:cyclic:block,Pack",
         {DEAL_BLOCK, DEAL_CYCLIC, DEAL_BLOCK, .pack = true}},
        {"plane=4:block", {DEAL_PLANE, DEAL_BLOCK, DEAL_BLOCK, .plane = 4}},
        {"arbitrary", {.nodes = DEAL_ARBITRARY}},
        {"NoPack", {.no_pack = true}},
    };
    static const char *const wrong[] = {
        "cylic",          "fcyclic", "block:plane=2",
        "plane",          "plane=0", "plane=x",
        "block,Packed",   "a:b:c:d", "block:block:block:block",
        "block:arbitrary"};
    struct distribution_spec spec;
    struct err err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(distribution_parse(rows[i].text, &spec, &err), 0);
        assert_int_equal(spec.nodes, rows[i].spec.nodes);
        assert_int_equal(spec.sockets, rows[i].spec.sockets);
        assert_int_equal(spec.cores, rows[i].spec.cores);
        assert_int_equal(spec.plane, rows[i].spec.plane);
        assert_int_equal(spec.pack, rows[i].spec.pack);
        assert_int_equal(spec.no_pack, rows[i].spec.no_pack);
    }
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_true(distribution_parse(wrong[i], &spec, &err) < 0);
    assert_int_equal(distribution_parse(":", &spec, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processors_are_said_in_slurms_forms),
        cmocka_unit_test(lists_have_repeats_and_end_at_a_word),
        cmocka_unit_test(memory_and_gpus_have_forms_of_their_own),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(levels_of_a_distribution),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
