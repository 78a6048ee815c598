/* SPDX-License-Identifier: Apache-2.0
 *
 * wait.c - waiting for jobs, and what their ends mean
 *
 * A 'stat' is ours to lay out:
 *
 *     bits 0-7 exit code | 8-15 signal | 16 it exited | 17 it never ran
 */
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "drmaa/internal.h"

#define STAT_EXITED 0x10000
#define STAT_ABORTED 0x20000

bool job_id_parse(const char *text, uint32_t *ret_id, uint32_t *ret_task)
{
    char *end;
    unsigned long id = strtoul(text, &end, 10), task = NO_TASK;

    if (end == text || id == 0 || id > UINT32_MAX)
        return false;
    if (*end == '_') {
        const char *digits = end + 1;

        task = strtoul(digits, &end, 10);
        if (end == digits || task >= NO_TASK)
            return false;
    }
    *ret_id = (uint32_t)id;
    *ret_task = (uint32_t)task;
    return *end == '\0';
}

char *job_id_format(uint32_t id, uint32_t task)
{
    return task == NO_TASK ? xasprintf("%" PRIu32, id)
                           : xasprintf("%" PRIu32 "_%" PRIu32, id, task);
}

void job_take_end(struct job *job, const Berth__JobRecord *record, const char *state)
{
    int signo = record->exit_signal, code = record->exit_code & 0xff;
    bool has_run =
        record->start_time != 0 && (record->array_job || job->task == NO_TASK);
    bool was_killed = strcmp(state, "COMPLETED") != 0 && strcmp(state, "FAILED") != 0;

    if (!signo && !code && was_killed)
        signo = SIGKILL;
    job->has_ended = true;
    job->stat = !has_run ? STAT_ABORTED : signo ? signo << 8 : STAT_EXITED | code;
    job->submit_time = record->submit_time;
    job->start_time = record->start_time;
    job->end_time = record->end_time;
    job->cpu_usec = record->user_usec + record->system_usec;
    job->max_rss_kib = record->max_rss;
}

/* ------------------------------------------------------------------ waiting */

/* 'timeout' in seconds; NULL: for ever. */
static const struct timespec *deadline_of(signed long timeout, struct timespec *buffer)
{
    if (timeout < 0)
        return NULL;
    (void)clock_gettime(CLOCK_MONOTONIC, buffer);
    buffer->tv_sec += timeout;
    return buffer;
}

static struct job *any_ended(void)
{
    for (size_t i = 0; i < session_n_jobs(); i++)
        if (session_job(i)->has_ended)
            return session_job(i);
    return NULL;
}

static char **usage_of(const struct job *job)
{
    char **texts = NULL;

    strv_take(&texts, xasprintf("submission_time=%" PRId64, job->submit_time));
    strv_take(&texts, xasprintf("start_time=%" PRId64, job->start_time));
    strv_take(&texts, xasprintf("end_time=%" PRId64, job->end_time));
    strv_take(&texts, xasprintf("wallclock=%" PRId64, job->end_time - job->start_time));
    strv_take(&texts, xasprintf("cpu=%.6f", (double)job->cpu_usec / 1e6));
    strv_take(&texts, xasprintf("maxrss=%" PRIu64, job->max_rss_kib * 1024));
    return texts;
}

/* It has been waited for: the session forgets it. */
static int reap(struct job *job, char *job_id_out, size_t len, int *stat,
                drmaa_attr_values_t **rusage)
{
    cleanup(freep) char *text = job_id_format(job->id, job->task);

    if (job_id_out && drmaa_give(job_id_out, len, text))
        return DRMAA_ERRNO_INVALID_ARGUMENT;
    if (stat)
        *stat = job->stat;
    if (rusage)
        *rusage = list_create(usage_of(job));
    session_remove(job);
    return DRMAA_ERRNO_SUCCESS;
}

EXPORT int drmaa_wait(const char *job_id, char *job_id_out, size_t job_id_out_len,
                      int *stat, signed long timeout, drmaa_attr_values_t **rusage,
                      DRMAA_DIAG)
{
    struct timespec buffer;
    const struct timespec *deadline = deadline_of(timeout, &buffer);
    bool is_any = job_id && strcmp(job_id, DRMAA_JOB_IDS_SESSION_ANY) == 0;
    int rc = session_enter(error_diagnosis, error_diag_len);

    if (rc)
        return rc;
    while (rc == DRMAA_ERRNO_SUCCESS) {
        struct job *job = is_any ? any_ended() : job_id ? session_find(job_id) : NULL;

        if (job && job->has_ended) {
            rc = reap(job, job_id_out, job_id_out_len, stat, rusage);
            break;
        }
        if (is_any ? session_n_jobs() == 0 : !job)
            rc = drmaa_fail(error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_JOB,
                            "%s: this session has no such job, or it was waited for",
                            job_id ? job_id : "(none)");
        else
            rc = session_wait(deadline, error_diagnosis, error_diag_len);
    }
    session_leave();
    return rc;
}

/* Have they all ended? Jobs that the session does not know (any more) have. */
static bool have_ended(char *const *ids, bool all)
{
    for (size_t i = 0; all && i < session_n_jobs(); i++)
        if (!session_job(i)->has_ended)
            return false;
    for (size_t i = 0; !all && ids[i]; i++) {
        const struct job *job = session_find(ids[i]);

        if (job && !job->has_ended)
            return false;
    }
    return true;
}

static void dispose_of(char *const *ids, bool all)
{
    for (size_t i = session_n_jobs(); all && i > 0; i--)
        session_remove(session_job(i - 1));
    for (size_t i = 0; !all && ids[i]; i++) {
        struct job *job = session_find(ids[i]);

        if (job)
            session_remove(job);
    }
}

EXPORT int drmaa_synchronize(const char *job_ids[], signed long timeout, int dispose,
                             DRMAA_DIAG)
{
    struct timespec buffer;
    const struct timespec *deadline = deadline_of(timeout, &buffer);
    cleanup(strv_freep) char **ids = NULL;
    bool all = false;
    int rc = session_enter(error_diagnosis, error_diag_len);

    if (rc)
        return rc;
    for (size_t i = 0; job_ids && job_ids[i]; i++) {
        uint32_t id, task;

        if (strcmp(job_ids[i], DRMAA_JOB_IDS_SESSION_ALL) == 0)
            all = true;
        else if (!job_id_parse(job_ids[i], &id, &task))
            rc = drmaa_fail(error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_JOB,
                            "%s: that is no job's id", job_ids[i]);
        strv_add(&ids, job_ids[i]);
    }
    while (rc == DRMAA_ERRNO_SUCCESS && ids && !have_ended(ids, all))
        rc = session_wait(deadline, error_diagnosis, error_diag_len);
    if (rc == DRMAA_ERRNO_SUCCESS && dispose && ids)
        dispose_of(ids, all);
    session_leave();
    return rc;
}

/* ------------------------------------------------------------- what it means */

static int tell(int *ret, int value, DRMAA_DIAG)
{
    if (!ret)
        return drmaa_fail(error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_ARGUMENT,
                          "nowhere to put the answer");
    *ret = value;
    return DRMAA_ERRNO_SUCCESS;
}

EXPORT int drmaa_wifexited(int *exited, int stat, DRMAA_DIAG)
{
    return tell(exited, (stat & STAT_EXITED) != 0, error_diagnosis, error_diag_len);
}

/* Callers ask without having asked whether it exited. */
EXPORT int drmaa_wexitstatus(int *exit_status, int stat, DRMAA_DIAG)
{
    return tell(exit_status, stat & STAT_EXITED ? stat & 0xff : 1, error_diagnosis,
                error_diag_len);
}

EXPORT int drmaa_wifsignaled(int *signaled, int stat, DRMAA_DIAG)
{
    return tell(signaled, (stat >> 8 & 0xff) != 0, error_diagnosis, error_diag_len);
}

EXPORT int drmaa_wtermsig(char *signal, size_t signal_len, int stat, DRMAA_DIAG)
{
    if (!(stat >> 8 & 0xff))
        return drmaa_fail(error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_ARGUMENT,
                          "the job was not killed");
    return drmaa_give(signal, signal_len, signal_name(stat >> 8 & 0xff));
}

/* Whether there is a core is not known of jobs. */
EXPORT int drmaa_wcoredump(int *core_dumped, int stat, DRMAA_DIAG)
{
    (void)stat;
    return tell(core_dumped, 0, error_diagnosis, error_diag_len);
}

EXPORT int drmaa_wifaborted(int *aborted, int stat, DRMAA_DIAG)
{
    return tell(aborted, (stat & STAT_ABORTED) != 0, error_diagnosis, error_diag_len);
}
