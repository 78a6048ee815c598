/* SPDX-License-Identifier: Apache-2.0
 *
 * test_job_plan.c - Jobs as Kubernetes' documentation describes them
 */
#include "job_world.h"

#include "workload/job_policy.h"

static void pods_start_as_parallelism_and_completions_allow(void **state)
{
    static const struct {
        const char *fields;
        size_t pods;
    } rows[] = {
        {"", 1},
        {"completions: 5", 1},
        {"parallelism: 3, completions: 5", 3},
        {"parallelism: 9, completions: 5", 5},
        {"parallelism: 4", 4},
        {"parallelism: 0, completions: 5", 0},
        {"parallelism: 3, completions: 9, completionMode: Indexed", 3},
        {"parallelism: 3, suspend: true", 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct job_world *w = job_world_create("Never", rows[i].fields);

        step(w);
        assert_int_equal(count_active(w), rows[i].pods);
        assert_int_equal(w->progress.active, rows[i].pods);
        job_world_destroy(w);
    }
}

static void no_completions_are_complete_at_once(void **state)
{
    struct job_world *w = job_world_create("Never", "completions: 0, parallelism: 2");

    (void)state;
    step(w);
    expect(w, WORK_COMPLETE, "CompletionsReached");
    assert_int_equal(w->started, 0);
    assert_int_equal(w->progress.end_time, 1000);
    job_world_destroy(w);
}

static void completions_are_reached_with_no_pod_too_many(void **state)
{
    struct job_world *w = job_world_create("Never", "parallelism: 3, completions: 5");

    (void)state;
    for (step(w); !job_is_over(&w->progress); step(w)) {
        w->now += 5;
        finish(w, first_active(w), 0);
    }
    expect(w, WORK_COMPLETE, "CompletionsReached");
    assert_int_equal(w->progress.succeeded, 5);
    assert_int_equal(w->started, 5);
    assert_int_equal(w->progress.start_time, 1000);
    assert_int_equal(w->progress.end_time, 1025);
    job_world_destroy(w);
}

static void the_first_success_of_a_work_queue_begins_no_more(void **state)
{
    struct job_world *w = job_world_create("Never", "parallelism: 3");

    (void)state;
    step(w);
    finish(w, first_active(w), 0);
    step(w);
    assert_int_equal(w->started, 3);
    expect(w, WORK_RUNS, NULL);
    finish(w, first_active(w), 1);
    step(w);
    assert_int_equal(w->started, 3);
    finish(w, first_active(w), 0);
    step(w);
    expect(w, WORK_COMPLETE, "CompletionsReached");
    assert_int_equal(w->progress.succeeded, 2);
    assert_int_equal(w->progress.failed, 1);
    job_world_destroy(w);
}

static void back_off_doubles_from_ten_seconds_to_six_minutes(void **state)
{
    static const int64_t waits[] = {10, 20, 40, 80, 160, 320, 360, 360};
    struct job_world *w = job_world_create("Never", "backoffLimit: 20");

    (void)state;
    step(w);
    for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
        w->now += 3;
        finish(w, first_active(w), 1);
        step(w);
        assert_int_equal(count_active(w), 0);
        assert_int_equal(w->again, w->now + waits[i]);
        assert_int_equal(w->progress.retry_at, w->again);
        w->now = w->again - 1;
        step(w);
        assert_int_equal(count_active(w), 0);
        w->now++;
        step(w);
        assert_int_equal(count_active(w), 1);
        assert_int_equal(w->progress.retry_at, 0);
    }
    assert_int_equal(job_back_off(0), 0);
    assert_int_equal(job_back_off(4000000000u), 360);
    job_world_destroy(w);
}

static void a_success_forgets_the_failures_before_it(void **state)
{
    struct job_world *w =
        job_world_create("Never", "parallelism: 2, completions: 9, backoffLimit: 9");

    (void)state;
    step(w);
    finish(w, 0, 1);
    w->now += 2;
    finish(w, 1, 0);
    step(w);
    assert_int_equal(w->progress.failures_in_row, 0);
    assert_int_equal(count_active(w), 2);
    /* Told together, but the failure was the later one. */
    finish(w, first_active(w), 0);
    w->now++;
    finish(w, first_active(w), 1);
    step(w);
    assert_int_equal(w->progress.failures_in_row, 1);
    assert_int_equal(w->again, w->now + 10);
    job_world_destroy(w);
}

static void one_failure_more_than_the_limit_fails_the_job(void **state)
{
    struct job_world *w =
        job_world_create("Never", "parallelism: 2, completions: 9, backoffLimit: 1");

    (void)state;
    step(w);
    finish(w, 0, 1);
    step(w);
    expect(w, WORK_RUNS, NULL);
    w->now += 500;
    step(w);
    finish(w, first_active(w), 1);
    step(w);
    /* Final when the last pod has gone, not before. */
    expect(w, WORK_FAILS, "BackoffLimitExceeded");
    assert_int_equal(w->progress.ending, 1);
    w->now += 30;
    let_go(w);
    expect(w, WORK_FAILED, "BackoffLimitExceeded");
    assert_int_equal(w->progress.end_time, 1530);
    assert_int_equal(w->progress.failed, 3);
    job_world_destroy(w);
}

static void no_failure_at_all_is_a_limit_too(void **state)
{
    struct job_world *w = job_world_create("Never", "backoffLimit: 0");

    (void)state;
    step(w);
    finish(w, 0, 1);
    step(w);
    expect(w, WORK_FAILED, "BackoffLimitExceeded");
    assert_int_equal(w->started, 1);
    job_world_destroy(w);
}

static void restarts_of_containers_count_under_on_failure(void **state)
{
    static const struct {
        const char *fields;
        uint32_t good, bad;
    } rows[] = {{"backoffLimit: 3", 2, 3}, {"backoffLimit: 0", 0, 1}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct job_world *w = job_world_create("OnFailure", rows[i].fields);

        step(w);
        w->pods[0].phase = JOB_POD_RUNS;
        w->pods[0].restarts = rows[i].good;
        step(w);
        expect(w, WORK_RUNS, NULL);
        w->pods[0].restarts = rows[i].bad;
        step(w);
        expect(w, WORK_FAILS, "BackoffLimitExceeded");
        assert_true(w->pods[0].is_ending);
        let_go(w);
        expect(w, WORK_FAILED, "BackoffLimitExceeded");
        job_world_destroy(w);
    }
}

static void the_deadline_ends_all_pods(void **state)
{
    struct job_world *w = job_world_create(
        "Never", "parallelism: 2, completions: 4, activeDeadlineSeconds: 60");

    (void)state;
    step(w);
    assert_int_equal(w->again, 1060);
    w->now = 1059;
    step(w);
    expect(w, WORK_RUNS, NULL);
    w->now = 1060;
    step(w);
    expect(w, WORK_FAILS, "DeadlineExceeded");
    assert_int_equal(count_active(w), 0);
    let_go(w);
    expect(w, WORK_FAILED, "DeadlineExceeded");
    assert_int_equal(w->started, 2);
    job_world_destroy(w);
}

static void a_suspended_job_has_no_pods_and_begins_anew(void **state)
{
    struct job_world *w = job_world_create(
        "Never", "parallelism: 2, completions: 4, activeDeadlineSeconds: 60");

    (void)state;
    step(w);
    finish(w, 0, 0);
    step(w);
    w->spec->is_suspended = true;
    w->now += 50;
    step(w);
    expect(w, WORK_SUSPENDED, "JobSuspended");
    assert_int_equal(count_active(w), 0);
    assert_int_equal(w->progress.start_time, 0);
    let_go(w);
    /* Its own doing is no failure, and the deadline stands still. */
    assert_int_equal(w->progress.failed, 0);
    w->now += 5000;
    step(w);
    expect(w, WORK_SUSPENDED, NULL);
    w->spec->is_suspended = false;
    step(w);
    expect(w, WORK_RUNS, "JobResumed");
    assert_int_equal(w->progress.start_time, w->now);
    assert_int_equal(count_active(w), 2);
    assert_int_equal(w->progress.succeeded, 1);
    job_world_destroy(w);
}

static void a_deleted_pod_is_a_failure_and_replaced(void **state)
{
    static const struct {
        const char *policy;
        size_t at_once;
        uint32_t failed;
    } rows[] = {{"podReplacementPolicy: TerminatingOrFailed", 1, 1},
                {"podReplacementPolicy: Failed", 0, 0}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct job_world *w = job_world_create("Never", rows[i].policy);

        step(w);
        w->pods[0].is_ending = true;
        step(w);
        assert_int_equal(w->progress.failed, rows[i].failed);
        w->now += 10;
        step(w);
        assert_int_equal(count_active(w), rows[i].at_once);
        let_go(w);
        w->now += 10;
        step(w);
        assert_int_equal(w->progress.failed, 1);
        assert_int_equal(count_active(w), 1);
        job_world_destroy(w);
    }
}

static void less_parallelism_ends_the_pods_that_are_missed_least(void **state)
{
    struct job_world *w = job_world_create("Never", "parallelism: 4, completions: 9");

    (void)state;
    step(w);
    for (size_t i = 0; i < 3; i++)
        w->pods[i].phase = JOB_POD_RUNS;
    w->pods[1].is_ready = true;
    w->pods[2].made_at = 900;
    w->spec->parallelism = 2;
    step(w);
    assert_true(w->pods[3].is_ending);
    assert_true(w->pods[0].is_ending);
    assert_int_equal(count_active(w), 2);
    let_go(w);
    assert_int_equal(w->progress.failed, 0);
    w->spec->parallelism = 5;
    step(w);
    assert_int_equal(count_active(w), 5);
    job_world_destroy(w);
}

static void indexes_are_given_from_the_lowest(void **state)
{
    cleanup(freep) char *done = NULL;
    struct job_world *w = job_world_create(
        "Never", "parallelism: 3, completions: 6, completionMode: Indexed");

    (void)state;
    step(w);
    for (int64_t i = 0; i < 3; i++)
        pod_of(w, i);
    finish(w, pod_of(w, 1), 0);
    step(w);
    pod_of(w, 3);
    finish(w, pod_of(w, 0), 1);
    step(w);
    w->now += 10;
    step(w);
    /* The one that failed goes first. */
    pod_of(w, 0);
    finish(w, pod_of(w, 3), 0);
    finish(w, pod_of(w, 2), 0);
    step(w);
    done = index_set_format(&w->progress.completed);
    assert_string_equal(done, "1-3");
    assert_int_equal(w->progress.succeeded, 3);
    job_world_destroy(w);
}

static void an_index_has_back_off_and_a_limit_of_its_own(void **state)
{
    struct job_world *w = job_world_create(
        "Never", "parallelism: 2, completions: 4, completionMode: Indexed, "
                 "backoffLimitPerIndex: 1");
    cleanup(freep) char *failed = NULL;

    (void)state;
    step(w);
    finish(w, pod_of(w, 0), 1);
    step(w);
    /* One that waits holds nobody up. */
    pod_of(w, 1);
    pod_of(w, 2);
    finish(w, pod_of(w, 1), 0);
    step(w);
    finish(w, pod_of(w, 2), 0);
    step(w);
    pod_of(w, 3);
    assert_int_equal(count_active(w), 1);
    assert_int_equal(w->again, w->now + 10);
    w->now += 10;
    step(w);
    finish(w, pod_of(w, 0), 1);
    step(w);
    failed = index_set_format(&w->progress.given_up);
    assert_string_equal(failed, "0");
    assert_int_equal(w->progress.troubles.n, 0);
    finish(w, pod_of(w, 3), 0);
    step(w);
    expect(w, WORK_FAILED, "FailedIndexes");
    assert_int_equal(w->progress.succeeded, 3);
    assert_int_equal(w->progress.failed, 2);
    job_world_destroy(w);
}

static void too_many_failed_indexes_fail_the_job(void **state)
{
    struct job_world *w = job_world_create(
        "Never", "parallelism: 4, completions: 9, completionMode: Indexed, "
                 "backoffLimitPerIndex: 0, maxFailedIndexes: 1");

    (void)state;
    step(w);
    finish(w, pod_of(w, 0), 1);
    step(w);
    expect(w, WORK_RUNS, NULL);
    finish(w, pod_of(w, 2), 1);
    step(w);
    expect(w, WORK_FAILS, "MaxFailedIndexesExceeded");
    let_go(w);
    expect(w, WORK_FAILED, "MaxFailedIndexesExceeded");
    job_world_destroy(w);
}

#define POLICY                                                                    \
    "completions: 4, parallelism: 2, completionMode: Indexed, "                   \
    "backoffLimitPerIndex: 1, podFailurePolicy: {rules: ["                        \
    "{action: FailJob, onExitCodes: {containerName: main, operator: In, values: " \
    "[42]}}, {action: FailIndex, onExitCodes: {operator: In, values: [43]}}, "    \
    "{action: Ignore, onPodConditions: [{type: DisruptionTarget}]}, "             \
    "{action: Count, onExitCodes: {operator: NotIn, values: [44]}}, "             \
    "{action: Ignore, onExitCodes: {operator: In, values: [44]}}]}"

static void the_failure_policy_says_what_a_failure_means(void **state)
{
    static const struct mf_pod_condition disrupted[] = {
        {(char *)(uintptr_t) "DisruptionTarget", (char *)(uintptr_t) "True"}};
    static const struct {
        int code;
        bool is_disrupted;
        enum job_outcome outcome;
        uint32_t failed, failures, tries;
        int64_t given_up;
    } rows[] = {
        {42, false, WORK_FAILS, 1, 1, 1, 0}, {43, false, WORK_RUNS, 1, 0, 0, 1},
        {44, false, WORK_RUNS, 0, 0, 1, 0},  {1, false, WORK_RUNS, 1, 1, 1, 0},
        {1, true, WORK_RUNS, 0, 0, 1, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct job_world *w = job_world_create("Never", POLICY);
        const struct job_trouble *trouble;

        step(w);
        finish(w, 0, rows[i].code);
        if (rows[i].is_disrupted) {
            w->pods[0].conditions = disrupted;
            w->pods[0].n_conditions = 1;
        }
        step(w);
        expect(w, rows[i].outcome,
               rows[i].outcome == WORK_FAILS ? "PodFailurePolicy" : NULL);
        assert_int_equal(w->progress.failed, rows[i].failed);
        assert_int_equal(index_set_count(&w->progress.given_up), rows[i].given_up);
        trouble = job_trouble_of(&w->progress, 0);
        assert_int_equal(trouble ? trouble->failures : 0, rows[i].failures);
        assert_int_equal(trouble ? trouble->tries : 0, rows[i].tries);
        job_world_destroy(w);
    }
}

static void a_rule_of_a_container_looks_at_that_one_only(void **state)
{
    struct job_world *w = job_world_create("Never", POLICY);

    (void)state;
    step(w);
    finish(w, 0, 42);
    w->exits[0].container = "log";
    step(w);
    expect(w, WORK_RUNS, NULL);
    finish(w, pod_of(w, 1), 42);
    step(w);
    expect(w, WORK_FAILS, "PodFailurePolicy");
    assert_non_null(strstr(w->progress.words, "container main of pod sweep-x failed "
                                              "with exit code 42, which rule 0"));
    job_world_destroy(w);
}

static void a_success_policy_is_enough(void **state)
{
    static const struct {
        const char *policy;
        int64_t last; /* the success that is enough */
    } rows[] = {
        {"{succeededIndexes: '1,3'}", 3},
        {"{succeededIndexes: '0-3', succeededCount: 2}", 1},
        {"{succeededCount: 3}", 2},
        {"{succeededIndexes: '9'}, {succeededCount: 1}", 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup(freep) char *fields =
            xasprintf("completions: 10, parallelism: 10, completionMode: Indexed, "
                      "successPolicy: {rules: [%s]}",
                      rows[i].policy);
        struct job_world *w = job_world_create("Never", fields);

        step(w);
        for (int64_t k = 0; k <= rows[i].last; k++) {
            expect(w, WORK_RUNS, NULL);
            finish(w, pod_of(w, k), 0);
            step(w);
        }
        expect(w, WORK_SUCCEEDS, "SuccessPolicy");
        assert_int_equal(count_active(w), 0);
        let_go(w);
        expect(w, WORK_COMPLETE, "SuccessPolicy");
        assert_int_equal(w->progress.failed, 0);
        job_world_destroy(w);
    }
}

static void a_job_is_forgotten_when_its_time_is_over(void **state)
{
    struct job_world *w = job_world_create("Never", "ttlSecondsAfterFinished: 30");

    (void)state;
    step(w);
    finish(w, 0, 0);
    step(w);
    expect(w, WORK_COMPLETE, NULL);
    assert_int_equal(w->again, w->now + 30);
    assert_false(w->is_expired);
    w->now += 30;
    step(w);
    assert_true(w->is_expired);
    job_world_destroy(w);
}

static void many_indexes_are_a_few_pods_and_intervals(void **state)
{
    struct job_world *w = job_world_create(
        "Never", "parallelism: 50, completions: 20000, completionMode: Indexed");

    (void)state;
    for (step(w); !job_is_over(&w->progress); step(w)) {
        w->now++;
        for (size_t i = 0; i < w->n; i++)
            if (job_pod_is_active(&w->pods[i]))
                finish(w, i, 0);
        assert_true(w->n <= JOB_PODS_KEPT + 50);
    }
    expect(w, WORK_COMPLETE, NULL);
    assert_int_equal(w->started, 20000);
    assert_int_equal(w->progress.completed.n, 1);
    job_world_destroy(w);
}

static void many_starts_come_in_pieces(void **state)
{
    struct job_world *w =
        job_world_create("Never", "parallelism: 1200, completions: 1200");
    struct job_plan plan;

    (void)state;
    job_plan_make(w->spec, &w->progress, w->pods, w->n, w->now, &plan);
    assert_int_equal(plan.starts.n, JOB_STARTS_MAX);
    assert_int_equal(plan.again, w->now);
    job_plan_fini(&plan);
    step(w);
    assert_int_equal(count_active(w), 1200);
    job_world_destroy(w);
}

static void fewer_completions_drop_the_indexes_above(void **state)
{
    struct job_world *w = job_world_create(
        "Never", "parallelism: 6, completions: 6, completionMode: Indexed");

    (void)state;
    step(w);
    finish(w, pod_of(w, 5), 0);
    finish(w, pod_of(w, 0), 0);
    step(w);
    w->spec->completions = w->spec->parallelism = 3;
    step(w);
    assert_int_equal(w->progress.succeeded, 1);
    assert_int_equal(count_active(w), 2);
    finish(w, pod_of(w, 1), 0);
    finish(w, pod_of(w, 2), 0);
    step(w);
    let_go(w);
    expect(w, WORK_COMPLETE, NULL);
    job_world_destroy(w);
}

static void every_outcome_has_a_word(void **state)
{
    enum job_outcome outcome;

    (void)state;
    for (int i = WORK_RUNS; i <= WORK_COMPLETE; i++) {
        assert_true(job_outcome_parse(job_outcome_name((enum job_outcome)i), &outcome));
        assert_int_equal(outcome, i);
    }
    assert_false(job_outcome_parse("Finished", &outcome));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pods_start_as_parallelism_and_completions_allow),
        cmocka_unit_test(no_completions_are_complete_at_once),
        cmocka_unit_test(completions_are_reached_with_no_pod_too_many),
        cmocka_unit_test(the_first_success_of_a_work_queue_begins_no_more),
        cmocka_unit_test(back_off_doubles_from_ten_seconds_to_six_minutes),
        cmocka_unit_test(a_success_forgets_the_failures_before_it),
        cmocka_unit_test(one_failure_more_than_the_limit_fails_the_job),
        cmocka_unit_test(no_failure_at_all_is_a_limit_too),
        cmocka_unit_test(restarts_of_containers_count_under_on_failure),
        cmocka_unit_test(the_deadline_ends_all_pods),
        cmocka_unit_test(a_suspended_job_has_no_pods_and_begins_anew),
        cmocka_unit_test(a_deleted_pod_is_a_failure_and_replaced),
        cmocka_unit_test(less_parallelism_ends_the_pods_that_are_missed_least),
        cmocka_unit_test(indexes_are_given_from_the_lowest),
        cmocka_unit_test(an_index_has_back_off_and_a_limit_of_its_own),
        cmocka_unit_test(too_many_failed_indexes_fail_the_job),
        cmocka_unit_test(the_failure_policy_says_what_a_failure_means),
        cmocka_unit_test(a_rule_of_a_container_looks_at_that_one_only),
        cmocka_unit_test(a_success_policy_is_enough),
        cmocka_unit_test(a_job_is_forgotten_when_its_time_is_over),
        cmocka_unit_test(many_indexes_are_a_few_pods_and_intervals),
        cmocka_unit_test(many_starts_come_in_pieces),
        cmocka_unit_test(fewer_completions_drop_the_indexes_above),
        cmocka_unit_test(every_outcome_has_a_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
