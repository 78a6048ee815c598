/* SPDX-License-Identifier: Apache-2.0
 *
 * peers.c - kept connections to the berthd of other nodes
 *
 * Launch trees use the same few neighbours again and again, so a connection is
 * opened once and kept. One that breaks fails its open calls, with EHOSTDOWN when
 * nobody was there; the next call opens a new one.
 */
#include "node/node.h"

#include "base/log.h"
#include "base/mem.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>
#include <utlist.h>

/* A call that waits for its connection to open. */
struct early_call {
    Berth__Envelope *request;
    rpc_reply_fn *fn;
    void *ctx;
    struct early_call *next;
};

struct peer_link {
    char key[300]; /* "address:port" */
    struct node *node;
    struct channel *ch;
    struct rpc *rpc;
    struct early_call *early; /* in the order they were made */
    UT_hash_handle hh;
};

/* The opening has ended: send what waited for it, or fail it with 'why'. */
static void settle_early(struct peer_link *peer, const struct err *why)
{
    struct early_call *call, *next;

    LL_FOREACH_SAFE(peer->early, call, next)
    {
        LL_DELETE(peer->early, call);
        if (why)
            call->fn(NULL, why, call->ctx);
        else
            rpc_call(peer->rpc, peer->ch, call->request, call->fn, call->ctx);
        free_message(call->request);
        free(call);
    }
}

static void on_peer_open(struct channel *ch, void *ctx)
{
    (void)ch;
    settle_early(ctx, NULL);
}

static void on_peer_message(struct channel *ch, const Berth__Envelope *env, int adopted,
                            void *ctx)
{
    struct peer_link *peer = ctx;

    (void)adopted;
    if (env->reply)
        rpc_dispatch(peer->rpc, env);
    else
        channel_reply_status(ch, env, ENOSYS, "not a request for this side");
}

/* The daemon there is away, or has just gone: whoever asked may ask again, and tells
 * that by this code from what a daemon itself refuses. */
static void mark_absence(struct err *err)
{
    switch (err->code) {
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
        err->code = EHOSTDOWN;
    }
}

static void on_peer_close(struct channel *ch, const struct err *why, void *ctx)
{
    struct peer_link *peer = ctx;
    struct rpc *rpc = peer->rpc;
    struct err err = *why;

    (void)ch;
    if (!err.code)
        (void)err_set(&err, EPIPE, "the connection ended");
    mark_absence(&err);
    (void)err_wrap(&err, "node at %s", peer->key);
    HASH_DEL(peer->node->peers, peer);
    if (!peer->node->stopping) {
        rpc_fail_all(rpc, &err);
        settle_early(peer, &err);
    }
    rpc_destroy(rpc);
    free(peer);
}

static const struct channel_callbacks peer_callbacks = {
    .on_open = on_peer_open,
    .on_message = on_peer_message,
    .on_close = on_peer_close,
};

static struct peer_link *peer_open(struct node *node, const char *key,
                                   const char *address, uint16_t port, struct err *err)
{
    struct peer_link *peer = xcalloc(1, sizeof(*peer));

    (void)snprintf(peer->key, sizeof(peer->key), "%s", key);
    peer->node = node;
    peer->ch = channel_connect(node->loop, &node->auth, address, port, "", geteuid(),
                               &peer_callbacks, peer, err);
    if (!peer->ch) {
        free(peer);
        return NULL;
    }
    peer->rpc = rpc_create();
    HASH_ADD_STR(node->peers, key, peer);
    return peer;
}

void peer_call(struct node *node, const char *address, uint16_t port,
               Berth__Envelope *request, rpc_reply_fn *fn, void *ctx)
{
    struct peer_link *peer;
    struct early_call *call;
    char key[300];
    struct err err;

    (void)snprintf(key, sizeof(key), "%s:%u", address, port);
    HASH_FIND_STR(node->peers, key, peer);
    if (!peer)
        peer = peer_open(node, key, address, port, &err);
    if (!peer) {
        fn(NULL, &err, ctx);
        return;
    }
    if (channel_is_open(peer->ch)) {
        rpc_call(peer->rpc, peer->ch, request, fn, ctx);
        return;
    }
    call = xcalloc(1, sizeof(*call));
    call->request = copy_message(&request->base);
    call->fn = fn;
    call->ctx = ctx;
    LL_APPEND(peer->early, call);
}
