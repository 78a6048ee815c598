/* SPDX-License-Identifier: Apache-2.0
 *
 * workload_status.c - what is kept of a Job, as its record has it
 */
#include "controller/workloads/workload_status.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "state/job.h"
#include "wire/pack.h"

Berth__WorkloadStatus *workload_status_new(void)
{
    Berth__WorkloadStatus *status = xmalloc(sizeof(*status));

    berth__workload_status__init(status);
    return status;
}

/* Of our own writing; what cannot be read is nothing. */
static void read_set(const char *text, struct index_set *ret)
{
    if (index_set_parse(text, ret, NULL) < 0)
        *ret = (struct index_set){.n = 0};
}

void workload_progress_read(const Berth__WorkloadStatus *status,
                            struct job_progress *ret)
{
    *ret = (struct job_progress){.outcome = WORK_RUNS};
    if (!status)
        return;
    (void)job_outcome_parse(status->condition, &ret->outcome);
    ret->reason = *status->reason ? xstrdup(status->reason) : NULL;
    ret->words = *status->words ? xstrdup(status->words) : NULL;
    ret->start_time = status->start_time;
    ret->end_time = status->end_time;
    ret->succeeded = status->succeeded;
    ret->failed = status->failed;
    ret->failures_in_row = status->failures_in_row;
    ret->last_failure = status->last_failure;
    read_set(status->completed_indexes, &ret->completed);
    read_set(status->failed_indexes, &ret->given_up);
    for (size_t i = 0; i < status->n_troubles; i++) {
        const Berth__IndexTrouble *from = status->troubles[i];
        struct job_trouble *to = job_trouble_add(ret, from->index);

        to->failures = from->failures;
        to->tries = from->tries;
        to->last = from->last_failure;
    }
}

static void write_set(char **field, const struct index_set *set)
{
    cleanup(freep) char *text = index_set_format(set);

    field_set(field, text);
}

static void write_troubles(Berth__WorkloadStatus *status,
                           const struct job_progress *progress)
{
    for (size_t i = 0; i < status->n_troubles; i++)
        free_message(status->troubles[i]);
    free(status->troubles);
    status->n_troubles = progress->troubles.n;
    status->troubles = xcalloc(progress->troubles.n + 1, sizeof(*status->troubles));
    for (size_t i = 0; i < progress->troubles.n; i++) {
        const struct job_trouble *from = &progress->troubles.items[i];
        Berth__IndexTrouble *to = xmalloc(sizeof(*to));

        berth__index_trouble__init(to);
        to->index = (uint32_t)from->index;
        to->failures = from->failures;
        to->tries = from->tries;
        to->last_failure = from->last;
        status->troubles[i] = to;
    }
}

static void write_all(Berth__WorkloadStatus *status,
                      const struct job_progress *progress)
{
    field_set(&status->condition, job_outcome_name(progress->outcome));
    field_set(&status->reason, progress->reason ? progress->reason : "");
    field_set(&status->words, progress->words ? progress->words : "");
    status->start_time = progress->start_time;
    status->end_time = progress->end_time;
    status->succeeded = progress->succeeded;
    status->failed = progress->failed;
    status->failures_in_row = progress->failures_in_row;
    status->last_failure = progress->last_failure;
    status->retry_at = progress->retry_at;
    status->active = progress->active;
    status->ready = progress->ready;
    status->terminating = progress->ending;
    write_set(&status->completed_indexes, &progress->completed);
    write_set(&status->failed_indexes, &progress->given_up);
    write_troubles(status, progress);
}

bool workload_progress_write(Berth__WorkloadStatus **status,
                             const struct job_progress *progress)
{
    uint8_t before[32], after[32];

    if (!*status) {
        *status = workload_status_new();
        write_all(*status, progress);
        return true;
    }
    digest_message(&(*status)->base, before);
    write_all(*status, progress);
    digest_message(&(*status)->base, after);
    return memcmp(before, after, sizeof(after)) != 0;
}
