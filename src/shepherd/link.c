/* SPDX-License-Identifier: Apache-2.0
 *
 * link.c - the shepherd's line to its node
 *
 * First an inherited socket; after a restart of berthd the node's local socket,
 * found again with backoff. Work does not stop while the line is down; the end
 * of a job waits here until the node has passed it on and the controller has it.
 */
#include "shepherd/group.h"
#include "shepherd/lead.h"
#include "shepherd/shepherd.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/sanitize.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define RETRY_FIRST_MS 100
#define RETRY_MAX_MS 2000 /* berthd waits half a minute for us to come back */

/* The report that is on its way; one for each process, as its life ends with
 * the answer. */
static Berth__JobEnded *report;

static void on_report_taken(const Berth__Envelope *reply, const struct err *err,
                            void *ctx)
{
    struct shepherd *sh = ctx;

    (void)reply;
    /* The line broke: told again when it is back. */
    if (err && err->code == EPIPE)
        return;
    lead_leave(sh->lead);
}

static void send_report(struct shepherd *sh)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    env.body_case = BERTH__ENVELOPE__BODY_JOB_ENDED;
    env.job_ended = report;
    rpc_call(sh->node_rpc, sh->node, &env, on_report_taken, sh);
}

void link_report_end(struct shepherd *sh, const Berth__JobEnded *ended)
{
    report = copy_message(&ended->base);
    if (sh->node)
        send_report(sh);
}

void shepherd_end(int status)
{
#if HAS_ADDRESS_SANITIZER
    exit(status); /* it looks for what has leaked */
#endif
    _exit(status);
}

static int begin(struct shepherd *sh, struct err *err)
{
    int rc = group_prepare(sh, err);

    if (!rc)
        rc = identity_assume(sh, err);
    if (rc)
        return rc;
    return sh->assignment->job ? lead_start(sh, err) : step_start(sh, err);
}

static int unpack_assignment(struct shepherd *sh, const Berth__Assignment *msg,
                             struct err *err)
{
    const Berth__SignedGrant *sgn = msg->job    ? msg->job->grant
                                    : msg->step ? msg->step->grant
                                                : NULL;

    if (!sgn)
        return err_set(err, EINVAL, "an assignment without work");
    sh->assignment = copy_message(&msg->base);
    sh->grant =
        unpack_message(&berth__grant__descriptor, sgn->grant.data, sgn->grant.len);
    if (!sh->grant)
        return err_set(err, EBADMSG, "an assignment with an unreadable grant");
    if (sh->assignment->munge_socket[0])
        sh->auth.munge_socket = sh->assignment->munge_socket;
    sh->auth.own_uid_only = true;
    sh->job = sh->grant->job_id;
    sh->epoch = sh->grant->epoch;
    sh->step_id = msg->job ? STEP_LEAD : (int64_t)msg->step->step_id;
    return 0;
}

static void take_assignment(struct shepherd *sh, const Berth__Envelope *env)
{
    struct err err = {0};

    if (sh->assignment) {
        channel_reply_status(sh->node, env, EBUSY, "this shepherd has its work");
        return;
    }
    if (unpack_assignment(sh, env->assignment, &err) || begin(sh, &err)) {
        channel_reply_status(sh->node, env, err.code ? err.code : EIO, err.text);
        channel_close(sh->node);
        return;
    }
    channel_reply_status(sh->node, env, 0, "");
}

static void take_connection(struct shepherd *sh, const Berth__Adopt *adopt, int fd)
{
    if (sh->lead)
        lead_adopt(sh, fd, adopt->hello.data, adopt->hello.len);
    else if (sh->step)
        step_adopt(sh, fd, adopt->hello.data, adopt->hello.len);
    else
        (void)close(fd);
}

static void on_message(struct channel *ch, const Berth__Envelope *env, int adopted,
                       void *ctx)
{
    struct shepherd *sh = ctx;

    if (env->reply)
        rpc_dispatch(sh->node_rpc, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_ADOPT && adopted >= 0)
        take_connection(sh, env->adopt, adopted);
    else if (env->body_case == BERTH__ENVELOPE__BODY_ASSIGNMENT)
        take_assignment(sh, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_SIGNAL_JOB && sh->lead)
        lead_signal(sh, env->signal_job);
    else if (env->body_case == BERTH__ENVELOPE__BODY_POD_DATA && sh->lead)
        lead_take_data(sh, env->pod_data);
    else
        channel_reply_status(ch, env, ENOSYS, "a shepherd does not answer this");
}

static void on_close(struct channel *ch, const struct err *why, void *ctx);

static const struct channel_callbacks callbacks = {
    .on_message = on_message,
    .on_close = on_close,
};

static void on_hello_answered(const Berth__Envelope *reply, const struct err *err,
                              void *ctx)
{
    struct shepherd *sh = ctx;

    (void)reply;
    if (err && err->code != EPIPE) {
        log_warn("job %u: the node does not know its shepherd: %s", sh->job, err->text);
        shepherd_end(1);
    }
    if (err)
        return;
    sh->retry_ms = RETRY_FIRST_MS;
    group_node_is_back(sh);
    if (report)
        send_report(sh);
    else if (sh->lead)
        lead_node_is_back(sh);
}

static void try_again(uv_timer_t *timer);

static void retry_later(struct shepherd *sh)
{
    (void)uv_timer_start(&sh->reconnect, try_again, sh->retry_ms, 0);
    if (sh->retry_ms < RETRY_MAX_MS)
        sh->retry_ms *= 2;
}

static void try_again(uv_timer_t *timer)
{
    struct shepherd *sh = timer->data;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ShepherdHello hello = BERTH__SHEPHERD_HELLO__INIT;

    sh->node = channel_connect_local(sh->loop, sh->assignment->node_socket, &callbacks,
                                     sh, NULL);
    if (!sh->node) {
        retry_later(sh);
        return;
    }
    hello.job_id = sh->job;
    hello.epoch = sh->epoch;
    hello.step_id = sh->step_id;
    hello.pid = (uint32_t)getpid();
    env.body_case = BERTH__ENVELOPE__BODY_SHEPHERD_HELLO;
    env.shepherd_hello = &hello;
    rpc_call(sh->node_rpc, sh->node, &env, on_hello_answered, sh);
}

static void on_close(struct channel *ch, const struct err *why, void *ctx)
{
    struct shepherd *sh = ctx;
    struct err gone = {.code = EPIPE, .text = "the node's daemon went away"};

    (void)ch;
    (void)why;
    sh->node = NULL;
    /* A spare without a node, or an assignment that failed: nothing to do. */
    if (!sh->lead && !sh->step)
        shepherd_end(0);
    rpc_fail_all(sh->node_rpc, &gone);
    if (sh->lead)
        runs_node_is_away(sh->lead);
    retry_later(sh);
}

void link_start(struct shepherd *sh, int fd)
{
    sh->node_rpc = rpc_create();
    sh->retry_ms = RETRY_FIRST_MS;
    (void)uv_timer_init(sh->loop, &sh->reconnect);
    sh->reconnect.data = sh;
    sh->node = channel_local(sh->loop, fd, &callbacks, sh, NULL);
    if (!sh->node)
        shepherd_end(1);
}
