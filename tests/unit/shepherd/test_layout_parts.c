/* SPDX-License-Identifier: Apache-2.0
 *
 * test_layout_parts.c - which cores steps may use, which nodes, memory and devices they
 * get, and what they leave to one that waits
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout_fixture.h"

static char nothing[] = "", n9[] = "n9";

/* --------------------------------------------------------- what it may use */

static void a_step_that_says_nothing_of_cores_may_use_all_that_are_free(void **state)
{
    struct fixture *f = *state;
    Berth__LaunchStep second = BERTH__LAUNCH_STEP__INIT;

    f->job.cpus_per_task = 0;
    f->spec.tasks = 1;
    assert_int_equal(take_step(f), 0);
    assert_string_equal(f->launch.nodes[0]->task_cores[0], "0-3");
    assert_string_equal(f->launch.nodes[0]->held, "0");
    /* It holds one only: the others do not wait, and leave it that one. */
    f->spec.nodelist = f->names[0];
    assert_int_equal(layout_take(f->layout, &f->spec, false, &second, &f->err), 0);
    assert_string_equal(second.nodes[0]->task_cores[0], "1-3");
    give_step(f, &second);
}

static void several_tasks_get_equal_parts_of_what_is_free(void **state)
{
    struct fixture *f = *state;

    f->job.cpus_per_task = 0;
    f->spec.nodes = 1;
    f->spec.tasks = 2;
    assert_int_equal(take_step(f), 0);
    assert_string_equal(f->launch.nodes[0]->task_cores[0], "0-1");
    assert_string_equal(f->launch.nodes[0]->task_cores[1], "2-3");
    assert_string_equal(f->launch.nodes[0]->held, "0,2");
}

static void an_exact_step_keeps_to_the_cores_it_counts(void **state)
{
    struct fixture *f = *state;

    f->job.cpus_per_task = 0;
    f->spec.tasks = 1;
    f->spec.exact = true;
    assert_int_equal(take_step(f), 0);
    assert_string_equal(f->launch.nodes[0]->task_cores[0], "0");
    assert_string_equal(f->launch.nodes[0]->cores, "0");
}

/* ------------------------------------------------------------- which nodes */

static void relative_counts_the_allocations_nodes_from_0(void **state)
{
    struct fixture *f = *state;

    f->spec.relative = 3;
    f->spec.nodes = 2;
    assert_int_equal(take_step(f), 0);
    assert_ranks(f, "n3:0 n4:1");
}

static void relative_beyond_the_last_node_is_refused(void **state)
{
    struct fixture *f = *state;

    f->spec.relative = 5;
    assert_int_equal(take_step(f), -EINVAL);
    assert_string_equal(f->err.text,
                        "--relative=4: the allocation has 4 nodes, counted from 0");
    f->spec.relative = 4;
    f->spec.nodes = 2;
    assert_int_equal(take_step(f), -EINVAL);
    assert_non_null(strstr(f->err.text, "--nodes=2"));
    f->spec.exclude = n9;
    assert_int_equal(take_step(f), -EINVAL);
    assert_non_null(strstr(f->err.text, "--exclude"));
}

static char all_nodes[] = "n[1-4]", n1_n3[] = "n[1,3]";

static void excluded_nodes_get_no_task(void **state)
{
    struct fixture *f = *state;

    f->spec.exclude = n1_n3;
    f->spec.tasks = 3;
    assert_int_equal(take_step(f), 0);
    assert_ranks(f, "n2:0,1 n4:2");
    layout_give(f->layout, &f->launch);
    layout_clear_nodes(&f->launch);
    f->spec.exclude = all_nodes;
    assert_int_equal(take_step(f), -EINVAL);
    assert_non_null(strstr(f->err.text, "--exclude=n[1-4]"));
}

static void a_range_of_nodes_takes_as_many_as_there_are_now(void **state)
{
    struct fixture *f = *state;
    Berth__LaunchStep first = BERTH__LAUNCH_STEP__INIT;

    f->spec.nodes = 1;
    f->spec.tasks = 4;
    assert_int_equal(layout_take(f->layout, &f->spec, false, &first, &f->err), 0);
    f->spec.tasks = 0;
    f->spec.nodes = 4;
    f->spec.nodes_min = 2;
    assert_int_equal(take_step(f), 0);
    assert_ranks(f, "n2:0 n3:1 n4:2");
    give_step(f, &first);
}

/* ---------------------------------------------------------- memory, devices */

static void memory_is_counted_in_the_allocation(void **state)
{
    struct fixture *f = *state;
    Berth__LaunchStep first = BERTH__LAUNCH_STEP__INIT;

    f->spec.nodelist = f->names[0];
    f->spec.tasks = 1;
    f->spec.mem_per_node = 600;
    assert_int_equal(layout_take(f->layout, &f->spec, false, &first, &f->err), 0);
    assert_int_equal(first.nodes[0]->memory, 600);
    assert_int_equal(take_step(f), -EAGAIN);
    assert_string_equal(f->err.text, "other steps use the memory");
    /* One that asks for none shares. */
    f->spec.mem_per_node = 0;
    assert_int_equal(take_step(f), 0);
    assert_int_equal(f->launch.nodes[0]->memory, 0);
    give_step(f, &first);
}

static void more_memory_than_the_job_has_is_refused(void **state)
{
    struct fixture *f = *state;

    f->spec.tasks = 1;
    f->spec.mem_per_node = 1001;
    assert_int_equal(take_step(f), -EINVAL);
    assert_string_equal(f->err.text, "--mem=1001M: the job has 1000 MiB on a node");
    f->spec.mem_per_node = 0;
    f->spec.mem_per_cpu = 501;
    f->spec.tasks = 8;
    assert_int_equal(take_step(f), -EINVAL);
    assert_non_null(strstr(f->err.text, "--mem-per-cpu=501M"));
    /* One a node has room. */
    f->spec.tasks = 4;
    assert_int_equal(take_step(f), 0);
}

static char two[] = "2", three_v100[] = "v100:3", five[] = "5", gpu_v100[] = "gpu:v100";

static void gpus_go_to_one_step_at_a_time(void **state)
{
    struct fixture *f = *state;
    Berth__LaunchStep first = BERTH__LAUNCH_STEP__INIT;

    f->spec.nodelist = f->names[0];
    f->spec.tasks = 1;
    f->spec.gpus_per_node = two;
    assert_int_equal(layout_take(f->layout, &f->spec, false, &first, &f->err), 0);
    assert_string_equal(first.nodes[0]->devices, "4-5");
    assert_int_equal(take_step(f), 0);
    assert_string_equal(f->launch.nodes[0]->devices, "6-7");
    give_step(f, &first);
    assert_int_equal(layout_take(f->layout, &f->spec, false, &first, &f->err), 0);
    assert_string_equal(first.nodes[0]->devices, "4-5");
    give_step(f, &first);
}

static void each_task_gets_gpus_of_its_own(void **state)
{
    struct fixture *f = *state;

    f->spec.nodelist = f->names[0];
    f->spec.tasks = 2;
    f->spec.gpus_per_task = two;
    assert_int_equal(take_step(f), 0);
    assert_int_equal(f->launch.nodes[0]->n_task_devices, 2);
    assert_string_equal(f->launch.nodes[0]->task_devices[0], "4,5");
    assert_string_equal(f->launch.nodes[0]->task_devices[1], "6,7");
    layout_give(f->layout, &f->launch);
    layout_clear_nodes(&f->launch);
    f->spec.nodelist = nothing;
    f->spec.tasks = 9;
    assert_int_equal(take_step(f), -EINVAL);
    assert_string_equal(f->err.text,
                        "--gpus-per-task: 2 of gpu: the job has too few for its tasks");
}

static void gpus_of_a_step_are_spread_over_its_nodes(void **state)
{
    struct fixture *f = *state;

    f->spec.nodes = 2;
    f->spec.gpus = five;
    assert_int_equal(take_step(f), 0);
    assert_string_equal(f->launch.nodes[0]->devices, "4-6");
    assert_string_equal(f->launch.nodes[1]->devices, "4-5");
}

static void gpus_of_another_type_are_refused(void **state)
{
    struct fixture *f = *state;

    f->spec.gpus_per_node = three_v100;
    assert_int_equal(take_step(f), -EINVAL);
    assert_string_equal(
        f->err.text, "--gpus-per-node: 3 of gpu:v100: no node of the job has so many");
    f->spec.gpus_per_node = nothing;
    f->spec.gres = gpu_v100;
    assert_int_equal(take_step(f), -EINVAL);
    assert_non_null(strstr(f->err.text, "--gres"));
}

/* ------------------------------------------------------------------ claims */

/* On one node of four cores. */
static int pass(struct fixture *f, uint32_t tasks, Berth__LaunchStep *launch)
{
    f->spec.nodelist = f->names[0];
    f->spec.tasks = tasks;
    return layout_take(f->layout, &f->spec, true, launch, &f->err);
}

static void steps_pass_where_they_take_nothing_of_a_claim(void **state)
{
    struct fixture *f = *state;
    Berth__LaunchStep old = BERTH__LAUNCH_STEP__INIT;
    Berth__LaunchStep passer = BERTH__LAUNCH_STEP__INIT;

    assert_int_equal(pass(f, 2, &old), 0);
    /* Three of four cores are needed, two are in use. */
    f->spec.tasks = 3;
    assert_int_equal(take_step(f), -EAGAIN);
    layout_claim(f->layout, &f->spec);
    assert_int_equal(pass(f, 2, &passer), -EAGAIN);
    assert_int_equal(pass(f, 1, &passer), 0);
    assert_int_equal(pass(f, 1, &f->launch), -EAGAIN);
    /* All that ran before has ended: it is there, although the passer is too. */
    give_step(f, &old);
    assert_int_equal(pass(f, 1, &f->launch), -EAGAIN);
    f->spec.tasks = 3;
    assert_int_equal(take_step(f), 0);
    layout_unclaim(f->layout);
    give_step(f, &passer);
}

static void a_claim_leaves_other_nodes_alone(void **state)
{
    struct fixture *f = *state;
    Berth__LaunchStep old = BERTH__LAUNCH_STEP__INIT;

    assert_int_equal(pass(f, 2, &old), 0);
    f->spec.tasks = 4;
    layout_claim(f->layout, &f->spec);
    f->spec.nodelist = nothing;
    f->spec.tasks = 12;
    assert_int_equal(layout_take(f->layout, &f->spec, true, &f->launch, &f->err), 0);
    assert_int_equal(f->launch.n_nodes, 3);
    give_step(f, &old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAYOUT_TEST(a_step_that_says_nothing_of_cores_may_use_all_that_are_free),
        LAYOUT_TEST(several_tasks_get_equal_parts_of_what_is_free),
        LAYOUT_TEST(an_exact_step_keeps_to_the_cores_it_counts),
        LAYOUT_TEST(relative_counts_the_allocations_nodes_from_0),
        LAYOUT_TEST(relative_beyond_the_last_node_is_refused),
        LAYOUT_TEST(excluded_nodes_get_no_task),
        LAYOUT_TEST(a_range_of_nodes_takes_as_many_as_there_are_now),
        LAYOUT_TEST(memory_is_counted_in_the_allocation),
        LAYOUT_TEST(more_memory_than_the_job_has_is_refused),
        LAYOUT_TEST(gpus_go_to_one_step_at_a_time),
        LAYOUT_TEST(each_task_gets_gpus_of_its_own),
        LAYOUT_TEST(gpus_of_a_step_are_spread_over_its_nodes),
        LAYOUT_TEST(gpus_of_another_type_are_refused),
        LAYOUT_TEST(steps_pass_where_they_take_nothing_of_a_claim),
        LAYOUT_TEST(a_claim_leaves_other_nodes_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
