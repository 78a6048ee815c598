/* SPDX-License-Identifier: Apache-2.0
 *
 * priority.c - who comes first
 */
#include <math.h>

#include "sched/internal.h"

static double clamp(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

/* A job ages from when it may run: 1 after age_max seconds. */
static double age_of(const struct sched *sched, const struct sched_job *job,
                     int64_t now)
{
    int64_t since = job->req.eligible_time > job->req.submit_time
                        ? job->req.eligible_time
                        : job->req.submit_time;
    if (sched->options.age_max <= 0)
        return now >= since ? 1 : 0;
    return clamp((double)(now - since) / (double)sched->options.age_max);
}

/* The part of the cluster that it asks for, in nodes or in cores: whichever is
 * more. */
static double size_of(const struct sched *sched, const struct sched_job *job)
{
    const struct place_request *p = &job->req.place;
    double nodes = p->nodes_min ? p->nodes_min : 1;
    double per_node = p->tasks_per_node ? p->tasks_per_node : 1;
    double tasks = p->tasks ? p->tasks : nodes * per_node;
    double cores = tasks * (p->cpus_per_task ? p->cpus_per_task : 1);
    double all_nodes = (double)pool_n_nodes(sched->pool);
    double all_cores = (double)pool_cores(sched->pool);
    double by_nodes = all_nodes > 0 ? nodes / all_nodes : 0;
    double by_cores = all_cores > 0 ? cores / all_cores : 0;
    return clamp(by_nodes > by_cores ? by_nodes : by_cores);
}

int64_t priority_of(const struct sched *sched, const struct sched_job *job, int64_t now)
{
    return llround(sched->options.weight_age * age_of(sched, job, now) +
                   sched->options.weight_size * size_of(sched, job)) -
           job->req.nice;
}

void priority_sort(struct sched *sched, int64_t now)
{
    struct queue *queue = &sched->queue;
    if (queue->sorted && queue->sorted_at == now)
        return;
    for (size_t i = 0; i < queue->n_waiting; i++)
        if (queue->waiting[i])
            queue->waiting[i]->priority = priority_of(sched, queue->waiting[i], now);
    queue_sort(queue);
    queue->sorted_at = now;
}
