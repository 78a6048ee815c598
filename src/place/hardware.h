/* SPDX-License-Identifier: Apache-2.0
 *
 * hardware.h - one make of node, prepared for choosing on it
 *
 * Cores that lie in the same package, NUMA node and L3, and are near to the same
 * devices, are one cell: a choice among them costs the same whichever it takes.
 */
#ifndef BERTH_PLACE_HARDWARE_H
#define BERTH_PLACE_HARDWARE_H

#include "place/cluster.h"

#define NO_KIND UINT16_MAX

struct cell {
    uint16_t package, numa, l3;
};

/* Nodes with the same topology, or flat with as many cores. */
struct hardware {
    const struct node_topo *topo; /* NULL: flat, and then nothing below is */
    uint32_t n_cores;
    uint32_t n_nodes;            /* that are of this make now */
    uint16_t (*device_kinds)[2]; /* by device: its name's kind, and with its type */
    uint32_t n_kinds;            /* different ones among them, */
    uint16_t *kinds;             /* these, */
    uint16_t *totals;            /* so many of each */
    struct cell *cells;
    uint32_t n_cells;
    uint16_t *cell_of; /* by core */
    uint8_t *steps;    /* [device * n_cells + cell]: see struct place_weights */
    uint32_t largest_package, largest_numa, largest_l3; /* cores */
    /* Usable nodes with n cores free, for n from 0 to n_cores; NULL: none yet. */
    struct bitset **bucket;
    uint32_t *bucket_size;
    struct bitset *in_use; /* buckets that are not empty */
};

/* 'cluster' numbers the kinds. */
void hardware_init(struct hardware *hw, struct place_cluster *cluster,
                   const struct node_topo *topo, uint32_t n_cores);
void hardware_fini(struct hardware *hw);
struct hardware hardware_dup(const struct hardware *from);

/* A usable node has 'n' cores free now, or no longer. */
void hardware_enter(struct hardware *hw, size_t n_nodes, uint32_t node, uint32_t n);
void hardware_leave(struct hardware *hw, uint32_t node, uint32_t n);

/* Counts[k] of hw->kinds[k] == kind; 0 when there is none. */
static inline uint32_t hardware_count(const struct hardware *hw, const uint16_t *counts,
                                      uint32_t kind)
{
    for (uint32_t k = 0; counts && k < hw->n_kinds; k++)
        if (hw->kinds[k] == kind)
            return counts[k];
    return 0;
}
static inline bool hardware_is_kind(const struct hardware *hw, uint32_t device,
                                    uint32_t kind)
{
    return hw->device_kinds[device][0] == kind || hw->device_kinds[device][1] == kind;
}
static inline uint32_t hardware_steps(const struct hardware *hw, uint32_t device,
                                      uint32_t cell)
{
    return hw->steps[(size_t)device * hw->n_cells + cell];
}

#endif
