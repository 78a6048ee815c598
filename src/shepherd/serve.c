/* SPDX-License-Identifier: Apache-2.0
 *
 * serve.c - who talks to the lead
 *
 * Commands inside the job's containers and the root of a step on this node come
 * by the local socket; commands elsewhere and roots on other nodes come by the
 * node's port. All must be the job's user or root. The first client from
 * elsewhere owns an interactive allocation: it ends when he goes.
 */
#include "shepherd/lead.h"
#include "shepherd/pod_lead.h"

#include "base/log.h"
#include "base/mem.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static bool has_owner(const struct lead *lead)
{
    for (const struct conn *conn = lead->conns; conn; conn = conn->next)
        if (conn->is_owner)
            return true;
    return false;
}

static bool is_remote(const struct channel *ch)
{
    return strcmp(channel_peer(ch)->address, "local") != 0;
}

static bool may_talk(const struct lead *lead, const struct channel *ch)
{
    uid_t uid = channel_peer(ch)->uid;

    return uid == 0 || uid == lead->sh->owner.uid;
}

static void on_open(struct channel *ch, void *ctx)
{
    struct conn *conn = ctx;

    if (!may_talk(conn->lead, ch)) {
        log_warn("job %u: uid %u may not talk to its lead", conn->lead->sh->job,
                 (unsigned int)channel_peer(ch)->uid);
        channel_abort(ch, "another user's job");
    }
}

static void take_release(struct conn *conn)
{
    struct lead *lead = conn->lead;

    lead_end(lead, lead->last_code, lead->last_signal, NULL);
}

static void unlink_conn(struct conn *conn)
{
    struct conn **slot = &conn->lead->conns;

    while (*slot != conn)
        slot = &(*slot)->next;
    *slot = conn->next;
}

static void refuse_port(struct channel *ch, const Berth__Envelope *env)
{
    struct err err;

    (void)err_set(&err, EINVAL, "the job is no pod: it has no ports of its own");
    guests_refuse(ch, env, &err);
}

/* It has a pod, and that has begun. */
static bool is_pod(const struct lead *lead)
{
    return lead->pod && lead->pod->pod;
}

/* The connection is a guest's from now on, and none of ours. */
static void take_guest(struct conn *conn, const Berth__Envelope *env)
{
    struct lead *lead = conn->lead;
    struct channel *ch = conn->ch;

    if (conn->run || conn->is_owner) {
        channel_reply_status(ch, env, EINVAL, "this connection has its step already");
        return;
    }
    unlink_conn(conn);
    free(conn);
    if (is_pod(lead))
        pod_serve(lead->pod, ch, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_LOG)
        logs_request(lead, ch, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_EXEC)
        guests_request(&lead->guests, ch, env);
    else
        refuse_port(ch, env);
}

/* From outside of the job: it goes on without him. */
static bool joins(const Berth__Envelope *env)
{
    return env->body_case == BERTH__ENVELOPE__BODY_STEP_REQUEST &&
           env->step_request->joins;
}

static void on_message(struct channel *ch, const Berth__Envelope *env, int adopted,
                       void *ctx)
{
    struct conn *conn = ctx;

    (void)adopted;
    if (!may_talk(conn->lead, ch))
        return;
    if (env->body_case == BERTH__ENVELOPE__BODY_JOIN) {
        if (env->join->holds)
            holders_join(conn, env);
        else
            run_join(conn, env);
        return;
    }
    if (conn->held)
        return;
    if (conn->run && conn == conn->run->root) {
        run_from_root(conn->run, env);
        return;
    }
    if (env->body_case == BERTH__ENVELOPE__BODY_STEP_QUERY) {
        runs_list(conn->lead, ch, env);
        return;
    }
    if (env->body_case == BERTH__ENVELOPE__BODY_STEP_WAIT) {
        runs_wait(conn, env);
        return;
    }
    if (env->body_case == BERTH__ENVELOPE__BODY_STEP_CONTROL) {
        runs_control(conn, env);
        return;
    }
    if (env->body_case == BERTH__ENVELOPE__BODY_ATTACH && !is_pod(conn->lead)) {
        watch_request(conn, env);
        return;
    }
    if (conn->watches) {
        if (env->body_case == BERTH__ENVELOPE__BODY_INPUT)
            run_watcher_input(conn, env->input);
        return;
    }
    if (env->body_case == BERTH__ENVELOPE__BODY_EXEC ||
        env->body_case == BERTH__ENVELOPE__BODY_ATTACH ||
        env->body_case == BERTH__ENVELOPE__BODY_LOG ||
        env->body_case == BERTH__ENVELOPE__BODY_PORT_REQUEST) {
        take_guest(conn, env);
        return;
    }
    /* An allocation's owner says so by his first message, whatever it is. */
    if (conn->lead->spec->interactive && !conn->lead->spec->no_owner && is_remote(ch) &&
        !has_owner(conn->lead) && !joins(env))
        conn->is_owner = true;
    if (env->body_case == BERTH__ENVELOPE__BODY_STEP_REQUEST)
        run_request(conn, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_RELEASE)
        take_release(conn);
    else if (env->body_case == BERTH__ENVELOPE__BODY_PING)
        channel_reply_status(ch, env, 0, "");
    else if (conn->run)
        run_from_client(conn->run, env);
    else
        channel_reply_status(ch, env, EINVAL, "there is no step for this message");
}

static void on_close(struct channel *ch, const struct err *why, void *ctx)
{
    struct conn *conn = ctx;
    struct lead *lead = conn->lead;

    (void)ch;
    unlink_conn(conn);
    conn->ch = NULL;
    watch_leave(conn);
    if (conn->run && conn->run->root == conn)
        run_lost_root(conn->run, why->text);
    else if (conn->run)
        run_lost_client(conn->run);
    /* Without a release: killed, or its machine is gone. */
    if (conn->is_owner)
        lead_end(lead, 1, 0, "its client went away");
    if (conn->held)
        lead_maybe_report(lead);
    free_message(conn->held);
    free(conn);
}

static const struct channel_callbacks callbacks = {
    .on_open = on_open,
    .on_message = on_message,
    .on_close = on_close,
};

static struct conn *conn_create(struct lead *lead)
{
    struct conn *conn = xcalloc(1, sizeof(*conn));

    conn->lead = lead;
    conn->next = lead->conns;
    lead->conns = conn;
    return conn;
}

static void conn_failed(struct conn *conn, const struct err *err)
{
    log_warn("job %u: connection: %s", conn->lead->sh->job, err->text);
    conn->lead->conns = conn->next;
    free(conn);
}

void serve_adopt(struct lead *lead, int fd, const void *hello, size_t len)
{
    struct conn *conn = conn_create(lead);
    struct err err;

    conn->ch = channel_adopt(lead->sh->loop, &lead->sh->auth, fd, hello, len,
                             &callbacks, conn, &err);
    if (!conn->ch)
        conn_failed(conn, &err);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct lead *lead = listener->data;
    struct conn *conn;
    struct err err;

    if (status < 0)
        return;
    conn = conn_create(lead);
    conn->ch = channel_accept_local(listener, &callbacks, conn, &err);
    if (!conn->ch)
        conn_failed(conn, &err);
}

int serve_start(struct lead *lead, struct err *err)
{
    cleanup(freep) char *path = xasprintf("%s/lead.sock", lead->sh->dir);
    int rc;

    if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return err_set(err, ENAMETOOLONG,
                       "%s: too long for a socket; "
                       "shorten node.run_dir",
                       path);
    (void)unlink(path);
    (void)uv_pipe_init(lead->sh->loop, &lead->listener, 0);
    lead->listener.data = lead;
    rc = uv_pipe_bind(&lead->listener, path);
    if (!rc)
        rc = uv_listen((uv_stream_t *)&lead->listener, 128, on_connection);
    return rc ? err_sys(err, -rc, "%s", path) : 0;
}
