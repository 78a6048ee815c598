/* SPDX-License-Identifier: Apache-2.0
 *
 * conn.c - accept, count, answer and forget connections
 */
#include "controller/conn.h"

#include "base/log.h"
#include "base/mem.h"
#include "controller/handlers.h"
#include "controller/nodes.h"
#include "controller/wait.h"
#include "controller/watch.h"
#include "wire/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <utlist.h>

struct conn *conn_ref(struct conn *conn)
{
    conn->refs++;
    return conn;
}

void conn_unref(struct conn *conn)
{
    if (--conn->refs == 0)
        free(conn);
}

uid_t conn_uid(const struct conn *conn)
{
    return channel_peer(conn->ch)->uid;
}

static void on_message(struct channel *ch, const Berth__Envelope *env, int adopted,
                       void *ctx)
{
    struct conn *conn = ctx;

    (void)ch;
    (void)adopted;
    handlers_dispatch(conn, env);
}

static void on_close(struct channel *ch, const struct err *why, void *ctx)
{
    struct conn *conn = ctx;
    struct controller *ctl = conn->ctl;

    if (why->text[0] && !ctl->is_closing)
        log_warn("connection from %s: %s", channel_peer(ch)->address, why->text);
    conn->ch = NULL;
    wait_forget_conn(conn);
    watch_forget_conn(conn);
    if (conn->node)
        nodes_disconnected(ctl, conn->node, why);
    DL_DELETE(ctl->conns, conn);
    ctl->n_conns--;
    conn_unref(conn);
    controller_release(ctl);
}

static void on_open(struct channel *ch, void *ctx)
{
    struct conn *conn = ctx;

    /* The opening may be over before channel_accept has returned. */
    conn->ch = ch;
}

static const struct channel_callbacks callbacks = {
    .on_open = on_open, .on_message = on_message, .on_close = on_close};

void conn_accept(struct controller *ctl)
{
    struct conn *conn = xcalloc(1, sizeof(*conn));
    struct err err = {0};

    conn->ctl = ctl;
    conn->refs = 1;
    DL_APPEND(ctl->conns, conn);
    ctl->n_conns++;
    if (channel_accept((uv_stream_t *)&ctl->listener, &ctl->auth, NULL, &callbacks,
                       conn, &err)) {
        log_warn("cannot accept a connection: %s", err.text);
        DL_DELETE(ctl->conns, conn);
        ctl->n_conns--;
        conn_unref(conn);
    }
}

void conn_reply(struct conn *conn, uint64_t id, Berth__Envelope *reply)
{
    struct err err;

    if (!conn->ch || id == 0)
        return;
    reply->id = id;
    reply->reply = true;
    if (channel_offer(conn->ch, reply, NULL) == 0)
        return;
    (void)err_set(&err, EMSGSIZE, "the answer is too large: ask for fewer jobs");
    conn_reply_err(conn, id, &err);
}

void conn_reply_err(struct conn *conn, uint64_t id, const struct err *err)
{
    Berth__Envelope request = BERTH__ENVELOPE__INIT;

    if (!conn->ch || id == 0)
        return;
    request.id = id;
    channel_reply_status(conn->ch, &request, err->code, err->text);
}

void conn_hold(struct conn *conn)
{
    if (!conn->ch || conn->is_held)
        return;
    conn_ref(conn)->is_held = true;
    channel_hold(conn->ch, true);
    conn->next_held = conn->ctl->held;
    conn->ctl->held = conn;
}

void conns_let_go(struct controller *ctl)
{
    while (ctl->held) {
        struct conn *conn = ctl->held;

        ctl->held = conn->next_held;
        conn->is_held = false;
        if (conn->ch)
            channel_hold(conn->ch, false);
        conn_unref(conn);
    }
}

struct later {
    struct conn *conn;
    uint64_t id;
    Berth__Envelope *reply;
};

static void on_commit(void *ctx)
{
    static const struct err success = {0};
    struct later *later = ctx;

    conn_hold(later->conn);
    if (later->reply)
        conn_reply(later->conn, later->id, later->reply);
    else
        conn_reply_err(later->conn, later->id, &success);
    free_message(later->reply);
    conn_unref(later->conn);
    free(later);
}

void conn_reply_committed(struct conn *conn, uint64_t id, Berth__Envelope *reply)
{
    struct later *later = xmalloc(sizeof(*later));

    *later = (struct later){conn_ref(conn), id, reply};
    store_on_commit(conn->ctl->store, on_commit, later);
}

void conn_ok_committed(struct conn *conn, uint64_t id)
{
    conn_reply_committed(conn, id, NULL);
}
