/* SPDX-License-Identifier: Apache-2.0
 *
 * returns.c - shepherds that outlived a berthd and come back to the next one
 *
 * Records say which there are. One whose process lives is awaited; it says hello
 * on the local socket, and the kernel says that it is the process of the record.
 */
#include "node/groups.h"
#include "node/shepherd_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* How long a shepherd may take to come back after berthd was restarted. */
#define COME_BACK_MS 30000
#define LOOK_MS 500

/* One that dies on its way says nothing. */
static void on_look(uv_timer_t *timer)
{
    struct shepherd *shepherd = timer->data;

    if (uv_now(timer->loop) >= shepherd->come_back_until ||
        !process_is_alive(&shepherd->process))
        shepherd_gone(shepherd);
}

static void await(struct node *node, const struct record *record)
{
    struct shepherd *shepherd = xcalloc(1, sizeof(*shepherd));

    shepherd->node = node;
    shepherd->job = record->job;
    shepherd->epoch = record->epoch;
    shepherd->step = record->step;
    shepherd->uid = record->uid;
    shepherd->process = record->process;
    if (record->granted)
        shepherd->granted = copy_message(&record->granted->base);
    shepherd->assigned = true;
    shepherd->rpc = rpc_create();
    shepherd_name(shepherd);
    HASH_ADD_STR(node->shepherds, name, shepherd);
    shepherd->come_back = xcalloc(1, sizeof(*shepherd->come_back));
    shepherd->come_back->data = shepherd;
    (void)uv_timer_init(node->loop, shepherd->come_back);
    shepherd->come_back_until = uv_now(node->loop) + COME_BACK_MS;
    (void)uv_timer_start(shepherd->come_back, on_look, LOOK_MS, LOOK_MS);
}

static void await_or_report(const struct record *record, void *ctx)
{
    struct node *node = ctx;

    if (process_is_alive(&record->process))
        await(node, record);
    else if (record->step == STEP_LEAD)
        shepherd_report_lost(node, record->job, record->epoch,
                             "its shepherd ended while the node's daemon was away");
    else
        record_remove(node, record->job, record->epoch, record->step);
}

/* A stranger on the local socket, until it has said which shepherd it is. */
struct stranger {
    struct node *node;
    struct shepherd *is; /* once known */
};

static void on_stranger_message(struct channel *ch, const Berth__Envelope *env,
                                int adopted, void *ctx)
{
    struct stranger *stranger = ctx;
    const struct peer *peer = channel_peer(ch);
    struct shepherd *found;

    if (stranger->is) {
        shepherd_on_message(ch, env, adopted, stranger->is);
        return;
    }
    if (adopted >= 0)
        (void)close(adopted);
    if (env->body_case != BERTH__ENVELOPE__BODY_SHEPHERD_HELLO) {
        channel_abort(ch, "not a shepherd");
        return;
    }
    found = shepherd_find(stranger->node, env->shepherd_hello->job_id,
                          env->shepherd_hello->step_id);
    if (!found || found->ch || found->epoch != env->shepherd_hello->epoch ||
        found->process.pid != peer->pid) {
        log_warn("local socket: pid %d is not the shepherd it says it is",
                 (int)peer->pid);
        channel_reply_status(ch, env, ESRCH, "no record of this shepherd");
        channel_close(ch);
        return;
    }
    shepherd_stop_waiting(found);
    found->ch = ch;
    stranger->is = found;
    log_info("job %u: shepherd %s is back", found->job, found->name);
    channel_reply_status(ch, env, 0, "");
    shepherd_tell_order(found);
    routes_arrived(stranger->node, found);
}

static void on_stranger_close(struct channel *ch, const struct err *why, void *ctx)
{
    struct stranger *stranger = ctx;

    if (stranger->is)
        shepherd_on_close(ch, why, stranger->is);
    free(stranger);
}

static const struct channel_callbacks stranger_callbacks = {
    .on_message = on_stranger_message,
    .on_close = on_stranger_close,
};

static void on_local_connection(uv_stream_t *listener, int status)
{
    struct node *node = listener->data;
    struct stranger *stranger;
    struct err err;

    if (status < 0)
        return;
    stranger = xcalloc(1, sizeof(*stranger));
    stranger->node = node;
    if (!channel_accept_local(listener, &stranger_callbacks, stranger, &err)) {
        log_warn("local socket: %s", err.text);
        free(stranger);
    }
}

int shepherds_accept(struct node *node, struct err *err)
{
    int rc;

    (void)unlink(node->socket_path);
    (void)uv_pipe_init(node->loop, &node->local_listener, 0);
    node->local_listener.data = node;
    rc = uv_pipe_bind(&node->local_listener, node->socket_path);
    if (!rc)
        rc = uv_pipe_chmod(&node->local_listener, UV_READABLE | UV_WRITABLE);
    if (!rc)
        rc = uv_listen((uv_stream_t *)&node->local_listener, 128, on_local_connection);
    if (rc)
        return err_sys(err, -rc, "%s", node->socket_path);
    rc = record_each(node, await_or_report, node, err);
    if (!rc)
        job_dirs_sweep(node);
    if (!rc)
        groups_sweep(node);
    return rc;
}
