/* SPDX-License-Identifier: Apache-2.0
 *
 * fence.h - gather what nodes contribute to a fence, along the step's tree
 *
 * Pure: it is fed local contributions and messages from tree neighbours, and
 * answers with what to send where. A fence of all nodes is summed up at each
 * inner node; one of some nodes goes to the root piece by piece. The result
 * comes down to everybody, and only participants deliver it.
 *
 *     child, child, own --> [inner node sums up] --> parent ... root
 *     root: all there   --> result --> children --> ... --> local delivery
 *
 * Fences of the same participants are told apart by a counter, as fast nodes
 * may enter the next one before slow ones have left the last.
 */
#ifndef BERTH_SHEPHERD_FENCE_H
#define BERTH_SHEPHERD_FENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/messages.pb-c.h"

#define FENCE_SET_BYTES 16 /* names the participants */
#define FENCE_ID_BYTES 20  /* and a counter */

struct fences;

struct fence_actions {
    void *ctx;
    /* Towards the root. */
    void (*up)(void *ctx, const Berth__Fence *fence);
    /* To all children. */
    void (*down)(void *ctx, const Berth__Fence *fence);
    /* To the local tasks. */
    void (*deliver)(void *ctx, const uint8_t set[FENCE_SET_BYTES], int status,
                    const void *data, size_t len);
};

/* For the shepherd at 'index' of 'n_nodes' in a tree of 'fanout'. */
struct fences *fences_create(uint32_t index, uint32_t n_nodes, uint32_t fanout,
                             const struct fence_actions *actions);
void fences_destroy(struct fences *fences);

/* The local tasks have entered. n_nodes 0: all nodes take part. */
void fences_enter(struct fences *fences, const uint8_t set[FENCE_SET_BYTES],
                  const uint32_t *nodes, size_t n_nodes, const void *data, size_t len);

/* A message from a child (up) or from the parent (down). */
void fences_receive(struct fences *fences, const Berth__Fence *msg);

/* Node 'index', and with it all below, is gone, and the step goes on without. Every
 * node that is left is told, after all results that were on the way: fences that need
 * one of those nodes are over for its tasks with ECONNRESET, now and from now on. */
void fences_lose(struct fences *fences, uint32_t index);
bool fences_has_lost(const struct fences *fences, uint32_t index);

#endif
