/* SPDX-License-Identifier: Apache-2.0
 *
 * test_sets.c - components start together or not at all
 */
#include "fixture.h"

static struct sched_request component(uint32_t job, uint32_t leader, uint32_t tasks)
{
    struct sched_request req = request_of(job, tasks);
    req.leader = leader;
    req.set_size = 2;
    return req;
}

static void add_set(struct fixture *f, uint32_t first, uint32_t a, uint32_t b)
{
    struct sched_request req = component(first, first, a);
    add(f, &req);
    req = component(first + 1, first, b);
    add(f, &req);
}

static void components_start_together(void **state)
{
    struct fixture *f = *state;
    add_set(f, 1, 10, 6);
    assert_pass(f, 100, "1 2");
}

static void nothing_starts_before_all_components_are_there(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = component(1, 1, 2);
    add(f, &req);
    assert_int_equal(pass_at(f, 100), 0);
    req = component(2, 1, 2);
    add(f, &req);
    assert_pass(f, 101, "1 2");
}

static void one_without_room_holds_back_all(void **state)
{
    struct fixture *f = *state;
    add_tasks(f, 9, 8);
    assert_int_equal(pass_at(f, 90), 1);
    add_set(f, 11, 4, 8);
    assert_int_equal(pass_at(f, 100), 0);
    assert_int_equal(sched_why(f->sched, 11, NULL), SCHED_RESOURCES);
    /* What the first found for a moment is free again. */
    add_tasks(f, 20, 1);
    assert_pass(f, 101, "20");
    end_at(f, 9, 110);
    assert_pass(f, 110, "11 12");
}

static void a_set_is_promised_one_start(void **state)
{
    struct fixture *f = *state;
    add_tasks(f, 1, 8);
    assert_int_equal(pass_at(f, 100), 1);
    add_set(f, 11, 6, 8);
    assert_int_equal(pass_at(f, 101), 0);
    assert_int_equal(sched_promised(f->sched, 11), 700);
    /* Three cores for long would be in their way. */
    struct sched_request longer = request_of(20, 3), shorter = request_of(21, 8);
    longer.time_limit = 6000;
    shorter.time_limit = 598;
    add(f, &longer);
    add(f, &shorter);
    assert_pass(f, 102, "21");
    end_at(f, 21, 600);
    end_at(f, 1, 700);
    assert_pass(f, 700, "11 12");
}

static void a_held_or_late_component_holds_back_the_set(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = component(1, 1, 1);
    add(f, &req);
    req = component(2, 1, 1);
    req.eligible_time = 500;
    add(f, &req);
    assert_int_equal(pass_at(f, 100), 0);
    sched_hold(f->sched, 2, true);
    assert_int_equal(pass_at(f, 500), 0);
    sched_hold(f->sched, 2, false);
    assert_pass(f, 501, "1 2");
}

static void a_component_that_waits_for_a_job_holds_back_the_set(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = component(11, 11, 1);
    add_tasks(f, 3, 1);
    assert_int_equal(pass_at(f, 100), 1);
    add(f, &req);
    req = component(12, 11, 1);
    req.dependency = "afterany:3";
    add(f, &req);
    assert_int_equal(pass_at(f, 101), 0);
    end_at(f, 3, 110);
    assert_pass(f, 110, "11 12");
}

static void a_set_that_lost_a_component_waits(void **state)
{
    struct fixture *f = *state;
    add_tasks(f, 3, 16);
    assert_int_equal(pass_at(f, 100), 1);
    add_set(f, 11, 2, 2);
    assert_int_equal(pass_at(f, 101), 0);
    sched_remove(f->sched, 12);
    assert_int_equal(sched_promised(f->sched, 11), 0);
    end_at(f, 3, 110);
    assert_int_equal(pass_at(f, 110), 0);
    struct sched_request req = component(12, 11, 2);
    add(f, &req);
    assert_pass(f, 111, "11 12");
}

static void a_set_that_no_pass_could_start_is_refused(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = component(1, 1, 1);
    struct err err;
    req.set_size = SCHED_SET_MAX + 1;
    assert_int_equal(sched_check(f->sched, &req, &err), -EINVAL);
    assert_string_equal(err.text,
                        "components and helper pods are 129: more than 128 in all");
    assert_int_equal(sched_add(f->sched, &req, &err), -EINVAL);
    req.set_size = SCHED_SET_MAX;
    assert_int_equal(sched_check(f->sched, &req, &err), 0);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, fixture_setup_easy, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(components_start_together),
        TEST(nothing_starts_before_all_components_are_there),
        TEST(one_without_room_holds_back_all),
        TEST(a_set_is_promised_one_start),
        TEST(a_held_or_late_component_holds_back_the_set),
        TEST(a_component_that_waits_for_a_job_holds_back_the_set),
        TEST(a_set_that_lost_a_component_waits),
        TEST(a_set_that_no_pass_could_start_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
