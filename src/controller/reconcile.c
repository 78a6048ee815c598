/* SPDX-License-Identifier: Apache-2.0
 *
 * reconcile.c - bring nodes and controller to the same view of what runs
 */
#include "controller/reconcile.h"

#include "base/log.h"
#include "base/mem.h"
#include "controller/dispatch.h"
#include "controller/pods/helpers.h"
#include "controller/jobs.h"
#include "controller/pods/pod_evict.h"
#include "wire/pack.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* How long the end of a job may take to arrive after its node has registered
 * without it: shepherds find their way back to a restarted berthd. */
#define MISSING_GRACE 15
/* The lead keeps time limits; this long past it the controller steps in. */
#define LIMIT_SLACK 60

static bool is_listed(const Berth__Register *request, const struct ctl_job *cj)
{
    for (size_t i = 0; i < request->n_running; i++)
        if (request->running[i]->lead && request->running[i]->job_id == cj->id &&
            request->running[i]->epoch == cj->job.record->epoch)
            return true;
    return false;
}

static bool is_active(const struct controller *ctl, const Berth__RunningJob *job)
{
    const struct ctl_job *cj = jobs_find(ctl, job->job_id);

    return cj && cj->job.record->epoch == job->epoch &&
           job_state_is_active(job_state_of(&cj->job));
}

void reconcile_stop_list(const struct controller *ctl, const Berth__Register *request,
                         Berth__Registered *reply)
{
    reply->stop = xcalloc(request->n_running, sizeof(*reply->stop));
    for (size_t i = 0; i < request->n_running; i++) {
        if (!is_active(ctl, request->running[i]))
            reply->stop[reply->n_stop++] = copy_message(&request->running[i]->base);
    }
}

void reconcile_over_list(const struct controller *ctl, const Berth__Register *request,
                         Berth__Registered *reply)
{
    reply->over = xcalloc(request->n_hooked + 1, sizeof(*reply->over));
    for (size_t i = 0; i < request->n_hooked; i++)
        if (!is_active(ctl, request->hooked[i]))
            reply->over[reply->n_over++] = copy_message(&request->hooked[i]->base);
}

static void lose(struct controller *ctl, struct ctl_job *cj, const char *words)
{
    struct job_change change = {.words = words};
    struct err err;

    if (jobs_apply(ctl, cj, EV_LOST, controller_now(), &change, &err))
        log_error("job %" PRIu32 ": %s", cj->id, err.text);
}

/* The node leads the job and has just registered with the same boot id. */
static void compare(struct controller *ctl, struct ctl_job *cj, bool listed)
{
    enum job_state state = job_state_of(&cj->job);

    if (listed)
        cj->missing_since = 0;
    if (state == JOB_STARTING && listed)
        dispatch_started(ctl, cj);
    else if (state == JOB_STARTING) {
        cj->is_launched = false;
        dispatch_launch_committed(ctl, cj);
    } else if (!listed)
        cj->missing_since = controller_now();
    else if (state == JOB_COMPLETING)
        dispatch_kill_committed(ctl, cj, "cancelled");
    else
        dispatch_stop_or_go(ctl, cj);
}

/* The jobs that take part in 'node' now: they leave it while they are gone through. */
static struct ctl_job **jobs_on(const struct ctl_node *node)
{
    return node->n_jobs ? xmemdup(node->jobs, node->n_jobs * sizeof(*node->jobs))
                        : NULL;
}

void reconcile_node(struct controller *ctl, struct ctl_node *node,
                    const Berth__Register *request, bool has_rebooted)
{
    cleanup(freep) char *words = xasprintf("node %s was restarted", node->config->name);
    cleanup(freep) struct ctl_job **jobs = jobs_on(node);
    size_t n = node->n_jobs;

    for (size_t i = 0; i < n; i++) {
        struct ctl_job *cj = jobs[i];
        bool is_lead = nodes_lead(ctl, cj) == node;

        /* A launch that may not have reached the node is simply repeated. */
        bool is_fresh = is_lead && job_state_of(&cj->job) == JOB_STARTING;

        if (has_rebooted && !is_fresh) {
            lose(ctl, cj, words);
            dispatch_kill_committed(ctl, cj, words);
        } else if (is_lead) {
            compare(ctl, cj, is_listed(request, cj));
        }
    }
}

void reconcile_lost_node(struct controller *ctl, struct ctl_node *node,
                         const char *what, bool pods_may_stay)
{
    cleanup(freep) char *words = xasprintf("node %s was %s", node->config->name, what);
    cleanup(freep) struct ctl_job **jobs = jobs_on(node);
    size_t n = node->n_jobs;

    for (size_t i = 0; i < n; i++) {
        if (pods_may_stay && pod_evict_stays(ctl, node, jobs[i]))
            continue;
        lose(ctl, jobs[i], words);
        dispatch_kill_committed(ctl, jobs[i], words);
    }
}

static int64_t warning_time(const struct ctl_job *cj)
{
    return job_deadline(&cj->job) - cj->job.spec->signal_before;
}

/* As the lead does of a limit that it knows. Tried again while its node is away. */
static void warn(struct controller *ctl, struct ctl_job *cj)
{
    Berth__SignalJob__Scope scope = cj->job.spec->signal_batch
                                        ? BERTH__SIGNAL_JOB__SCOPE__SHELL
                                        : BERTH__SIGNAL_JOB__SCOPE__STEPS;
    struct err err;

    if (dispatch_signal(ctl, cj, (int32_t)cj->job.spec->signal, scope, &err))
        log_debug("no warning before its time limit yet: %s", err.text);
    else
        cj->is_warned = true;
}

void reconcile_new_limit(struct ctl_job *cj, int64_t now)
{
    if (!cj->has_new_limit)
        cj->is_warned = now >= warning_time(cj);
    cj->has_new_limit = true;
}

/* Past its limit, and its lead has not ended it, or knows another one: order it; past
 * that, give up. */
static void check_limit(struct controller *ctl, struct ctl_job *cj, int64_t now)
{
    int64_t deadline = job_deadline(&cj->job);
    int64_t grace = (int64_t)dispatch_grace(ctl, cj) + LIMIT_SLACK;

    if (deadline == INT64_MAX)
        return;
    if (cj->has_new_limit && !cj->is_warned && cj->job.spec->signal &&
        job_state_of(&cj->job) == JOB_RUNNING && now >= warning_time(cj))
        warn(ctl, cj);
    if (now < deadline + (cj->has_new_limit ? 0 : grace))
        return;
    if (!cj->is_overdue) {
        cj->is_overdue = true;
        dispatch_kill_committed(ctl, cj, "time limit");
    } else if (now > deadline + 2 * grace) {
        lose(ctl, cj, "its node did not end it at its time limit");
    }
}

void reconcile_tick(struct controller *ctl, int64_t now)
{
    struct ctl_job *cj, *next;

    DL_FOREACH_SAFE(ctl->active, cj, next)
    {
        if (cj->missing_since && now - cj->missing_since > MISSING_GRACE)
            lose(ctl, cj, "its node does not know it any more");
        else if (helpers_wait(ctl, cj))
            helpers_check_wait(ctl, cj, now);
        else
            check_limit(ctl, cj, now);
    }
}
