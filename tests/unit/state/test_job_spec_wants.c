/* SPDX-License-Identifier: Apache-2.0
 *
 * test_job_spec_wants.c - resources, order and components that no job can have
 */
#include "wire/job_component.h"
#include "state/job_spec.h"

#include "base/mem.h"
#include "wire/pack.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t script[] = "#!/bin/sh\nexit 0\n";

static Berth__JobSpec good(void)
{
    Berth__JobSpec spec = BERTH__JOB_SPEC__INIT;

    spec.script.data = script;
    spec.script.len = sizeof(script) - 1;
    return spec;
}

static void assert_refused(const Berth__JobSpec *spec, const char *words)
{
    struct err err = {0};

    if (job_spec_check(spec, &err) == 0)
        fail_msg("accepted; it should be: %s", words);
    assert_string_equal(err.text, words);
}

static void each_text_is_read_and_named_by_its_option(void **state)
{
    static const struct {
        size_t offset;
        const char *good, *bad, *words;
    } rows[] = {
#define ROW(member, ...) {offsetof(Berth__JobSpec, member), __VA_ARGS__}
        ROW(array, "0-99%4", "5-1",
            "--array: a range runs backwards at column 1 of '5-1'"),
        ROW(dependency, "afterok:1,singleton",
            "afterok:", "--dependency: a number is missing at column 9 of 'afterok:'"),
        ROW(constraint, "[a|b]&!c", "a|",
            "--constraint: a feature is missing at column 3 of 'a|'"),
        ROW(prefer, "a", "(a", "--prefer: ')' is missing at column 3 of '(a'"),
        ROW(gres, "gpu:a100:2",
            "gpu:", "--gres: a type or a count is missing at column 5 of 'gpu:'"),
        ROW(gpus, "a100:2", "a:", "--gpus: a count is missing at column 3 of 'a:'"),
        ROW(gpus_per_node, "2", ",",
            "--gpus-per-node: a type or a count is missing at column 1 of ','"),
        ROW(gpus_per_task, "2", ",",
            "--gpus-per-task: a type or a count is missing at column 1 of ','"),
        ROW(gpus_per_socket, "2", ",",
            "--gpus-per-socket: a type or a count is missing at column 1 of ','"),
        ROW(licences, "a:2|b", "a:0",
            "--licenses: a count of zero at column 3 of 'a:0'"),
        ROW(switches, "2@10", "2x", "--switches: 'x' has no place at column 2 of '2x'"),
        ROW(distribution, "cyclic", "plane",
            "--distribution: '=' and a number of tasks are missing at column 6 of "
            "'plane'"),
        ROW(requeue, "no", "maybe", "--requeue: 'maybe' is neither yes nor no"),
        ROW(kill_on_invalid_dep, "yes", "1",
            "--kill-on-invalid-dep: '1' is neither yes nor no"),
        ROW(reservation, "course", "a\nb",
            "--reservation: holds the control character \\x0a at position 2"),
#undef ROW
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup(freep) char *fine = xstrdup(rows[i].good);
        cleanup(freep) char *bad = xstrdup(rows[i].bad);
        Berth__JobSpec spec = good();
        char **member = (char **)(void *)((char *)&spec + rows[i].offset);
        struct err err;

        *member = fine;
        if (job_spec_check(&spec, &err) != 0)
            fail_msg("'%s': %s", rows[i].good, err.text);
        *member = bad;
        assert_refused(&spec, rows[i].words);
    }
}

static void options_for_gpus_must_agree(void **state)
{
    static char two[] = "2", gpu3[] = "gpu:3";
    Berth__JobSpec spec = good();

    (void)state;
    spec.mem_per_gpu = 1024;
    assert_refused(&spec, "--mem-per-gpu: the job asks for no GPUs; --gpus-per-node, "
                          "--gpus-per-task or --gpus do");
    spec.gpus_per_node = two;
    assert_int_equal(job_spec_check(&spec, NULL), 0);
    spec.mem_per_cpu = 1;
    assert_refused(&spec, "--mem-per-gpu and --mem-per-cpu are mutually exclusive");
    spec = good();
    spec.tasks_per_gpu = 2;
    spec.gpus_per_task = two;
    assert_refused(&spec,
                   "--ntasks-per-gpu and --gpus-per-task are mutually exclusive");
    spec = good();
    spec.gpus_per_node = two;
    spec.gres = gpu3;
    assert_refused(&spec, "--gres asks for 3 GPUs on each node, --gpus-per-node for 2");
    spec = good();
    spec.gpus_per_node = two;
    spec.gpus = two;
    spec.nodes_min = 3;
    assert_refused(&spec, "--gpus=2: not 2 GPUs on each of --nodes=3");
    spec.nodes_min = 1;
    assert_int_equal(job_spec_check(&spec, NULL), 0);
}

static void wishes_about_sharing_exclude_each_other(void **state)
{
    Berth__JobSpec spec = good();

    (void)state;
    spec.oversubscribe = 1;
    spec.exclusive_user = 1;
    assert_refused(&spec, "--oversubscribe and --exclusive are mutually exclusive");
    spec.oversubscribe = 0;
    spec.exclusive = 1;
    assert_refused(&spec, "--exclusive and --exclusive=user are mutually exclusive");
    spec = good();
    spec.mem_all = 1;
    spec.mem_per_cpu = 1;
    assert_refused(&spec, "--mem=0 and another size of memory are mutually exclusive");
}

static void times_stand_in_order(void **state)
{
    Berth__JobSpec spec = good();

    (void)state;
    spec.time_min = 600;
    spec.time_limit = 300;
    assert_refused(&spec, "--time-min is more than --time");
    spec.time_limit = -1;
    assert_int_equal(job_spec_check(&spec, NULL), 0);
    spec.begin_time = 2000;
    spec.deadline = 2000;
    assert_refused(&spec, "--deadline is not after --begin");
    spec = good();
    spec.priority = -1;
    assert_refused(&spec, "--priority=-1: must be between 0 and 4294967295");
}

static void arrays_are_plain_batch_jobs(void **state)
{
    static char indexes[] = "0-9";
    Berth__JobComponent part = BERTH__JOB_COMPONENT__INIT, *parts[] = {&part};
    Berth__JobSpec spec = good();

    (void)state;
    spec.array = indexes;
    spec.interactive = 1;
    assert_refused(&spec, "--array: only batch jobs have elements");
    spec.interactive = 0;
    spec.components = parts;
    spec.n_components = 1;
    assert_refused(&spec, "--array: a heterogeneous job cannot be an array too");
}

static void each_component_is_judged_and_numbered(void **state)
{
    static char bad[] = "a|";
    Berth__JobComponent first = BERTH__JOB_COMPONENT__INIT;
    Berth__JobComponent second = BERTH__JOB_COMPONENT__INIT;
    Berth__JobComponent *parts[JOB_COMPONENTS_MAX] = {&first, &second};
    Berth__JobSpec spec = good();

    (void)state;
    spec.components = parts;
    spec.n_components = 2;
    first.tasks = 4;
    assert_int_equal(job_spec_check(&spec, NULL), 0);
    second.constraint = bad;
    assert_refused(&spec, "component 2: --constraint: a feature is missing at column 3 "
                          "of 'a|'");
    spec.n_components = JOB_COMPONENTS_MAX;
    assert_refused(&spec, "a heterogeneous job of more than 128 components");
}

static void a_component_is_a_spec_of_sizes_and_places(void **state)
{
    static char gpu[] = "gpu:2", name[] = "both", far[] = "far";
    Berth__JobComponent part = BERTH__JOB_COMPONENT__INIT, *parts[] = {&part};
    Berth__JobSpec spec = good();

    (void)state;
    spec.name = name;
    spec.tasks = 1;
    spec.time_limit = 60;
    part.tasks = 4;
    part.gres = gpu;
    part.partition = far;
    spec.components = parts;
    spec.n_components = 1;
    assert_int_equal(job_component_count(&spec), 2);
    for (size_t i = 0; i < 2; i++) {
        cleanup(free_messagep) Berth__JobSpec *component = job_component(&spec, i);

        assert_int_equal(component->tasks, i ? 4 : 1);
        assert_string_equal(component->gres, i ? "gpu:2" : "");
        assert_string_equal(component->partition, i ? "far" : "");
        assert_string_equal(component->name, "");
        assert_int_equal(component->time_limit, 0);
        assert_int_equal(component->script.len, 0);
        assert_int_equal(component->n_components, 0);
        assert_int_equal(component->base.n_unknown_fields, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_text_is_read_and_named_by_its_option),
        cmocka_unit_test(options_for_gpus_must_agree),
        cmocka_unit_test(wishes_about_sharing_exclude_each_other),
        cmocka_unit_test(times_stand_in_order),
        cmocka_unit_test(arrays_are_plain_batch_jobs),
        cmocka_unit_test(each_component_is_judged_and_numbered),
        cmocka_unit_test(a_component_is_a_spec_of_sizes_and_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
