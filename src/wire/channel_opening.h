/* SPDX-License-Identifier: Apache-2.0
 *
 * channel_opening.h - what a channel needs until it is open
 *
 * channel_open.c holds what both sides share, channel_call.c the caller's side,
 * channel_answer.c the answerer's.
 */
#ifndef BERTH_WIRE_CHANNEL_OPENING_H
#define BERTH_WIRE_CHANNEL_OPENING_H

#include "wire/channel_priv.h"
#include "wire/opening.h"

struct channel_opening {
    struct opening o;
    struct wire_auth auth;
    struct peer peer; /* as MUNGE tells */
    bool calling;
    int wants; /* poll events */

    /* caller */
    char *target;
    uid_t allow_uid;
    uv_getaddrinfo_t resolve;
    bool resolving;
    struct addrinfo *addrs;
    const struct addrinfo *at; /* the one being tried */
    bool connected, sent;

    /* answerer */
    bool has_router;
    struct channel_router router;

    /* the work in the pool */
    uv_work_t work;
    bool working;
    uint8_t *frame; /* the other side's */
    size_t frame_len;
    int rc;
    struct err err;
};

/* A channel at the start of its opening, for which the time runs from now. */
struct channel *opening_create(uv_loop_t *loop, const struct wire_auth *auth,
                               bool calling, const struct channel_callbacks *cb,
                               void *ctx);
/* Wait for these poll events from now on. */
void opening_wants(struct channel *ch, int events);
/* Have the next step that needs MUNGE done in libuv's pool. */
void opening_work(struct channel *ch);
/* Keep a copy of the other side's frame for that. */
void opening_keep_frame(struct channel_opening *op, const uint8_t *frame, size_t len);
/* End the channel; the peer's address is put before the words. */
void opening_fail(struct channel *ch, struct err *err);

/* The caller's side: its Hello may be there, its reply is judged, poll events. */
void call_send_hello(struct channel *ch);
void call_opens(struct channel *ch);
void call_events(struct channel *ch, int events);

/* The answerer's side: its reply is made, poll events. */
void answer_opens(struct channel *ch);
void answer_events(struct channel *ch, int events);

#endif
