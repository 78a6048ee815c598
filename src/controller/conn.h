/* SPDX-License-Identifier: Apache-2.0
 *
 * conn.h - one connection of a client or node, and the ways to answer it
 */
#ifndef BERTH_CONTROLLER_CONN_H
#define BERTH_CONTROLLER_CONN_H

#include "controller/controller.h"

struct wait;
struct watch;

struct conn {
    struct controller *ctl;
    struct channel *ch;    /* NULL once closed */
    struct ctl_node *node; /* who registered on it */
    struct wait *waits;
    struct watch *watch; /* NULL: it watches nothing */
    unsigned int refs;
    struct conn *prev, *next;
    struct conn *next_held; /* of ctl->held */
    bool is_held;
};

/* Accept what waits on the listener. */
void conn_accept(struct controller *ctl);

/* Answers that come later hold a reference, since the peer may go away. */
struct conn *conn_ref(struct conn *conn);
void conn_unref(struct conn *conn);

uid_t conn_uid(const struct conn *conn);

/* Answer request 'id' now. 'reply' needs only its body; the caller keeps it. A
 * reply past WIRE_FRAME_MAX becomes an error that says so. */
void conn_reply(struct conn *conn, uint64_t id, Berth__Envelope *reply);
void conn_reply_err(struct conn *conn, uint64_t id, const struct err *err);

/* Between a commit and conns_let_go: what is sent on it leaves then, in one piece. */
void conn_hold(struct conn *conn);
void conns_let_go(struct controller *ctl);

/* Answer with 'reply' (a heap message, now owned) or with plain success, when
 * all that has been changed so far is on disk. */
void conn_reply_committed(struct conn *conn, uint64_t id, Berth__Envelope *reply);
void conn_ok_committed(struct conn *conn, uint64_t id);

#endif
