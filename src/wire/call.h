/* SPDX-License-Identifier: Apache-2.0
 *
 * call.h - the same protocol for programs that may block: one connection, one
 * thread, no loop
 */
#ifndef BERTH_WIRE_CALL_H
#define BERTH_WIRE_CALL_H

#include <stdint.h>

#include "base/err.h"
#include "wire/auth.h"
#include "wire/messages.pb-c.h"

struct caller;

/* Open a connection and run the opening. Errors tell apart: -ECONNREFUSED and
 * -EHOSTUNREACH (nobody there), -ENOENT/-EACCES (no munged), -EPERM (refused),
 * -ETIMEDOUT, -EPROTO. */
int caller_connect(const struct wire_auth *auth, const char *host, uint16_t port,
                   const char *target, uid_t allow_uid, struct caller **ret_caller,
                   struct err *err);
/* The same on an AF_UNIX socket path: no MUNGE. */
int caller_connect_local(const char *path, struct caller **ret_caller, struct err *err);
void caller_destroy(struct caller *caller);
void caller_destroyp(struct caller **caller);

/* Send one envelope / receive the next, waiting at most 'timeout_ms' (< 0: for
 * ever; -EAGAIN past it). A received envelope is freed with free_message. */
int caller_send(struct caller *caller, const Berth__Envelope *env, struct err *err);
int caller_recv(struct caller *caller, int timeout_ms, Berth__Envelope **ret_env,
                struct err *err);

/* The same for many at once: put envelopes behind each other, then take what comes
 * back while they leave. caller_queued: bytes that still wait to leave.
 * caller_exchange waits for an envelope as long as it takes. */
int caller_put(struct caller *caller, const Berth__Envelope *env, struct err *err);
size_t caller_queued(const struct caller *caller);
int caller_exchange(struct caller *caller, Berth__Envelope **ret_env, struct err *err);

/* Request and its reply. A reply whose status is not success becomes an error
 * with that code and those words. */
int caller_call(struct caller *caller, Berth__Envelope *request,
                Berth__Envelope **ret_reply, struct err *err);

/* For poll(2). Bytes may already be buffered: caller_recv with timeout 0 until
 * it says -EAGAIN before polling. */
int caller_fd(const struct caller *caller);
const struct peer *caller_peer(const struct caller *caller);

#endif
