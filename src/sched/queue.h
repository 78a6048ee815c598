/* SPDX-License-Identifier: Apache-2.0
 *
 * queue.h - the jobs that the scheduler knows, and those that wait, in order
 */
#ifndef BERTH_SCHED_QUEUE_H
#define BERTH_SCHED_QUEUE_H

#include <uthash.h>

#include "sched/sched.h"

struct sched_job {
    struct sched_request req;           /* .partition is not kept */
    struct bitset *required, *excluded; /* what req.place points to */
    uint32_t partition;                 /* index */
    struct place_result *where;         /* NULL: pending */
    int64_t priority;                   /* as of the last sort */
    enum sched_reason reason;
    char *words;     /* to 'reason'; may be NULL */
    uint32_t behind; /* which job it waits behind, for SCHED_PRIORITY */
    size_t slot;     /* in queue.waiting, while pending */
    UT_hash_handle hh;
};

struct queue {
    struct sched_job *by_id;
    struct sched_job **waiting; /* NULL: a hole */
    size_t n_waiting, cap;      /* holes count */
    size_t n_holes;
    bool sorted; /* nothing came in since the last sort */
    int64_t sorted_at;
};

void queue_fini(struct queue *queue);

/* NULL when there is no such job. */
struct sched_job *queue_find(const struct queue *queue, uint32_t id);
/* Copy the request. The job waits when 'where' is NULL; otherwise the queue
 * takes 'where' over. */
struct sched_job *queue_add(struct queue *queue, const struct sched_request *req,
                            uint32_t partition, struct place_result *where);
void queue_remove(struct queue *queue, struct sched_job *job);

/* A waiting job runs: the queue takes 'where' over. */
void queue_start(struct queue *queue, struct sched_job *job,
                 struct place_result *where);

/* Higher priority first, then the lower id. The priorities have been set. */
void queue_sort(struct queue *queue);

void queue_check_invariants(const struct queue *queue);

#endif
