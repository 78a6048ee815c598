/* SPDX-License-Identifier: Apache-2.0
 *
 * channel_priv.h - what the files of a channel share
 *
 *     OPENING --> OPEN --> DRAINING --> LINGERING --> CLOSED
 *        |          |          |            ^            ^
 *        +----------+----------+------------+------------+
 *
 * DRAINING sends what is queued. LINGERING has said it sends no more and waits
 * briefly for the peer to end too, since closing on unread input would reset the
 * connection and take our last words with it. CLOSED waits for libuv to let go.
 */
#ifndef BERTH_WIRE_CHANNEL_PRIV_H
#define BERTH_WIRE_CHANNEL_PRIV_H

#include "wire/buf.h"
#include "wire/channel.h"
#include "wire/codec.h"

/* Descriptors that came on a local socket before the messages that they belong to. */
#define CHANNEL_FDS_MAX 16
/* How long the last queued bytes may take, and then the peer's own end. */
#define CHANNEL_DRAIN_MS 10000
#define CHANNEL_LINGER_MS 500

enum channel_state { CH_OPENING, CH_OPEN, CH_DRAINING, CH_LINGERING, CH_CLOSED };

/* A descriptor that leaves with the byte at 'at' of all that is sent. */
struct passing {
    uint64_t at;
    int fd;
};

struct channel_opening;

struct channel {
    uv_loop_t *loop;
    struct channel_callbacks cb;
    void *ctx;
    enum channel_state state;
    struct err why;
    bool silent; /* passed along: no on_close */

    int fd;
    bool local;
    uv_poll_t *poll; /* frees itself when libuv lets go of it */
    int events;      /* what 'poll' waits for now */
    uv_timer_t timer;
    unsigned int pending; /* handles and requests that still point here */

    struct buf in, out;
    struct buf early;        /* frames in clear that wait for the opening */
    uint64_t sent;           /* bytes taken from 'out', ever */
    struct passing *passing; /* in order of 'at' */
    size_t n_passing;
    int came[CHANNEL_FDS_MAX]; /* in order */
    size_t n_came;

    struct codec codec;
    struct peer peer;
    struct channel_opening *opening; /* until it is open */
    uint64_t last_id;
    bool told_open, paused, delivering, held;
    bool eof, send_failed;
    void (*on_drain)(struct channel *, void *);
};

/* channel.c: the life of a channel */
struct channel *channel_create(uv_loop_t *loop, const struct channel_callbacks *cb,
                               void *ctx);
void channel_watch(struct channel *ch, int fd); /* start polling; owns 'fd' */
void channel_unwatch(struct channel *ch);       /* 'fd' stays the channel's */
void channel_on_poll(uv_poll_t *poll, int status, int events);
void channel_timer(struct channel *ch, unsigned int ms);
/* Enter OPEN: the timer is stopped and on_open called. */
void channel_opened(struct channel *ch);
/* It is open: send what waited for that. */
void channel_send_early(struct channel *ch);
/* One of the things counted in 'pending' is over. */
void channel_unpend(struct channel *ch);
/* End now / after the queue has left. 'why' is copied; NULL is orderly. */
void channel_fail(struct channel *ch, const struct err *why);
void channel_drain(struct channel *ch, const struct err *why);

/* channel_io.c: bytes in and out */
bool channel_carries_fd(const Berth__Envelope *env);
void channel_rearm(struct channel *ch); /* wait for what the state needs */
void channel_flush(struct channel *ch);
/* Read once, at most 'max' bytes: > 0, 0 for none now, or -Exxx (-ENODATA: the
 * end). */
int channel_read(struct channel *ch, size_t max);
void channel_on_events(struct channel *ch, int events);
/* After a change from outside: deliver what is buffered, tell of a drain. */
void channel_kick(struct channel *ch);
void channel_io_fini(struct channel *ch);

/* channel_local.c: the plain descriptor of the connection that waits at
 * 'listener', TCP or local; the caller owns it. Or -Exxx. */
int channel_accept_fd(uv_stream_t *listener, struct err *err);

/* channel_open.c: the opening, see channel_opening.h */
void channel_opening_events(struct channel *ch, int events);
void channel_opening_cancel(struct channel *ch); /* what runs is let go */
void channel_opening_free(struct channel *ch);
int channel_opening_wants(const struct channel *ch);
void channel_opening_late(struct channel *ch);

#endif
