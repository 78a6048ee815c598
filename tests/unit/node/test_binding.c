/* SPDX-License-Identifier: Apache-2.0
 *
 * test_binding.c - what tasks are bound to, on machines of many kinds
 *
 * Sets are compared as lists of the operating system's numbers; what must hold on
 * every machine is checked on all that are at hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "node/binding.h"

#define TASKS_MAX 16

struct bench {
    struct node_topo *topo;
    struct bitset *cores;
    struct bitset *own[TASKS_MAX];
    struct distribution_spec dist;
    struct binding_wish wish;
};

/* 'tasks' tasks of 'cpus' cores each, on neighbouring cores of a whole machine. */
static void bench_open(struct bench *b, const char *source, size_t tasks, size_t cpus)
{
    struct err err;

    memset(b, 0, sizeof(*b));
    assert_int_equal(node_topo_load(source, &b->topo, NULL, &err), 0);
    b->cores = bitset_create(b->topo->n_cores);
    bitset_set_range(b->cores, 0, b->topo->n_cores);
    for (size_t t = 0; t < tasks; t++) {
        b->own[t] = bitset_create(b->topo->n_cores);
        for (size_t c = 0; c < cpus; c++)
            bitset_set(b->own[t], (t * cpus + c) % b->topo->n_cores);
    }
    b->wish = (struct binding_wish){.topo = b->topo,
                                    .cores = b->cores,
                                    .own = b->own,
                                    .n_tasks = tasks,
                                    .dist = &b->dist};
}

static void bench_close(struct bench *b)
{
    for (size_t t = 0; t < TASKS_MAX; t++)
        bitset_destroy(b->own[t]);
    bitset_destroy(b->cores);
    node_topo_destroy(b->topo);
}

/* "0-1 2-3", and destroys the sets. */
static char *format_sets(struct bitset **sets, size_t n)
{
    struct strbuf sb = STRBUF_INIT;

    for (size_t i = 0; i < n; i++) {
        cleanup(freep) char *text = bitset_format(sets[i]);

        strbuf_printf(&sb, "%s%s", i ? " " : "", text);
        bitset_destroy(sets[i]);
    }
    return strbuf_take(&sb);
}

static char *cpus_of(const struct bench *b, const char *text)
{
    cleanup(bind_spec_fini) struct bind_spec spec = {.kind = BIND_TO_OWN};
    struct bitset *sets[TASKS_MAX];
    struct err err;

    assert_int_equal(cpu_bind_parse(text, &spec, &err), 0);
    if (binding_cpus(&b->wish, &spec, sets, &err) < 0)
        return xstrdup(err.text);
    return format_sets(sets, b->wish.n_tasks);
}

static void assert_cpus(const struct bench *b, const char *text, const char *expected)
{
    cleanup(freep) char *found = cpus_of(b, text);

    assert_string_equal(found, expected);
}

/* Two sockets of two NUMA nodes of two cores of two threads. */
#define SMT "synthetic:pack:2 numa:2 core:2 pu:2"

static void each_form_binds_as_it_says(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, SMT, 3, 1);
    assert_cpus(&b, "", "0-1 2-3 4-5");
    assert_cpus(&b, "cores", "0-1 2-3 4-5");
    assert_cpus(&b, "threads", "0 2 4");
    assert_cpus(&b, "ldoms", "0-3 0-3 4-7");
    assert_cpus(&b, "sockets", "0-7 0-7 0-7");
    assert_cpus(&b, "boards", "0-15 0-15 0-15");
    assert_cpus(&b, "none", "0-15 0-15 0-15");
    assert_cpus(&b, "rank", "0 1 2");
    assert_cpus(&b, "map_cpu:9,3", "9 3 9");
    assert_cpus(&b, "mask_cpu:0xff,0x100*2", "0-7 8 8");
    assert_cpus(&b, "rank_ldom", "0-3 4-7 8-11");
    assert_cpus(&b, "map_ldom:3,0", "12-15 0-3 12-15");
    assert_cpus(&b, "mask_ldom:0x9", "0-3,12-15 0-3,12-15 0-3,12-15");
    bench_close(&b);
}

static void no_more_threads_of_a_core_than_asked(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, SMT, 2, 2);
    b.wish.threads_per_core = 1;
    assert_cpus(&b, "", "0,2 4,6");
    assert_cpus(&b, "sockets", "0,2,4,6 0,2,4,6");
    assert_cpus(&b, "rank", "0 2");
    bench_close(&b);
}

static void tasks_on_one_core_share_its_threads(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "synthetic:pack:1 core:1 pu:2", 3, 1);
    assert_cpus(&b, "threads", "0 1 0");
    bench_close(&b);
}

static void only_what_the_step_has_is_used(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, SMT, 2, 1);
    bitset_clear_all(b.cores);
    bitset_set_range(b.cores, 0, 3);
    assert_cpus(&b, "sockets", "0-5 0-5");
    assert_cpus(&b, "none", "0-5 0-5");
    assert_cpus(&b, "rank_ldom", "0-3 4-5");
    assert_cpus(&b, "map_cpu:0,6",
                "--cpu-bind: processors 6: not among those that the step may use here, "
                "0-5");
    assert_cpus(&b, "mask_cpu:0xff",
                "--cpu-bind: processors 6-7: not among those that the step may use "
                "here, 0-5");
    assert_cpus(&b, "map_ldom:2",
                "--cpu-bind: NUMA nodes 2: not among those that the step may use here, "
                "0-1");
    bench_close(&b);
}

static void assert_dealt(const char *how, size_t tasks, size_t cpus,
                         uint32_t per_socket, const char *expected)
{
    cleanup(freep) char *found = NULL;
    struct err err;
    struct bench b;

    bench_open(&b, "synthetic:pack:2 core:4 pu:1", tasks, cpus);
    assert_int_equal(distribution_parse(how, &b.dist, &err), 0);
    b.wish.tasks_per_socket = per_socket;
    binding_deal(&b.wish);
    found = cpus_of(&b, "");
    assert_string_equal(found, expected);
    bench_close(&b);
}

static void tasks_are_dealt_out_over_sockets(void **state)
{
    (void)state;
    assert_dealt("block", 4, 2, 0, "0-1 2-3 4-5 6-7");
    assert_dealt("block:block", 4, 2, 0, "0-1 2-3 4-5 6-7");
    assert_dealt("block:cyclic", 4, 2, 0, "0-1 4-5 2-3 6-7");
    assert_dealt("block:fcyclic", 4, 2, 0, "0,4 1,5 2,6 3,7");
    assert_dealt("block:cyclic", 8, 1, 0, "0 4 1 5 2 6 3 7");
    assert_dealt("*:cyclic", 2, 3, 0, "0-2 3-5"); /* within what the step holds */
    assert_dealt("block", 3, 2, 2, "0-1 2-3 4-5");
    assert_dealt("block", 3, 2, 1, "0-1 4-5 2-3"); /* as far as it goes */
}

static void memory_is_bound_by_the_systems_numbers(void **state)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"local", "0 0 1"},
        {"rank", "0 1 2"},
        {"map_mem:3,1", "3 1 3"},
        {"mask_mem:0xf", "0-3 0-3 0-3"},
    };
    struct err err;
    struct bench b;

    (void)state;
    bench_open(&b, SMT, 3, 1);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup(bind_spec_fini) struct bind_spec spec = {.kind = BIND_TO_OWN};
        cleanup(freep) char *found = NULL;
        struct bitset *sets[TASKS_MAX];

        assert_int_equal(mem_bind_parse(rows[i].text, &spec, &err), 0);
        assert_int_equal(binding_memory(&b.wish, &spec, sets, &err), 0);
        found = format_sets(sets, 3);
        assert_string_equal(found, rows[i].expected);
    }
    {
        cleanup(bind_spec_fini) struct bind_spec spec = {.kind = BIND_TO_OWN};
        struct bitset *sets[TASKS_MAX];

        assert_int_equal(mem_bind_parse("map_mem:4", &spec, &err), 0);
        assert_int_equal(binding_memory(&b.wish, &spec, sets, &err), -EINVAL);
        assert_non_null(strstr(err.text, "--mem-bind: NUMA nodes 4"));
    }
    bench_close(&b);
}

/* GPUs 0 and 1 near the first socket, 2 and 3 near the second; 4 is none. */
static void equip(struct bench *b)
{
    static const struct topo_gres gres[] = {
        {.name = "gpu", .type = "a", .count = 2, .cores = "0-3"},
        {.name = "gpu", .type = "b", .count = 2, .cores = "4-7"},
        {.name = "fpga", .count = 1},
    };
    struct node_topo *topo;
    struct err err;

    assert_int_equal(node_topo_equip(b->topo, gres, 3, &topo, &err), 0);
    node_topo_destroy(b->topo);
    b->topo = topo;
    b->wish.topo = topo;
}

static size_t gpu_number(const struct node_topo *topo, size_t device)
{
    return topo->devices[device].class == TOPO_GPU ? topo->devices[device].number : 9;
}

static void gpus_are_bound_by_their_place_among_the_steps(void **state)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"none", "0123 0123 0123 0123"},
        {"closest", "01 01 23 23"},
        {"single:1", "0 1 2 3"},
        {"single:2", "0 0 1 1"},
        {"per_task:2", "01 23 01 23"},
        {"map_gpu:3,0", "3 0 3 0"},
        {"mask_gpu:0x3,0xc", "01 23 01 23"},
    };
    struct err err;
    struct bench b;
    cleanup(bitset_destroyp) struct bitset *devices = NULL;

    (void)state;
    bench_open(&b, "synthetic:pack:2 core:4 pu:1", 4, 2);
    equip(&b);
    devices = bitset_create(b.topo->n_devices);
    bitset_set_range(devices, 0, b.topo->n_devices);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup(bind_spec_fini) struct bind_spec spec = {.kind = BIND_TO_OWN};
        struct bitset *sets[TASKS_MAX];
        struct strbuf found = STRBUF_INIT;

        assert_int_equal(gpu_bind_parse(rows[i].text, &spec, &err), 0);
        assert_int_equal(binding_gpus(&b.wish, &spec, devices, NULL, sets, &err), 0);
        for (size_t t = 0; t < 4; t++) {
            size_t others = 0;

            strbuf_puts(&found, t ? " " : "");
            for (size_t d = bitset_next(sets[t], 0); d < sets[t]->nbits;
                 d = bitset_next(sets[t], d + 1))
                if (gpu_number(b.topo, d) < 9)
                    strbuf_printf(&found, "%zu", gpu_number(b.topo, d));
                else
                    others++;
            assert_int_equal(others, 1);
            bitset_destroy(sets[t]);
        }
        assert_string_equal(found.s, rows[i].expected);
        strbuf_fini(&found);
    }
    bench_close(&b);
}

/* On any machine: a task has something, nothing that the step has not, and each form
 * at least as much as the narrower ones. */
static void check_machine(const char *path)
{
    static const char *const forms[] = {"threads", "cores", "ldoms",     "sockets",
                                        "boards",  "rank",  "rank_ldom", "l3"};
    struct bitset *sets[ARRAY_SIZE(forms)][TASKS_MAX];
    struct err err;
    struct bench b;

    bench_open(&b, path, 5, 1);
    for (size_t f = 0; f < ARRAY_SIZE(forms); f++) {
        cleanup(bind_spec_fini) struct bind_spec spec = {.kind = BIND_TO_OWN};

        assert_int_equal(cpu_bind_parse(forms[f], &spec, &err), 0);
        assert_int_equal(binding_cpus(&b.wish, &spec, sets[f], &err), 0);
    }
    for (size_t t = 0; t < 5; t++) {
        for (size_t f = 0; f < ARRAY_SIZE(forms); f++) {
            assert_true(bitset_count(sets[f][t]) > 0);
            assert_true(bitset_is_subset(sets[f][t], sets[4][t]));
        }
        assert_true(bitset_is_subset(sets[0][t], sets[1][t]));
        assert_true(bitset_is_subset(sets[1][t], sets[2][t]));
        assert_true(bitset_is_subset(sets[1][t], sets[3][t]));
        assert_true(bitset_is_subset(sets[1][t], sets[7][t]));
        assert_int_equal(bitset_count(sets[5][t]), 1);
    }
    for (size_t f = 0; f < ARRAY_SIZE(forms); f++)
        for (size_t t = 0; t < 5; t++)
            bitset_destroy(sets[f][t]);
    bench_close(&b);
}

static void what_holds_everywhere_holds_on_every_machine(void **state)
{
    static const char *const own[] = {
        SMT, "synthetic:pack:1 core:1 pu:1", "synthetic:pack:4 core:16 pu:4",
        "synthetic:numa:8 core:3 pu:2", "synthetic:pack:2 l3:4 core:4 pu:2"};
    const char *top = getenv("srcdir");
    cleanup(freep) char *folder =
        xasprintf("%s/../shared/data/hwloc/xml", top ? top : ".");
    DIR *dir = opendir(folder);
    struct dirent *entry;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(own); i++)
        check_machine(own[i]);
    while (dir && (entry = readdir(dir))) {
        cleanup(freep) char *path = xasprintf("%s/%s", folder, entry->d_name);
        struct node_topo *topo;

        if (entry->d_name[0] == '.' || !strstr(entry->d_name, ".xml") ||
            node_topo_load(path, &topo, NULL, NULL) < 0)
            continue;
        node_topo_destroy(topo);
        check_machine(path);
    }
    if (dir)
        closedir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_binds_as_it_says),
        cmocka_unit_test(no_more_threads_of_a_core_than_asked),
        cmocka_unit_test(tasks_on_one_core_share_its_threads),
        cmocka_unit_test(only_what_the_step_has_is_used),
        cmocka_unit_test(tasks_are_dealt_out_over_sockets),
        cmocka_unit_test(memory_is_bound_by_the_systems_numbers),
        cmocka_unit_test(gpus_are_bound_by_their_place_among_the_steps),
        cmocka_unit_test(what_holds_everywhere_holds_on_every_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
