/* SPDX-License-Identifier: Apache-2.0
 *
 * job_counts.c - ends of pods become progress, each once
 */
#include "workload/job_counts.h"

#include <stdlib.h>

#include "base/mem.h"
#include "workload/job_policy.h"

struct end {
    struct job_pod *pod;
    int64_t at;
    bool is_success;
};

static int compare_ends(const void *a, const void *b)
{
    const struct end *x = a, *y = b;

    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    /* A failure of the second of a success is none since then. */
    return (int)x->is_success - (int)y->is_success;
}

static bool has_valid_index(const struct mf_job_spec *spec, const struct job_pod *pod)
{
    return spec->completion != MF_COMPLETE_INDEXED ||
           (pod->index >= 0 && pod->index < spec->completions);
}

static void count_success(const struct mf_job_spec *spec, struct job_progress *progress,
                          const struct end *end)
{
    progress->failures_in_row = 0;
    progress->last_failure = 0;
    if (spec->completion != MF_COMPLETE_INDEXED) {
        progress->succeeded++;
        return;
    }
    index_set_add(&progress->completed, end->pod->index);
    job_trouble_drop(progress, end->pod->index);
}

static void fail_index(const struct mf_job_spec *spec, struct job_progress *progress,
                       const struct end *end, enum mf_failure_action action)
{
    int64_t index = end->pod->index;
    struct job_trouble *trouble;

    if (index_set_has(&progress->completed, index) ||
        index_set_has(&progress->given_up, index))
        return;
    trouble = job_trouble_add(progress, index);
    trouble->tries++;
    trouble->failures += action != MF_FAIL_IGNORE;
    trouble->last = end->at;
    if (action != MF_FAIL_INDEX && trouble->failures <= spec->backoff_per_index)
        return;
    index_set_add(&progress->given_up, index);
    job_trouble_drop(progress, index);
}

static void fail_job(struct job_progress *progress, const struct job_pod *pod,
                     const struct job_verdict *verdict)
{
    if (progress->outcome != WORK_RUNS && progress->outcome != WORK_SUSPENDED)
        return;
    if (verdict->exit)
        job_progress_decide(
            progress, WORK_FAILS, "PodFailurePolicy",
            "container %s of pod %s failed with exit code %d, which rule %zu of the "
            "podFailurePolicy lets fail the Job",
            verdict->exit->container, pod->name, verdict->exit->code, verdict->rule);
    else
        job_progress_decide(progress, WORK_FAILS, "PodFailurePolicy",
                            "pod %s has the condition %s, which rule %zu of the "
                            "podFailurePolicy lets fail the Job",
                            pod->name, verdict->reason->type, verdict->rule);
}

static void count_failure(const struct mf_job_spec *spec, struct job_progress *progress,
                          const struct end *end)
{
    struct job_verdict verdict = job_judge_failure(spec, end->pod);

    progress->failures_in_row++;
    progress->last_failure = end->at;
    progress->failed += verdict.action != MF_FAIL_IGNORE;
    if (spec->completion == MF_COMPLETE_INDEXED && spec->backoff_per_index != MF_UNSET)
        fail_index(spec, progress, end, verdict.action);
    if (verdict.action == MF_FAIL_JOB)
        fail_job(progress, end->pod, &verdict);
}

static size_t collect(const struct mf_job_spec *spec, struct job_pod *pods, size_t n,
                      int64_t now, struct end *ret)
{
    size_t n_ends = 0;

    for (size_t i = 0; i < n; i++) {
        struct job_pod *pod = &pods[i];
        bool is_success = pod->phase == JOB_POD_SUCCEEDED;

        if (!pod->is_counted && (is_success || job_pod_has_failed(spec, pod)))
            ret[n_ends++] = (struct end){
                .pod = pod,
                .at = pod->ended_at ? pod->ended_at : now,
                .is_success = is_success,
            };
    }
    return n_ends;
}

void job_count_ends(const struct mf_job_spec *spec, struct job_progress *progress,
                    struct job_pod *pods, size_t n, int64_t now, struct job_plan *plan)
{
    cleanup(freep) struct end *ends = xcalloc(n + 1, sizeof(*ends));
    size_t n_ends = collect(spec, pods, n, now, ends);

    qsort(ends, n_ends, sizeof(*ends), compare_ends);
    for (size_t i = 0; i < n_ends; i++) {
        ends[i].pod->is_counted = true;
        job_places_add(&plan->counted, (size_t)(ends[i].pod - pods));
        if (!has_valid_index(spec, ends[i].pod))
            continue;
        if (ends[i].is_success)
            count_success(spec, progress, &ends[i]);
        else
            count_failure(spec, progress, &ends[i]);
    }
    if (spec->completion == MF_COMPLETE_INDEXED)
        progress->succeeded = (uint32_t)index_set_count(&progress->completed);
}
