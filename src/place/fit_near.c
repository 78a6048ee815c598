/* SPDX-License-Identifier: Apache-2.0
 *
 * fit_near.c - a choice on one node that begins with the devices
 */
#include "place/fit_near.h"

#include <stdlib.h>

#include "base/mem.h"
#include "place/fit_parts.h"

struct near {
    const struct fit_place *place;
    const struct hardware *hw;
    const struct fit_demand *demand;
    uint32_t *left; /* free cores of each cell */
    bool *taken;    /* devices */
};

static bool is_open(const struct near *near, uint32_t d)
{
    return !near->taken[d] && bitset_test(near->place->free_devices, d) &&
           hardware_is_kind(near->hw, d, near->demand->kind);
}

static uint32_t cores_beside(const struct near *near, uint32_t d)
{
    uint32_t n = 0;
    for (uint32_t cell = 0; cell < near->hw->n_cells; cell++)
        n += hardware_steps(near->hw, d, cell) == 0 ? near->left[cell] : 0;
    return n;
}

/* The cell beside 'd' that 'n' cores fit best, else the one with the most. */
static uint32_t best_cell(const struct near *near, uint32_t d, uint32_t n)
{
    uint32_t best = UINT32_MAX;
    for (uint32_t cell = 0; cell < near->hw->n_cells; cell++) {
        uint32_t left = near->left[cell];
        if (left == 0 || hardware_steps(near->hw, d, cell) > 0)
            continue;
        uint32_t had = best == UINT32_MAX ? 0 : near->left[best];
        bool better = left >= n ? had < n || left < had : left > had;
        if (best == UINT32_MAX || better)
            best = cell;
    }
    return best;
}

/* The group's other devices are those nearest to where it lies. */
static void take_devices(struct near *near, uint32_t cell, uint32_t n)
{
    for (uint32_t steps = 0; steps <= 2; steps++)
        for (uint32_t d = 0; d < near->hw->topo->n_devices && n > 0; d++)
            if (is_open(near, d) && hardware_steps(near->hw, d, cell) == steps) {
                near->taken[d] = true;
                n--;
            }
}

static bool place_group(struct near *near, uint32_t cores, uint32_t devices,
                        uint16_t *counts)
{
    uint32_t d = 0, cell = 0;
    while (d < near->hw->topo->n_devices &&
           (!is_open(near, d) || cores_beside(near, d) < cores))
        d++;
    if (d == near->hw->topo->n_devices)
        return false;
    near->taken[d] = true;
    while (cores > 0) {
        cell = best_cell(near, d, cores);
        uint32_t n = near->left[cell] < cores ? near->left[cell] : cores;
        counts[cell] = (uint16_t)(counts[cell] + n);
        near->left[cell] -= n;
        cores -= n;
    }
    take_devices(near, cell, devices - 1);
    return true;
}

static const struct fit_demand *first_by_task(const struct fit_shape *shape)
{
    for (uint32_t i = 0; i < shape->n_demands; i++)
        if (shape->demands[i].by_task && shape->demands[i].count > 0)
            return &shape->demands[i];
    return NULL;
}

bool fit_near_devices(const struct fit_place *place, const struct fit_shape *shape,
                      uint16_t *ret_counts)
{
    const struct hardware *hw = place->hw;
    struct near near = {.place = place, .hw = hw, .demand = first_by_task(shape)};
    if (!near.demand || !place->free_devices || shape->tasks == 0)
        return false;
    cleanup(freep) uint32_t *left = xcalloc(hw->n_cells + 1, sizeof(*left));
    cleanup(freep) bool *taken = xcalloc(hw->topo->n_devices + 1, sizeof(*taken));
    near.left = left;
    near.taken = taken;
    for (size_t i = bitset_next(place->free_cores, 0); i < place->free_cores->nbits;
         i = bitset_next(place->free_cores, i + 1))
        left[hw->cell_of[i]]++;
    for (uint32_t g = 0; g < fit_groups(shape); g++)
        if (!place_group(&near, shape->cores,
                         near.demand->count * fit_group_tasks(shape, g),
                         &ret_counts[g * hw->n_cells]))
            return false;
    return true;
}
