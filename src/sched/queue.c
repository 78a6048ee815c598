/* SPDX-License-Identifier: Apache-2.0
 *
 * queue.c - the jobs that the scheduler knows, and those that wait, in order
 *
 * Waiting jobs stand in an array that is sorted when a pass asks for it, not at
 * every change: a burst of submissions costs one sort. Who leaves puts a hole in
 * the array, which the next sort closes: leaving costs the same however long the
 * queue is.
 */
#include "sched/queue.h"

#include <stdlib.h>

#include "base/mem.h"

static void job_destroy(struct sched_job *job)
{
    bitset_destroy(job->required);
    bitset_destroy(job->excluded);
    place_result_destroy(job->where);
    free(job->words);
    free(job);
}

void queue_fini(struct queue *queue)
{
    struct sched_job *job, *next;
    HASH_ITER(hh, queue->by_id, job, next)
    {
        HASH_DEL(queue->by_id, job);
        job_destroy(job);
    }
    free(queue->waiting);
}

struct sched_job *queue_find(const struct queue *queue, uint32_t id)
{
    struct sched_job *job;
    HASH_FIND(hh, queue->by_id, &id, sizeof(id), job);
    return job;
}

static void append_waiting(struct queue *queue, struct sched_job *job)
{
    if (queue->n_waiting == queue->cap) {
        queue->cap = queue->cap ? 2 * queue->cap : 64;
        queue->waiting =
            xrealloc(queue->waiting, queue->cap, sizeof(struct sched_job *));
    }
    job->slot = queue->n_waiting;
    queue->waiting[queue->n_waiting++] = job;
    queue->sorted = false;
}

/* The order of the others stays, so that a pass may go on. */
static void drop_waiting(struct queue *queue, struct sched_job *job)
{
    queue->waiting[job->slot] = NULL;
    queue->n_holes++;
}

static void close_holes(struct queue *queue)
{
    size_t n = 0;
    for (size_t i = 0; i < queue->n_waiting; i++)
        if (queue->waiting[i])
            queue->waiting[n++] = queue->waiting[i];
    queue->n_waiting = n;
    queue->n_holes = 0;
}

static struct bitset *dup_set(const struct bitset *set)
{
    return set ? bitset_dup(set) : NULL;
}

struct sched_job *queue_add(struct queue *queue, const struct sched_request *req,
                            uint32_t partition, struct place_result *where)
{
    struct sched_job *job = xcalloc(1, sizeof(*job));
    job->req = *req;
    job->req.partition = NULL;
    job->required = dup_set(req->place.required);
    job->excluded = dup_set(req->place.excluded);
    job->req.place.required = job->required;
    job->req.place.excluded = job->excluded;
    job->partition = partition;
    job->where = where;
    job->reason = where ? SCHED_NONE : SCHED_PRIORITY;
    HASH_ADD(hh, queue->by_id, req.job, sizeof(job->req.job), job);
    if (!where)
        append_waiting(queue, job);
    return job;
}

void queue_remove(struct queue *queue, struct sched_job *job)
{
    if (!job->where)
        drop_waiting(queue, job);
    HASH_DEL(queue->by_id, job);
    job_destroy(job);
}

void queue_start(struct queue *queue, struct sched_job *job, struct place_result *where)
{
    drop_waiting(queue, job);
    job->where = where;
    job->reason = SCHED_NONE;
    str_replace(&job->words, NULL);
}

static int compare_jobs(const void *pa, const void *pb)
{
    const struct sched_job *a = *(struct sched_job *const *)pa;
    const struct sched_job *b = *(struct sched_job *const *)pb;
    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    return (a->req.job > b->req.job) - (a->req.job < b->req.job);
}

void queue_sort(struct queue *queue)
{
    close_holes(queue);
    if (queue->n_waiting > 0)
        qsort(queue->waiting, queue->n_waiting, sizeof(struct sched_job *),
              compare_jobs);
    for (size_t i = 0; i < queue->n_waiting; i++)
        queue->waiting[i]->slot = i;
    queue->sorted = true;
}

void queue_check_invariants(const struct queue *queue)
{
    size_t waiting = 0;
    for (struct sched_job *job = queue->by_id; job; job = job->hh.next) {
        waiting += !job->where;
        BUG_ON(!job->where &&
               (job->slot >= queue->n_waiting || queue->waiting[job->slot] != job));
    }
    BUG_ON(waiting != queue->n_waiting - queue->n_holes);
}
