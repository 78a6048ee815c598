/* SPDX-License-Identifier: Apache-2.0
 *
 * channel_io.c - bytes in and out of a channel, and descriptors among them
 *
 * A descriptor leaves with the first byte of its message's frame. The kernel keeps
 * the two together, so descriptors arrive in the order of their frames.
 */
#include "wire/channel_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "wire/frame.h"
#include "wire/pack.h"

/* One descriptor at a time; alignment makes room for a second. */
#define CONTROL_FDS ((CMSG_SPACE(sizeof(int)) - CMSG_LEN(0)) / sizeof(int))

union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
};

static int wanted_events(const struct channel *ch)
{
    int waiting = buf_len(&ch->out) > 0 ? UV_WRITABLE : 0;

    switch (ch->state) {
    case CH_OPENING:
        return channel_opening_wants(ch) | waiting;
    case CH_OPEN:
        if (ch->send_failed)
            return 0;
        return (ch->told_open && !ch->paused && !ch->eof ? UV_READABLE : 0) | waiting;
    case CH_DRAINING:
        return waiting;
    case CH_LINGERING:
        return UV_READABLE;
    case CH_CLOSED:
        return 0;
    }
    return 0;
}

void channel_rearm(struct channel *ch)
{
    int events = wanted_events(ch);

    if (!ch->poll || events == ch->events)
        return;
    ch->events = events;
    if (events)
        BUG_ON(uv_poll_start(ch->poll, events, channel_on_poll) < 0);
    else
        (void)uv_poll_stop(ch->poll);
}

/* ------------------------------------------------------------------ out */

static void drop_passing(struct channel *ch)
{
    closep(&ch->passing[0].fd);
    ch->n_passing--;
    memmove(ch->passing, ch->passing + 1, ch->n_passing * sizeof(*ch->passing));
}

static ssize_t send_with(int sock, const void *bytes, size_t len, int fd)
{
    struct iovec iov = {.iov_len = len};
    union control control = {0};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    struct cmsghdr *cmsg;

    if (fd < 0)
        return send(sock, bytes, len, MSG_NOSIGNAL);
    memcpy(&iov.iov_base, &bytes, sizeof(bytes));
    msg.msg_control = control.bytes;
    msg.msg_controllen = sizeof(control.bytes);
    cmsg = CMSG_FIRSTHDR(&msg);
    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
    return sendmsg(sock, &msg, MSG_NOSIGNAL);
}

/* One write, which ends where the next descriptor begins. */
static int send_some(struct channel *ch)
{
    size_t next = 0, len = buf_len(&ch->out);
    int fd = -1;
    ssize_t n;

    if (ch->n_passing > 0 && ch->passing[0].at == ch->sent) {
        fd = ch->passing[0].fd;
        next = 1;
    }
    if (next < ch->n_passing && ch->passing[next].at - ch->sent < len)
        len = (size_t)(ch->passing[next].at - ch->sent);
    do {
        n = send_with(ch->fd, buf_head(&ch->out), len, fd);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    if (fd >= 0)
        drop_passing(ch);
    ch->sent += (uint64_t)n;
    buf_taken(&ch->out, (size_t)n);
    return 0;
}

/* What the peer had sent before may still be there to read; the next kick reads
 * it and ends the channel. */
static void send_broke(struct channel *ch, int code)
{
    struct err err;

    (void)err_sys(&err, code, "%s: the connection is lost", ch->peer.address);
    if (ch->state != CH_OPEN) {
        channel_fail(ch, &err);
        return;
    }
    ch->send_failed = true;
    ch->why = err;
    channel_timer(ch, 0);
}

static void linger(struct channel *ch)
{
    if (ch->eof || shutdown(ch->fd, SHUT_WR) < 0) {
        channel_fail(ch, NULL);
        return;
    }
    ch->state = CH_LINGERING;
    channel_timer(ch, CHANNEL_LINGER_MS);
}

void channel_flush(struct channel *ch)
{
    while (buf_len(&ch->out) > 0 && ch->fd >= 0 && !ch->send_failed) {
        int rc = send_some(ch);

        if (rc == -EAGAIN)
            break;
        if (rc < 0)
            send_broke(ch, -rc);
    }
    buf_trim(&ch->out);
    if (ch->state == CH_DRAINING && (buf_len(&ch->out) == 0 || ch->send_failed))
        linger(ch);
}

static void tell_drained(struct channel *ch)
{
    void (*on_drain)(struct channel *, void *) = ch->on_drain;

    if (!on_drain || ch->state != CH_OPEN || buf_len(&ch->out) > WIRE_QUEUE_HIGH / 2)
        return;
    ch->on_drain = NULL;
    on_drain(ch, ch->ctx);
}

/* ------------------------------------------------------------------- in */

/* At most one came with what we send; a stranger may send more, up to what the
 * control buffer holds. */
static int keep_descriptors(struct channel *ch, const struct msghdr *msg)
{
    const struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
    int fds[CONTROL_FDS];
    size_t n;

    if (!cmsg || cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
        return 0;
    n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(fds, CMSG_DATA(cmsg), n * sizeof(int));
    if (n == 1 && ch->n_came < CHANNEL_FDS_MAX && !(msg->msg_flags & MSG_CTRUNC)) {
        ch->came[ch->n_came++] = fds[0];
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        closep(&fds[i]);
    return -EPROTO;
}

static ssize_t receive(struct channel *ch, void *bytes, size_t max)
{
    struct iovec iov = {.iov_base = bytes, .iov_len = max};
    union control control;
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t n;
    int rc;

    if (!ch->local) {
        n = recv(ch->fd, bytes, max, 0);
        return n < 0 ? -errno : n;
    }
    msg.msg_control = control.bytes;
    msg.msg_controllen = sizeof(control.bytes);
    n = recvmsg(ch->fd, &msg, MSG_CMSG_CLOEXEC);
    if (n < 0)
        return -errno;
    rc = keep_descriptors(ch, &msg);
    return rc < 0 ? rc : n;
}

int channel_read(struct channel *ch, size_t max)
{
    ssize_t n;

    do {
        n = receive(ch, buf_room(&ch->in, max), max);
    } while (n == -EINTR);
    if (n == -EAGAIN)
        return 0;
    if (n <= 0)
        return n < 0 ? (int)n : -ENODATA;
    buf_added(&ch->in, (size_t)n);
    return (int)n;
}

bool channel_carries_fd(const Berth__Envelope *env)
{
    return env->body_case == BERTH__ENVELOPE__BODY_ADOPT ||
           env->body_case == BERTH__ENVELOPE__BODY_POD_WIRE;
}

static int take_descriptor(struct channel *ch, const Berth__Envelope *env, int *ret_fd,
                           struct err *err)
{
    if (!channel_carries_fd(env))
        return 0;
    if (ch->n_came == 0)
        return err_set(err, EPROTO, "a message came without its descriptor");
    *ret_fd = ch->came[0];
    ch->n_came--;
    memmove(ch->came, ch->came + 1, ch->n_came * sizeof(ch->came[0]));
    return 0;
}

static int deliver_one(struct channel *ch, const uint8_t *frame, size_t len,
                       struct err *err)
{
    cleanup(free_messagep) Berth__Envelope *env = NULL;
    int fd = -1;
    int rc;

    rc = codec_get(&ch->codec, frame, len, &env, err);
    if (rc < 0 || !env)
        return rc;
    rc = take_descriptor(ch, env, &fd, err);
    if (rc == 0)
        ch->cb.on_message(ch, env, fd, ch->ctx);
    return rc;
}

/* The peer has ended, and all it sent is delivered. */
static void ended(struct channel *ch)
{
    struct err err;

    if (buf_len(&ch->in) == 0) {
        channel_fail(ch, NULL);
        return;
    }
    (void)err_set(&err, ECONNRESET,
                  "%s: the connection ended in the middle of a message",
                  ch->peer.address);
    channel_fail(ch, &err);
}

static bool may_deliver(const struct channel *ch)
{
    return ch->state == CH_OPEN && !ch->paused;
}

static void deliver(struct channel *ch)
{
    struct err err;
    int rc = 0;

    if (ch->delivering)
        return;
    ch->delivering = true;
    while (rc == 0 && may_deliver(ch)) {
        const uint8_t *frame;
        size_t len;

        rc = frame_next(&ch->in, WIRE_FRAME_MAX, &frame, &len, &err);
        if (rc == 0)
            break;
        if (rc > 0)
            rc = deliver_one(ch, frame, len, &err);
    }
    ch->delivering = false;
    if (rc < 0) {
        (void)err_wrap(&err, "%s", ch->peer.address);
        channel_fail(ch, &err);
    }
    buf_trim(&ch->in);
    if (ch->eof && may_deliver(ch))
        ended(ch);
}

/* Read once and deliver. Returns what channel_read does. */
static int take_in(struct channel *ch)
{
    int rc = channel_read(ch, frame_read_size(&ch->in));
    struct err err;

    if (rc > 0)
        deliver(ch);
    if (rc == -ENODATA) {
        ch->eof = true;
        deliver(ch);
    } else if (rc < 0) {
        (void)err_sys(&err, -rc, "%s: the connection is lost", ch->peer.address);
        channel_fail(ch, &err);
    }
    return rc;
}

static void discard(struct channel *ch)
{
    char bytes[4096];
    ssize_t n = recv(ch->fd, bytes, sizeof(bytes), 0);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        channel_fail(ch, NULL);
}

static void open_events(struct channel *ch, int events)
{
    if (events & UV_WRITABLE) {
        channel_flush(ch);
        tell_drained(ch);
    }
    if ((events & UV_READABLE) && may_deliver(ch) && !ch->eof)
        (void)take_in(ch);
}

void channel_on_events(struct channel *ch, int events)
{
    switch (ch->state) {
    case CH_OPENING:
        channel_opening_events(ch, events);
        break;
    case CH_OPEN:
        open_events(ch, events);
        break;
    case CH_DRAINING:
        channel_flush(ch);
        break;
    case CH_LINGERING:
        discard(ch);
        break;
    case CH_CLOSED:
        return;
    }
    channel_rearm(ch);
}

void channel_kick(struct channel *ch)
{
    if (!ch->told_open) {
        ch->told_open = true;
        if (ch->cb.on_open)
            ch->cb.on_open(ch, ch->ctx);
        channel_send_early(ch);
    }
    deliver(ch);
    tell_drained(ch);
    if (ch->send_failed && ch->state == CH_OPEN) {
        while (may_deliver(ch) && !ch->eof && take_in(ch) > 0)
            ;
        channel_fail(ch, NULL);
    }
    channel_rearm(ch);
}

void channel_io_fini(struct channel *ch)
{
    while (ch->n_passing > 0)
        drop_passing(ch);
    free(ch->passing);
    for (size_t i = 0; i < ch->n_came; i++)
        closep(&ch->came[i]);
    buf_fini(&ch->in);
    buf_fini(&ch->out);
    buf_fini(&ch->early);
    codec_fini(&ch->codec);
}
