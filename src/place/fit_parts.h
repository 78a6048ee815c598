/* SPDX-License-Identifier: Apache-2.0
 *
 * fit_parts.h - what a choice on one node costs
 */
#ifndef BERTH_PLACE_FIT_PARTS_H
#define BERTH_PLACE_FIT_PARTS_H

#include "place/fit.h"

/* How many domains are needed at the least: for the share, and for a group. */
struct fit_needs {
    uint32_t package, numa, l3;
};
struct fit_needs fit_needs_of(const struct hardware *hw, uint32_t n_cores);
/* NUMA nodes that so much memory fills. */
uint32_t fit_memory_nodes(const struct hardware *hw, uint64_t memory);
struct fit_needs fit_share_needs(const struct hardware *hw,
                                 const struct fit_shape *shape);

/* Is the share's own spread over domains a cost? */
static inline bool fit_share_counts(const struct fit_shape *shape)
{
    return shape->policy == PLACE_COMPACT;
}
/* Tasks of group 'g'. */
static inline uint32_t fit_group_tasks(const struct fit_shape *shape, uint32_t g)
{
    uint32_t first = g * shape->per_core;
    uint32_t left = shape->tasks > first ? shape->tasks - first : 0;
    return left < shape->per_core ? left : shape->per_core;
}

/* Fill fit->parts from the lists of cores and devices. */
void fit_measure(const struct fit_place *place, const struct fit_shape *shape,
                 struct fit *fit);

#endif
