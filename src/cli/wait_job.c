/* SPDX-License-Identifier: Apache-2.0
 *
 * wait_job.c - wait for jobs, and leave with their exit status
 */
#include "cli/wait_job.h"

#include <signal.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/command.h"
#include "cli/say.h"

/* The status a shell would see: the exit code, 128 + the signal, or 1 for a job
 * that ended badly without either. */
static int job_exit_status(const Berth__JobInfo *job)
{
    const Berth__JobRecord *record = job->record;

    /* As a shell sees what was killed. */
    if (strcmp(job->state, "OUT_OF_MEMORY") == 0)
        return 128 + SIGKILL;
    if (record && record->exit_signal)
        return 128 + (record->exit_signal & 0x7f);
    if (record && record->exit_code)
        return record->exit_code & 0xff;
    return strcmp(job->state, "COMPLETED") == 0 ? STATUS_OK : STATUS_FAILED;
}

/* Why a job did not complete: its own words, or how its script ended. */
static char *end_words(const Berth__JobRecord *record)
{
    if (record->state_words[0] != '\0')
        return xasprintf(": %s", record->state_words);
    if (record->exit_signal)
        return xasprintf(": killed by %s", signal_name(record->exit_signal));
    if (record->exit_code)
        return xasprintf(": exited with code %d", record->exit_code);
    return xstrdup("");
}

static void say_end(const Berth__JobInfo *job)
{
    cleanup(freep) char *words = end_words(job->record);

    say_info("job %u: %s%s", job->record->id, job->state, words);
}

int wait_for_end(struct berth *berth, const uint32_t *ids, size_t n)
{
    cleanup(reply_freep) Berth__JobList *list = NULL;
    struct berth_err err;
    int worst = 0;

    if (berth_wait(berth, ids, n, false, -1, &list, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    for (size_t i = 0; i < list->n_jobs; i++) {
        const Berth__JobInfo *job = list->jobs[i];
        int status = job_exit_status(job);

        if (status > worst)
            worst = status;
        if (strcmp(job->state, "COMPLETED") != 0 && job->record)
            say_end(job);
    }
    return worst;
}

int wait_for_start(struct berth *berth, const uint32_t *ids, size_t n)
{
    cleanup(reply_freep) Berth__JobList *list = NULL;
    struct berth_err err;
    int status = STATUS_OK;

    if (berth_wait(berth, ids, n, true, -1, &list, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    for (size_t i = 0; i < list->n_jobs; i++) {
        if (list->jobs[i]->record->start_time)
            continue;
        say_end(list->jobs[i]);
        status = STATUS_FAILED;
    }
    return status;
}
