/* SPDX-License-Identifier: Apache-2.0
 *
 * channel.h - a private, authenticated stream of envelopes on a libuv loop
 *
 * A channel is made in one of four ways: by calling out (channel_connect), by
 * accepting (channel_accept), by taking over a connection that another process
 * accepted (channel_adopt), or on a local socket where the kernel vouches for
 * the peer (channel_local). The first three run the opening of
 * doc/design/02-wire.md: MUNGE both ways, X25519, secretstream.
 *
 * Frames are bounded by WIRE_FRAME_MAX before they are read. A peer that breaks
 * the protocol is cut off, and on_close gets the words. Callbacks run on the
 * loop's thread. Nothing here logs.
 */
#ifndef BERTH_WIRE_CHANNEL_H
#define BERTH_WIRE_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "base/err.h"
#include "wire/auth.h"
#include "wire/messages.pb-c.h"

/* Bytes waiting to leave on one channel before channel_is_congested. */
#define WIRE_QUEUE_HIGH (4u << 20)
/* With this many waiting the peer is cut off: it does not read. */
#define WIRE_QUEUE_MAX (4u * WIRE_FRAME_MAX)
/* With more than so many waiting for the opening it is given up. */
#define WIRE_EARLY_MAX (2u * WIRE_QUEUE_HIGH)

struct channel;

struct channel_callbacks {
    /* The opening succeeded; the channel may be used. Optional. */
    void (*on_open)(struct channel *ch, void *ctx);
    /* One envelope; borrowed for the call. 'adopted' is a descriptor passed
     * along on a local socket (only with an Adopt or PodWire body), else -1; the
     * callee owns it. */
    void (*on_message)(struct channel *ch, const Berth__Envelope *env, int adopted,
                       void *ctx);
    /* The end, once, for whatever reason: also a refused opening. Words are ""
     * for an orderly end. The channel is freed after the call; never call
     * channel_close from it. */
    void (*on_close)(struct channel *ch, const struct err *why, void *ctx);
};

/* Call out to host:port (numeric or a name). 'target' as in Hello.target.
 * 'allow_uid' refuses a peer that is neither root nor this uid; (uid_t)-1
 * admits anyone. Failure before the call goes out returns NULL and words;
 * later failures come as on_close. */
struct channel *channel_connect(uv_loop_t *loop, const struct wire_auth *auth,
                                const char *host, uint16_t port, const char *target,
                                uid_t allow_uid, const struct channel_callbacks *cb,
                                void *ctx, struct err *err);

/* Accept a waiting connection from 'listener' and run the opening.
 *
 * 'route', when not NULL, sees the Hello's target before anything is answered:
 * it returns true when the daemon itself is meant. On false 'pass' is called,
 * which owns the connection 'fd' and copies the packed Hello it wants to pass
 * along; the channel is gone without on_close. An opening that fails, before
 * or after, comes as on_close with words that begin with the peer's address.
 */
struct channel_router {
    bool (*route)(const char *target, void *ctx);
    void (*pass)(const char *target, int fd, const void *hello, size_t len, void *ctx);
    void *ctx;
};
int channel_accept(uv_stream_t *listener, const struct wire_auth *auth,
                   const struct channel_router *router,
                   const struct channel_callbacks *cb, void *ctx, struct err *err);

/* Continue an opening whose Hello another process has read. Owns 'fd'. */
struct channel *channel_adopt(uv_loop_t *loop, const struct wire_auth *auth, int fd,
                              const void *hello, size_t len,
                              const struct channel_callbacks *cb, void *ctx,
                              struct err *err);

/* A connected AF_UNIX stream socket: no MUNGE, no encryption, descriptors may
 * travel. The peer comes from SO_PEERCRED. Open at once; on_open comes from the
 * loop all the same. Owns 'fd'. */
struct channel *channel_local(uv_loop_t *loop, int fd,
                              const struct channel_callbacks *cb, void *ctx,
                              struct err *err);

/* The same by the path of a listening socket, and by a connection that waits at
 * 'listener' (a uv_pipe_t). */
struct channel *channel_connect_local(uv_loop_t *loop, const char *path,
                                      const struct channel_callbacks *cb, void *ctx,
                                      struct err *err);
struct channel *channel_accept_local(uv_stream_t *listener,
                                     const struct channel_callbacks *cb, void *ctx,
                                     struct err *err);

/* Queue an envelope; it is packed at once, so the caller keeps what it built.
 * What is sent before the channel is open waits, up to WIRE_EARLY_MAX bytes, and
 * leaves right after what on_open sends. After the channel has failed, or is being
 * closed, this does nothing. */
void channel_send(struct channel *ch, const Berth__Envelope *env);
/* The same, but when it is larger than a frame may be: -EMSGSIZE, nothing is sent, and
 * the channel stays as it was. */
int channel_offer(struct channel *ch, const Berth__Envelope *env, struct err *err);

/* While it is held, what is sent waits (up to WIRE_QUEUE_HIGH bytes), to leave in one
 * piece when it is let go: for those who send much at once. */
void channel_hold(struct channel *ch, bool held);

/* Local channels: the same, with a descriptor. Only an Adopt and a PodWire carry one.
 * Owns 'fd'. */
void channel_send_fd(struct channel *ch, const Berth__Envelope *env, int fd);
/* Local channels: pass connection 'fd' along with the packed Hello. Owns 'fd'. */
void channel_send_adopt(struct channel *ch, int fd, const void *hello, size_t len);

/* Reply to 'env' with success or with err's code and words. */
void channel_reply_status(struct channel *ch, const Berth__Envelope *env, int code,
                          const char *text);

/* A fresh request id, never 0. */
uint64_t channel_next_id(struct channel *ch);

/* True when more than WIRE_QUEUE_HIGH bytes wait to leave; on_drain (may be
 * NULL) is called once when they have gone below half of it. */
bool channel_is_congested(const struct channel *ch);
void channel_on_drain(struct channel *ch, void (*on_drain)(struct channel *, void *));

/* Stop and resume reading from the peer (back pressure). */
void channel_pause(struct channel *ch, bool paused);

/* Who is there: uid and gid from on_open on, the address always. */
const struct peer *channel_peer(const struct channel *ch);
bool channel_is_open(const struct channel *ch);
/* What callbacks get from now on. */
void channel_set_ctx(struct channel *ch, void *ctx);
/* Others take the channel over, also from inside on_message: their callbacks get all
 * that comes from now on, the end too. */
void channel_hand_over(struct channel *ch, const struct channel_callbacks *cb,
                       void *ctx);

/* Send what is queued, then close; on_close follows, later, from the loop. An opening
 * is given up, with what waits for it.
 * channel_abort does not wait for the queue. Repeats change nothing. */
void channel_close(struct channel *ch);
void channel_abort(struct channel *ch, const char *why);

#endif
