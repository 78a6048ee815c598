/* SPDX-License-Identifier: Apache-2.0
 *
 * test_layout.c - which nodes, tasks and cores a step gets
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

#include "base/bitset.h"
#include "layout_fixture.h"

static void a_step_without_wishes_is_as_the_job_was_placed(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(take_step(f), 0);
    assert_ranks(f, "n1:0,1 n2:2,3 n3:4,5 n4:6,7");
    assert_string_equal(f->launch.nodes[0]->task_cores[0], "2");
    assert_string_equal(f->launch.nodes[0]->task_cores[1], "3");
    assert_string_equal(f->launch.nodes[0]->cores, "2-3");
    assert_string_equal(f->launch.nodes[0]->held, "2-3");
}

static void fewer_tasks_are_spread_evenly(void **state)
{
    struct fixture *f = *state;

    f->spec.tasks = 6;
    assert_int_equal(take_step(f), 0);
    assert_ranks(f, "n1:0,1 n2:2,3 n3:4 n4:5");
}

static char cyclic[] = "cyclic";

static void cyclic_ranks_go_round_the_nodes(void **state)
{
    struct fixture *f = *state;

    f->spec.tasks = 6;
    f->spec.distribution = cyclic;
    assert_int_equal(take_step(f), 0);
    assert_ranks(f, "n1:0,4 n2:1,5 n3:2 n4:3");
}

static char n3_n2[] = "n[2-3]", n9[] = "n9";

static void named_nodes_are_used_and_no_others(void **state)
{
    struct fixture *f = *state;

    f->spec.nodelist = n3_n2;
    f->spec.tasks = 2;
    assert_int_equal(take_step(f), 0);
    assert_ranks(f, "n2:0 n3:1");
}

static void a_named_node_outside_of_the_allocation_is_refused(void **state)
{
    struct fixture *f = *state;

    f->spec.nodelist = n9;
    assert_int_equal(take_step(f), -EINVAL);
    assert_non_null(strstr(f->err.text, "--nodelist=n9"));
}

static void more_nodes_than_there_are_is_refused(void **state)
{
    struct fixture *f = *state;

    f->spec.nodes = 5;
    assert_int_equal(take_step(f), -EINVAL);
    assert_string_equal(f->err.text, "--nodes=5: the allocation has 4");
}

static void more_tasks_than_cores_is_refused_with_the_way_out(void **state)
{
    struct fixture *f = *state;

    f->spec.tasks = 17;
    assert_int_equal(take_step(f), -EINVAL);
    assert_non_null(strstr(f->err.text, "--ntasks=17"));
    assert_non_null(strstr(f->err.text, "--overcommit"));
    assert_int_equal(f->launch.n_nodes, 0);
}

static void tasks_per_node_that_do_not_reach_are_named(void **state)
{
    struct fixture *f = *state;

    f->spec.tasks = 9;
    f->spec.tasks_per_node = 2;
    assert_int_equal(take_step(f), -EINVAL);
    assert_non_null(strstr(f->err.text, "--ntasks-per-node=2"));
}

static void absurd_sizes_are_refused(void **state)
{
    struct fixture *f = *state;

    f->job.overcommit = true;
    f->spec.tasks = UINT32_MAX;
    assert_int_equal(take_step(f), -EINVAL);
    f->spec.tasks = 0;
    f->spec.tasks_per_node = UINT32_MAX;
    assert_int_equal(take_step(f), -EINVAL);
    f->spec.tasks_per_node = 0;
    f->spec.cpus_per_task = UINT32_MAX;
    assert_int_equal(take_step(f), -EINVAL);
}

static void with_overcommit_tasks_share_cores(void **state)
{
    struct fixture *f = *state;

    f->job.overcommit = true;
    f->spec.tasks = 20;
    assert_int_equal(take_step(f), 0);
    assert_int_equal(f->launch.nodes[3]->n_ranks, 5);
    assert_int_equal(f->launch.nodes[3]->n_task_cores, 5);
    assert_string_equal(f->launch.nodes[3]->cores, "0-3");
}

static void a_step_waits_for_cores_and_gets_them_back(void **state)
{
    struct fixture *f = *state;
    Berth__LaunchStep first = BERTH__LAUNCH_STEP__INIT;

    f->spec.tasks = 16;
    assert_int_equal(layout_take(f->layout, &f->spec, false, &first, &f->err), 0);
    f->spec.tasks = 1;
    assert_int_equal(take_step(f), -EAGAIN);
    give_step(f, &first);
    assert_int_equal(take_step(f), 0);
}

static void an_overlapping_step_does_not_wait(void **state)
{
    struct fixture *f = *state;
    Berth__LaunchStep first = BERTH__LAUNCH_STEP__INIT;

    f->spec.tasks = 16;
    assert_int_equal(layout_take(f->layout, &f->spec, false, &first, &f->err), 0);
    f->spec.overlap = true;
    assert_int_equal(take_step(f), 0);
    give_step(f, &first);
    layout_give(f->layout, &f->launch);
}

static void small_steps_side_by_side_take_idle_nodes(void **state)
{
    struct fixture *f = *state;
    Berth__LaunchStep steps[NODES];

    f->spec.nodes = 1;
    f->spec.tasks = 4;
    for (int i = 0; i < NODES; i++) {
        berth__launch_step__init(&steps[i]);
        assert_int_equal(layout_take(f->layout, &f->spec, false, &steps[i], &f->err),
                         0);
        assert_string_equal(steps[i].nodes[0]->node, f->names[i]);
    }
    for (int i = 0; i < NODES; i++)
        give_step(f, &steps[i]);
}

static void a_node_without_room_is_no_part_of_a_step(void **state)
{
    struct fixture *f = *state;
    Berth__LaunchStep first = BERTH__LAUNCH_STEP__INIT;

    f->spec.nodes = 3;
    f->spec.tasks = 12;
    assert_int_equal(layout_take(f->layout, &f->spec, false, &first, &f->err), 0);
    f->spec.nodes = 0;
    f->spec.tasks = 2;
    assert_int_equal(take_step(f), 0);
    assert_ranks(f, "n4:0,1");
    layout_give(f->layout, &f->launch);
    layout_clear_nodes(&f->launch);
    /* But nodes that were asked for are waited for. */
    f->spec.nodes = 2;
    assert_int_equal(take_step(f), -EAGAIN);
    give_step(f, &first);
}

static char none[] = "none";

static void tasks_that_are_not_bound_stay_on_the_jobs_cores(void **state)
{
    struct fixture *f = *state;

    f->spec.bind = none;
    assert_int_equal(take_step(f), 0);
    assert_int_equal(f->launch.nodes[0]->n_task_cores, 2);
    assert_string_equal(f->launch.nodes[0]->task_cores[0], "0-3");
    assert_string_equal(f->launch.nodes[0]->task_cores[1], "0-3");
    /* They hold as many as they would have had. */
    assert_string_equal(f->launch.nodes[0]->cores, "0-3");
    assert_string_equal(f->launch.nodes[0]->held, "0-1");
}

static void a_map_made_for_thinner_tasks_is_not_used(void **state)
{
    struct fixture *f = *state;

    f->spec.cpus_per_task = 2;
    assert_int_equal(take_step(f), 0);
    assert_ranks(f, "n1:0,1 n2:2,3 n3:4,5 n4:6,7");
    assert_string_equal(f->launch.nodes[0]->task_cores[0], "0-1");
}

static void tasks_of_several_cores_get_neighbours(void **state)
{
    struct fixture *f = *state;

    f->spec.nodes = 1;
    f->spec.tasks = 2;
    f->spec.cpus_per_task = 2;
    assert_int_equal(take_step(f), 0);
    assert_string_equal(f->launch.nodes[0]->task_cores[0], "0-1");
    assert_string_equal(f->launch.nodes[0]->task_cores[1], "2-3");
}

static char nothing[] = "";
static char not_cores[] = "x";

static void a_grant_without_cores_is_no_allocation(void **state)
{
    struct fixture *f = *state;
    struct layout *layout;

    f->shares[1].cores = not_cores;
    assert_int_equal(layout_create(&f->grant, &f->job, &layout, &f->err), -EBADMSG);
    assert_non_null(strstr(f->err.text, "n2"));
    f->shares[1].cores = nothing;
    assert_int_equal(layout_create(&f->grant, &f->job, &layout, &f->err), -EBADMSG);
}

/* ----------------------------------------------------------------- property */

#define STEPS 12

static uint64_t seed;

static uint32_t next_random(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static void note_cores(const Berth__StepNode *node, int (*users)[4])
{
    struct bitset *set;
    int n = node->node[1] - '1';

    assert_int_equal(bitset_parse(node->held, 4, &set, NULL), 0);
    for (size_t i = bitset_next(set, 0); i < 4; i = bitset_next(set, i + 1))
        users[n][i]++;
    bitset_destroy(set);
}

static void assert_no_core_is_double_booked(const Berth__LaunchStep *steps)
{
    int users[NODES][4] = {{0}};

    for (int s = 0; s < STEPS; s++)
        for (size_t i = 0; i < steps[s].n_nodes; i++)
            note_cores(steps[s].nodes[i], users);
    for (int n = 0; n < NODES; n++)
        for (int c = 0; c < 4; c++)
            assert_true(users[n][c] <= 1);
}

static void assert_is_whole(const Berth__LaunchStep *launch)
{
    bool seen[16] = {false};
    size_t tasks = 0;

    for (size_t i = 0; i < launch->n_nodes; i++) {
        const Berth__StepNode *node = launch->nodes[i];

        assert_true(node->n_ranks > 0);
        assert_int_equal(node->n_task_cores, node->n_ranks);
        tasks += node->n_ranks;
        for (size_t r = 0; r < node->n_ranks; r++) {
            assert_true(node->ranks[r] < 16);
            assert_false(seen[node->ranks[r]]);
            seen[node->ranks[r]] = true;
        }
    }
    for (size_t r = 0; r < tasks; r++)
        assert_true(seen[r]);
}

static void random_wish(Berth__StepSpec *spec)
{
    spec->tasks = next_random(9);
    spec->nodes = next_random(3) ? 0 : 1 + next_random(NODES);
    spec->cpus_per_task = next_random(3);
    spec->tasks_per_node = next_random(4) ? 0 : 1 + next_random(3);
    spec->distribution = next_random(2) ? cyclic : nothing;
    spec->bind = next_random(4) ? nothing : none;
    spec->exact = next_random(2);
    spec->relative = next_random(8) ? 0 : 1 + next_random(NODES);
    spec->nodes_min = spec->nodes && next_random(2) ? 1 : 0;
}

static void random_steps_never_lose_or_share_a_core(void **state)
{
    struct fixture *f = *state;
    Berth__LaunchStep steps[STEPS];

    seed = 42;
    for (int s = 0; s < STEPS; s++)
        berth__launch_step__init(&steps[s]);
    for (int turn = 0; turn < 20000; turn++) {
        Berth__LaunchStep *step = &steps[next_random(STEPS)];

        if (step->n_nodes) {
            give_step(f, step);
            continue;
        }
        random_wish(&f->spec);
        if (layout_take(f->layout, &f->spec, false, step, &f->err) == 0) {
            assert_is_whole(step);
            assert_no_core_is_double_booked(steps);
        } else {
            assert_int_equal(step->n_nodes, 0);
        }
    }
    for (int s = 0; s < STEPS; s++)
        give_step(f, &steps[s]);
    berth__step_spec__init(&f->spec);
    f->spec.tasks = 16;
    assert_int_equal(take_step(f), 0);
}

/* Whatever passes, a step that waits starts when those that ran before have ended. */
static void nobody_who_passes_keeps_a_claim_waiting(void **state)
{
    struct fixture *f = *state;

    seed = 7;
    for (int turn = 0; turn < 3000; turn++) {
        Berth__LaunchStep before[4], after[8];
        Berth__StepSpec large;

        for (int s = 0; s < 4; s++) {
            berth__launch_step__init(&before[s]);
            random_wish(&f->spec);
            (void)layout_take(f->layout, &f->spec, false, &before[s], &f->err);
        }
        random_wish(&f->spec);
        f->spec.tasks = 5 + next_random(12);
        large = f->spec;
        if (layout_take(f->layout, &large, false, &f->launch, &f->err) == -EAGAIN)
            layout_claim(f->layout, &large);
        for (int s = 0; s < 8; s++) {
            berth__launch_step__init(&after[s]);
            random_wish(&f->spec);
            if (!f->launch.n_nodes)
                (void)layout_take(f->layout, &f->spec, true, &after[s], &f->err);
        }
        for (int s = 0; s < 4; s++)
            give_step(f, &before[s]);
        if (!f->launch.n_nodes)
            assert_int_not_equal(
                layout_take(f->layout, &large, false, &f->launch, &f->err), -EAGAIN);
        for (int s = 0; s < 8; s++)
            give_step(f, &after[s]);
        give_step(f, &f->launch);
        layout_unclaim(f->layout);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAYOUT_TEST(a_step_without_wishes_is_as_the_job_was_placed),
        LAYOUT_TEST(fewer_tasks_are_spread_evenly),
        LAYOUT_TEST(cyclic_ranks_go_round_the_nodes),
        LAYOUT_TEST(named_nodes_are_used_and_no_others),
        LAYOUT_TEST(a_named_node_outside_of_the_allocation_is_refused),
        LAYOUT_TEST(more_nodes_than_there_are_is_refused),
        LAYOUT_TEST(more_tasks_than_cores_is_refused_with_the_way_out),
        LAYOUT_TEST(tasks_per_node_that_do_not_reach_are_named),
        LAYOUT_TEST(absurd_sizes_are_refused),
        LAYOUT_TEST(with_overcommit_tasks_share_cores),
        LAYOUT_TEST(a_step_waits_for_cores_and_gets_them_back),
        LAYOUT_TEST(an_overlapping_step_does_not_wait),
        LAYOUT_TEST(small_steps_side_by_side_take_idle_nodes),
        LAYOUT_TEST(a_node_without_room_is_no_part_of_a_step),
        LAYOUT_TEST(tasks_that_are_not_bound_stay_on_the_jobs_cores),
        LAYOUT_TEST(a_map_made_for_thinner_tasks_is_not_used),
        LAYOUT_TEST(tasks_of_several_cores_get_neighbours),
        LAYOUT_TEST(a_grant_without_cores_is_no_allocation),
        LAYOUT_TEST(random_steps_never_lose_or_share_a_core),
        LAYOUT_TEST(nobody_who_passes_keeps_a_claim_waiting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
