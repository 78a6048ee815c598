/* SPDX-License-Identifier: Apache-2.0
 *
 * channel_open.c - what both sides of an opening share: its timer, its work in
 * libuv's pool, its end
 */
#include "wire/channel_opening.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"

void opening_fail(struct channel *ch, struct err *err)
{
    (void)err_wrap(err, "%s", ch->peer.address);
    channel_fail(ch, err);
}

void opening_wants(struct channel *ch, int events)
{
    ch->opening->wants = events;
    channel_rearm(ch);
}

int channel_opening_wants(const struct channel *ch)
{
    return ch->opening->wants;
}

void channel_opening_late(struct channel *ch)
{
    const struct channel_opening *op = ch->opening;
    struct err err;

    if (op->calling && !op->connected)
        (void)err_set(&err, ETIMEDOUT, "%s: no connection in %u ms", ch->peer.address,
                      op->auth.timeout_ms);
    else
        (void)err_set(&err, ETIMEDOUT, "%s: the opening took longer than %u ms",
                      ch->peer.address, op->auth.timeout_ms);
    channel_fail(ch, &err);
}

void channel_opening_cancel(struct channel *ch)
{
    struct channel_opening *op = ch->opening;

    if (op && op->working)
        (void)uv_cancel((uv_req_t *)&op->work);
    if (op && op->resolving)
        (void)uv_cancel((uv_req_t *)&op->resolve);
}

void channel_opening_free(struct channel *ch)
{
    struct channel_opening *op = take(ch->opening);

    if (!op)
        return;
    opening_fini(&op->o);
    if (op->addrs)
        uv_freeaddrinfo(op->addrs);
    free(op->target);
    free(op->frame);
    free(op);
}

struct channel *opening_create(uv_loop_t *loop, const struct wire_auth *auth,
                               bool calling, const struct channel_callbacks *cb,
                               void *ctx)
{
    struct channel *ch = channel_create(loop, cb, ctx);
    struct channel_opening *op = xcalloc(1, sizeof(*op));

    ch->opening = op;
    op->auth = *auth;
    if (!op->auth.timeout_ms)
        op->auth.timeout_ms = WIRE_OPENING_MS;
    op->calling = calling;
    channel_timer(ch, op->auth.timeout_ms);
    return ch;
}

static void work_in_pool(uv_work_t *work)
{
    struct channel *ch = work->data;
    struct channel_opening *op = ch->opening;

    if (!op->calling)
        op->rc = opening_answer(&op->o, &op->auth, op->frame, op->frame_len, &op->peer,
                                &op->err);
    else if (!op->o.hello)
        op->rc = opening_hello(&op->o, &op->auth, op->target, &op->err);
    else
        op->rc = opening_finish(&op->o, &op->auth, op->frame, op->frame_len,
                                op->allow_uid, &op->peer, &op->err);
}

static void work_done(uv_work_t *work, int status)
{
    struct channel *ch = work->data;
    struct channel_opening *op = ch->opening;

    op->working = false;
    if (status == 0 && ch->state == CH_OPENING) {
        if (!op->calling)
            answer_opens(ch);
        else if (op->rc < 0)
            opening_fail(ch, &op->err);
        else if (!op->sent)
            call_send_hello(ch);
        else
            call_opens(ch);
    }
    channel_unpend(ch);
}

void opening_work(struct channel *ch)
{
    struct channel_opening *op = ch->opening;

    op->working = true;
    op->work.data = ch;
    ch->pending++;
    (void)uv_queue_work(ch->loop, &op->work, work_in_pool, work_done);
}

void opening_keep_frame(struct channel_opening *op, const uint8_t *frame, size_t len)
{
    free(op->frame);
    op->frame = xmemdup(frame, len);
    op->frame_len = len;
}

void channel_opening_events(struct channel *ch, int events)
{
    if (ch->opening->calling)
        call_events(ch, events);
    else
        answer_events(ch, events);
}
