/* SPDX-License-Identifier: Apache-2.0
 *
 * test_array.c - one template, many tasks
 */
#include "fixture.h"

static void add_array(struct fixture *f, struct sched_request req, const char *text)
{
    struct array_spec array;
    assert_int_equal(array_spec_parse(text, &array, NULL), 0);
    req.array = &array;
    add(f, &req);
    array_spec_fini(&array);
}

static void end_task(struct fixture *f, uint32_t job, uint32_t task, int64_t now)
{
    sched_ended(f->sched, (struct sched_id){.job = job, .task = task}, now);
}

static void tasks_start_one_by_one_as_there_is_room(void **state)
{
    struct fixture *f = *state;
    add_array(f, request_of(1, 6), "1-5:2,8");
    assert_pass(f, 10, "1_1 1_3");
    end_task(f, 1, 1, 20);
    assert_pass(f, 20, "1_5");
    end_task(f, 1, 5, 30);
    end_task(f, 1, 3, 30);
    assert_pass(f, 30, "1_8");
    end_task(f, 1, 8, 40);
    assert_int_equal(sched_why(f->sched, 1, NULL), SCHED_NONE);
    struct sched_counts counts;
    sched_counts(f->sched, &counts);
    assert_int_equal(counts.waiting, 0);
}

static void no_more_run_at_once_than_its_limit(void **state)
{
    struct fixture *f = *state;
    add_array(f, request_of(1, 1), "0-9%2");
    assert_pass(f, 10, "1_0 1_1");
    assert_why(f, 1, SCHED_ARRAY_LIMIT, "");
    end_task(f, 1, 0, 20);
    assert_pass(f, 20, "1_2");
}

static void a_task_leaves_before_it_has_started(void **state)
{
    struct fixture *f = *state;
    add_array(f, request_of(1, 1), "0-3%1");
    struct sched_id one = {.job = 1, .task = 1};
    assert_int_equal(sched_remove_task(f->sched, one), 0);
    assert_int_equal(sched_remove_task(f->sched, one), -ENOENT);
    assert_pass(f, 10, "1_0");
    assert_int_equal(sched_remove_task(f->sched, (struct sched_id){1, 0}), -ENOENT);
    end_task(f, 1, 0, 20);
    assert_pass(f, 20, "1_2");
}

static void removing_the_array_ends_its_tasks_too(void **state)
{
    struct fixture *f = *state;
    add_array(f, request_of(1, 4), "0-9");
    assert_int_equal(pass_at(f, 10), 4);
    sched_remove(f->sched, 1);
    uint32_t cores;
    uint64_t memory;
    for (uint32_t node = 0; node < N_NODES; node++) {
        sched_node_usage(f->sched, node, &cores, &memory);
        assert_int_equal(cores, 0);
    }
    assert_int_equal(pass_at(f, 20), 0);
}

static void an_update_keeps_track_of_the_tasks_that_run(void **state)
{
    struct fixture *f = *state;
    add_array(f, request_of(1, 1), "0-9%2");
    assert_pass(f, 10, "1_0 1_1");
    struct sched_request req = request_of(1, 1);
    req.nice = 5;
    assert_int_equal(sched_update(f->sched, &req, NULL), 0);
    assert_int_equal(pass_at(f, 11), 0);
    assert_why(f, 1, SCHED_ARRAY_LIMIT, "");
    end_task(f, 1, 1, 20);
    assert_pass(f, 20, "1_2");
}

static void nothing_is_left_to_update_when_all_tasks_run(void **state)
{
    struct fixture *f = *state;
    add_array(f, request_of(1, 1), "0-1");
    assert_int_equal(pass_at(f, 10), 2);
    struct sched_request req = request_of(1, 1);
    assert_int_equal(sched_update(f->sched, &req, NULL), -ENOENT);
    end_task(f, 1, 1, 20);
    end_task(f, 1, 0, 20);
}

static void an_array_without_elements_is_refused(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = request_of(1, 1);
    struct array_spec none = {0};
    req.array = &none;
    assert_int_equal(sched_add(f->sched, &req, NULL), -EINVAL);
}

static void the_limit_counts_tasks_of_before_a_restart(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = request_of(1, 1);
    struct place_share share = {.node = 0, .n_cores = 1};
    share.cores = bitset_create(4);
    bitset_set(share.cores, 0);
    struct place_result where = {.shares = &share, .n_shares = 1};
    add_array(f, req, "1-9%1");
    assert_int_equal(
        sched_adopt(f->sched, (struct sched_id){1, 0}, &req, &where, 5, NULL), 0);
    assert_int_equal(pass_at(f, 10), 0);
    end_task(f, 1, 0, 20);
    assert_pass(f, 20, "1_1");
    bitset_destroy(share.cores);
}

/* -------------------------------------------------------------- aftercorr */

static struct depend_facts all_end_well(void *ctx, uint32_t job, uint32_t task)
{
    (void)ctx;
    (void)job;
    (void)task;
    return (struct depend_facts){.state = DEPEND_ENDED_OK};
}

static void each_task_waits_for_its_own_counterpart(void **state)
{
    (void)state;
    struct fixture world, *f = &world;
    struct sched_options options = sched_options_default;
    options.fate = all_end_well;
    fixture_init_with(f, true, &options);
    add_array(f, request_of(1, 1), "0-2");
    struct sched_request req = request_of(2, 1);
    req.dependency = "aftercorr:1";
    add_array(f, req, "0-2");
    assert_pass(f, 10, "1_0 1_1 1_2");
    assert_why(f, 2, SCHED_DEPENDENCY, "job 1_0 has not ended");
    end_task(f, 1, 2, 20);
    assert_pass(f, 20, "2_2");
    end_task(f, 1, 0, 30);
    assert_pass(f, 30, "2_0");
    end_task(f, 1, 1, 40);
    assert_pass(f, 40, "2_1");
    fixture_fini(f);
}

static struct depend_facts odd_tasks_fail(void *ctx, uint32_t job, uint32_t task)
{
    (void)ctx;
    (void)job;
    return (struct depend_facts){.state =
                                     task % 2 ? DEPEND_ENDED_BADLY : DEPEND_ENDED_OK};
}

static void a_counterpart_that_failed_holds_back_its_task_alone(void **state)
{
    (void)state;
    struct fixture f;
    struct sched_options options = sched_options_default;
    options.fate = odd_tasks_fail;
    fixture_init_with(&f, true, &options);
    struct sched_request req = request_of(2, 1);
    req.dependency = "aftercorr:1";
    add_array(&f, req, "0-4");
    assert_pass(&f, 10, "2_0 2_2 2_4");
    /* What is left can never run: this is said once. */
    assert_pass(&f, 11, "2 refused");
    assert_why(&f, 2, SCHED_DEPENDENCY_NEVER,
               "aftercorr: job 1_1 failed, but had to end well");
    assert_int_equal(pass_at(&f, 12), 0);
    fixture_fini(&f);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, fixture_setup_easy, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tasks_start_one_by_one_as_there_is_room),
        TEST(no_more_run_at_once_than_its_limit),
        TEST(a_task_leaves_before_it_has_started),
        TEST(removing_the_array_ends_its_tasks_too),
        TEST(an_update_keeps_track_of_the_tasks_that_run),
        TEST(nothing_is_left_to_update_when_all_tasks_run),
        TEST(an_array_without_elements_is_refused),
        TEST(the_limit_counts_tasks_of_before_a_restart),
        cmocka_unit_test(each_task_waits_for_its_own_counterpart),
        cmocka_unit_test(a_counterpart_that_failed_holds_back_its_task_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
