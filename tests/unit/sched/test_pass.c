/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pass.c - who starts, who waits, and why
 */
#include "fixture.h"

static void what_fits_starts_in_order(void **state)
{
    struct fixture *f = *state;
    add_tasks(f, 2, 4);
    add_tasks(f, 1, 4);
    assert_int_equal(pass_at(f, 100), 2);
    assert_int_equal(f->decisions[0].id.job, 1);
    assert_int_equal(f->decisions[1].id.job, 2);
    assert_why(f, 1, SCHED_NONE, "");
}

static void the_first_that_does_not_fit_holds_back_its_partition(void **state)
{
    struct fixture *f = *state;
    struct sched_request debug = request_of(9, 1);
    debug.partition = "debug";
    add_tasks(f, 1, 10);
    add_tasks(f, 2, 10);
    add_tasks(f, 3, 1);
    add(f, &debug);
    assert_int_equal(pass_at(f, 100), 2);
    assert_int_equal(f->decisions[0].id.job, 1);
    assert_int_equal(f->decisions[1].id.job, 9);
    assert_why(f, 2, SCHED_RESOURCES, "10 cores are needed, 5 are free now");
    assert_why(f, 3, SCHED_PRIORITY, "waits behind job 2");
}

static void an_end_lets_the_next_one_start(void **state)
{
    struct fixture *f = *state;
    add_tasks(f, 1, 16);
    add_tasks(f, 2, 1);
    assert_int_equal(pass_at(f, 100), 1);
    assert_int_equal(pass_at(f, 101), 0);
    sched_ended(f->sched, SCHED_JOB(1), 102);
    assert_int_equal(pass_at(f, 102), 1);
    assert_int_equal(f->decisions[0].id.job, 2);
}

static void a_held_job_waits_and_blocks_nobody(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = request_of(1, 16);
    req.held = true;
    add(f, &req);
    add_tasks(f, 2, 1);
    assert_int_equal(pass_at(f, 100), 1);
    assert_why(f, 1, SCHED_HELD, "");
    sched_remove(f->sched, 2);
    sched_hold(f->sched, 1, false);
    assert_why(f, 1, SCHED_PRIORITY, "");
    assert_int_equal(pass_at(f, 101), 1);
}

static void a_job_waits_for_its_begin_time(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = request_of(1, 1);
    req.eligible_time = 500;
    add(f, &req);
    assert_int_equal(pass_at(f, 499), 0);
    assert_why(f, 1, SCHED_BEGIN_TIME, "");
    assert_int_equal(pass_at(f, 500), 1);
}

static void a_partition_that_is_down_starts_nothing(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = request_of(1, 1);
    req.partition = "closed";
    add(f, &req);
    assert_int_equal(pass_at(f, 100), 0);
    assert_why(f, 1, SCHED_PARTITION_DOWN, "partition closed is down");
}

static void a_job_for_nodes_that_are_down_blocks_nobody(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = request_of(1, 4);
    req.place.nodes_min = 4;
    add(f, &req);
    add_tasks(f, 2, 1);
    sched_node_up(f->sched, 3, false);
    assert_int_equal(pass_at(f, 100), 1);
    assert_int_equal(f->decisions[0].id.job, 2);
    assert_why(f, 1, SCHED_NODES_DOWN, "--nodes=4: the cluster has 3 nodes up now");
    sched_node_up(f->sched, 3, true);
    assert_int_equal(pass_at(f, 101), 1);
}

static void a_short_array_is_filled_again_and_again(void **state)
{
    struct fixture *f = *state;
    for (uint32_t job = 1; job <= 5; job++)
        add_tasks(f, job, 1);
    struct sched_decision two[2];
    bool more;
    static const size_t counts[] = {2, 2, 1, 0};
    uint32_t next = 1;
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
        size_t n = sched_pass(f->sched, 100, two, 2, 0, &more);
        assert_int_equal(n, counts[i]);
        for (size_t d = 0; d < n; d++) {
            assert_int_equal(two[d].id.job, next++);
            place_result_destroy(two[d].where);
        }
    }
}

static void all_tasks_that_fit_start_in_one_pass(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = request_of(7, 1);
    struct array_spec array;
    assert_int_equal(array_spec_parse("0-29", &array, NULL), 0);
    req.array = &array;
    add(f, &req);
    bool more;
    assert_int_equal(sched_pass(f->sched, 10, f->decisions, 64, 0, &more), 16);
    assert_false(more);
    for (uint32_t i = 0; i < 16; i++) {
        assert_int_equal(f->decisions[i].id.task, i);
        place_result_destroy(f->decisions[i].where);
    }
    array_spec_fini(&array);
}

static void nice_and_age_order_the_queue(void **state)
{
    struct fixture *f = *state;
    struct sched_request nice = request_of(1, 1);
    nice.nice = 100;
    add(f, &nice);
    add_tasks(f, 2, 1);
    assert_int_equal(pass_at(f, 100), 2);
    assert_int_equal(f->decisions[0].id.job, 2);
}

static void a_fixed_priority_goes_first_and_is_told(void **state)
{
    struct fixture *f = *state;
    struct sched_request low = request_of(2, 1), high = request_of(3, 1);
    low.priority = 1000000;
    high.priority = 2000000;
    add_tasks(f, 1, 1);
    add(f, &low);
    add(f, &high);
    assert_int_equal(pass_at(f, 100), 3);
    assert_int_equal(f->decisions[0].id.job, 3);
    assert_int_equal(f->decisions[0].priority, 2000000);
    assert_int_equal(f->decisions[1].id.job, 2);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_fits_starts_in_order),
        TEST(the_first_that_does_not_fit_holds_back_its_partition),
        TEST(an_end_lets_the_next_one_start),
        TEST(a_held_job_waits_and_blocks_nobody),
        TEST(a_job_waits_for_its_begin_time),
        TEST(a_partition_that_is_down_starts_nothing),
        TEST(a_job_for_nodes_that_are_down_blocks_nobody),
        TEST(a_short_array_is_filled_again_and_again),
        TEST(all_tasks_that_fit_start_in_one_pass),
        TEST(nice_and_age_order_the_queue),
        TEST(a_fixed_priority_goes_first_and_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
