/* SPDX-License-Identifier: Apache-2.0
 *
 * test_job_random.c - Jobs among random ends, deletions, restarts and changes
 *
 * Whatever happens: never more than 'parallelism' active pods, never two of an index,
 * an end is counted once, and a Job ends exactly when it should.
 */
#include "job_world.h"

#include <stdio.h>

#include "base/strbuf.h"

static int chance(int percent)
{
    return random() % 100 < percent;
}

static char *random_fields(void)
{
    struct strbuf text = STRBUF_INIT;
    int completions = (int)(random() % 12);
    bool is_indexed = chance(60), is_by_index = is_indexed && chance(50);

    strbuf_printf(&text, "parallelism: %d", (int)(random() % 6) + 1);
    if (is_indexed || chance(70))
        strbuf_printf(&text, ", completions: %d", completions);
    if (is_indexed)
        strbuf_puts(&text, ", completionMode: Indexed");
    if (is_by_index)
        strbuf_printf(&text, ", backoffLimitPerIndex: %d", (int)(random() % 3));
    if (is_by_index && chance(30))
        strbuf_printf(&text, ", maxFailedIndexes: %d",
                      completions ? (int)(random() % completions) : 0);
    if (chance(30))
        strbuf_printf(&text, ", backoffLimit: %d", (int)(random() % 8));
    if (chance(30))
        strbuf_printf(&text, ", activeDeadlineSeconds: %d", (int)(random() % 900) + 1);
    if (chance(40))
        strbuf_puts(&text, ", podFailurePolicy: {rules: [{action: Ignore, onExitCodes: "
                           "{operator: In, values: [9]}}, {action: FailJob, "
                           "onExitCodes: {operator: In, values: [8]}}]}");
    else if (chance(50))
        strbuf_puts(&text, ", podReplacementPolicy: Failed");
    return strbuf_take(&text);
}

static void check(const struct job_world *w)
{
    struct index_set seen = {.n = 0};
    int64_t active = 0, taken = 0;

    for (size_t i = 0; i < w->n; i++) {
        const struct job_pod *pod = &w->pods[i];
        bool is_there = !job_pod_has_ended(pod);

        active += job_pod_is_active(pod);
        taken += is_there;
        if (pod->index != JOB_NO_INDEX && job_pod_is_active(pod))
            assert_true(index_set_add(&seen, pod->index));
        if (job_pod_has_ended(pod))
            assert_true(pod->is_counted);
    }
    index_set_fini(&seen);
    /* A work queue that has begun to succeed is left as it is. */
    if (w->spec->completions != MF_UNSET || !w->progress.succeeded)
        assert_true(active <= w->spec->parallelism);
    if (w->spec->completion == MF_COMPLETE_INDEXED)
        assert_int_equal(
            index_set_common(&w->progress.completed, &w->progress.given_up), 0);
    if (w->spec->is_suspended || job_is_over(&w->progress))
        assert_int_equal(active, 0);
    if (job_is_over(&w->progress))
        assert_int_equal(taken, 0);
}

/* What the test itself has seen: each end once. */
struct tally {
    int64_t succeeded, failed, ignored;
};

static void end_some(struct job_world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->n; i++) {
        struct job_pod *pod = &w->pods[i];
        int code = chance(60) ? 0 : chance(80) ? 1 : chance(70) ? 9 : 8;
        bool is_ours = pod->is_counted; /* ended by the Job, or counted as deleted */

        if (job_pod_has_ended(pod) || !chance(20))
            continue;
        finish(w, i, code);
        if (is_ours)
            continue;
        if (code == 0)
            tally->succeeded++;
        else if (code == 9 && w->spec->failure)
            tally->ignored++;
        else
            tally->failed++;
    }
}

/* Somebody deletes pods; without a policy that waits each is a failure at once. */
static void delete_some(struct job_world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->n; i++)
        if (job_pod_is_active(&w->pods[i]) && chance(3)) {
            w->pods[i].is_ending = true;
            tally->failed += w->spec->replacement != MF_REPLACE_FAILED;
        }
}

static void change_something(struct job_world *w)
{
    if (chance(4))
        w->spec->parallelism = random() % 6;
    if (chance(4))
        w->spec->is_suspended = !w->spec->is_suspended;
    w->now = chance(20) && w->again > w->now ? w->again : w->now + random() % 8;
}

static void judge_end(const struct job_world *w)
{
    const struct job_progress *is = &w->progress;

    if (is->outcome == WORK_COMPLETE && w->spec->completions != MF_UNSET)
        assert_true(is->succeeded >= w->spec->completions);
    else if (is->outcome == WORK_COMPLETE)
        assert_true(is->succeeded > 0);
    else
        assert_true(w->spec->completions == MF_UNSET ||
                    is->succeeded < w->spec->completions ||
                    strcmp(is->reason, "FailedIndexes") != 0);
    assert_true(is->end_time >= is->start_time);
}

static void live(struct job_world *w)
{
    struct tally tally = {.failed = 0};

    for (int turn = 0; turn < 4000 && !job_is_over(&w->progress); turn++) {
        uint32_t failing = w->progress.outcome == WORK_FAILS;

        end_some(w, &tally);
        delete_some(w, &tally);
        change_something(w);
        step(w);
        check(w);
        /* Under way to failure its own ends count, too. */
        if (!failing && w->progress.outcome != WORK_FAILS &&
            !job_is_over(&w->progress)) {
            assert_int_equal(w->progress.failed, tally.failed);
            if (w->spec->completion != MF_COMPLETE_INDEXED)
                assert_int_equal(w->progress.succeeded, tally.succeeded);
        }
    }
    if (!job_is_over(&w->progress)) {
        w->spec->parallelism = 5;
        w->spec->is_suspended = false;
        for (int turn = 0; turn < 4000 && !job_is_over(&w->progress); turn++) {
            w->now = w->again > w->now ? w->again : w->now + 1;
            step(w);
            for (size_t i = 0; i < w->n; i++)
                if (!job_pod_has_ended(&w->pods[i]))
                    finish(w, i, 0);
        }
    }
    assert_true(job_is_over(&w->progress));
    judge_end(w);
    /* Over is over. */
    for (int turn = 0; turn < 3; turn++) {
        int64_t started = w->started;

        w->now += 1000;
        step(w);
        assert_int_equal(w->started, started);
        assert_true(job_is_over(&w->progress));
    }
}

static void random_jobs_keep_their_promises(void **state)
{
    int ended[2] = {0, 0};

    (void)state;
    srandom(20261126);
    for (int i = 0; i < 400; i++) {
        cleanup(freep) char *fields = random_fields();
        struct job_world *w = job_world_create("Never", fields);

        live(w);
        ended[w->progress.outcome == WORK_COMPLETE]++;
        job_world_destroy(w);
    }
    /* Both kinds of ends were seen. */
    assert_true(ended[0] > 40);
    assert_true(ended[1] > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_jobs_keep_their_promises),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
