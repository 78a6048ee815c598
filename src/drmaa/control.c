/* SPDX-License-Identifier: Apache-2.0
 *
 * control.c - orders to jobs, and their states
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "drmaa/internal.h"

/* What is said of an order that a job's state does not allow. */
static int refusal(int action)
{
    static const int codes[] = {
        [DRMAA_CONTROL_SUSPEND] = DRMAA_ERRNO_SUSPEND_INCONSISTENT_STATE,
        [DRMAA_CONTROL_RESUME] = DRMAA_ERRNO_RESUME_INCONSISTENT_STATE,
        [DRMAA_CONTROL_HOLD] = DRMAA_ERRNO_HOLD_INCONSISTENT_STATE,
        [DRMAA_CONTROL_RELEASE] = DRMAA_ERRNO_RELEASE_INCONSISTENT_STATE,
        [DRMAA_CONTROL_TERMINATE] = DRMAA_ERRNO_INVALID_JOB,
    };

    return codes[action];
}

static void fill_order(Berth__JobControl *control, int action)
{
    control->op = action == DRMAA_CONTROL_HOLD        ? BERTH__JOB_CONTROL__OP__HOLD
                  : action == DRMAA_CONTROL_RELEASE   ? BERTH__JOB_CONTROL__OP__RELEASE
                  : action == DRMAA_CONTROL_TERMINATE ? BERTH__JOB_CONTROL__OP__CANCEL
                                                      : BERTH__JOB_CONTROL__OP__SIGNAL;
    control->signal = action == DRMAA_CONTROL_SUSPEND ? SIGSTOP : SIGCONT;
}

/* An array of all elements goes as one order. */
static int order(uint32_t id, uint32_t task, int action, DRMAA_DIAG)
{
    cleanup(freep) char *element =
        task == NO_TASK ? xstrdup("") : xasprintf("%u", task);
    Berth__JobControl control = BERTH__JOB_CONTROL__INIT;
    Berth__JobControlReply *reply;
    struct berth_err err;
    int rc = DRMAA_ERRNO_SUCCESS;

    fill_order(&control, action);
    control.ids = &id;
    control.elements = &element;
    control.n_ids = control.n_elements = 1;
    if (berth_control(session_berth(), &control, &reply, &err))
        return drmaa_fail_berth(error_diagnosis, error_diag_len, &err);
    if (reply->n_statuses && reply->statuses[0]->code)
        rc = drmaa_fail(error_diagnosis, error_diag_len,
                        strstr(reply->statuses[0]->text, "Invalid job id")
                            ? DRMAA_ERRNO_INVALID_JOB
                            : refusal(action),
                        "%s", reply->statuses[0]->text);
    berth_free(reply);
    return rc;
}

static int order_all(int action, DRMAA_DIAG)
{
    int rc = DRMAA_ERRNO_SUCCESS;

    for (size_t i = 0; i < session_n_jobs(); i++) {
        const struct job *job = session_job(i);
        int one;

        if (job->has_ended)
            continue;
        one = order(job->id, job->task, action, error_diagnosis, error_diag_len);
        if (rc == DRMAA_ERRNO_SUCCESS && one != refusal(action))
            rc = one;
    }
    return rc;
}

EXPORT int drmaa_control(const char *job_id, int action, DRMAA_DIAG)
{
    uint32_t id, task;
    bool is_all = job_id && strcmp(job_id, DRMAA_JOB_IDS_SESSION_ALL) == 0;
    int rc;

    if (action < DRMAA_CONTROL_SUSPEND || action > DRMAA_CONTROL_TERMINATE)
        return drmaa_fail(error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_ARGUMENT,
                          "there is no order %d", action);
    if (!is_all && (!job_id || !job_id_parse(job_id, &id, &task)))
        return drmaa_fail(error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_JOB,
                          "%s: that is no job's id", job_id ? job_id : "(none)");
    rc = session_enter(error_diagnosis, error_diag_len);
    if (rc)
        return rc;
    rc = is_all ? order_all(action, error_diagnosis, error_diag_len)
                : order(id, task, action, error_diagnosis, error_diag_len);
    session_leave();
    return rc;
}

/* ------------------------------------------------------------------- states */

static int state_of(const Berth__JobInfo *info)
{
    const char *state = info->state;

    if (strcmp(state, "PENDING") == 0)
        return info->record->held ? DRMAA_PS_USER_ON_HOLD : DRMAA_PS_QUEUED_ACTIVE;
    if (strcmp(state, "SUSPENDED") == 0)
        return DRMAA_PS_SYSTEM_SUSPENDED;
    if (strcmp(state, "COMPLETED") == 0)
        return DRMAA_PS_DONE;
    return info->record->end_time ? DRMAA_PS_FAILED : DRMAA_PS_RUNNING;
}

/* Of an element that has no record of its own the array's says it. */
static int ask_state(uint32_t id, uint32_t task, int *ret, DRMAA_DIAG)
{
    cleanup(freep) char *element =
        task == NO_TASK ? xstrdup("") : xasprintf("%u", task);
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    Berth__JobList *list;
    struct berth_err err;

    query.all = true;
    query.ids = &id;
    query.elements = &element;
    query.n_ids = query.n_elements = 1;
    if (berth_jobs(session_berth(), &query, &list, &err))
        return drmaa_fail_berth(error_diagnosis, error_diag_len, &err);
    *ret = list->n_jobs ? state_of(list->jobs[0]) : DRMAA_PS_UNDETERMINED;
    for (size_t i = 0; i < list->n_jobs; i++)
        if (list->jobs[i]->record->array_job &&
            list->jobs[i]->record->array_task == task)
            *ret = state_of(list->jobs[i]);
    berth_free(list);
    return *ret == DRMAA_PS_UNDETERMINED
               ? drmaa_fail(error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_JOB,
                            "there is no job %u", id)
               : DRMAA_ERRNO_SUCCESS;
}

EXPORT int drmaa_job_ps(const char *job_id, int *remote_ps, DRMAA_DIAG)
{
    uint32_t id, task;
    int rc;

    if (!remote_ps || !job_id || !job_id_parse(job_id, &id, &task))
        return drmaa_fail(error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_JOB,
                          "%s: that is no job's id", job_id ? job_id : "(none)");
    rc = session_enter(error_diagnosis, error_diag_len);
    if (rc)
        return rc;
    rc = ask_state(id, task, remote_ps, error_diagnosis, error_diag_len);
    session_leave();
    return rc;
}
