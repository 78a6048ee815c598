/* SPDX-License-Identifier: Apache-2.0
 *
 * timeline.h - what will be free of one node (or of one licence), and when
 *
 *   free |      ________________________
 *        |     |           |____
 *        |_____|                |_______ ...
 *        +-----+-----+-----+----+-------> time
 *       head                    tail: for ever
 *
 * A step function: each step holds from its time to the next one's, the last for
 * ever. Running jobs take until their expected end, promises from their start to
 * their end. Neighbouring steps differ.
 */
#ifndef BERTH_SCHED_TIMELINE_H
#define BERTH_SCHED_TIMELINE_H

#include <stddef.h>

#include "base/units.h"
#include "sched/amount.h"

#define TIME_NEVER INT64_MAX

struct timeline_step {
    int64_t time;
    struct amount free;
};

struct timeline {
    struct timeline_step *steps;
    uint32_t head, n, cap; /* steps[head .. head + n) count */
};

/* 'free' for ever. */
void timeline_init(struct timeline *line, const struct amount *free);
void timeline_fini(struct timeline *line);

/* Nobody asks any more for what was before 'now'. */
void timeline_trim(struct timeline *line, int64_t now);

/* Take 'what' away in [from, to), or give it back; an empty interval is nothing. */
void timeline_take(struct timeline *line, int64_t from, int64_t to,
                   const struct amount *what);
void timeline_give(struct timeline *line, int64_t from, int64_t to,
                   const struct amount *what);
/* Add to all of time: the node has more (or, with a negative amount, less). */
void timeline_shift(struct timeline *line, const struct amount *by);

/* What is free throughout [from, to): the least of each. */
struct amount timeline_least(const struct timeline *line, int64_t from, int64_t to);
/* The first time in [from, before) from which on 'need' is free for 'length'
 * seconds (TIME_NEVER: for ever); TIME_NEVER when there is none. */
int64_t timeline_earliest(const struct timeline *line, int64_t from, int64_t before,
                          int64_t length, const struct amount *need);

/* A time limit as a length: TIME_NEVER for TIME_UNLIMITED. */
static inline int64_t limit_length(int64_t time_limit)
{
    return time_limit == TIME_UNLIMITED ? TIME_NEVER : time_limit;
}

/* from + length, where either may be TIME_NEVER. */
static inline int64_t time_after(int64_t from, int64_t length)
{
    return length >= TIME_NEVER - from ? TIME_NEVER : from + length;
}

void timeline_check_invariants(const struct timeline *line);

#endif
