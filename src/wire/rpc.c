/* SPDX-License-Identifier: Apache-2.0
 *
 * rpc.c - requests that wait for their reply on a channel
 */
#include "wire/rpc.h"

#include "base/mem.h"

#include <stdlib.h>
#include <uthash.h>

struct call {
    uint64_t id;
    rpc_reply_fn *fn;
    void *ctx;
    UT_hash_handle hh;
};

struct rpc {
    struct call *calls;
};

struct rpc *rpc_create(void)
{
    return xcalloc(1, sizeof(struct rpc));
}

void rpc_destroy(struct rpc *rpc)
{
    struct call *call, *next;

    if (!rpc)
        return;
    HASH_ITER(hh, rpc->calls, call, next)
    {
        HASH_DEL(rpc->calls, call);
        free(call);
    }
    free(rpc);
}

static void remember(struct rpc *rpc, struct channel *ch, Berth__Envelope *request,
                     rpc_reply_fn *fn, void *ctx)
{
    struct call *call = xcalloc(1, sizeof(*call));

    call->id = request->id = channel_next_id(ch);
    call->fn = fn;
    call->ctx = ctx;
    HASH_ADD(hh, rpc->calls, id, sizeof(call->id), call);
}

void rpc_call(struct rpc *rpc, struct channel *ch, Berth__Envelope *request,
              rpc_reply_fn *fn, void *ctx)
{
    remember(rpc, ch, request, fn, ctx);
    channel_send(ch, request);
}

void rpc_call_fd(struct rpc *rpc, struct channel *ch, Berth__Envelope *request, int fd,
                 rpc_reply_fn *fn, void *ctx)
{
    remember(rpc, ch, request, fn, ctx);
    channel_send_fd(ch, request, fd);
}

void rpc_dispatch(struct rpc *rpc, const Berth__Envelope *reply)
{
    struct call *call;
    struct err err;

    HASH_FIND(hh, rpc->calls, &reply->id, sizeof(reply->id), call);
    if (!call)
        return;
    HASH_DEL(rpc->calls, call);
    if (reply->status && reply->status->code) {
        (void)err_set(&err, reply->status->code, "%s", reply->status->text);
        call->fn(NULL, &err, call->ctx);
    } else {
        call->fn(reply, NULL, call->ctx);
    }
    free(call);
}

void rpc_fail_all(struct rpc *rpc, const struct err *why)
{
    struct call *call, *next;
    struct call *calls = rpc->calls;

    /* Callbacks may make new calls: walk a table of our own. */
    rpc->calls = NULL;
    HASH_ITER(hh, calls, call, next)
    {
        HASH_DEL(calls, call);
        call->fn(NULL, why, call->ctx);
        free(call);
    }
}
