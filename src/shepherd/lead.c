/* SPDX-License-Identifier: Apache-2.0
 *
 * lead.c - the life of a job on its nodes
 *
 *     start --> serving --(script ends | owner leaves | limit | cancel)--> ending
 *     ending: steps and script killed, all gone --> reported --> acknowledged
 *
 * The time limit is kept here, so it holds while the controller is away.
 */
#include "shepherd/group.h"
#include "shepherd/lead.h"

#include "base/log.h"
#include "base/mem.h"
#include "shepherd/images.h"
#include "shepherd/limit.h"
#include "shepherd/pod_lead.h"
#include "shepherd/pod_mounts.h"
#include "shepherd/reports.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* An interactive allocation whose client never comes ends after this. */
#define OWNER_MS 60000
#define DEFAULT_GRACE 30

/* A job that failed after a step of it lacked memory failed for that, as far as
 * anybody can tell. */
static void settle_memory(struct lead *lead)
{
    Berth__JobEnded *ended = &lead->ended;

    if (lead->oom_words && !lead->words && (ended->exit_code || ended->exit_signal))
        ended->out_of_memory = true;
    if (ended->out_of_memory && !lead->words)
        lead->words = take(lead->oom_words);
}

void lead_maybe_report(struct lead *lead)
{
    if (!lead->is_ending || lead->is_reported || lead->runs || lead->batch ||
        (lead->pod && !lead->pod->is_over) || holders_remain(lead))
        return;
    lead->is_reported = true;
    lead->ended.time = time(NULL);
    settle_memory(lead);
    if (lead->words)
        lead->ended.words = lead->words;
    lead->ended.n_images = images_brought(lead, &lead->ended.images);
    reports_finish(lead->reports, &lead->ended);
    link_report_end(lead->sh, &lead->ended);
}

void lead_end(struct lead *lead, int exit_code, int exit_signal, const char *words)
{
    if (lead->is_ending)
        return;
    lead->is_ending = true;
    limit_stop(take(lead->limit));
    (void)uv_timer_stop(&lead->grace);
    lead->ended.exit_code = exit_code;
    lead->ended.exit_signal = exit_signal;
    if (words && words[0] && !lead->words)
        lead->words = xstrdup(words);
    runs_signal(lead, SIGKILL, true);
    if (lead->batch)
        batch_kill(lead->batch);
    if (lead->pod)
        pod_lead_kill(lead->pod);
    lead_maybe_report(lead);
}

/* ------------------------------------------------------------- being ended */

static void on_grace_over(uv_timer_t *timer)
{
    lead_end(timer->data, 0, SIGKILL, NULL);
}

static void signal_all(struct lead *lead, int signo)
{
    runs_signal(lead, signo, signo == SIGKILL);
    if (lead->batch)
        batch_signal(lead->batch, signo);
    if (lead->pod)
        pod_lead_signal(lead->pod, signo);
}

static void tell_guests(struct lead *lead, const char *why)
{
    cleanup(freep) char *words =
        xasprintf("the job has ended%s%s", why[0] ? ": " : "", why);

    guests_told_to_end(&lead->guests, words);
}

static enum pod_why why_of(Berth__SignalJob__Cause cause)
{
    switch (cause) {
    case BERTH__SIGNAL_JOB__CAUSE__PREEMPTED:
        return POD_WHY_PREEMPTED;
    case BERTH__SIGNAL_JOB__CAUSE__EVICTED:
        return POD_WHY_EVICTED;
    case BERTH__SIGNAL_JOB__CAUSE__ASKED:
    case _BERTH__SIGNAL_JOB__CAUSE_IS_INT_SIZE:
        break;
    }
    return POD_WHY_DELETED;
}

/* Ask what runs to end, and make it so after the grace. Where nothing runs
 * there is nobody to ask. 'cause' is for pods. */
static void terminate(struct lead *lead, uint32_t grace, enum pod_why cause,
                      const char *why)
{
    /* Said again, it does not begin again: the grace would never be over. */
    if (lead->is_ending || lead->is_terminating)
        return;
    lead->is_terminating = true;
    if (!lead->words)
        lead->words = xstrdup(why);
    if (lead->pod) {
        pod_lead_end(lead->pod, cause, grace, why);
        return;
    }
    if (!lead->batch && !lead->runs) {
        lead_end(lead, 0, SIGTERM, NULL);
        return;
    }
    /* Their clients hear why, not only by which signal. */
    for (struct run *run = lead->runs; run; run = run->next)
        if (!run->words)
            run->words = xstrdup(why);
    tell_guests(lead, why);
    runs_signal(lead, SIGTERM, false);
    if (lead->batch)
        batch_signal(lead->batch, SIGTERM);
    /* What is stopped does not hear it. */
    if (lead->is_stopped)
        signal_all(lead, SIGCONT);
    (void)uv_timer_start(&lead->grace, on_grace_over, 1000ull * grace, 0);
}

uint32_t lead_grace(const struct lead *lead)
{
    uint32_t grace = lead->sh->assignment->kill_grace;

    if (lead->spec->pod && lead->spec->pod->grace)
        return lead->spec->pod->grace - 1;
    return grace ? grace : DEFAULT_GRACE;
}

static void on_deadline(void *ctx)
{
    struct lead *lead = ctx;

    if (lead->is_terminating)
        return;
    lead->ended.timed_out = true;
    log_info("job %u: time limit reached", lead->sh->job);
    terminate(lead, lead_grace(lead), POD_WHY_DEADLINE, "time limit reached");
}

/* --signal: before the limit there is time to save what is there. */
static void on_warning(void *ctx)
{
    struct lead *lead = ctx;
    int signo = (int)lead->spec->signal;

    if (lead->is_terminating || lead->is_ending)
        return;
    log_info("job %u: signal %d before its time limit", lead->sh->job, signo);
    if (!lead->spec->signal_batch)
        runs_signal(lead, signo, signo == SIGKILL);
    else if (lead->batch)
        batch_signal_shell(lead->batch, signo);
}

/* Time that passes while the job is stopped is none of its limit; the controller
 * steps in when somebody uses that to stay. */
static void hold_clock(struct lead *lead, bool held)
{
    lead->is_stopped = held;
    limit_hold(lead->limit, held);
    run_limits_hold(lead, held);
}

static void signal_scope(struct lead *lead, Berth__SignalJob__Scope scope, int signo)
{
    switch (scope) {
    case BERTH__SIGNAL_JOB__SCOPE__STEPS:
        runs_signal(lead, signo, signo == SIGKILL);
        return;
    case BERTH__SIGNAL_JOB__SCOPE__SHELL:
        if (lead->batch)
            batch_signal_shell(lead->batch, signo);
        return;
    case BERTH__SIGNAL_JOB__SCOPE__ALL:
    case _BERTH__SIGNAL_JOB__SCOPE_IS_INT_SIZE:
        break;
    }
    signal_all(lead, signo);
}

void lead_take_data(struct shepherd *sh, const Berth__PodData *data)
{
    if (sh->lead->pod)
        pod_mounts_take(sh->lead->pod, data);
}

void lead_signal(struct shepherd *sh, const Berth__SignalJob *msg)
{
    struct lead *lead = sh->lead;

    if (msg->signal == 0) {
        terminate(lead, msg->grace ? msg->grace : lead_grace(lead), why_of(msg->cause),
                  msg->why);
        return;
    }
    if (msg->signal == SIGSTOP || msg->signal == SIGCONT)
        hold_clock(lead, msg->signal == SIGSTOP);
    signal_scope(lead, msg->scope, msg->signal);
}

static void on_shutdown(uv_signal_t *handle, int signo)
{
    struct lead *lead = handle->data;

    log_info("job %u: ends on %s", lead->sh->job, strsignal(signo));
    terminate(lead, lead_grace(lead), POD_WHY_SHUTDOWN, "its node is shut down");
}

static void start_limit(struct lead *lead)
{
    const struct limit_plan plan = {.seconds = lead->spec->time_limit,
                                    .warns = lead->spec->signal != 0,
                                    .warn_before = lead->spec->signal_before,
                                    .on_warning = on_warning,
                                    .on_end = on_deadline,
                                    .ctx = lead};

    lead->limit = limit_start(lead->sh->loop, &plan);
}

/* -------------------------------------------------------------------- start */

static void on_no_owner(uv_timer_t *timer)
{
    struct lead *lead = timer->data;

    lead->awaits_owner = false;
    for (struct conn *conn = lead->conns; conn; conn = conn->next)
        if (conn->is_owner)
            return;
    lead_end(lead, 1, 0, "its client never came");
}

static void fail_start(struct lead *lead, const struct err *err)
{
    lead->ended.launch_failed = true;
    lead_end(lead, 1, 0, err->text);
}

static void on_image(const struct err *err, void *ctx)
{
    struct lead *lead = ctx;
    struct err why;

    if (lead->is_ending)
        return;
    if (err)
        fail_start(lead, err);
    else if (batch_start(lead, &why))
        fail_start(lead, &why);
}

/* What ends a machine asks every process to end: a pod does so in its own way. */
static void watch_shutdown(struct lead *lead)
{
    (void)uv_signal_init(lead->sh->loop, &lead->on_shutdown);
    lead->on_shutdown.data = lead;
    (void)uv_signal_start(&lead->on_shutdown, on_shutdown, SIGTERM);
}

/* Errors that are the job's own end it; the launch itself has worked, and has been
 * answered by now. */
static void start_work(uv_timer_t *timer)
{
    struct lead *lead = timer->data;
    struct err err;

    if (lead->spec->pod && lead->spec->pod->manifest.len) {
        watch_shutdown(lead);
        if (pod_lead_start(lead, &err))
            fail_start(lead, &err);
        return;
    }
    /* Nothing will be started from here. */
    if (lead->spec->script.len == 0)
        group_close_doors(lead->sh);
    /* A component that does not lead is there for the one that does. */
    if (lead->spec->script.len == 0 && (lead->spec->het_leader || lead->spec->no_owner))
        return;
    if (lead->spec->script.len == 0) {
        lead->awaits_owner = true;
        (void)uv_timer_start(&lead->grace, on_no_owner, OWNER_MS, 0);
        return;
    }
    if (images_need(lead, lead->spec->container, NULL, 0, on_image, lead))
        on_image(NULL, lead);
}

int lead_start(struct shepherd *sh, struct err *err)
{
    struct lead *lead = xcalloc(1, sizeof(*lead));
    int rc;

    lead->sh = sh;
    guests_init(&lead->guests, sh);
    lead->spec = sh->assignment->job->spec;
    berth__job_ended__init(&lead->ended);
    lead->reports = reports_create(lead);
    lead->ended.job_id = sh->job;
    lead->ended.epoch = sh->epoch;
    rc = layout_create(sh->grant, lead->spec, &lead->layout, err);
    if (!rc)
        rc = serve_start(lead, err);
    if (rc)
        return rc;
    sh->lead = lead;
    identity_limits(lead->spec->rlimits, lead->spec->n_rlimits);
    (void)uv_timer_init(sh->loop, &lead->grace);
    lead->grace.data = lead;
    start_limit(lead);
    (void)uv_timer_start(&lead->grace, start_work, 0, 0);
    return 0;
}

void lead_node_is_back(struct shepherd *sh)
{
    images_node_is_back(sh->lead);
    reports_node_is_back(sh->lead->reports);
    /* He could not come meanwhile. */
    if (sh->lead->awaits_owner && !sh->lead->is_ending)
        (void)uv_timer_start(&sh->lead->grace, on_no_owner, OWNER_MS, 0);
    runs_node_is_back(sh->lead);
    runs_start_waiting(sh->lead);
    if (sh->lead->pod)
        pod_lead_node_is_back(sh->lead->pod);
}

static void leave_now(void *ctx)
{
    struct lead *lead = ctx;

    if (lead->guests.n == 0 && (!lead->pod || lead->pod->n_leaving == 0))
        shepherd_end(0);
}

void lead_leave(struct lead *lead)
{
    lead->guests.on_empty = leave_now;
    lead->guests.ctx = lead;
    if (lead->pod)
        pod_lead_when_empty(lead->pod, leave_now, lead);
    leave_now(lead);
}

void lead_adopt(struct shepherd *sh, int fd, const void *hello, size_t len)
{
    serve_adopt(sh->lead, fd, hello, len);
}
