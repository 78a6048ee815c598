/* SPDX-License-Identifier: Apache-2.0
 *
 * channel.c - the life of a channel: made, open, closing, gone
 *
 * channel_open.c, _call.c and _answer.c run the opening, channel_io.c moves bytes.
 */
#include "wire/channel_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/frame.h"
#include "wire/pack.h"

static void on_timer(uv_timer_t *timer)
{
    struct channel *ch = timer->data;

    switch (ch->state) {
    case CH_OPENING:
        channel_opening_late(ch);
        break;
    case CH_OPEN:
        channel_kick(ch);
        break;
    case CH_DRAINING:
    case CH_LINGERING:
        channel_fail(ch, NULL);
        break;
    case CH_CLOSED:
        break;
    }
}

struct channel *channel_create(uv_loop_t *loop, const struct channel_callbacks *cb,
                               void *ctx)
{
    struct channel *ch = xcalloc(1, sizeof(*ch));

    ch->loop = loop;
    ch->cb = *cb;
    ch->ctx = ctx;
    ch->fd = -1;
    ch->state = CH_OPENING;
    (void)uv_timer_init(loop, &ch->timer);
    ch->timer.data = ch;
    ch->pending = 1;
    return ch;
}

void channel_on_poll(uv_poll_t *poll, int status, int events)
{
    struct channel *ch = poll->data;

    /* An error shows up, with its name, in the next read or write. */
    channel_on_events(ch, status < 0 ? UV_READABLE | UV_WRITABLE : events);
}

static void free_poll(uv_handle_t *handle)
{
    free(handle);
}

void channel_watch(struct channel *ch, int fd)
{
    ch->fd = fd;
    ch->events = 0;
    ch->poll = xcalloc(1, sizeof(*ch->poll));
    BUG_ON(uv_poll_init(ch->loop, ch->poll, fd) < 0);
    ch->poll->data = ch;
}

void channel_unwatch(struct channel *ch)
{
    if (ch->poll)
        uv_close((uv_handle_t *)take(ch->poll), free_poll);
    ch->events = 0;
}

void channel_timer(struct channel *ch, unsigned int ms)
{
    (void)uv_timer_start(&ch->timer, on_timer, ms, 0);
}

void channel_opened(struct channel *ch)
{
    ch->state = CH_OPEN;
    (void)uv_timer_stop(&ch->timer);
    channel_opening_free(ch);
    channel_kick(ch);
}

void channel_unpend(struct channel *ch)
{
    if (--ch->pending > 0)
        return;
    if (!ch->silent && ch->cb.on_close)
        ch->cb.on_close(ch, &ch->why, ch->ctx);
    channel_opening_free(ch);
    channel_io_fini(ch);
    free(ch);
}

static void on_timer_closed(uv_handle_t *handle)
{
    channel_unpend(handle->data);
}

static void keep_why(struct channel *ch, const struct err *why)
{
    if (why && !ch->why.text[0])
        ch->why = *why;
}

void channel_fail(struct channel *ch, const struct err *why)
{
    if (ch->state == CH_CLOSED)
        return;
    keep_why(ch, why);
    ch->state = CH_CLOSED;
    channel_unwatch(ch);
    closep(&ch->fd);
    channel_opening_cancel(ch);
    uv_close((uv_handle_t *)&ch->timer, on_timer_closed);
}

void channel_drain(struct channel *ch, const struct err *why)
{
    if (ch->state >= CH_DRAINING)
        return;
    keep_why(ch, why);
    ch->state = CH_DRAINING;
    channel_timer(ch, CHANNEL_DRAIN_MS);
    channel_flush(ch);
    channel_rearm(ch);
}

static int put(struct channel *ch, const Berth__Envelope *env, struct err *err)
{
    struct err late;
    int rc = codec_put(&ch->codec, env, &ch->out, err);

    if (rc < 0 || buf_len(&ch->out) <= WIRE_QUEUE_MAX)
        return rc;
    (void)err_set(&late, ENOBUFS, "%s: the peer does not read", ch->peer.address);
    channel_fail(ch, &late);
    return 0;
}

/* In clear, in our own memory: the session that seals it is not there yet. */
static void put_early(struct channel *ch, const Berth__Envelope *env)
{
    struct codec clear;
    struct err err;
    int rc;

    codec_init_clear(&clear);
    rc = codec_put(&clear, env, &ch->early, &err);
    codec_fini(&clear);
    if (rc == 0 && buf_len(&ch->early) > WIRE_EARLY_MAX)
        rc = err_set(&err, ENOBUFS, "%s: more to say than can wait for its answer",
                     ch->peer.address);
    if (rc < 0)
        channel_fail(ch, &err);
}

void channel_send_early(struct channel *ch)
{
    struct buf early = ch->early;
    struct codec clear;
    const uint8_t *frame;
    struct err err;
    size_t len;

    ch->early = (struct buf){0};
    codec_init_clear(&clear);
    while (frame_next(&early, WIRE_FRAME_MAX, &frame, &len, &err) > 0) {
        cleanup(free_messagep) Berth__Envelope *env = NULL;

        if (codec_get(&clear, frame, len, &env, &err) == 0 && env)
            channel_send(ch, env);
    }
    codec_fini(&clear);
    buf_fini(&early);
}

int channel_offer(struct channel *ch, const Berth__Envelope *env, struct err *err)
{
    bool idle = buf_len(&ch->out) == 0;
    int rc;

    if (ch->state == CH_OPENING)
        put_early(ch, env);
    if (ch->state != CH_OPEN || ch->send_failed)
        return 0;
    rc = put(ch, env, err);
    if (rc < 0 || ch->state != CH_OPEN || (ch->held && !channel_is_congested(ch)))
        return rc;
    if (idle || ch->held)
        channel_flush(ch);
    channel_rearm(ch);
    return 0;
}

/* A message that cannot leave makes the channel useless: what comes after it
 * must not arrive without it. */
void channel_send(struct channel *ch, const Berth__Envelope *env)
{
    struct err err;

    if (channel_offer(ch, env, &err) < 0)
        channel_fail(ch, &err);
}

void channel_hold(struct channel *ch, bool held)
{
    if (ch->held == held)
        return;
    ch->held = held;
    if (held || ch->state != CH_OPEN)
        return;
    channel_flush(ch);
    channel_rearm(ch);
}

void channel_send_fd(struct channel *ch, const Berth__Envelope *env, int fd)
{
    struct passing *p;

    BUG_ON(!ch->local || !channel_carries_fd(env));
    if (ch->state != CH_OPEN || ch->send_failed) {
        closep(&fd);
        return;
    }
    ch->passing = xrealloc(ch->passing, ch->n_passing + 1, sizeof(*ch->passing));
    p = &ch->passing[ch->n_passing++];
    p->at = ch->sent + buf_len(&ch->out);
    p->fd = fd;
    channel_send(ch, env);
}

void channel_send_adopt(struct channel *ch, int fd, const void *hello, size_t len)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Adopt adopt = BERTH__ADOPT__INIT;

    adopt.hello.data = xmemdup(hello, len);
    adopt.hello.len = len;
    env.body_case = BERTH__ENVELOPE__BODY_ADOPT;
    env.adopt = &adopt;
    channel_send_fd(ch, &env, fd);
    free(adopt.hello.data);
}

void channel_reply_status(struct channel *ch, const Berth__Envelope *env, int code,
                          const char *text)
{
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;
    Berth__Status status = BERTH__STATUS__INIT;
    cleanup(freep) char *words = xstrdup(text ? text : "");

    status.code = abs(code);
    status.text = words;
    reply.id = env->id;
    reply.reply = true;
    reply.status = &status;
    channel_send(ch, &reply);
}

uint64_t channel_next_id(struct channel *ch)
{
    return ++ch->last_id;
}

bool channel_is_congested(const struct channel *ch)
{
    return buf_len(&ch->out) + buf_len(&ch->early) > WIRE_QUEUE_HIGH;
}

void channel_on_drain(struct channel *ch, void (*on_drain)(struct channel *, void *))
{
    ch->on_drain = on_drain;
    if (on_drain && ch->state == CH_OPEN)
        channel_timer(ch, 0);
}

void channel_pause(struct channel *ch, bool paused)
{
    if (ch->paused == paused)
        return;
    ch->paused = paused;
    if (ch->state != CH_OPEN)
        return;
    channel_rearm(ch);
    if (!paused)
        channel_timer(ch, 0);
}

const struct peer *channel_peer(const struct channel *ch)
{
    return &ch->peer;
}

bool channel_is_open(const struct channel *ch)
{
    return ch->state == CH_OPEN;
}

void channel_set_ctx(struct channel *ch, void *ctx)
{
    ch->ctx = ctx;
}

void channel_hand_over(struct channel *ch, const struct channel_callbacks *cb,
                       void *ctx)
{
    ch->cb = *cb;
    ch->ctx = ctx;
}

void channel_close(struct channel *ch)
{
    if (ch->state == CH_OPENING)
        channel_fail(ch, NULL);
    else
        channel_drain(ch, NULL);
}

void channel_abort(struct channel *ch, const char *why)
{
    struct err err;

    (void)err_set(&err, ECONNABORTED, "%s", why ? why : "");
    channel_fail(ch, &err);
}
