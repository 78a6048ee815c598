/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_queue.h - which command of a bag goes to which node, and what its end means
 *
 *                    +---------------- again: failed with attempts left, lost, returned
 *                    v                                               |
 *     added --> waiting --> handed to a node --> its attempt ended --+--> done or
 * failed
 *
 * Pure: the lead keeps one for each bag that runs. It holds what its client sent ahead
 * and what nodes have in hand, never the whole bag.
 */
#ifndef BERTH_SHEPHERD_BAG_QUEUE_H
#define BERTH_SHEPHERD_BAG_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/bag_window.h"

/* A command whose node ended goes elsewhere, so many times at most: it might be what
 * ends them. */
#define BAG_LOSSES_MAX 3

struct bag_limits {
    uint32_t retry;        /* further attempts of what failed */
    uint64_t max_failures; /* nothing is begun after so many; 0: no bound */
};

/* A command that waits, or that a node has in hand. */
struct bag_command {
    uint64_t index;
    uint32_t attempt;          /* the present or last one, from 1; 0: none yet */
    uint32_t failures, losses; /* how earlier ones ended */
    uint32_t avoid;            /* the node of the last one; UINT32_MAX: none */
    bool is_taken;             /* its bytes were counted as handed out */
    struct bag_command *prev, *next;
    size_t len; /* of argv: each argument ends with a NUL */
    char argv[];
};

enum bag_verdict {
    BAG_UNKNOWN, /* no such attempt is in hand there */
    BAG_DONE,    /* it succeeded */
    BAG_AGAIN,   /* it waits for another attempt */
    BAG_FAILED,  /* for good */
};

struct bag_queue;

/* Nodes 0 .. n_nodes - 1 run slots[i] commands at a time, once they are ready. */
struct bag_queue *bag_queue_create(const struct bag_limits *limits,
                                   const uint32_t *slots, size_t n_nodes);
void bag_queue_destroy(struct bag_queue *q);

/* A command from the client. False when it breaks the window, or what was said
 * before: that indexes ascend, or that no command follows. */
bool bag_queue_add(struct bag_queue *q, uint64_t index, const void *argv, size_t len);
/* No command follows / nothing more is begun. */
void bag_queue_close(struct bag_queue *q);
void bag_queue_stop(struct bag_queue *q);
bool bag_queue_is_stopped(const struct bag_queue *q);

/* A node may be handed commands from now on. False when it was ready or is lost. */
bool bag_queue_ready(struct bag_queue *q, uint32_t node);
bool bag_queue_is_ready(const struct bag_queue *q, uint32_t node);
/* The next command for a node, which has it in hand from now on; NULL when none waits,
 * or when the node has enough: as many as it has slots, and of short commands what it
 * runs in BAG_AHEAD_USEC, but never so much that others go short. */
#define BAG_AHEAD_USEC 50000
const struct bag_command *bag_queue_next(struct bag_queue *q, uint32_t node);

/* An attempt has ended: 'ok' or not, after 'usec'. */
enum bag_verdict bag_queue_result(struct bag_queue *q, uint32_t node, uint64_t index,
                                  uint32_t attempt, bool ok, uint64_t usec);
/* A node gives back a command that it had not begun: it waits again. */
void bag_queue_return(struct bag_queue *q, uint32_t node, uint64_t index);

/* A node has ended. For each command that it had in hand 'on_lost' is told what
 * becomes of it. Returns how many there were. A second call finds none. */
typedef void bag_on_lost(void *ctx, const struct bag_command *command,
                         enum bag_verdict verdict);
size_t bag_queue_lose(struct bag_queue *q, uint32_t node, bag_on_lost *on_lost,
                      void *ctx);
bool bag_queue_is_lost(const struct bag_queue *q, uint32_t node);
/* A node that was lost is about to come again. */
void bag_queue_regain(struct bag_queue *q, uint32_t node);
/* Nobody is left to run what waits. */
bool bag_queue_is_stranded(const struct bag_queue *q);

/* Slots are idle elsewhere while this node has commands that it has not begun: they
 * should be asked back. True once, until bag_queue_heard. */
bool bag_queue_wants_back(struct bag_queue *q, uint32_t node);
void bag_queue_heard(struct bag_queue *q, uint32_t node);

/* Bytes of the window that have become free since the last call. When little has and
 * more waits, 0 unless 'all'. */
uint64_t bag_queue_take_credit(struct bag_queue *q, bool all);

/* All that will be run has ended. */
bool bag_queue_is_over(const struct bag_queue *q);
/* Commands that ended well, and that will not be tried again. */
uint64_t bag_queue_done(const struct bag_queue *q);
uint64_t bag_queue_failed(const struct bag_queue *q);
size_t bag_queue_waiting(const struct bag_queue *q);

#endif
