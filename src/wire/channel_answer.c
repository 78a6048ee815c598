/* SPDX-License-Identifier: Apache-2.0
 *
 * channel_answer.c - a channel that was called: accepted here, or adopted
 *
 * The Hello is read and no byte more, since the connection may have to go to
 * another process.
 */
#include "wire/channel_opening.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "wire/frame.h"
#include "wire/net.h"
#include "wire/pack.h"

static void refuse(struct channel *ch, struct err *err)
{
    struct channel_opening *op = ch->opening;

    opening_refuse(&op->o, err->text);
    frame_put(&ch->out, op->o.reply, op->o.reply_len);
    (void)err_wrap(err, "%s: opening refused", ch->peer.address);
    channel_drain(ch, err);
}

/* The process that is meant gets the connection; this channel is gone. */
static void pass_along(struct channel *ch, const char *target)
{
    struct channel_opening *op = ch->opening;

    channel_unwatch(ch);
    ch->silent = true;
    op->router.pass(target, take_fd(ch->fd), op->frame, op->frame_len, op->router.ctx);
    channel_fail(ch, NULL);
}

static void hello_came(struct channel *ch)
{
    cleanup(free_messagep) Berth__Hello *hello = NULL;
    struct channel_opening *op = ch->opening;
    struct err err;

    if (opening_read_hello(op->frame, op->frame_len, &hello, &err) < 0) {
        refuse(ch, &err);
        return;
    }
    if (op->has_router && !op->router.route(hello->target, op->router.ctx)) {
        pass_along(ch, hello->target);
        return;
    }
    opening_wants(ch, 0);
    opening_work(ch);
}

static void read_hello(struct channel *ch)
{
    const uint8_t *frame;
    struct err err;
    size_t len;
    int rc;

    do {
        rc = channel_read(ch, frame_missing(&ch->in));
        if (rc <= 0)
            break;
        rc = frame_next(&ch->in, WIRE_HELLO_MAX, &frame, &len, &err);
        if (rc < 0) {
            refuse(ch, &err);
            return;
        }
    } while (rc == 0);
    if (rc > 0) {
        opening_keep_frame(ch->opening, frame, len);
        hello_came(ch);
    } else if (rc == -ENODATA) {
        (void)err_set(&err, EPERM,
                      "%s: opening refused: truncated: ended after %zu bytes",
                      ch->peer.address, buf_len(&ch->in));
        channel_fail(ch, &err);
    } else if (rc < 0) {
        (void)err_sys(&err, -rc, "%s: the opening", ch->peer.address);
        channel_fail(ch, &err);
    }
}

void answer_opens(struct channel *ch)
{
    struct channel_opening *op = ch->opening;
    struct err err;

    if (op->rc < 0) {
        refuse(ch, &op->err);
        return;
    }
    ch->peer.uid = op->peer.uid;
    ch->peer.gid = op->peer.gid;
    if (codec_init_sealed(&ch->codec, &op->o.own, op->o.peer_key, false, &err) < 0) {
        opening_fail(ch, &err);
        return;
    }
    /* Reply, header and whatever on_open sends leave together. */
    frame_put(&ch->out, op->o.reply, op->o.reply_len);
    codec_put_header(&ch->codec, &ch->out);
    channel_opened(ch);
    channel_flush(ch);
    channel_rearm(ch);
}

void answer_events(struct channel *ch, int events)
{
    if (events & UV_READABLE)
        read_hello(ch);
}

static struct channel *answer(uv_loop_t *loop, const struct wire_auth *auth, int fd,
                              const struct channel_callbacks *cb, void *ctx)
{
    struct channel *ch = opening_create(loop, auth, false, cb, ctx);

    net_prepare(fd);
    net_peer_address(fd, &ch->peer);
    channel_watch(ch, fd);
    return ch;
}

int channel_accept(uv_stream_t *listener, const struct wire_auth *auth,
                   const struct channel_router *router,
                   const struct channel_callbacks *cb, void *ctx, struct err *err)
{
    struct channel *ch;
    int fd;

    fd = channel_accept_fd(listener, err);
    if (fd < 0)
        return fd;
    ch = answer(listener->loop, auth, fd, cb, ctx);
    if (router) {
        ch->opening->has_router = true;
        ch->opening->router = *router;
    }
    opening_wants(ch, UV_READABLE);
    return 0;
}

struct channel *channel_adopt(uv_loop_t *loop, const struct wire_auth *auth, int fd,
                              const void *hello, size_t len,
                              const struct channel_callbacks *cb, void *ctx,
                              struct err *err)
{
    int type = 0;
    socklen_t type_len = sizeof(type);
    struct channel *ch;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) < 0 ||
        type != SOCK_STREAM) {
        closep(&fd);
        (void)err_set(err, ENOTSOCK, "what was passed along is not a connection");
        return NULL;
    }
    ch = answer(loop, auth, fd, cb, ctx);
    opening_keep_frame(ch->opening, hello, len);
    opening_work(ch);
    return ch;
}
