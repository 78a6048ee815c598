/* SPDX-License-Identifier: Apache-2.0
 *
 * test_priority.c - age and size, weighted, minus nice
 */
#include "fixture.h"

#define DAY INT64_C(86400)

static void a_job_ages_up_to_the_maximum(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = request_of(1, 16);
    req.submit_time = DAY;
    add(f, &req);
    assert_int_equal(sched_priority(f->sched, 1, DAY), 1000);
    assert_int_equal(sched_priority(f->sched, 1, DAY * 9 / 2), 1500);
    assert_int_equal(sched_priority(f->sched, 1, DAY * 8), 2000);
    assert_int_equal(sched_priority(f->sched, 1, DAY * 80), 2000);
    assert_int_equal(sched_priority(f->sched, 1, 0), 1000);
}

static void age_counts_from_when_it_may_run(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = request_of(1, 16);
    req.eligible_time = 3 * DAY;
    add(f, &req);
    assert_int_equal(sched_priority(f->sched, 1, 3 * DAY), 1000);
    assert_int_equal(sched_priority(f->sched, 1, 10 * DAY), 2000);
}

static void size_is_the_part_of_the_cluster_in_nodes_or_cores(void **state)
{
    struct fixture *f = *state;
    struct sched_request by_cores = request_of(1, 8), by_nodes = request_of(2, 0);
    by_cores.submit_time = by_nodes.submit_time = 0;
    by_nodes.place.nodes_min = 3;
    add(f, &by_cores);
    add(f, &by_nodes);
    assert_int_equal(sched_priority(f->sched, 1, 0), 500);
    assert_int_equal(sched_priority(f->sched, 2, 0), 750);
}

static void nice_is_subtracted(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = request_of(1, 16);
    req.submit_time = 0;
    req.nice = 1200;
    add(f, &req);
    assert_int_equal(sched_priority(f->sched, 1, 0), -200);
    sched_remove(f->sched, 1);
    req.nice = -1200;
    add(f, &req);
    assert_int_equal(sched_priority(f->sched, 1, 0), 2200);
}

static void what_was_fixed_is_the_priority(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = request_of(1, 16);
    req.submit_time = 0;
    req.nice = 1200;
    req.priority = 77;
    add(f, &req);
    assert_int_equal(sched_priority(f->sched, 1, 10 * DAY), 77);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_job_ages_up_to_the_maximum),
        TEST(age_counts_from_when_it_may_run),
        TEST(size_is_the_part_of_the_cluster_in_nodes_or_cores),
        TEST(nice_is_subtracted),
        TEST(what_was_fixed_is_the_priority),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
