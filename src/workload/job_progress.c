/* SPDX-License-Identifier: Apache-2.0
 *
 * job_progress.c - how far a Job is
 */
#include "workload/job_progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define X(id, word) word,
static const char *const outcome_names[] = {JOB_OUTCOMES(X)};
#undef X

void job_progress_fini(struct job_progress *progress)
{
    free(progress->reason);
    free(progress->words);
    free(progress->troubles.items);
    index_set_fini(&progress->completed);
    index_set_fini(&progress->given_up);
    *progress = (struct job_progress){.outcome = WORK_RUNS};
}

bool job_is_over(const struct job_progress *progress)
{
    return progress->outcome == WORK_FAILED || progress->outcome == WORK_COMPLETE;
}

const char *job_outcome_name(enum job_outcome outcome)
{
    return outcome_names[outcome];
}

bool job_outcome_parse(const char *word, enum job_outcome *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(outcome_names); i++)
        if (strcmp(outcome_names[i], word) == 0) {
            *ret = (enum job_outcome)i;
            return true;
        }
    return false;
}

void job_progress_decide(struct job_progress *progress, enum job_outcome outcome,
                         const char *reason, const char *words, ...)
{
    char text[512];
    va_list args;

    va_start(args, words);
    vsnprintf(text, sizeof(text), words, args);
    va_end(args);
    progress->outcome = outcome;
    str_replace(&progress->reason, reason);
    str_replace(&progress->words, text);
}

/* The first trouble at or above 'index'. */
static size_t trouble_at(const struct job_progress *progress, int64_t index)
{
    size_t low = 0, high = progress->troubles.n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (progress->troubles.items[mid].index < index)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct job_trouble *job_trouble_of(const struct job_progress *progress, int64_t index)
{
    size_t i = trouble_at(progress, index);

    return i < progress->troubles.n && progress->troubles.items[i].index == index
               ? &progress->troubles.items[i]
               : NULL;
}

struct job_trouble *job_trouble_add(struct job_progress *progress, int64_t index)
{
    struct job_trouble *found = job_trouble_of(progress, index);
    size_t i = trouble_at(progress, index), n = progress->troubles.n;
    struct job_trouble *items;

    if (found)
        return found;
    items = xrealloc(progress->troubles.items, n + 1, sizeof(*items));
    memmove(&items[i + 1], &items[i], (n - i) * sizeof(*items));
    items[i] = (struct job_trouble){.index = index};
    progress->troubles.items = items;
    progress->troubles.n = n + 1;
    return &items[i];
}

void job_trouble_drop(struct job_progress *progress, int64_t index)
{
    struct job_trouble *found = job_trouble_of(progress, index);
    struct job_trouble *end = progress->troubles.items + progress->troubles.n;

    if (!found)
        return;
    memmove(found, found + 1, (size_t)(end - found - 1) * sizeof(*found));
    progress->troubles.n--;
}

bool job_pod_has_ended(const struct job_pod *pod)
{
    return pod->phase == JOB_POD_SUCCEEDED || pod->phase == JOB_POD_FAILED;
}

bool job_pod_is_active(const struct job_pod *pod)
{
    return !job_pod_has_ended(pod) && !pod->is_ending;
}
