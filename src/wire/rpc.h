/* SPDX-License-Identifier: Apache-2.0
 *
 * rpc.h - requests that wait for their reply on a channel
 *
 * One table for each channel, owned by whoever owns the channel. Every call
 * is answered exactly once: by its reply, or by rpc_fail_all when the channel
 * has ended.
 */
#ifndef BERTH_WIRE_RPC_H
#define BERTH_WIRE_RPC_H

#include "base/err.h"
#include "wire/channel.h"

struct rpc;

/* 'reply' is NULL when the call failed; 'err' then says why (a peer's refusal
 * too). On success 'err' is NULL. Both are borrowed for the call. */
typedef void rpc_reply_fn(const Berth__Envelope *reply, const struct err *err,
                          void *ctx);

/* No calls yet. */
struct rpc *rpc_create(void);
/* Forget all calls without answering them. NULL is fine. */
void rpc_destroy(struct rpc *rpc);

/* Send 'request' with a fresh id (written into it) and remember it. */
void rpc_call(struct rpc *rpc, struct channel *ch, Berth__Envelope *request,
              rpc_reply_fn *fn, void *ctx);

/* The same with a descriptor beside it, on a local channel. Owns 'fd'. */
void rpc_call_fd(struct rpc *rpc, struct channel *ch, Berth__Envelope *request, int fd,
                 rpc_reply_fn *fn, void *ctx);

/* Hand a received reply over. Replies nobody waits for are dropped. */
void rpc_dispatch(struct rpc *rpc, const Berth__Envelope *reply);

/* Answer every open call with 'why'. */
void rpc_fail_all(struct rpc *rpc, const struct err *why);

#endif
