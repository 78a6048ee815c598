/* SPDX-License-Identifier: Apache-2.0
 *
 * test_licences.c - licences are counted, waited for and promised like cores
 */
#include "fixture.h"

static void add_with(struct fixture *f, uint32_t job, const char *licences,
                     int64_t limit)
{
    struct sched_request req = request_of(job, 1);
    req.licences = licences;
    req.time_limit = limit;
    add(f, &req);
}

static void a_licence_is_held_until_its_job_ends(void **state)
{
    struct fixture *f = *state;
    sched_licence_set(f->sched, "matlab", 3);
    add_with(f, 1, "matlab:2", 100);
    add_with(f, 2, "matlab:2", 100);
    assert_pass(f, 10, "1");
    assert_why(f, 2, SCHED_LICENSES, "licence matlab: 2 are needed, 1 of 3 is free");
    end_at(f, 1, 20);
    assert_pass(f, 20, "2");
}

static void who_needs_many_is_not_passed_for_ever(void **state)
{
    struct fixture *f = *state;
    sched_licence_set(f->sched, "matlab", 2);
    add_with(f, 1, "matlab", 100);
    assert_pass(f, 10, "1");
    add_with(f, 2, "matlab:2", 100);
    add_with(f, 3, "matlab", 200);
    add_with(f, 4, "matlab", 50);
    assert_pass(f, 20, "4");
    assert_int_equal(sched_promised(f->sched, 2), 110);
    assert_false(sched_is_overbooked(f->sched));
    end_at(f, 4, 70);
    assert_int_equal(pass_at(f, 70), 0);
    end_at(f, 1, 110);
    assert_pass(f, 110, "2");
    end_at(f, 2, 210);
    assert_pass(f, 210, "3");
}

static void an_alternative_is_as_good(void **state)
{
    struct fixture *f = *state;
    sched_licence_set(f->sched, "a", 1);
    sched_licence_set(f->sched, "b", 1);
    add_with(f, 1, "a|b", 100);
    add_with(f, 2, "a|b", 50);
    assert_pass(f, 10, "1 2");
    /* b is free first, and b is what is promised. */
    add_with(f, 3, "a|b", 1000);
    add_with(f, 4, "a", 10);
    assert_int_equal(pass_at(f, 20), 0);
    assert_int_equal(sched_promised(f->sched, 3), 60);
    end_at(f, 1, 30);
    assert_pass(f, 30, "3");
    assert_false(sched_is_overbooked(f->sched));
    end_at(f, 3, 40);
    assert_pass(f, 40, "4");
}

static void all_of_a_list_are_needed_at_once(void **state)
{
    struct fixture *f = *state;
    sched_licence_set(f->sched, "a", 1);
    sched_licence_set(f->sched, "b", 1);
    add_with(f, 1, "a", 100);
    add_with(f, 2, "b", 300);
    assert_pass(f, 10, "1 2");
    add_with(f, 3, "a,b", 100);
    assert_int_equal(pass_at(f, 20), 0);
    assert_int_equal(sched_promised(f->sched, 3), 310);
    end_at(f, 1, 110);
    end_at(f, 2, 120);
    assert_pass(f, 120, "3");
}

static void what_is_not_there_is_refused(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = request_of(1, 1);
    struct err err;
    sched_licence_set(f->sched, "matlab", 3);
    req.licences = "matlap";
    assert_int_equal(sched_check(f->sched, &req, &err), -EINVAL);
    assert_string_equal(err.text, "--licenses=matlap: there is no such licence (did "
                                  "you mean matlab?)");
    req.licences = "matlab:4";
    assert_int_equal(sched_check(f->sched, &req, &err), -EINVAL);
    assert_string_equal(err.text, "--licenses=matlab:4: there are 3");
}

static void more_licences_let_those_that_wait_start(void **state)
{
    struct fixture *f = *state;
    sched_licence_set(f->sched, "matlab", 1);
    add_with(f, 1, "matlab", 100);
    add_with(f, 2, "matlab", 100);
    assert_pass(f, 10, "1");
    sched_licence_set(f->sched, "matlab", 2);
    assert_pass(f, 11, "2");
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, fixture_setup_easy, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_licence_is_held_until_its_job_ends),
        TEST(who_needs_many_is_not_passed_for_ever),
        TEST(an_alternative_is_as_good),
        TEST(all_of_a_list_are_needed_at_once),
        TEST(what_is_not_there_is_refused),
        TEST(more_licences_let_those_that_wait_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
