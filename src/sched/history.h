/* SPDX-License-Identifier: Apache-2.0
 *
 * history.h - how long jobs really ran, to guess how long the next one will
 *
 * A guess orders the queue. It is never used for what is promised.
 */
#ifndef BERTH_SCHED_HISTORY_H
#define BERTH_SCHED_HISTORY_H

#include <stdint.h>

struct history;

/* Nobody in particular: only what all users' jobs did counts. */
#define HISTORY_NOBODY UINT32_MAX

/* The mean that a job of this kind is drawn to, from the general to the special:
 * all jobs with about this limit, the user's jobs, those with this limit, those
 * with this limit and width. Each level is a fading mean, mixed with the one
 * before it as if that were one job more (three, for the first). */
struct history *history_create(void);
void history_destroy(struct history *history);

/* A job of 'uid' that asked for 'limit' seconds and 'cores' ran for 'seconds'. */
void history_learn(struct history *history, uint32_t uid, int64_t limit, uint64_t cores,
                   int64_t seconds);
/* Seconds, in [1, limit]. 'limit' is not TIME_UNLIMITED. */
double history_guess(const struct history *history, uint32_t uid, int64_t limit,
                     uint64_t cores);

#endif
