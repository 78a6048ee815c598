/* SPDX-License-Identifier: Apache-2.0
 *
 * fit.h - the best cores and devices on one node, for tasks that it has room for
 *
 * Tasks that have cores of their own form groups of one; tasks that share cores
 * (tasks_per_core) one group for those that do. Cores come as a list: the first
 * 'c' are the first group's, and so on.
 */
#ifndef BERTH_PLACE_FIT_H
#define BERTH_PLACE_FIT_H

#include "place/hardware.h"

struct fit_demand {
    uint32_t kind, count; /* 'count' for each task, or for the share */
    bool by_task;
};

/* What is asked. */
struct fit_shape {
    uint32_t tasks, per_core;
    uint32_t cores;        /* of a group, as asked */
    uint32_t n_cores;      /* of the share; less than all groups' when they overlap */
    uint32_t per_package;  /* groups; 0: any number */
    uint32_t plane;        /* groups that come in a row, for PLACE_PLANE */
    uint32_t memory_nodes; /* NUMA nodes that the memory of the share fills */
    enum place_policy policy;
    enum place_order order; /* over packages */
    bool whole;             /* the share has all cores, whatever tasks use */
    uint32_t n_demands;
    const struct fit_demand *demands;
};

/* Where it is asked. */
struct fit_place {
    const struct hardware *hw;
    const struct bitset *free_cores;
    const struct bitset *free_devices; /* NULL: none */
    const struct place_weights *weights;
};

#define FIT_SHARED UINT32_MAX
struct fit_device {
    uint32_t device, task; /* FIT_SHARED: of the whole share */
};

struct fit {
    uint16_t *cores;
    uint32_t n_cores;
    struct fit_device *devices;
    uint32_t n_devices;
    struct place_parts parts; /* those of one node */
};

/* 0, or -EAGAIN: the node does not hold it after all (tasks per package). */
int fit_find(const struct fit_place *place, const struct fit_shape *shape,
             struct fit *ret);
void fit_fini(struct fit *fit);

/* Weighted parts of one node. */
double fit_cost(const struct place_parts *parts, const struct place_weights *weights);

static inline uint32_t fit_groups(const struct fit_shape *shape)
{
    uint32_t tasks = shape->tasks ? shape->tasks : 1;
    return (tasks + shape->per_core - 1) / shape->per_core;
}
/* Groups overlap when there are fewer cores than they want. */
static inline bool fit_overlaps(const struct fit_shape *shape)
{
    return (uint64_t)fit_groups(shape) * shape->cores > shape->n_cores;
}

#endif
