/* SPDX-License-Identifier: Apache-2.0
 *
 * suspend.c - stop a running job by an administrator's order, and let it go on
 *
 * A job that stands still keeps memory for which nobody is charged, and its time does
 * not pass: so this is not for owners, who have SIGSTOP.
 */
#include "controller/suspend.h"

#include "base/mem.h"
#include "controller/dispatch.h"
#include "controller/hets.h"
#include "controller/users.h"

#include <errno.h>
#include <inttypes.h>

/* One component, or a job that has none. */
typedef int (*suspend_one)(struct conn *conn, struct ctl_job *cj, struct err *err);

static int check_right(const struct conn *conn, const struct ctl_job *cj,
                       struct err *err)
{
    if (controller_is_admin(conn_uid(conn)))
        return 0;
    return err_set(err, EPERM,
                   "job %" PRIu32
                   ": only administrators suspend and resume jobs; a signal "
                   "(STOP, CONT) stops its processes as well, which keep their cores",
                   cj->id);
}

static int stop(struct conn *conn, struct ctl_job *cj, struct err *err)
{
    struct controller *ctl = conn->ctl;
    const char *who = users_name(ctl, conn_uid(conn));
    cleanup(freep) char *words = xasprintf("suspended by %s", who ? who : "root");
    struct job_change change = {.is_parked = true, .words = words};
    int64_t now = controller_now();

    if (job_state_of(&cj->job) == JOB_SUSPENDED) {
        job_set_parked(&cj->job, true);
        jobs_save_change(ctl, cj, "suspend");
    } else if (job_state_of(&cj->job) != JOB_RUNNING) {
        return err_set(err, EINVAL,
                       "job %" PRIu32 " is %s: only a running job can be suspended",
                       cj->id, job_state_name(job_state_of(&cj->job)));
    } else {
        int rc = jobs_apply(ctl, cj, EV_SUSPEND, now, &change, err);

        if (rc)
            return rc;
        dispatch_stop_committed(ctl, cj);
    }
    sched_park(ctl->sched, jobs_sched_id(cj), true, now);
    dispatch_want_pass(ctl);
    return 0;
}

static int go_on(struct conn *conn, struct ctl_job *cj, struct err *err)
{
    struct controller *ctl = conn->ctl;

    if (job_state_of(&cj->job) != JOB_SUSPENDED)
        return err_set(err, EINVAL,
                       "job %" PRIu32 " is %s: only a suspended job can be resumed",
                       cj->id, job_state_name(job_state_of(&cj->job)));
    if (!cj->job.record->is_parked)
        return err_set(err, EINVAL,
                       "job %" PRIu32 " was %s: it goes on when its cores are free",
                       cj->id, cj->job.record->state_words);
    job_set_parked(&cj->job, false);
    sched_park(ctl->sched, jobs_sched_id(cj), false, controller_now());
    jobs_save_change(ctl, cj, "resume");
    dispatch_want_pass(ctl);
    return 0;
}

static int each_component(struct conn *conn, struct ctl_job *cj, suspend_one one,
                          struct err *err)
{
    struct ctl_job *member;
    int rc = check_right(conn, cj, err);

    if (rc == 0)
        rc = one(conn, cj, err);
    for (uint32_t i = 0; rc == 0 && i < cj->job.record->het_size; i++)
        if ((member = hets_member(conn->ctl, cj, i)) && member != cj)
            rc = one(conn, member, err);
    return rc;
}

int suspend_job(struct conn *conn, struct ctl_job *cj, struct err *err)
{
    return each_component(conn, cj, stop, err);
}

int suspend_resume_job(struct conn *conn, struct ctl_job *cj, struct err *err)
{
    return each_component(conn, cj, go_on, err);
}
