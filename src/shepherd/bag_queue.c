/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_queue.c - which command of a bag goes to which node, and what its end means
 *
 * Results come about in the order in which a node was given its commands, so that a
 * list for each node is searched from its start.
 */
#include "shepherd/bag_queue.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define AHEAD_MAX 4096         /* commands that a node has and cannot run yet */
#define LONG_USEC 500000       /* from here on none: the way is short beside it */
#define CREDIT_STEP (64 << 10) /* bytes that are worth a message */
#define LOOK_AHEAD 16          /* retries to look at for one that suits a node */

struct list {
    struct bag_command *first, *last;
    size_t n;
};

struct bag_node {
    uint32_t slots;
    bool is_ready, is_lost, is_asked;
    struct list in_hand;
};

struct bag_queue {
    struct bag_limits limits;
    struct bag_node *nodes;
    size_t n_nodes;
    uint64_t slots_alive;
    struct list again, fresh; /* what waits: retries, then what never ran */
    uint64_t next_index;      /* the lowest that may be added */
    uint64_t in_window, credit;
    uint64_t done, failed;
    uint64_t mean_usec; /* of an attempt, the last ones above all; 0: none yet */
    bool is_closed, is_stopped;
};

/* ------------------------------------------------------------------- lists */

static void append(struct list *list, struct bag_command *c)
{
    c->next = NULL;
    c->prev = list->last;
    if (list->last)
        list->last->next = c;
    else
        list->first = c;
    list->last = c;
    list->n++;
}

static void prepend(struct list *list, struct bag_command *c)
{
    c->prev = NULL;
    c->next = list->first;
    if (list->first)
        list->first->prev = c;
    else
        list->last = c;
    list->first = c;
    list->n++;
}

static void detach(struct list *list, struct bag_command *c)
{
    if (c->prev)
        c->prev->next = c->next;
    else
        list->first = c->next;
    if (c->next)
        c->next->prev = c->prev;
    else
        list->last = c->prev;
    list->n--;
}

static void clear(struct list *list)
{
    struct bag_command *c;

    while ((c = list->first)) {
        detach(list, c);
        free(c);
    }
}

/* -------------------------------------------------------------------- life */

struct bag_queue *bag_queue_create(const struct bag_limits *limits,
                                   const uint32_t *slots, size_t n_nodes)
{
    struct bag_queue *q = xcalloc(1, sizeof(*q));

    q->limits = *limits;
    q->n_nodes = n_nodes;
    q->nodes = xcalloc(n_nodes, sizeof(*q->nodes));
    for (size_t i = 0; i < n_nodes; i++) {
        q->nodes[i].slots = slots[i];
        q->slots_alive += slots[i];
    }
    return q;
}

void bag_queue_destroy(struct bag_queue *q)
{
    if (!q)
        return;
    for (size_t i = 0; i < q->n_nodes; i++)
        clear(&q->nodes[i].in_hand);
    clear(&q->again);
    clear(&q->fresh);
    free(q->nodes);
    free(q);
}

static uint64_t cost(const struct bag_command *c)
{
    return c->len + BAG_COMMAND_COST;
}

bool bag_queue_add(struct bag_queue *q, uint64_t index, const void *argv, size_t len)
{
    struct bag_command *c;
    const char *bytes = argv;

    if (q->is_closed || index < q->next_index || len == 0 || bytes[len - 1] ||
        q->in_window + len + BAG_COMMAND_COST > BAG_WINDOW)
        return false;
    c = xcalloc(1, sizeof(*c) + len);
    c->index = index;
    c->avoid = UINT32_MAX;
    c->len = len;
    memcpy(c->argv, argv, len);
    q->next_index = index + 1;
    q->in_window += cost(c);
    append(&q->fresh, c);
    return true;
}

void bag_queue_close(struct bag_queue *q)
{
    q->is_closed = true;
}

void bag_queue_stop(struct bag_queue *q)
{
    q->is_stopped = true;
}

bool bag_queue_is_stopped(const struct bag_queue *q)
{
    return q->is_stopped;
}

/* ------------------------------------------------------------- handing out */

/* Beyond its slots: what it runs while a message is on its way, and at the end of the
 * bag no more than half of its part of what waits. */
static size_t ahead(const struct bag_queue *q, const struct bag_node *node)
{
    uint64_t waiting = q->again.n + q->fresh.n;
    uint64_t n, part;

    if (!q->mean_usec || q->mean_usec >= LONG_USEC)
        return 0;
    n = (uint64_t)node->slots * BAG_AHEAD_USEC / q->mean_usec + 1;
    part = waiting * node->slots / (2 * q->slots_alive);
    n = n < part ? n : part;
    return n < AHEAD_MAX ? n : AHEAD_MAX;
}

/* A command that has failed goes to another node if it can. */
static struct bag_command *pick(struct bag_queue *q, uint32_t node)
{
    struct bag_command *c = q->again.first;

    if (c && q->slots_alive == q->nodes[node].slots)
        return c;
    for (int i = 0; i < LOOK_AHEAD && c; i++, c = c->next)
        if (c->avoid != node)
            return c;
    return q->fresh.first ? q->fresh.first : q->again.first;
}

bool bag_queue_ready(struct bag_queue *q, uint32_t node)
{
    if (q->nodes[node].is_ready || q->nodes[node].is_lost)
        return false;
    q->nodes[node].is_ready = true;
    return true;
}

bool bag_queue_is_ready(const struct bag_queue *q, uint32_t node)
{
    return q->nodes[node].is_ready;
}

const struct bag_command *bag_queue_next(struct bag_queue *q, uint32_t node)
{
    struct bag_node *to = &q->nodes[node];
    struct bag_command *c;

    if (q->is_stopped || to->is_lost || !to->is_ready || !(c = pick(q, node)) ||
        to->in_hand.n >= to->slots + ahead(q, to))
        return NULL;
    detach(c->is_taken ? &q->again : &q->fresh, c);
    if (!c->is_taken) {
        c->is_taken = true;
        q->in_window -= cost(c);
        q->credit += cost(c);
    }
    c->attempt++;
    append(&to->in_hand, c);
    return c;
}

uint64_t bag_queue_take_credit(struct bag_queue *q, bool all)
{
    uint64_t credit = q->credit;

    if (!all && credit < CREDIT_STEP && q->fresh.n)
        return 0;
    q->credit = 0;
    return credit;
}

/* -------------------------------------------------------------------- ends */

static struct bag_command *find(const struct bag_node *node, uint64_t index)
{
    struct bag_command *c = node->in_hand.first;

    while (c && c->index != index)
        c = c->next;
    return c;
}

static enum bag_verdict fail(struct bag_queue *q, struct bag_command *c)
{
    q->failed++;
    if (q->limits.max_failures && q->failed >= q->limits.max_failures)
        q->is_stopped = true;
    free(c);
    return BAG_FAILED;
}

static enum bag_verdict again(struct bag_queue *q, struct bag_command *c, uint32_t node)
{
    c->avoid = node;
    append(&q->again, c);
    return BAG_AGAIN;
}

static void note_usec(struct bag_queue *q, uint64_t usec)
{
    q->mean_usec = q->mean_usec ? (q->mean_usec * 15 + usec) / 16 : usec;
    if (q->mean_usec == 0)
        q->mean_usec = 1;
}

enum bag_verdict bag_queue_result(struct bag_queue *q, uint32_t node, uint64_t index,
                                  uint32_t attempt, bool ok, uint64_t usec)
{
    struct bag_command *c = node < q->n_nodes ? find(&q->nodes[node], index) : NULL;

    if (!c || c->attempt != attempt)
        return BAG_UNKNOWN;
    note_usec(q, usec);
    detach(&q->nodes[node].in_hand, c);
    if (ok) {
        q->done++;
        free(c);
        return BAG_DONE;
    }
    c->failures++;
    return c->failures <= q->limits.retry ? again(q, c, node) : fail(q, c);
}

void bag_queue_return(struct bag_queue *q, uint32_t node, uint64_t index)
{
    struct bag_command *c = node < q->n_nodes ? find(&q->nodes[node], index) : NULL;

    if (!c)
        return;
    detach(&q->nodes[node].in_hand, c);
    c->attempt--;
    prepend(&q->again, c);
}

size_t bag_queue_lose(struct bag_queue *q, uint32_t node, bag_on_lost *on_lost,
                      void *ctx)
{
    struct bag_node *lost = &q->nodes[node];
    struct bag_command *c;
    size_t n = 0;

    if (!lost->is_lost)
        q->slots_alive -= lost->slots;
    lost->is_lost = true;
    lost->is_ready = false;
    for (; (c = lost->in_hand.first); n++) {
        bool goes_on = ++c->losses <= BAG_LOSSES_MAX;

        detach(&lost->in_hand, c);
        on_lost(ctx, c, goes_on ? BAG_AGAIN : BAG_FAILED);
        (void)(goes_on ? again(q, c, node) : fail(q, c));
    }
    return n;
}

bool bag_queue_is_lost(const struct bag_queue *q, uint32_t node)
{
    return q->nodes[node].is_lost;
}

void bag_queue_regain(struct bag_queue *q, uint32_t node)
{
    if (q->nodes[node].is_lost)
        q->slots_alive += q->nodes[node].slots;
    q->nodes[node].is_lost = false;
    q->nodes[node].is_asked = false;
}

bool bag_queue_is_stranded(const struct bag_queue *q)
{
    return q->slots_alive == 0;
}

/* ------------------------------------------------------------------ recall */

static bool has_idle_slots(const struct bag_queue *q, uint32_t but)
{
    for (size_t i = 0; i < q->n_nodes; i++)
        if (i != but && q->nodes[i].is_ready &&
            q->nodes[i].in_hand.n < q->nodes[i].slots)
            return true;
    return false;
}

bool bag_queue_wants_back(struct bag_queue *q, uint32_t node)
{
    struct bag_node *from = &q->nodes[node];

    if (from->is_lost || from->is_asked || q->is_stopped || q->again.n || q->fresh.n ||
        from->in_hand.n <= from->slots || !has_idle_slots(q, node))
        return false;
    from->is_asked = true;
    return true;
}

void bag_queue_heard(struct bag_queue *q, uint32_t node)
{
    q->nodes[node].is_asked = false;
}

/* ------------------------------------------------------------------- state */

bool bag_queue_is_over(const struct bag_queue *q)
{
    for (size_t i = 0; i < q->n_nodes; i++)
        if (q->nodes[i].in_hand.n)
            return false;
    return q->is_stopped || (q->is_closed && !q->again.n && !q->fresh.n);
}

uint64_t bag_queue_done(const struct bag_queue *q)
{
    return q->done;
}

uint64_t bag_queue_failed(const struct bag_queue *q)
{
    return q->failed;
}

size_t bag_queue_waiting(const struct bag_queue *q)
{
    return q->again.n + q->fresh.n;
}
