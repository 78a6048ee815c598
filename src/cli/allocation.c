/* SPDX-License-Identifier: Apache-2.0
 *
 * allocation.c - an interactive job: asked for, waited for, held by a connection
 */
#include "cli/allocation.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/cluster_link.h"
#include "cli/command.h"
#include "cli/image_ref.h"
#include "cli/lead_wait.h"
#include "options/inherit.h"
#include "cli/step_signals.h"

/* How long one question to the controller waits; a Ctrl-C is seen after it. */
#define WAIT_STEP_MS 1000
/* What --immediate adds, so that the controller has time to look. */
#define PASS_MS 1000

static int say_refused(int code, const char *text)
{
    (void)code;
    say_error("job submission failed: %s", text);
    return STATUS_FAILED;
}

static void say_waits(uint32_t job, const char *reason)
{
    if (reason[0])
        say_info("job %u is waiting for resources (%s)", job, reason);
    else
        say_info("job %u is waiting for resources", job);
}

static void say_granted(uint32_t job)
{
    (void)job;
}

const struct allocation_sayings allocation_says = {say_refused, say_waits, say_granted};

static int submit(struct job_args *args, char **argv, const char *name,
                  struct allocation *alloc)
{
    cleanup(reply_freep) Berth__SubmitReply *reply = NULL;
    struct spec_source source = {
        .env = environ, .command = say_name(), .argv = argv, .script_name = name};
    struct berth_err berth_err;
    struct err err;
    int rc;

    args->spec->interactive = 1;
    args->spec->no_owner = args->no_shell;
    rc = image_ref_resolve(args->config, args->spec->container, &err);
    if (rc == 0)
        rc = spec_complete(args, &source, &err);
    if (rc < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    if (link_open(args->config, &alloc->berth) < 0 ||
        link_check_cluster(alloc->berth, args->clusters, NULL) < 0)
        return STATUS_FAILED;
    if (berth_submit(alloc->berth, args->spec, args->key, &reply, &berth_err) < 0)
        return alloc->says->refused(berth_err.code, berth_err.text);
    for (size_t i = 0; i < reply->n_warnings; i++)
        say_warning("%s", reply->warnings[i]);
    alloc->job = reply->job_id;
    return 0;
}

static void cancel(struct allocation *alloc)
{
    cleanup(reply_freep) Berth__JobControlReply *reply = NULL;
    Berth__JobControl control = BERTH__JOB_CONTROL__INIT;
    struct berth_err err;

    control.op = BERTH__JOB_CONTROL__OP__CANCEL;
    control.ids = &alloc->job;
    control.n_ids = 1;
    if (berth_control(alloc->berth, &control, &reply, &err) < 0)
        say_error("cannot cancel job %u: %s", alloc->job, err.text);
    else
        say_info("job %u is cancelled", alloc->job);
}

static void say_waiting(struct allocation *alloc)
{
    cleanup(reply_freep) Berth__JobList *list = NULL;
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    struct berth_err err;
    bool is_known;

    query.ids = &alloc->job;
    query.n_ids = 1;
    is_known = berth_jobs(alloc->berth, &query, &list, &err) == 0 && list->n_jobs == 1;
    alloc->says->waits(alloc->job, is_known ? list->jobs[0]->reason : "");
}

/* How long to ask next; 0: the time to wait is over. */
static int next_wait(const struct job_args *args, int64_t begun)
{
    int64_t left;

    if (args->immediate < 0)
        return WAIT_STEP_MS;
    /* A scheduler's pass takes a moment, also for who cannot wait. */
    left = begun + 1000 * args->immediate + PASS_MS - clock_ms();
    return left <= 0 ? 0 : left < WAIT_STEP_MS ? (int)left : WAIT_STEP_MS;
}

static int give_up(struct allocation *alloc)
{
    int status = alloc->says->refused(-EBUSY, "Requested nodes are busy");

    cancel(alloc);
    return status;
}

static int wait_for_start(struct allocation *alloc, const struct job_args *args,
                          int signal_fd)
{
    int64_t begun = clock_ms();
    struct berth_err err;
    bool has_said = false;
    int ms;

    while ((ms = next_wait(args, begun)) > 0) {
        int rc = berth_wait(alloc->berth, &alloc->job, 1, true, ms, &alloc->list, &err);
        int signo;

        if (rc == 0) {
            if (has_said)
                alloc->says->granted(alloc->job);
            return 0;
        }
        if (rc != -EAGAIN) {
            say_error("%s", err.text);
            return STATUS_FAILED;
        }
        signo = step_signals_next(signal_fd);
        if (signo) {
            cancel(alloc);
            return 128 + signo;
        }
        if (!has_said)
            say_waiting(alloc);
        has_said = true;
    }
    return give_up(alloc);
}

/* Find the lead of the job that has started; it may have ended already. */
static int find_lead(struct allocation *alloc)
{
    const Berth__JobInfo *job = alloc->list->n_jobs == 1 ? alloc->list->jobs[0] : NULL;
    const Berth__JobRecord *record = job ? job->record : NULL;

    if (!record) {
        say_error("the controller does not know job %u any more", alloc->job);
        return STATUS_FAILED;
    }
    if (record->end_time || !record->placement || record->placement->n_shares == 0) {
        say_error("job %u did not start: %s%s%s", alloc->job, job->state,
                  record->state_words[0] ? ", " : "", record->state_words);
        return STATUS_FAILED;
    }
    alloc->lead = record->placement->shares[0];
    return 0;
}

static void learn_cluster(struct allocation *alloc)
{
    cleanup(reply_freep) Berth__Pong *pong = NULL;
    struct berth_err err;

    if (berth_ping(alloc->berth, &pong, &err) == 0)
        alloc->cluster = xstrdup(pong->cluster);
}

int allocation_get(struct job_args *args, char **argv, const char *name, int signal_fd,
                   const struct allocation_sayings *says, struct allocation *alloc)
{
    int status;

    *alloc = (struct allocation){.says = says};
    status = submit(args, argv, name, alloc);
    if (status == 0)
        status = wait_for_start(alloc, args, signal_fd);
    if (status == 0)
        learn_cluster(alloc);
    return status ? status : find_lead(alloc);
}

static int reach_lead(void *ctx, struct berth_steps **ret, struct berth_err *err)
{
    struct allocation *alloc = ctx;

    return berth_steps_connect(alloc->berth, alloc->lead->address,
                               (uint16_t)alloc->lead->port, alloc->job, ret, err);
}

/* Its node was declared down, perhaps. */
static bool has_ended(void *ctx)
{
    struct allocation *alloc = ctx;
    cleanup(reply_freep) Berth__JobList *list = NULL;
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    struct berth_err err;
    const Berth__JobRecord *record;

    query.ids = &alloc->job;
    query.n_ids = 1;
    query.all = true;
    if (berth_jobs(alloc->berth, &query, &list, &err) < 0 || list->n_jobs != 1)
        return false;
    record = list->jobs[0]->record;
    if (!record->end_time)
        return false;
    say_error("job %u has ended: %s%s%s", alloc->job, list->jobs[0]->state,
              record->state_words[0] ? ", " : "", record->state_words);
    return true;
}

int allocation_open(struct job_args *args, char **argv, const char *name, int signal_fd,
                    const struct allocation_sayings *says, struct allocation *alloc)
{
    const struct lead_wait wait = {.config = args->config,
                                   .signal_fd = signal_fd,
                                   .reach = reach_lead,
                                   .is_over = has_ended,
                                   .ctx = alloc};
    struct berth_err err;
    int status = allocation_get(args, argv, name, signal_fd, says, alloc);

    if (status)
        return status;
    status = lead_wait(&wait, &alloc->steps, &err);
    if (status && err.text[0])
        say_error("job %u: node %s: %s", alloc->job, alloc->lead->node, err.text);
    if (status)
        cancel(alloc);
    return status;
}

void allocation_close(struct allocation *alloc)
{
    Berth__AllocationRelease release = BERTH__ALLOCATION_RELEASE__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    struct berth_err err;

    if (alloc->steps) {
        env.body_case = BERTH__ENVELOPE__BODY_RELEASE;
        env.release = &release;
        /* The lead sees the end of the connection in any case. */
        (void)berth_steps_send(alloc->steps, &env, &err);
        berth_steps_close(alloc->steps);
    }
    berth_free(alloc->list);
    free(alloc->cluster);
    berth_close(alloc->berth);
}
