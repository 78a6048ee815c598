/* SPDX-License-Identifier: Apache-2.0
 *
 * test_gangs.c - jobs of their own that start together or not at all
 */
#include "fixture.h"

static struct sched_request member_of(uint32_t job, uint32_t tasks, uint32_t size)
{
    struct sched_request req = request_of(job, tasks);
    req.gang = 7;
    req.gang_size = size;
    return req;
}

static void add_member(struct fixture *f, uint32_t job, uint32_t tasks, uint32_t size)
{
    struct sched_request req = member_of(job, tasks, size);
    add(f, &req);
}

static void assert_waits(struct fixture *f, uint32_t job, enum sched_reason reason,
                         const char *words)
{
    struct err why = {0};
    assert_int_equal(sched_why(f->sched, job, &why), reason);
    assert_string_equal(why.text, words);
}

static void members_wait_until_enough_are_there(void **state)
{
    struct fixture *f = *state;
    add_member(f, 1, 1, 3);
    add_member(f, 2, 1, 3);
    assert_started(f, pass_at(f, 10), "");
    assert_waits(f, 1, SCHED_GANG, "2 of the 3 of its gang are there");
    assert_waits(f, 2, SCHED_GANG, "2 of the 3 of its gang are there");
    add_member(f, 3, 1, 3);
    assert_started(f, pass_at(f, 11), "1 2 3");
}

/* Fifteen cores are free: a gang of three that wants eighteen waits as a whole. */
static void a_gang_that_does_not_fit_starts_none(void **state)
{
    struct fixture *f = *state;
    add_tasks(f, 1, 1);
    assert_started(f, pass_at(f, 10), "1");
    for (uint32_t job = 2; job <= 5; job++)
        add_member(f, job, 4, 4);
    assert_started(f, pass_at(f, 11), "");
    assert_int_equal(sched_promised(f->sched, 2), 610);
    add_tasks(f, 6, 1);
    sched_ended(f->sched, SCHED_JOB(1), 20);
    assert_started(f, pass_at(f, 20), "2 3 4 5");
}

static void one_that_is_held_holds_all(void **state)
{
    struct fixture *f = *state;
    struct sched_request held = member_of(1, 1, 2);
    held.held = true;
    add(f, &held);
    add_member(f, 2, 1, 2);
    assert_started(f, pass_at(f, 10), "");
    assert_waits(f, 2, SCHED_GANG, "1 of the 2 of its gang are there");
    sched_hold(f->sched, 1, false);
    assert_started(f, pass_at(f, 11), "1 2");
}

static void one_that_leaves_makes_the_others_wait(void **state)
{
    struct fixture *f = *state;
    add_tasks(f, 1, 16);
    assert_started(f, pass_at(f, 10), "1");
    add_member(f, 2, 1, 2);
    add_member(f, 3, 1, 2);
    assert_int_equal(pass_at(f, 11), 0);
    assert_waits(f, 2, SCHED_RESOURCES, "1 node is needed, 0 have room now");
    sched_remove(f->sched, 2);
    sched_ended(f->sched, SCHED_JOB(1), 12);
    assert_started(f, pass_at(f, 12), "");
    add_member(f, 4, 1, 2);
    assert_started(f, pass_at(f, 13), "3 4");
}

static void one_in_place_of_another_starts_beside_those_that_run(void **state)
{
    struct fixture *f = *state;
    add_member(f, 1, 1, 2);
    add_member(f, 2, 1, 2);
    assert_started(f, pass_at(f, 10), "1 2");
    sched_ended(f->sched, SCHED_JOB(1), 11);
    add_member(f, 3, 1, 2);
    assert_started(f, pass_at(f, 12), "3");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup_easy, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(members_wait_until_enough_are_there),
        TEST(a_gang_that_does_not_fit_starts_none),
        TEST(one_that_is_held_holds_all),
        TEST(one_that_leaves_makes_the_others_wait),
        TEST(one_in_place_of_another_starts_beside_those_that_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
