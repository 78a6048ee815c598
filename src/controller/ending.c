/* SPDX-License-Identifier: Apache-2.0
 *
 * ending.c - what nodes report of jobs: started, ended
 *
 * A node repeats an end until it is answered, and the answer leaves after the
 * commit. So an end may come twice, or for a job that was given up meanwhile:
 * it is answered and changes nothing.
 */
#include "base/log.h"
#include "base/mem.h"
#include "controller/changes.h"
#include "controller/dispatch.h"
#include "controller/handlers.h"
#include "controller/pods/helpers.h"
#include "controller/images.h"
#include "controller/jobs.h"
#include "controller/nodes.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* The active job that a node speaks of, NULL when it is past that. -EPERM when
 * another node leads it. */
static int find_job(const struct conn *conn, uint32_t id, uint32_t epoch,
                    struct ctl_job **ret, struct err *err)
{
    struct ctl_job *cj = jobs_find(conn->ctl, id);

    *ret = NULL;
    if (!cj || cj->job.record->epoch != epoch ||
        !job_state_is_active(job_state_of(&cj->job)))
        return 0;
    if (nodes_lead(conn->ctl, cj) != conn->node)
        return err_set(err, EPERM, "job %" PRIu32 " is led by node %s, not %s", id,
                       job_lead(&cj->job)->node, conn->node->config->name);
    *ret = cj;
    return 0;
}

void handle_job_started(struct conn *conn, const Berth__Envelope *env)
{
    const Berth__JobStarted *started = env->job_started;
    struct ctl_job *cj;
    struct err err;

    conn->node->last_seen = controller_now();
    if (find_job(conn, started->job_id, started->epoch, &cj, &err)) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    if (cj && job_state_of(&cj->job) != JOB_RUNNING)
        dispatch_started(conn->ctl, cj);
    conn_ok_committed(conn, env->id);
}

static enum job_event end_event(const struct ctl_job *cj, const Berth__JobEnded *ended)
{
    if (ended->launch_failed && job_state_of(&cj->job) == JOB_STARTING)
        return EV_REFUSE;
    if (ended->timed_out || cj->is_overdue)
        return EV_END_TIMEOUT;
    if (ended->out_of_memory)
        return EV_END_MEMORY;
    if (ended->launch_failed || ended->exit_code || ended->exit_signal)
        return EV_END_FAILED;
    return EV_END_OK;
}

/* The node's clock counts only where it can be right: a job may have ended long
 * ago, while we were away. */
static int64_t end_time(const struct ctl_job *cj, const Berth__JobEnded *ended)
{
    int64_t now = controller_now();

    if (ended->time < cj->job.record->start_time || ended->time > now)
        return now;
    return ended->time;
}

static void end_job(struct controller *ctl, struct ctl_job *cj,
                    const Berth__JobEnded *ended)
{
    struct job_change change = {.exit_code = ended->exit_code,
                                .exit_signal = ended->exit_signal,
                                .words = ended->words[0] ? ended->words : NULL,
                                .used = ended};
    struct err err;

    if (end_event(cj, ended) == EV_END_MEMORY) {
        change.exit_code = 0;
        change.exit_signal = JOB_OOM_SIGNAL;
    }

    /* If it waits again: its node takes a moment to clear away what was of the pod. */
    if (helpers_is_one(cj))
        change.not_before = controller_now() + 1;
    if (ended->launch_failed && !change.exit_code && !change.exit_signal)
        change.exit_code = 1;
    if (jobs_apply(ctl, cj, end_event(cj, ended), end_time(cj, ended), &change, &err))
        log_error("job %" PRIu32 ": %s", cj->id, err.text);
}

/* ------------------------------------------------------------------ steps */

static void count_steps(Berth__JobRecord *record, const Berth__StepReport *report)
{
    const Berth__StepSum *sum = report->sum;

    for (size_t i = 0; i < report->n_steps; i++) {
        const Berth__StepSummary *step = report->steps[i];

        if (step->step_id < 0)
            continue;
        record->steps++;
        record->steps_failed += strcmp(step->state, "COMPLETED") != 0;
        if (step->exit_code > record->derived_code)
            record->derived_code = step->exit_code;
        if (step->exit_signal > record->derived_signal)
            record->derived_signal = step->exit_signal;
    }
    if (!sum)
        return;
    record->steps += sum->steps;
    record->steps_failed += sum->failed;
    if (sum->exit_code > record->derived_code)
        record->derived_code = sum->exit_code;
    if (sum->exit_signal > record->derived_signal)
        record->derived_signal = sum->exit_signal;
}

/* A batch that comes again, or of a run that is past, changes nothing. One may come
 * after the job was given up. */
static void take_report(struct conn *conn, const Berth__StepReport *report)
{
    struct ctl_job *cj = jobs_find(conn->ctl, report->job_id);
    const Berth__NodeShare *lead = cj ? job_lead(&cj->job) : NULL;
    Berth__JobRecord *record;

    if (!lead || cj->job.record->epoch != report->epoch ||
        strcmp(lead->node, conn->node->config->name) != 0 ||
        report->seq <= cj->job.record->steps_seq)
        return;
    record = cj->job.record;
    record->steps_seq = report->seq;
    count_steps(record, report);
    jobs_save(conn->ctl, cj);
    changes_steps(conn->ctl, report);
}

void handle_step_report(struct conn *conn, const Berth__Envelope *env)
{
    conn->node->last_seen = controller_now();
    take_report(conn, env->step_report);
    conn_ok_committed(conn, env->id);
}

void handle_job_ended(struct conn *conn, const Berth__Envelope *env)
{
    const Berth__JobEnded *ended = env->job_ended;
    struct ctl_job *cj;
    struct err err;

    conn->node->last_seen = controller_now();
    for (size_t i = 0; i < ended->n_steps; i++)
        if (ended->steps[i]->job_id == ended->job_id)
            take_report(conn, ended->steps[i]);
    if (find_job(conn, ended->job_id, ended->epoch, &cj, &err)) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    if (cj) {
        images_learn(conn->ctl, cj, ended);
        end_job(conn->ctl, cj, ended);
    }
    conn_ok_committed(conn, env->id);
}
