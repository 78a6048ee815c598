/* SPDX-License-Identifier: Apache-2.0
 *
 * internal.h - what struct sched is made of, for the files of this folder
 */
#ifndef BERTH_SCHED_INTERNAL_H
#define BERTH_SCHED_INTERNAL_H

#include "sched/pool.h"
#include "sched/queue.h"

struct partition {
    char *name;
    struct bitset *nodes;
    int64_t time_max;
    bool up;
};

struct sched {
    struct sched_options options;
    struct switch_tree *tree;
    char **names; /* strv, by node index */
    struct pool *pool;
    struct partition *partitions;
    size_t n_partitions;
    struct queue queue;
};

/* Age and size, weighted, minus nice. */
int64_t priority_of(const struct sched *sched, const struct sched_job *job,
                    int64_t now);
/* Put the waiting jobs in the order that holds at 'now'. */
void priority_sort(struct sched *sched, int64_t now);

#endif
