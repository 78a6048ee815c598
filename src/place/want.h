/* SPDX-License-Identifier: Apache-2.0
 *
 * want.h - a placement request with its defaults filled in
 */
#ifndef BERTH_PLACE_WANT_H
#define BERTH_PLACE_WANT_H

#include "place/internal.h"

struct place_want {
    const struct place_request *req;
    uint32_t nodes_min, nodes_max; /* 1 <= min; max may be below min */
    uint32_t tasks;                /* 0: per_node on each */
    uint32_t per_node;             /* a node that holds fewer tasks is of no use */
    uint32_t per_node_max;
    uint32_t cores;    /* of a task */
    uint32_t per_core; /* tasks that share them */
};

/* 'req' is borrowed as long as the result is used. */
struct place_want place_want_of(const struct place_request *req);

/* Tasks that so many cores and so much memory of one node hold. */
uint32_t place_want_capacity(const struct place_want *want, uint32_t cores,
                             uint64_t memory);
/* Do cores alone decide what a node holds? */
bool place_want_is_plain(const struct place_want *want);
/* Memory with which a node holds as many tasks as its cores do. */
uint64_t place_want_memory(const struct place_want *want, uint32_t tasks,
                           uint32_t cores);
/* Do cores and memory alone decide? */
bool place_want_has_devices(const struct place_want *want);
/* The same, by a demand for devices of which the node has so many. */
uint32_t place_want_by_gres(const struct place_want *want,
                            const struct place_gres *gres, uint32_t n, uint64_t memory);
/* Both, for a node of the cluster as it is, or as it is when empty. */
uint32_t place_want_on_node(const struct place_want *want,
                            const struct place_cluster *cluster, uint32_t node,
                            bool empty);

/* Cores that 'tasks' tasks get where 'cores' are free: at least one core, and
 * one task's cores when there is no task. */
uint32_t place_want_cores(const struct place_want *want, uint32_t tasks,
                          uint32_t cores);

/* Total tasks on 'nodes' nodes. */
uint64_t place_want_tasks(const struct place_want *want, uint32_t nodes);

/* The request allows it, and does not exclude it. */
bool place_want_may_use(const struct place_want *want, uint32_t node);

#endif
