/* SPDX-License-Identifier: Apache-2.0
 *
 * job_plan.c - what a Job does next
 */
#include "workload/job_plan.h"

#include <stdlib.h>

#include "base/mem.h"
#include "workload/job_counts.h"
#include "workload/job_policy.h"

struct planner {
    const struct mf_job_spec *spec;
    struct job_progress *progress;
    struct job_pod *pods;
    size_t n;
    int64_t now;
    struct job_plan *plan;
};

void job_places_add(struct job_places *places, size_t place)
{
    if (places->n == places->cap) {
        places->cap = places->cap ? places->cap * 2 : 16;
        places->items = xrealloc(places->items, places->cap, sizeof(*places->items));
    }
    places->items[places->n++] = place;
}

void job_plan_fini(struct job_plan *plan)
{
    free(plan->starts.items);
    free(plan->ends.items);
    free(plan->counted.items);
    free(plan->forgotten.items);
    *plan = (struct job_plan){.again = 0};
}

static void look_again(struct planner *p, int64_t at)
{
    if (!p->plan->again || at < p->plan->again)
        p->plan->again = at;
}

/* Back-off. */
static void hold_until(struct planner *p, int64_t at)
{
    look_again(p, at);
    if (!p->progress->retry_at || at < p->progress->retry_at)
        p->progress->retry_at = at;
}

static void add_start(struct planner *p, int64_t index)
{
    const struct job_trouble *trouble =
        index == JOB_NO_INDEX ? NULL : job_trouble_of(p->progress, index);

    p->plan->starts.items[p->plan->starts.n++] = (struct job_start){
        .index = index,
        .failures = trouble ? trouble->failures : 0,
        .ignored = trouble ? trouble->tries - trouble->failures : 0,
    };
}

/* A pod that the Job itself sends away is no failure. */
static void end_pod(struct planner *p, size_t i, bool counts)
{
    job_places_add(&p->plan->ends, i);
    p->pods[i].is_ending = true;
    if (counts || p->pods[i].is_counted)
        return;
    p->pods[i].is_counted = true;
    job_places_add(&p->plan->counted, i);
}

static void end_all(struct planner *p, bool counts)
{
    for (size_t i = 0; i < p->n; i++)
        if (job_pod_is_active(&p->pods[i]))
            end_pod(p, i, counts);
}

static bool is_indexed(const struct planner *p)
{
    return p->spec->completion == MF_COMPLETE_INDEXED;
}

static bool is_by_index(const struct planner *p)
{
    return is_indexed(p) && p->spec->backoff_per_index != MF_UNSET;
}

static bool goes_on(const struct planner *p)
{
    return p->progress->outcome == WORK_RUNS || p->progress->outcome == WORK_SUSPENDED;
}

static int64_t count_active(const struct planner *p)
{
    int64_t sum = 0;

    for (size_t i = 0; i < p->n; i++)
        sum += job_pod_is_active(&p->pods[i]);
    return sum;
}

static int64_t count_ending(const struct planner *p)
{
    int64_t sum = 0;

    for (size_t i = 0; i < p->n; i++)
        sum += p->pods[i].is_ending && !job_pod_has_ended(&p->pods[i]);
    return sum;
}

/* Under OnFailure a container is restarted in its pod, and that is what is counted. */
static bool restarts_too_often(const struct planner *p)
{
    int64_t sum = 0, limit = p->spec->backoff;

    if (p->spec->template->spec->restart != MF_RESTART_FAILED || limit == MF_UNSET)
        return false;
    for (size_t i = 0; i < p->n; i++)
        if (!job_pod_has_ended(&p->pods[i]))
            sum += p->pods[i].restarts;
    return limit ? sum >= limit : sum > 0;
}

static bool is_past_deadline(const struct planner *p)
{
    const struct job_progress *progress = p->progress;

    return p->spec->deadline != MF_UNSET && !p->spec->is_suspended &&
           progress->start_time && p->now >= progress->start_time + p->spec->deadline;
}

static void judge_indexes(struct planner *p)
{
    int64_t given_up = index_set_count(&p->progress->given_up);

    if (p->spec->max_failed_indexes != MF_UNSET &&
        given_up > p->spec->max_failed_indexes)
        job_progress_decide(p->progress, WORK_FAILS, "MaxFailedIndexesExceeded",
                            "%lld indexes have failed, and maxFailedIndexes is %lld",
                            (long long)given_up,
                            (long long)p->spec->max_failed_indexes);
    else if (given_up && given_up + p->progress->succeeded >= p->spec->completions)
        job_progress_decide(p->progress, WORK_FAILS, "FailedIndexes",
                            "all others are done, and %lld indexes have failed",
                            (long long)given_up);
}

static void judge_failures(struct planner *p)
{
    const struct mf_job_spec *spec = p->spec;

    if (spec->backoff != MF_UNSET && p->progress->failed > spec->backoff)
        job_progress_decide(p->progress, WORK_FAILS, "BackoffLimitExceeded",
                            "%u pods have failed, and backoffLimit is %lld",
                            p->progress->failed, (long long)spec->backoff);
    else if (restarts_too_often(p))
        job_progress_decide(p->progress, WORK_FAILS, "BackoffLimitExceeded",
                            "containers were restarted as often as backoffLimit %lld "
                            "allows",
                            (long long)spec->backoff);
    else if (is_past_deadline(p))
        job_progress_decide(p->progress, WORK_FAILS, "DeadlineExceeded",
                            "it has run for activeDeadlineSeconds, %lld",
                            (long long)spec->deadline);
    else if (is_by_index(p))
        judge_indexes(p);
}

static bool has_all_it_wants(const struct planner *p)
{
    if (p->spec->completions != MF_UNSET)
        return p->progress->succeeded >= p->spec->completions;
    /* A work queue: the first success says that there is no more to begin. */
    return p->progress->succeeded && count_active(p) == 0;
}

static void judge_success(struct planner *p)
{
    int rule = is_indexed(p) ? job_success_rule(p->spec, p->progress) : -1;

    if (rule >= 0)
        job_progress_decide(p->progress, WORK_SUCCEEDS, "SuccessPolicy",
                            "rule %d of the successPolicy holds", rule);
    else if (has_all_it_wants(p))
        job_progress_decide(p->progress, WORK_SUCCEEDS, "CompletionsReached",
                            "%u pods have succeeded", p->progress->succeeded);
}

static void judge(struct planner *p)
{
    if (is_indexed(p)) {
        index_set_cut(&p->progress->completed, p->spec->completions);
        index_set_cut(&p->progress->given_up, p->spec->completions);
    }
    job_count_ends(p->spec, p->progress, p->pods, p->n, p->now, p->plan);
    if (goes_on(p))
        judge_failures(p);
    if (goes_on(p))
        judge_success(p);
}

static void wind_up(struct planner *p)
{
    bool has_failed = p->progress->outcome == WORK_FAILS;

    end_all(p, has_failed);
    if (count_ending(p))
        return;
    p->progress->outcome = has_failed ? WORK_FAILED : WORK_COMPLETE;
    p->progress->end_time = p->now;
    if (!p->progress->start_time)
        p->progress->start_time = p->now;
}

static void rest(struct planner *p)
{
    end_all(p, false);
    p->progress->start_time = 0;
    if (p->progress->outcome != WORK_SUSPENDED)
        job_progress_decide(p->progress, WORK_SUSPENDED, "JobSuspended",
                            "suspend is true");
}

static int64_t wanted(const struct planner *p, int64_t active)
{
    int64_t left;

    if (p->spec->completions == MF_UNSET)
        return p->progress->succeeded ? active : p->spec->parallelism;
    left = p->spec->completions - p->progress->succeeded;
    return left < p->spec->parallelism ? left : p->spec->parallelism;
}

/* Pods of indexes that are done, given up, none of the Job's any more, or taken. */
static void end_strays(struct planner *p)
{
    struct index_set seen = {.n = 0};

    for (size_t i = 0; is_indexed(p) && i < p->n; i++) {
        const struct job_pod *pod = &p->pods[i];

        if (job_pod_is_active(pod) &&
            (pod->index < 0 || pod->index >= p->spec->completions ||
             index_set_has(&p->progress->completed, pod->index) ||
             index_set_has(&p->progress->given_up, pod->index) ||
             !index_set_add(&seen, pod->index)))
            end_pod(p, i, false);
    }
    index_set_fini(&seen);
}

/* What is lost least comes first: pods that do not run yet, are not ready, are young.
 */
static int compare_worth(const void *left, const void *right)
{
    const struct job_pod *a = *(const struct job_pod *const *)left;
    const struct job_pod *b = *(const struct job_pod *const *)right;

    if (a->phase != b->phase)
        return a->phase == JOB_POD_PENDING ? -1 : 1;
    if (a->is_ready != b->is_ready)
        return a->is_ready ? 1 : -1;
    if (a->made_at != b->made_at)
        return a->made_at > b->made_at ? -1 : 1;
    return a->index != b->index ? (a->index > b->index ? -1 : 1) : 0;
}

static void end_surplus(struct planner *p, int64_t surplus)
{
    cleanup(freep) const struct job_pod **active = NULL;
    size_t n = 0;

    if (surplus <= 0)
        return;
    active = xcalloc(p->n, sizeof(const struct job_pod *));
    for (size_t i = 0; i < p->n; i++)
        if (job_pod_is_active(&p->pods[i]))
            active[n++] = &p->pods[i];
    qsort(active, n, sizeof(const struct job_pod *), compare_worth);
    for (size_t i = 0; i < (size_t)surplus && i < n; i++)
        end_pod(p, (size_t)(active[i] - p->pods), false);
}

/* Indexes that get no pod now: what is done, has one, or must wait. */
static void taken_indexes(struct planner *p, struct index_set *ret)
{
    const struct job_progress *progress = p->progress;

    index_set_copy(&progress->completed, ret);
    for (size_t i = 0; i < progress->given_up.n; i++)
        index_set_add_range(ret, progress->given_up.ranges[i].first,
                            progress->given_up.ranges[i].last);
    for (size_t i = 0; i < p->n; i++)
        if (job_pod_is_active(&p->pods[i]) ||
            (job_waits_for_ends(p->spec) && !job_pod_has_ended(&p->pods[i])))
            index_set_add(ret, p->pods[i].index);
    for (size_t i = 0; i < progress->troubles.n; i++) {
        const struct job_trouble *trouble = &progress->troubles.items[i];
        int64_t at = trouble->last + job_back_off(trouble->tries);

        if (at <= p->now)
            continue;
        if (index_set_add(ret, trouble->index))
            hold_until(p, at);
    }
}

static void start_indexes(struct planner *p, int64_t n)
{
    struct index_set taken;
    int64_t index = 0;

    taken_indexes(p, &taken);
    for (; n > 0; n--, index++) {
        index = index_set_gap(&taken, index);
        if (index >= p->spec->completions)
            break;
        add_start(p, index);
    }
    if (p->plan->starts.n)
        p->progress->retry_at = 0;
    index_set_fini(&taken);
}

static void start(struct planner *p, int64_t n)
{
    int64_t at = p->progress->last_failure + job_back_off(p->progress->failures_in_row);

    if (!is_by_index(p) && p->progress->failures_in_row && at > p->now) {
        hold_until(p, at);
        return;
    }
    if (n > JOB_STARTS_MAX) {
        n = JOB_STARTS_MAX;
        look_again(p, p->now);
    }
    p->plan->starts.items = xcalloc((size_t)n, sizeof(*p->plan->starts.items));
    if (is_indexed(p))
        start_indexes(p, n);
    else
        while (n-- > 0)
            add_start(p, JOB_NO_INDEX);
}

static void run(struct planner *p)
{
    int64_t active, want;

    if (p->progress->outcome == WORK_SUSPENDED)
        job_progress_decide(p->progress, WORK_RUNS, "JobResumed", "suspend is false");
    if (!p->progress->start_time)
        p->progress->start_time = p->now;
    if (p->spec->deadline != MF_UNSET)
        look_again(p, p->progress->start_time + p->spec->deadline);
    end_strays(p);
    active = count_active(p);
    want = wanted(p, active);
    end_surplus(p, active - want);
    if (p->plan->ends.n) {
        look_again(p, p->now);
        return;
    }
    want -= active;
    if (job_waits_for_ends(p->spec))
        want -= count_ending(p);
    if (want > 0)
        start(p, want);
}

struct ended {
    size_t place;
    int64_t at;
};

static int compare_ended(const void *a, const void *b)
{
    const struct ended *x = a, *y = b;

    return x->at != y->at ? (x->at < y->at ? -1 : 1) : (x->place > y->place) * 2 - 1;
}

/* The eldest beyond what is kept of those that ended in 'phase'. */
static void forget(struct planner *p, enum job_pod_phase phase)
{
    cleanup(freep) struct ended *ended = NULL;
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++)
        n += p->pods[i].phase == phase;
    if (n <= JOB_PODS_KEPT)
        return;
    ended = xcalloc(n, sizeof(*ended));
    n = 0;
    for (size_t i = 0; i < p->n; i++)
        if (p->pods[i].phase == phase && p->pods[i].is_counted)
            ended[n++] = (struct ended){i, p->pods[i].ended_at};
    qsort(ended, n, sizeof(*ended), compare_ended);
    for (size_t i = 0; i + JOB_PODS_KEPT < n; i++)
        job_places_add(&p->plan->forgotten, ended[i].place);
}

static void expire(struct planner *p)
{
    int64_t at;

    if (!job_is_over(p->progress) || p->spec->ttl == MF_UNSET)
        return;
    at = p->progress->end_time + p->spec->ttl;
    if (at <= p->now)
        p->plan->is_expired = true;
    else
        look_again(p, at);
}

static void tally(struct planner *p)
{
    uint32_t ready = 0;

    for (size_t i = 0; i < p->n; i++)
        ready += job_pod_is_active(&p->pods[i]) && p->pods[i].is_ready;
    p->progress->ready = ready;
    p->progress->active = (uint32_t)(count_active(p) + (int64_t)p->plan->starts.n);
    p->progress->ending = (uint32_t)count_ending(p);
}

void job_plan_make(const struct mf_job_spec *spec, struct job_progress *progress,
                   struct job_pod *pods, size_t n, int64_t now, struct job_plan *ret)
{
    struct planner p = {spec, progress, pods, n, now, ret};

    *ret = (struct job_plan){.again = 0};
    progress->retry_at = 0;
    if (!job_is_over(progress)) {
        judge(&p);
        if (!goes_on(&p))
            wind_up(&p);
        else if (spec->is_suspended)
            rest(&p);
        else
            run(&p);
    }
    forget(&p, JOB_POD_SUCCEEDED);
    forget(&p, JOB_POD_FAILED);
    expire(&p);
    tally(&p);
}
