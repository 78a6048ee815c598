/* SPDX-License-Identifier: Apache-2.0
 *
 * session.c - the one session; the jobs it has submitted; the watch over them
 *
 * Nobody polls: one thread of those that wait listens to the watch, the others wait
 * for what it hears. The watch is opened before the first submission, so no change is
 * missed; when the journal has been compacted behind it, the jobs are listed anew.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "drmaa/internal.h"
#include "spec/array_spec.h"

#define STEP_MS 1000 /* that one listener listens for without a break */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t heard;
    bool is_active, is_listening;
    char *config;
    struct berth *berth;
    struct berth_watch *watch;
    struct job *jobs;
    size_t n_jobs, cap_jobs;
} session = {.lock = PTHREAD_MUTEX_INITIALIZER};

int session_enter(char *diagnosis, size_t len)
{
    (void)pthread_mutex_lock(&session.lock);
    if (session.is_active)
        return DRMAA_ERRNO_SUCCESS;
    (void)pthread_mutex_unlock(&session.lock);
    return drmaa_fail(diagnosis, len, DRMAA_ERRNO_NO_ACTIVE_SESSION,
                      "call drmaa_init first");
}

void session_leave(void)
{
    (void)pthread_mutex_unlock(&session.lock);
}

struct berth *session_berth(void)
{
    return session.berth;
}

const char *session_config(void)
{
    return session.config;
}

/* -------------------------------------------------------------------- jobs */

void session_add(uint32_t id, uint32_t task)
{
    if (session.n_jobs == session.cap_jobs) {
        session.cap_jobs = session.cap_jobs ? 2 * session.cap_jobs : 64;
        session.jobs = xrealloc(session.jobs, session.cap_jobs, sizeof(*session.jobs));
    }
    session.jobs[session.n_jobs++] = (struct job){.id = id, .task = task};
}

size_t session_n_jobs(void)
{
    return session.n_jobs;
}

struct job *session_job(size_t i)
{
    return &session.jobs[i];
}

static struct job *find(uint32_t id, uint32_t task)
{
    for (size_t i = session.n_jobs; i > 0; i--)
        if (session.jobs[i - 1].id == id && session.jobs[i - 1].task == task)
            return &session.jobs[i - 1];
    return NULL;
}

struct job *session_find(const char *text)
{
    uint32_t id, task;

    return job_id_parse(text, &id, &task) ? find(id, task) : NULL;
}

void session_remove(struct job *job)
{
    size_t at = (size_t)(job - session.jobs);

    memmove(job, job + 1, (session.n_jobs - at - 1) * sizeof(*job));
    session.n_jobs--;
}

/* Elements of a bulk that were cancelled before they began have no record. */
static void take_cancelled(const Berth__JobRecord *record)
{
    struct array_spec which;

    if (!record->array_cancelled[0] ||
        array_spec_parse(record->array_cancelled, &which, NULL))
        return;
    for (size_t i = 0; i < session.n_jobs; i++) {
        struct job *job = &session.jobs[i];

        if (job->id == record->id && job->task != NO_TASK && !job->has_ended &&
            array_spec_contains(&which, job->task))
            job_take_end(job, record, "CANCELLED");
    }
    array_spec_fini(&which);
}

static void take_record(const Berth__JobRecord *record, const char *state)
{
    struct job *job = record->array_job ? find(record->array_job, record->array_task)
                                        : find(record->id, NO_TASK);

    if (!record->array_job)
        take_cancelled(record);
    if (job && !job->has_ended && record->end_time)
        job_take_end(job, record, state);
}

/* ------------------------------------------------------------------- watch */

static int list_anew(struct berth_err *err)
{
    cleanup(freep) uint32_t *ids = xcalloc(session.n_jobs + 1, sizeof(*ids));
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    Berth__JobList *list;
    int rc;

    query.all = true;
    query.ids = ids;
    for (size_t i = 0; i < session.n_jobs; i++)
        if (!query.n_ids || ids[query.n_ids - 1] != session.jobs[i].id)
            ids[query.n_ids++] = session.jobs[i].id;
    if (query.n_ids == 0)
        return 0;
    rc = berth_jobs(session.berth, &query, &list, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < list->n_jobs; i++)
        take_record(list->jobs[i]->record, list->jobs[i]->state);
    berth_free(list);
    return 0;
}

int session_watch(char *diagnosis, size_t len)
{
    Berth__WatchRequest request = BERTH__WATCH_REQUEST__INIT;
    struct berth_err err;
    int rc;

    if (session.watch)
        return DRMAA_ERRNO_SUCCESS;
    request.from_now = true;
    rc = berth_watch_open(session.berth, &request, &session.watch, &err);
    return rc && rc != -ESTALE ? drmaa_fail_berth(diagnosis, len, &err)
                               : DRMAA_ERRNO_SUCCESS;
}

static int64_t ms_until(const struct timespec *deadline)
{
    struct timespec now;
    int64_t ms;

    if (!deadline)
        return STEP_MS;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    ms = (deadline->tv_sec - now.tv_sec) * INT64_C(1000) +
         (deadline->tv_nsec - now.tv_nsec) / 1000000;
    return ms < 0 ? 0 : ms > STEP_MS ? STEP_MS : ms;
}

/* Without the lock while nothing is heard. */
static int listen_once(int timeout_ms, struct berth_err *err)
{
    const Berth__Event *event = NULL;
    int rc;

    session.is_listening = true;
    (void)pthread_mutex_unlock(&session.lock);
    rc = berth_watch_next(session.watch, timeout_ms, &event, err);
    (void)pthread_mutex_lock(&session.lock);
    session.is_listening = false;
    if (rc == 0 && event->job)
        take_record(event->job->record, event->job->state);
    else if (rc == -ESTALE)
        rc = list_anew(err);
    (void)pthread_cond_broadcast(&session.heard);
    return rc;
}

static void wait_for_listener(int64_t ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_cond_timedwait(&session.heard, &session.lock, &until);
}

int session_wait(const struct timespec *deadline, char *diagnosis, size_t len)
{
    int64_t ms = ms_until(deadline);
    struct berth_err err;
    int rc = -EAGAIN;

    if (!session.watch)
        return drmaa_fail(diagnosis, len, DRMAA_ERRNO_INVALID_JOB,
                          "this session has submitted no job");
    if (session.is_listening)
        wait_for_listener(ms);
    else
        rc = listen_once((int)ms, &err);
    if (!session.is_active)
        return drmaa_fail(diagnosis, len, DRMAA_ERRNO_NO_ACTIVE_SESSION,
                          "the session has ended");
    if (rc == 0)
        return DRMAA_ERRNO_SUCCESS;
    if (rc != -EAGAIN)
        return drmaa_fail_berth(diagnosis, len, &err);
    if (deadline && ms_until(deadline) == 0)
        return drmaa_fail(diagnosis, len, DRMAA_ERRNO_EXIT_TIMEOUT, "the time is over");
    return DRMAA_ERRNO_SUCCESS;
}

/* -------------------------------------------------------------------- life */

static int open_session(const char *contact, DRMAA_DIAG)
{
    pthread_condattr_t monotonic;
    struct berth_err err;
    const char *config = contact && contact[0] ? contact : NULL;

    if (session.is_active)
        return drmaa_fail(error_diagnosis, error_diag_len,
                          DRMAA_ERRNO_ALREADY_ACTIVE_SESSION, "there is a session");
    if (berth_open(config, &session.berth, &err))
        return drmaa_fail(error_diagnosis, error_diag_len,
                          config ? DRMAA_ERRNO_INVALID_CONTACT_STRING
                                 : DRMAA_ERRNO_DEFAULT_CONTACT_STRING_ERROR,
                          "%s", err.text);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&session.heard, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    session.config = config ? xstrdup(config) : NULL;
    session.is_active = true;
    return DRMAA_ERRNO_SUCCESS;
}

EXPORT int drmaa_init(const char *contact, DRMAA_DIAG)
{
    int rc;

    (void)pthread_mutex_lock(&session.lock);
    rc = open_session(contact, error_diagnosis, error_diag_len);
    (void)pthread_mutex_unlock(&session.lock);
    return rc;
}

EXPORT int drmaa_exit(DRMAA_DIAG)
{
    int rc = session_enter(error_diagnosis, error_diag_len);

    if (rc)
        return rc;
    session.is_active = false;
    while (session.is_listening)
        wait_for_listener(STEP_MS);
    berth_watch_close(take(session.watch));
    berth_close(take(session.berth));
    free(take(session.config));
    free(take(session.jobs));
    session.n_jobs = session.cap_jobs = 0;
    session_leave();
    return DRMAA_ERRNO_SUCCESS;
}

EXPORT int drmaa_get_contact(char *contact, size_t contact_len, DRMAA_DIAG)
{
    int rc;

    (void)error_diagnosis;
    (void)error_diag_len;
    (void)pthread_mutex_lock(&session.lock);
    rc = drmaa_give(contact, contact_len, session.config ? session.config : "");
    (void)pthread_mutex_unlock(&session.lock);
    return rc;
}
