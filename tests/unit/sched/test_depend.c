/* SPDX-License-Identifier: Apache-2.0
 *
 * test_depend.c - jobs that wait for others
 */
#include "fixture.h"

/* How jobs ended that the scheduler has forgotten: 40..49 well, 50..59 badly. */
static struct depend_facts fate(void *ctx, uint32_t job, uint32_t task)
{
    (void)ctx;
    (void)task;
    if (job >= 40 && job < 50)
        return (struct depend_facts){.state = DEPEND_ENDED_OK, .start_time = 1};
    if (job >= 50 && job < 60)
        return (struct depend_facts){.state = DEPEND_ENDED_BADLY, .start_time = 1};
    return (struct depend_facts){.state = DEPEND_UNKNOWN};
}

static int setup(void **state)
{
    static struct fixture f;
    struct sched_options options = sched_options_default;
    options.fate = fate;
    fixture_init_with(&f, true, &options);
    *state = &f;
    return 0;
}

static void add_after(struct fixture *f, uint32_t job, const char *dependency)
{
    struct sched_request req = request_of(job, 1);
    req.dependency = dependency;
    req.name = "chain";
    req.uid = 7;
    add(f, &req);
}

static void after_holds_when_it_has_begun(void **state)
{
    struct fixture *f = *state;
    struct sched_request held = request_of(41, 1);
    held.held = true;
    add(f, &held);
    add_after(f, 70, "after:41");
    assert_int_equal(pass_at(f, 100), 0);
    assert_why(f, 70, SCHED_DEPENDENCY, "job 41 has not begun");
    sched_hold(f->sched, 41, false);
    assert_pass(f, 101, "41 70");
}

static void after_and_minutes_is_a_time_to_wake_at(void **state)
{
    struct fixture *f = *state;
    add_tasks(f, 41, 1);
    add_after(f, 70, "after:41+2");
    assert_pass(f, 100, "41");
    assert_int_equal(sched_next_time(f->sched, 100), 220);
    assert_int_equal(pass_at(f, 219), 0);
    assert_pass(f, 220, "70");
}

static void ends_decide(void **state)
{
    struct fixture *f = *state;
    add_tasks(f, 41, 1);
    add_tasks(f, 51, 1);
    assert_int_equal(pass_at(f, 100), 2);
    add_after(f, 70, "afterany:41:51");
    add_after(f, 71, "afterok:41");
    add_after(f, 72, "afternotok:51");
    assert_int_equal(pass_at(f, 101), 0);
    end_at(f, 41, 110);
    assert_pass(f, 110, "71");
    end_at(f, 51, 120);
    assert_pass(f, 120, "70 72");
}

static void what_can_never_hold_is_told_once(void **state)
{
    struct fixture *f = *state;
    add_tasks(f, 51, 1);
    assert_int_equal(pass_at(f, 100), 1);
    add_after(f, 70, "afterok:51");
    assert_int_equal(pass_at(f, 101), 0);
    end_at(f, 51, 110);
    assert_pass(f, 110, "70 refused");
    assert_string_equal(f->decisions[0].why.text,
                        "afterok: job 51 failed, but had to end well");
    assert_int_equal(pass_at(f, 111), 0);
    assert_int_equal(sched_why(f->sched, 70, NULL), SCHED_DEPENDENCY_NEVER);
}

static void one_of_several_is_enough_with_a_question_mark(void **state)
{
    struct fixture *f = *state;
    add_tasks(f, 41, 1);
    assert_int_equal(pass_at(f, 100), 1);
    add_after(f, 70, "afterok:50?afterok:41");
    assert_int_equal(pass_at(f, 101), 0);
    end_at(f, 41, 110);
    assert_pass(f, 110, "70");
}

static void an_array_has_ended_when_all_its_tasks_have(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = request_of(41, 8);
    struct array_spec array;
    array_spec_parse("0-2", &array, NULL);
    req.array = &array;
    add(f, &req);
    add_after(f, 70, "afterok:41");
    add_after(f, 71, "after:41+1");
    assert_pass(f, 100, "41_0 41_1");
    sched_ended(f->sched, (struct sched_id){41, 0}, 110);
    assert_pass(f, 110, "41_2");
    sched_ended(f->sched, (struct sched_id){41, 1}, 120);
    assert_int_equal(pass_at(f, 120), 0);
    /* A minute after its last task has begun. */
    assert_int_equal(sched_next_time(f->sched, 120), 170);
    assert_pass(f, 170, "71");
    sched_ended(f->sched, (struct sched_id){41, 2}, 180);
    assert_pass(f, 180, "70");
    array_spec_fini(&array);
}

static void a_singleton_waits_for_its_namesakes_of_before(void **state)
{
    struct fixture *f = *state;
    struct sched_request other = request_of(3, 1);
    add_after(f, 1, "singleton");
    add_after(f, 2, "singleton");
    other.name = "chain";
    other.uid = 8;
    other.dependency = "singleton";
    add(f, &other);
    assert_pass(f, 100, "1 3");
    assert_why(f, 2, SCHED_DEPENDENCY, "job 1 of the same name and user has not ended");
    end_at(f, 1, 110);
    assert_pass(f, 110, "2");
}

static void a_deadline_passes_while_it_waits_for_another(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = request_of(70, 1);
    add_tasks(f, 41, 1);
    assert_int_equal(pass_at(f, 100), 1);
    req.dependency = "afterok:41";
    req.deadline = 1000; /* it takes 600 */
    add(f, &req);
    assert_int_equal(sched_next_time(f->sched, 100), 401);
    assert_int_equal(pass_at(f, 400), 0);
    assert_pass(f, 401, "70 refused");
    assert_int_equal(sched_why(f->sched, 70, NULL), SCHED_PAST_DEADLINE);
}

static void a_half_started_array_keeps_what_came_true(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = request_of(70, 8);
    struct array_spec array;
    array_spec_parse("0-3", &array, NULL);
    add_tasks(f, 90, 1); /* of which nothing is known afterwards */
    assert_int_equal(pass_at(f, 100), 1);
    req.array = &array;
    req.dependency = "after:90";
    add(f, &req);
    assert_pass(f, 101, "70_0");
    end_at(f, 90, 110);
    sched_ended(f->sched, (struct sched_id){70, 0}, 110);
    assert_pass(f, 110, "70_1 70_2");
    array_spec_fini(&array);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(after_holds_when_it_has_begun),
        TEST(after_and_minutes_is_a_time_to_wake_at),
        TEST(ends_decide),
        TEST(what_can_never_hold_is_told_once),
        TEST(one_of_several_is_enough_with_a_question_mark),
        TEST(an_array_has_ended_when_all_its_tasks_have),
        TEST(a_singleton_waits_for_its_namesakes_of_before),
        TEST(a_deadline_passes_while_it_waits_for_another),
        TEST(a_half_started_array_keeps_what_came_true),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
