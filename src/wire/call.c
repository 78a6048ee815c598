/* SPDX-License-Identifier: Apache-2.0
 *
 * call.c - the same protocol for programs that may block
 *
 * What needs neither MUNGE nor names of hosts: the rest is in call_connect.c, so
 * that a program without them can be linked.
 *
 * The socket never blocks; waiting is done in poll(2), against a deadline.
 */
#include "wire/call_priv.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "wire/buf.h"
#include "wire/codec.h"
#include "wire/frame.h"
#include "wire/net.h"
#include "wire/pack.h"

/* Wait until 'events' or 'deadline' (< 0: for ever): 0 or -EAGAIN. */
int caller_wait_for(int fd, short events, int64_t deadline)
{
    struct pollfd pfd = {.fd = fd, .events = events};

    for (;;) {
        int64_t left = deadline < 0 ? -1 : deadline - clock_ms();
        int rc;

        if (deadline >= 0 && left < 0)
            left = 0;
        rc = poll(&pfd, 1, (int)left);
        if (rc > 0)
            return 0;
        if (rc == 0)
            return -EAGAIN;
        if (errno != EINTR)
            return -errno;
    }
}

static int closed_by_peer(const struct caller *c, int code, struct err *err)
{
    if (code == 0)
        return err_set(err, ECONNRESET, "%s: the connection was closed",
                       c->peer.address);
    return err_sys(err, code, "%s: the connection is lost", c->peer.address);
}

/* What the peer takes now: 0, also when that is not all. */
static int send_some(struct caller *c, struct err *err)
{
    while (buf_len(&c->out) > 0) {
        ssize_t n = send(c->fd, buf_head(&c->out), buf_len(&c->out), MSG_NOSIGNAL);

        if (n >= 0)
            buf_taken(&c->out, (size_t)n);
        else if (errno == EAGAIN)
            return 0;
        else if (errno != EINTR)
            return closed_by_peer(c, errno, err);
    }
    buf_trim(&c->out);
    return 0;
}

int caller_send_all(struct caller *c, int64_t deadline, struct err *err)
{
    int rc = send_some(c, err);

    while (rc == 0 && buf_len(&c->out) > 0) {
        if (caller_wait_for(c->fd, POLLOUT, deadline) == -EAGAIN)
            return err_set(err, ETIMEDOUT, "%s: the peer does not read",
                           c->peer.address);
        rc = send_some(c, err);
    }
    return rc;
}

/* One read that does not wait: 1 when bytes came, 0 when there are none now. */
static int read_some(struct caller *c, struct err *err)
{
    size_t room = frame_read_size(&c->in);
    ssize_t n;

    do {
        n = recv(c->fd, buf_room(&c->in, room), room, 0);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n <= 0)
        return closed_by_peer(c, n < 0 ? errno : 0, err);
    buf_added(&c->in, (size_t)n);
    return 1;
}

/* The next frame, borrowed until the next read. -EAGAIN past 'deadline'. */
int caller_next_frame(struct caller *c, uint32_t max, int64_t deadline,
                      const uint8_t **ret_frame, size_t *ret_len, struct err *err)
{
    for (;;) {
        int rc = frame_next(&c->in, max, ret_frame, ret_len, err);

        if (rc != 0)
            return rc < 0 ? rc : 0;
        rc = read_some(c, err);
        if (rc < 0)
            return rc;
        if (rc == 0 && caller_wait_for(c->fd, POLLIN, deadline) == -EAGAIN)
            return err_set(err, EAGAIN, "%s: nothing has come in time",
                           c->peer.address);
    }
}

void caller_destroy(struct caller *c)
{
    if (!c)
        return;
    closep(&c->fd);
    codec_fini(&c->codec);
    buf_fini(&c->in);
    buf_fini(&c->out);
    free(c);
}

void caller_destroyp(struct caller **caller)
{
    caller_destroy(*caller);
}

struct caller *caller_create(void)
{
    struct caller *c = xcalloc(1, sizeof(*c));

    c->fd = -1;
    return c;
}

int caller_connect_local(const char *path, struct caller **ret_caller, struct err *err)
{
    cleanup(caller_destroyp) struct caller *c = caller_create();
    int rc;

    c->fd = net_connect_local(path, err);
    if (c->fd < 0)
        return c->fd;
    net_prepare(c->fd);
    rc = net_peer_local(c->fd, &c->peer, err);
    if (rc < 0)
        return rc;
    codec_init_clear(&c->codec);
    *ret_caller = take(c);
    return 0;
}

int caller_send(struct caller *c, const Berth__Envelope *env, struct err *err)
{
    int rc = codec_put(&c->codec, env, &c->out, err);

    return rc < 0 ? rc : caller_send_all(c, -1, err);
}

int caller_recv(struct caller *c, int timeout_ms, Berth__Envelope **ret_env,
                struct err *err)
{
    int64_t deadline = timeout_ms < 0 ? -1 : clock_ms() + timeout_ms;
    Berth__Envelope *env = NULL;

    while (!env) {
        const uint8_t *frame;
        size_t len;
        int rc;

        rc = caller_next_frame(c, WIRE_FRAME_MAX, deadline, &frame, &len, err);
        if (rc < 0)
            return rc;
        rc = codec_get(&c->codec, frame, len, &env, err);
        if (rc < 0)
            return rc;
        buf_trim(&c->in);
    }
    *ret_env = env;
    return 0;
}

int caller_put(struct caller *c, const Berth__Envelope *env, struct err *err)
{
    return codec_put(&c->codec, env, &c->out, err);
}

size_t caller_queued(const struct caller *c)
{
    return buf_len(&c->out);
}

/* The next frame; what is queued leaves when there is none yet. */
static int exchange_frame(struct caller *c, const uint8_t **ret_frame, size_t *ret_len,
                          struct err *err)
{
    for (;;) {
        int rc = frame_next(&c->in, WIRE_FRAME_MAX, ret_frame, ret_len, err);

        if (rc != 0)
            return rc < 0 ? rc : 0;
        rc = send_some(c, err);
        if (rc == 0)
            rc = read_some(c, err);
        if (rc < 0)
            return rc;
        if (rc == 0)
            (void)caller_wait_for(c->fd, buf_len(&c->out) ? POLLIN | POLLOUT : POLLIN,
                                  -1);
    }
}

int caller_exchange(struct caller *c, Berth__Envelope **ret_env, struct err *err)
{
    Berth__Envelope *env = NULL;

    while (!env) {
        const uint8_t *frame;
        size_t len;
        int rc = exchange_frame(c, &frame, &len, err);

        if (rc == 0)
            rc = codec_get(&c->codec, frame, len, &env, err);
        if (rc < 0)
            return rc;
        buf_trim(&c->in);
    }
    *ret_env = env;
    return 0;
}

int caller_call(struct caller *c, Berth__Envelope *request, Berth__Envelope **ret_reply,
                struct err *err)
{
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    int rc;

    if (!request->id)
        request->id = ++c->last_id;
    rc = caller_send(c, request, err);
    while (rc == 0 && !(reply && reply->reply && reply->id == request->id)) {
        free_message(take(reply));
        rc = caller_recv(c, -1, &reply, err);
    }
    if (rc < 0)
        return rc;
    if (reply->status && reply->status->code != 0)
        return err_set(err, abs(reply->status->code), "%s", reply->status->text);
    *ret_reply = take(reply);
    return 0;
}

int caller_fd(const struct caller *c)
{
    return c->fd;
}

const struct peer *caller_peer(const struct caller *c)
{
    return &c->peer;
}
