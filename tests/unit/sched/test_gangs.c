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

/* A pass with room for 'max'. */
static size_t small_pass(struct fixture *f, int64_t now, size_t max, bool *ret_more)
{
    size_t n = sched_pass(f->sched, now, f->decisions, max, 0, ret_more);
    for (size_t i = 0; i < n; i++)
        place_result_destroy(f->decisions[i].where);
    sched_check_invariants(f->sched);
    return n;
}

static void more_than_it_is_to_have_start_in_turn(void **state)
{
    struct fixture *f = *state;
    bool more;
    add_tasks(f, 1, 16);
    assert_pass(f, 10, "1");
    for (uint32_t job = 2; job <= 6; job++)
        add_member(f, job, 1, 3);
    assert_pass(f, 11, "");
    end_at(f, 1, 20);
    assert_started(f, small_pass(f, 20, 3, &more), "2 3 4");
    assert_true(more);
    assert_started(f, small_pass(f, 20, 3, &more), "5 6");
    assert_false(more);
}

/* What was promised to the first three is not for the second to the fourth. */
static void a_promise_is_for_those_it_was_made_for(void **state)
{
    struct fixture *f = *state;
    add_tasks(f, 1, 16);
    assert_pass(f, 10, "1");
    add_member(f, 2, 1, 2);
    add_member(f, 3, 1, 2);
    add_member(f, 4, 16, 2);
    assert_pass(f, 11, "");
    assert_int_equal(sched_promised(f->sched, 2), 610);
    sched_remove(f->sched, 3);
    assert_pass(f, 12, "");
    assert_int_equal(sched_promised(f->sched, 2), 0);
    end_at(f, 1, 20);
    assert_pass(f, 20, "");
}

static void a_pass_that_commits_has_room_for_all(void **state)
{
    struct fixture *f = *state;
    bool more;
    add_tasks(f, 1, 1);
    add_member(f, 2, 1, 2);
    add_member(f, 3, 1, 2);
    assert_started(f, small_pass(f, 10, 2, &more), "1");
    assert_true(more);
    assert_started(f, small_pass(f, 10, 2, &more), "2 3");
}

static void assert_refused(struct fixture *f, uint32_t job, uint32_t size, int rc,
                           const char *words)
{
    struct sched_request req = member_of(job, 1, size);
    struct err err;
    assert_int_equal(sched_check(f->sched, &req, &err), rc);
    assert_string_equal(err.text, words);
}

static void all_say_the_same_size(void **state)
{
    struct fixture *f = *state;
    add_member(f, 1, 1, 3);
    assert_refused(f, 2, 2, -EINVAL,
                   "the other members of its gang say that there are to be 3, not 2");
    assert_refused(f, 2, SCHED_SET_MAX + 1, -EINVAL, "a gang has at most 128 members");
    add_member(f, 2, 1, 2);
    assert_pass(f, 10, "");
    assert_waits(f, 2, SCHED_GANG, "2 of the 3 of its gang are there");
}

static void only_so_many_wait(void **state)
{
    struct fixture *f = *state;
    for (uint32_t job = 1; job <= 4 * SCHED_SET_MAX; job++) {
        struct sched_request held = member_of(job, 1, 2);
        held.held = true;
        add(f, &held);
    }
    assert_refused(f, 1000, 2, -EAGAIN, "512 members of its gang wait already");
}

static int setup_commits(void **state)
{
    static struct fixture f;
    fixture_init(&f, true,
                 (struct sched_policy){.order = SCHED_BY_SUBMIT, .commit_head = true});
    *state = &f;
    return 0;
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
        TEST(more_than_it_is_to_have_start_in_turn),
        TEST(a_promise_is_for_those_it_was_made_for),
        TEST(all_say_the_same_size),
        TEST(only_so_many_wait),
        cmocka_unit_test_setup_teardown(a_pass_that_commits_has_room_for_all,
                                        setup_commits, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
