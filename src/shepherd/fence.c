/* SPDX-License-Identifier: Apache-2.0
 *
 * fence.c - gather what nodes contribute to a fence, along the step's tree
 */
#include "shepherd/fence.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "shepherd/tree.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* One fence under way. */
struct fence {
    uint8_t id[FENCE_ID_BYTES];
    uint32_t *nodes;
    size_t n_nodes;    /* 0: all */
    uint32_t gathered; /* contributions of nodes */
    bool is_entered;   /* by the tasks here */
    struct strbuf data;
    UT_hash_handle hh;
};

/* How often the local tasks have entered fences of one set. */
struct counter {
    uint8_t set[FENCE_SET_BYTES];
    uint32_t next;
    UT_hash_handle hh;
};

struct fences {
    uint32_t index, n_nodes, fanout;
    uint32_t subtree; /* nodes in ours, ourselves included */
    bool *lost;       /* by index; NULL: none is */
    struct fence_actions actions;
    struct fence *open;
    struct counter *counters;
};

struct fences *fences_create(uint32_t index, uint32_t n_nodes, uint32_t fanout,
                             const struct fence_actions *actions)
{
    struct fences *fences = xcalloc(1, sizeof(*fences));

    fences->index = index;
    fences->n_nodes = n_nodes;
    fences->fanout = fanout;
    fences->subtree = tree_subtree_size(index, n_nodes, fanout);
    fences->actions = *actions;
    return fences;
}

static void fence_free(struct fences *fences, struct fence *fence)
{
    HASH_DEL(fences->open, fence);
    strbuf_fini(&fence->data);
    free(fence->nodes);
    free(fence);
}

void fences_destroy(struct fences *fences)
{
    struct fence *fence, *next;
    struct counter *counter, *after;

    if (!fences)
        return;
    HASH_ITER(hh, fences->open, fence, next)
    fence_free(fences, fence);
    HASH_ITER(hh, fences->counters, counter, after)
    {
        HASH_DEL(fences->counters, counter);
        free(counter);
    }
    free(fences->lost);
    free(fences);
}

static struct fence *fence_get(struct fences *fences, const uint8_t *id,
                               const uint32_t *nodes, size_t n_nodes)
{
    struct fence *fence;

    HASH_FIND(hh, fences->open, id, FENCE_ID_BYTES, fence);
    if (fence)
        return fence;
    fence = xcalloc(1, sizeof(*fence));
    memcpy(fence->id, id, FENCE_ID_BYTES);
    fence->nodes = n_nodes ? xmemdup(nodes, n_nodes * sizeof(*nodes)) : NULL;
    fence->n_nodes = n_nodes;
    HASH_ADD(hh, fences->open, id, FENCE_ID_BYTES, fence);
    return fence;
}

/* Whether one of these (0 of them: of all) is gone. */
static bool needs_lost(const struct fences *fences, const uint32_t *nodes, size_t n)
{
    for (size_t i = 0; i < n && fences->lost; i++)
        if (nodes[i] < fences->n_nodes && fences->lost[nodes[i]])
            return true;
    return n == 0 && fences->lost;
}

static void fill(const struct fence *fence, Berth__Fence *msg)
{
    berth__fence__init(msg);
    msg->id.data = (uint8_t *)(uintptr_t)fence->id;
    msg->id.len = FENCE_ID_BYTES;
    msg->nodes = fence->nodes;
    msg->n_nodes = fence->n_nodes;
    msg->contributions = fence->gathered;
    msg->data.data = (uint8_t *)fence->data.s;
    msg->data.len = fence->data.len;
}

static bool takes_part(const struct fences *fences, const Berth__Fence *msg)
{
    for (size_t i = 0; i < msg->n_nodes; i++)
        if (msg->nodes[i] == fences->index)
            return true;
    return msg->n_nodes == 0;
}

/* The result, at the root or from above: on to the children, and in. */
static void finish(struct fences *fences, const Berth__Fence *msg)
{
    struct fence *fence;

    fences->actions.down(fences->actions.ctx, msg);
    if (takes_part(fences, msg))
        fences->actions.deliver(fences->actions.ctx, msg->id.data, msg->status,
                                msg->data.data, msg->data.len);
    HASH_FIND(hh, fences->open, msg->id.data, FENCE_ID_BYTES, fence);
    if (fence)
        fence_free(fences, fence);
}

/* Send on what is due: the root waits for all, an inner node of a full fence
 * for its subtree, and pieces of a partial fence do not wait. */
static void advance(struct fences *fences, struct fence *fence)
{
    bool is_root = fences->index == 0;
    uint32_t need = fence->n_nodes ? (uint32_t)fence->n_nodes : fences->n_nodes;
    Berth__Fence msg;

    if (!is_root)
        need = fence->n_nodes ? 1 : fences->subtree;
    if (fence->gathered < need)
        return;
    fill(fence, &msg);
    if (is_root) {
        finish(fences, &msg);
        return;
    }
    msg.up = true;
    fences->actions.up(fences->actions.ctx, &msg);
    fence->gathered = 0;
    strbuf_cut(&fence->data, 0);
}

static uint32_t count_entry(struct fences *fences, const uint8_t *set)
{
    struct counter *counter;

    HASH_FIND(hh, fences->counters, set, FENCE_SET_BYTES, counter);
    if (!counter) {
        counter = xcalloc(1, sizeof(*counter));
        memcpy(counter->set, set, FENCE_SET_BYTES);
        HASH_ADD(hh, fences->counters, set, FENCE_SET_BYTES, counter);
    }
    return counter->next++;
}

void fences_enter(struct fences *fences, const uint8_t set[FENCE_SET_BYTES],
                  const uint32_t *nodes, size_t n_nodes, const void *data, size_t len)
{
    uint8_t id[FENCE_ID_BYTES];
    uint32_t count = count_entry(fences, set);
    struct fence *fence;

    if (needs_lost(fences, nodes, n_nodes)) {
        fences->actions.deliver(fences->actions.ctx, set, ECONNRESET, NULL, 0);
        return;
    }
    memcpy(id, set, FENCE_SET_BYTES);
    for (int i = 0; i < 4; i++)
        id[FENCE_SET_BYTES + i] = (uint8_t)(count >> (24 - 8 * i));
    fence = fence_get(fences, id, nodes, n_nodes);
    strbuf_add(&fence->data, data, len);
    fence->is_entered = true;
    fence->gathered++;
    advance(fences, fence);
}

void fences_receive(struct fences *fences, const Berth__Fence *msg)
{
    struct fence *fence;

    if (msg->id.len != FENCE_ID_BYTES)
        return;
    if (!msg->up) {
        finish(fences, msg);
        return;
    }
    /* Sent before its node knew. */
    if (needs_lost(fences, msg->nodes, msg->n_nodes))
        return;
    fence = fence_get(fences, msg->id.data, msg->nodes, msg->n_nodes);
    strbuf_add(&fence->data, msg->data.data, msg->data.len);
    fence->gathered += msg->contributions;
    advance(fences, fence);
}

/* ------------------------------------------------------------------- losses */

static void lose_nodes(struct fences *fences, uint32_t index)
{
    if (!fences->lost)
        fences->lost = xcalloc(fences->n_nodes, sizeof(*fences->lost));
    for (uint32_t i = index; i < fences->n_nodes; i++)
        if (i == index || tree_child_towards(index, i, fences->fanout) != UINT32_MAX)
            fences->lost[i] = true;
}

void fences_lose(struct fences *fences, uint32_t index)
{
    struct fence *fence, *next;

    if (index >= fences->n_nodes)
        return;
    lose_nodes(fences, index);
    HASH_ITER(hh, fences->open, fence, next)
    {
        if (!needs_lost(fences, fence->nodes, fence->n_nodes))
            continue;
        if (fence->is_entered)
            fences->actions.deliver(fences->actions.ctx, fence->id, ECONNRESET, NULL,
                                    0);
        fence_free(fences, fence);
    }
}

bool fences_has_lost(const struct fences *fences, uint32_t index)
{
    return fences->lost && index < fences->n_nodes && fences->lost[index];
}
