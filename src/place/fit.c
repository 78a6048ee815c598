/* SPDX-License-Identifier: Apache-2.0
 *
 * fit.c - the best cores and devices on one node
 *
 * A few quick choices are measured. When the best of them costs more than what
 * no choice can avoid, fit_search looks for a better one, in so many steps as it
 * is allowed.
 */
#include "place/fit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "place/cores.h"
#include "place/devices.h"
#include "place/fit_near.h"
#include "place/fit_parts.h"
#include "place/fit_search.h"

void fit_fini(struct fit *fit)
{
    free(fit->cores);
    free(fit->devices);
}

/* The cells that each task's cores, and the share's, lie in; then the least steps
 * from any of them. */
static struct device_steps measure_steps(const struct fit_place *place,
                                         const struct fit_shape *shape,
                                         const struct fit *fit)
{
    const struct hardware *hw = place->hw;
    struct device_steps steps = {.n_devices = hw->topo->n_devices,
                                 .n_tasks = shape->tasks};
    uint32_t own = shape->cores < fit->n_cores ? shape->cores : fit->n_cores;
    size_t size = ((size_t)steps.n_tasks + 1) * steps.n_devices;
    steps.of = xmalloc(size + 1);
    memset(steps.of, UINT8_MAX, size);
    uint8_t *all = device_steps_of(&steps, FIT_SHARED);
    for (uint32_t task = 0; task < shape->tasks; task++) {
        uint8_t *to = device_steps_of(&steps, task);
        uint64_t start = (uint64_t)(task / shape->per_core) * own;
        for (uint32_t i = 0; i < own; i++) {
            uint32_t cell = hw->cell_of[fit->cores[(start + i) % fit->n_cores]];
            for (uint32_t d = 0; d < steps.n_devices; d++)
                if (hardware_steps(hw, d, cell) < to[d])
                    to[d] = (uint8_t)hardware_steps(hw, d, cell);
        }
    }
    for (uint32_t i = 0; i < fit->n_cores; i++)
        for (uint32_t d = 0; d < steps.n_devices; d++) {
            uint32_t n = hardware_steps(hw, d, hw->cell_of[fit->cores[i]]);
            all[d] = shape->whole ? 0 : n < all[d] ? (uint8_t)n : all[d];
        }
    return steps;
}

/* Devices for the cores that have been chosen, and the parts of it all. */
static int complete(const struct fit_place *place, const struct fit_shape *shape,
                    struct fit *fit)
{
    uint32_t n = devices_wanted(shape);
    free(fit->devices);
    fit->devices = NULL;
    fit->n_devices = 0;
    if (n > 0) {
        struct device_steps steps = measure_steps(place, shape, fit);
        fit->devices = xcalloc(n, sizeof(*fit->devices));
        fit->n_devices = n;
        uint32_t sum = devices_choose(place, shape, &steps, fit->devices);
        free(steps.of);
        if (sum == UINT32_MAX)
            return -EAGAIN;
    }
    fit_measure(place, shape, fit);
    return 0;
}

/* The better of both stays in 'best'. */
static void keep_better(const struct place_weights *weights, struct fit *best,
                        struct fit *other)
{
    if (fit_cost(&other->parts, weights) < fit_cost(&best->parts, weights)) {
        struct fit worse = *best;
        *best = *other;
        *other = worse;
    }
    fit_fini(other);
}

static struct fit empty_fit(const struct fit_shape *shape)
{
    return (struct fit){.n_cores = shape->n_cores,
                        .cores = xcalloc(shape->n_cores + 1, sizeof(uint16_t))};
}

/* Far apart, for a share whose memory fills more NUMA nodes than its cores. */
static void try_spread(const struct fit_place *place, const struct fit_shape *shape,
                       struct fit *best)
{
    struct fit other = empty_fit(shape);
    struct fit_shape spread = *shape;
    spread.policy = PLACE_SPREAD;
    if (cores_take(place, &spread, other.cores) == 0 &&
        complete(place, shape, &other) == 0)
        keep_better(place->weights, best, &other);
    else
        fit_fini(&other);
}

static void try_counts(const struct fit_place *place, const struct fit_shape *shape,
                       const uint16_t *counts, struct fit *best)
{
    struct fit other = empty_fit(shape);
    cores_take_counts(place, shape, counts, other.cores);
    if (complete(place, shape, &other) == 0)
        keep_better(place->weights, best, &other);
    else
        fit_fini(&other);
}

static uint16_t *make_counts(const struct fit_place *place,
                             const struct fit_shape *shape)
{
    return xcalloc((size_t)fit_groups(shape) * place->hw->n_cells, sizeof(uint16_t));
}

static void try_near(const struct fit_place *place, const struct fit_shape *shape,
                     struct fit *best)
{
    cleanup(freep) uint16_t *counts = make_counts(place, shape);
    if (fit_near_devices(place, shape, counts))
        try_counts(place, shape, counts, best);
}

static void try_search(const struct fit_place *place, const struct fit_shape *shape,
                       struct fit *best)
{
    cleanup(freep) uint16_t *counts = make_counts(place, shape);
    if (fit_search(place, shape, fit_cost(&best->parts, place->weights), counts))
        try_counts(place, shape, counts, best);
}

/* Does it matter where the cores lie, and is there a choice? */
static bool may_be_better(const struct fit_place *place, const struct fit_shape *shape,
                          const struct fit *fit)
{
    if (shape->policy == PLACE_SPREAD || shape->order != PLACE_AS_IS ||
        shape->per_package > 0 || fit_overlaps(shape))
        return false;
    return fit_cost(&fit->parts, place->weights) > 0 &&
           fit_cost(&fit->parts, place->weights) > fit_least_cost(place, shape) + 1e-9;
}

int fit_find(const struct fit_place *place, const struct fit_shape *shape,
             struct fit *ret)
{
    struct fit best = empty_fit(shape);
    int rc = cores_take(place, shape, best.cores);
    if (rc == 0)
        rc = complete(place, shape, &best);
    if (rc < 0) {
        fit_fini(&best);
        return rc;
    }
    if (best.parts.memory > 0 && may_be_better(place, shape, &best))
        try_spread(place, shape, &best);
    if (best.parts.devices > 0 && may_be_better(place, shape, &best))
        try_near(place, shape, &best);
    if (may_be_better(place, shape, &best))
        try_search(place, shape, &best);
    *ret = best;
    return 0;
}
