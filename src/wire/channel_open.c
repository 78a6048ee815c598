/* SPDX-License-Identifier: Apache-2.0
 *
 * channel_open.c - the opening of a channel: call, accept or adopt
 *
 * A caller has its Hello made in libuv's pool while the connection is on its
 * way, and sends it when both are there. An answerer reads the Hello and no byte
 * more, since the connection may have to go to another process.
 */
#include "wire/channel_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "wire/frame.h"
#include "wire/net.h"
#include "wire/opening.h"
#include "wire/pack.h"

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

static void fail_with(struct channel *ch, struct err *err)
{
    (void)err_wrap(err, "%s", ch->peer.address);
    channel_fail(ch, err);
}

static void wants(struct channel *ch, int events)
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

static struct channel *create(uv_loop_t *loop, const struct wire_auth *auth,
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

/* ------------------------------------------------------ work in the pool */

static void send_hello(struct channel *ch);
static void caller_opens(struct channel *ch);
static void answerer_opens(struct channel *ch);

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
            answerer_opens(ch);
        else if (op->rc < 0)
            fail_with(ch, &op->err);
        else if (!op->sent)
            send_hello(ch);
        else
            caller_opens(ch);
    }
    channel_unpend(ch);
}

static void work_start(struct channel *ch)
{
    struct channel_opening *op = ch->opening;

    op->working = true;
    op->work.data = ch;
    ch->pending++;
    (void)uv_queue_work(ch->loop, &op->work, work_in_pool, work_done);
}

static void keep_frame(struct channel_opening *op, const uint8_t *frame, size_t len)
{
    free(op->frame);
    op->frame = xmemdup(frame, len);
    op->frame_len = len;
}

/* ---------------------------------------------------------------- caller */

static void try_address(struct channel *ch)
{
    struct channel_opening *op = ch->opening;
    struct err err;
    int fd = -EHOSTUNREACH;

    for (; op->at; op->at = op->at->ai_next) {
        fd = net_connect_start(op->at);
        if (fd >= 0) {
            channel_watch(ch, fd);
            wants(ch, UV_WRITABLE);
            return;
        }
        op->rc = fd;
    }
    (void)err_sys(&err, -op->rc, "%s", ch->peer.address);
    channel_fail(ch, &err);
}

static void connect_decided(struct channel *ch)
{
    struct channel_opening *op = ch->opening;
    int rc = net_connect_result(ch->fd);

    if (rc < 0) {
        op->rc = rc;
        channel_unwatch(ch);
        closep(&ch->fd);
        op->at = op->at->ai_next;
        try_address(ch);
        return;
    }
    op->connected = true;
    net_peer_address(ch->fd, &ch->peer);
    wants(ch, 0);
    send_hello(ch);
}

/* When both the connection and the Hello are there. */
static void send_hello(struct channel *ch)
{
    struct channel_opening *op = ch->opening;

    if (!op->connected || op->working || op->sent)
        return;
    op->sent = true;
    frame_put(&ch->out, op->o.hello, op->o.hello_len);
    channel_flush(ch);
    if (ch->state == CH_OPENING)
        wants(ch, UV_READABLE);
}

static void read_reply(struct channel *ch)
{
    const uint8_t *frame;
    size_t len;
    struct err err;
    int rc;

    rc = channel_read(ch, frame_read_size(&ch->in));
    if (rc == -ENODATA)
        rc = err_set(&err, ECONNRESET, "the connection was closed during the opening");
    else if (rc < 0)
        rc = err_sys(&err, -rc, "the opening");
    if (rc > 0)
        rc = frame_next(&ch->in, WIRE_HELLO_MAX, &frame, &len, &err);
    if (rc < 0)
        fail_with(ch, &err);
    if (rc <= 0)
        return;
    keep_frame(ch->opening, frame, len);
    wants(ch, 0);
    work_start(ch);
}

static void caller_opens(struct channel *ch)
{
    struct channel_opening *op = ch->opening;
    struct err err;

    ch->peer.uid = op->peer.uid;
    ch->peer.gid = op->peer.gid;
    if (codec_init_sealed(&ch->codec, &op->o.own, op->o.peer_key, true, &err) < 0)
        fail_with(ch, &err);
    else
        channel_opened(ch);
}

static void on_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *addrs)
{
    struct channel *ch = req->data;
    struct channel_opening *op = ch->opening;
    struct err err;

    op->resolving = false;
    op->addrs = addrs;
    op->at = addrs;
    if (ch->state == CH_OPENING && status < 0) {
        (void)err_set(&err, EHOSTUNREACH, "%s: no such host: %s", ch->peer.address,
                      uv_strerror(status));
        channel_fail(ch, &err);
    } else if (ch->state == CH_OPENING) {
        try_address(ch);
    }
    channel_unpend(ch);
}

/* A numeric address is tried at once; a name is looked up in the pool. */
static void resolve(struct channel *ch, const char *host, uint16_t port)
{
    struct channel_opening *op = ch->opening;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    char service[8];

    (void)snprintf(service, sizeof(service), "%u", port);
    if (getaddrinfo(host, service, &hints, &op->addrs) == 0) {
        op->at = op->addrs;
        try_address(ch);
        return;
    }
    op->addrs = NULL;
    hints.ai_flags = AI_NUMERICSERV;
    op->resolve.data = ch;
    op->resolving = true;
    ch->pending++;
    BUG_ON(uv_getaddrinfo(ch->loop, &op->resolve, on_resolved, host, service, &hints) <
           0);
}

struct channel *channel_connect(uv_loop_t *loop, const struct wire_auth *auth,
                                const char *host, uint16_t port, const char *target,
                                uid_t allow_uid, const struct channel_callbacks *cb,
                                void *ctx, struct err *err)
{
    struct channel *ch;

    if (!host[0] || strlen(host) > 255) {
        (void)err_set(err, EINVAL, "'%.64s' cannot be a host's name", host);
        return NULL;
    }
    ch = create(loop, auth, true, cb, ctx);
    ch->opening->target = xstrdup(target);
    ch->opening->allow_uid = allow_uid;
    (void)snprintf(ch->peer.address, sizeof(ch->peer.address), "%.50s:%u", host, port);
    work_start(ch);
    resolve(ch, host, port);
    return ch;
}

/* -------------------------------------------------------------- answerer */

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
    wants(ch, 0);
    work_start(ch);
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
        keep_frame(ch->opening, frame, len);
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

static void answerer_opens(struct channel *ch)
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
        fail_with(ch, &err);
        return;
    }
    /* Reply, header and whatever on_open sends leave together. */
    frame_put(&ch->out, op->o.reply, op->o.reply_len);
    codec_put_header(&ch->codec, &ch->out);
    channel_opened(ch);
    channel_flush(ch);
    channel_rearm(ch);
}

void channel_opening_events(struct channel *ch, int events)
{
    struct channel_opening *op = ch->opening;

    if (op->calling && !op->connected) {
        connect_decided(ch);
        return;
    }
    if (events & UV_WRITABLE)
        channel_flush(ch);
    if (!(events & UV_READABLE) || ch->state != CH_OPENING)
        return;
    if (op->calling)
        read_reply(ch);
    else
        read_hello(ch);
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

/* libuv has accepted already; what we want is the plain descriptor. */
static int accept_fd(uv_stream_t *listener, struct err *err)
{
    uv_tcp_t *tcp = xcalloc(1, sizeof(*tcp));
    uv_os_fd_t fd = -1;
    int rc;

    (void)uv_tcp_init(listener->loop, tcp);
    rc = uv_accept(listener, (uv_stream_t *)tcp);
    if (rc == 0)
        rc = uv_fileno((uv_handle_t *)tcp, &fd);
    if (rc == 0) {
        fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        rc = fd < 0 ? -errno : fd;
    }
    uv_close((uv_handle_t *)tcp, free_handle);
    return rc < 0 ? err_sys(err, -rc, "cannot accept a connection") : rc;
}

static struct channel *answer(uv_loop_t *loop, const struct wire_auth *auth, int fd,
                              const struct channel_callbacks *cb, void *ctx)
{
    struct channel *ch = create(loop, auth, false, cb, ctx);

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

    fd = accept_fd(listener, err);
    if (fd < 0)
        return fd;
    ch = answer(listener->loop, auth, fd, cb, ctx);
    if (router) {
        ch->opening->has_router = true;
        ch->opening->router = *router;
    }
    wants(ch, UV_READABLE);
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
    keep_frame(ch->opening, hello, len);
    work_start(ch);
    return ch;
}
