/* SPDX-License-Identifier: Apache-2.0
 *
 * channel_call.c - a channel that calls out
 *
 * The Hello is made in libuv's pool while the connection is on its way, and sent
 * when both are there.
 */
#include "wire/channel_opening.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "wire/frame.h"
#include "wire/net.h"

static void try_address(struct channel *ch)
{
    struct channel_opening *op = ch->opening;
    struct err err;
    int fd = -EHOSTUNREACH;

    for (; op->at; op->at = op->at->ai_next) {
        fd = net_connect_start(op->at);
        if (fd >= 0) {
            channel_watch(ch, fd);
            opening_wants(ch, UV_WRITABLE);
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
    opening_wants(ch, 0);
    call_send_hello(ch);
}

/* When both the connection and the Hello are there. */
void call_send_hello(struct channel *ch)
{
    struct channel_opening *op = ch->opening;

    if (!op->connected || op->working || op->sent)
        return;
    op->sent = true;
    frame_put(&ch->out, op->o.hello, op->o.hello_len);
    channel_flush(ch);
    if (ch->state == CH_OPENING)
        opening_wants(ch, UV_READABLE);
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
        opening_fail(ch, &err);
    if (rc <= 0)
        return;
    opening_keep_frame(ch->opening, frame, len);
    opening_wants(ch, 0);
    opening_work(ch);
}

void call_opens(struct channel *ch)
{
    struct channel_opening *op = ch->opening;
    struct err err;

    ch->peer.uid = op->peer.uid;
    ch->peer.gid = op->peer.gid;
    if (codec_init_sealed(&ch->codec, &op->o.own, op->o.peer_key, true, &err) < 0)
        opening_fail(ch, &err);
    else
        channel_opened(ch);
}

void call_events(struct channel *ch, int events)
{
    if (!ch->opening->connected) {
        connect_decided(ch);
        return;
    }
    if (events & UV_WRITABLE)
        channel_flush(ch);
    if ((events & UV_READABLE) && ch->state == CH_OPENING)
        read_reply(ch);
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
    ch = opening_create(loop, auth, true, cb, ctx);
    ch->opening->target = xstrdup(target);
    ch->opening->allow_uid = allow_uid;
    (void)snprintf(ch->peer.address, sizeof(ch->peer.address), "%.50s:%u", host, port);
    opening_work(ch);
    resolve(ch, host, port);
    return ch;
}
