/* SPDX-License-Identifier: Apache-2.0
 *
 * fit_parts.c - what a choice on one node costs
 */
#include "place/fit_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

double fit_cost(const struct place_parts *parts, const struct place_weights *w)
{
    return w->packages * parts->packages + w->numa * parts->numa + w->l3 * parts->l3 +
           w->devices * parts->devices + w->memory * parts->memory;
}

static uint32_t ceil_div(uint32_t a, uint32_t b)
{
    return b ? (a + b - 1) / b : 0;
}

struct fit_needs fit_needs_of(const struct hardware *hw, uint32_t n)
{
    return (struct fit_needs){.package = ceil_div(n, hw->largest_package),
                              .numa = ceil_div(n, hw->largest_numa),
                              .l3 = ceil_div(n, hw->largest_l3)};
}

uint32_t fit_memory_nodes(const struct hardware *hw, uint64_t memory)
{
    uint64_t each = hw->topo->memory / hw->topo->n_numa;
    uint64_t n = each ? (memory + each - 1) / each : 0;
    return n < hw->topo->n_numa ? (uint32_t)n : hw->topo->n_numa;
}

/* Which domain a device lies in: its NUMA node, or its package. */
static uint16_t domain_of_device(const struct topo_device *device, bool of_package)
{
    return of_package ? device->package : device->numa;
}

/* The fewest domains that 'n' devices of a kind lie in, whether free or not; one
 * that lies in no domain of its own needs none. */
static uint32_t device_domains(const struct hardware *hw, uint32_t kind, uint32_t n,
                               bool of_package)
{
    const struct node_topo *topo = hw->topo;
    uint32_t used = 0;
    cleanup(freep) uint32_t *sizes = xcalloc(topo->n_cores, sizeof(*sizes));
    for (uint32_t d = 0; d < topo->n_devices; d++) {
        uint16_t domain = domain_of_device(&topo->devices[d], of_package);
        if (!hardware_is_kind(hw, d, kind))
            continue;
        if (domain != TOPO_NOWHERE)
            sizes[domain]++;
        else if (n > 0)
            n--;
    }
    while (n > 0) {
        uint32_t most = 0;
        for (uint32_t i = 1; i < topo->n_cores; i++)
            most = sizes[i] > sizes[most] ? i : most;
        if (sizes[most] == 0)
            break;
        n -= sizes[most] < n ? sizes[most] : n;
        sizes[most] = 0;
        used++;
    }
    return used;
}

static void at_least(uint32_t *need, uint32_t n)
{
    *need = *need < n ? n : *need;
}

struct fit_needs fit_share_needs(const struct hardware *hw,
                                 const struct fit_shape *shape)
{
    struct fit_needs needs =
        fit_needs_of(hw, shape->whole ? hw->n_cores : shape->n_cores);
    at_least(&needs.numa, shape->memory_nodes);
    for (uint32_t i = 0; i < shape->n_demands; i++) {
        const struct fit_demand *demand = &shape->demands[i];
        uint32_t n =
            demand->count * (demand->by_task && shape->tasks ? shape->tasks : 1);
        at_least(&needs.numa, device_domains(hw, demand->kind, n, false));
        at_least(&needs.package, device_domains(hw, demand->kind, n, true));
    }
    at_least(&needs.l3, needs.numa);
    return needs;
}

/* Domains met since the last reset; a mark is worth something only in its turn. */
struct met {
    const struct hardware *hw;
    uint32_t *package, *numa, *l3; /* turn in which each was met last */
    uint32_t turn, n_package, n_numa, n_l3;
};

static void met_init(struct met *met, const struct hardware *hw)
{
    *met = (struct met){.hw = hw};
    met->package = xcalloc(3 * (size_t)hw->n_cores, sizeof(*met->package));
    met->numa = met->package + hw->n_cores;
    met->l3 = met->numa + hw->n_cores;
}

static void met_fini(struct met *met)
{
    free(met->package);
}

static void met_reset(struct met *met)
{
    met->turn++;
    met->n_package = met->n_numa = met->n_l3 = 0;
}

static uint32_t mark(uint32_t *turn_of, uint32_t turn)
{
    if (*turn_of == turn)
        return 0;
    *turn_of = turn;
    return 1;
}

static void meet(struct met *met, uint32_t core)
{
    const struct node_topo *topo = met->hw->topo;
    met->n_package += mark(&met->package[topo->package_of[core]], met->turn);
    met->n_numa += mark(&met->numa[topo->numa_of[core]], met->turn);
    met->n_l3 += mark(&met->l3[topo->l3_of[core]], met->turn);
}

static uint32_t over(uint32_t n, uint32_t needed)
{
    return n > needed ? n - needed : 0;
}

static void add_excess(const struct met *met, const struct fit_needs *needs,
                       uint32_t times, struct place_parts *parts)
{
    parts->packages += times * over(met->n_package, needs->package);
    parts->numa += times * over(met->n_numa, needs->numa);
    parts->l3 += times * over(met->n_l3, needs->l3);
}

static void measure_share(const struct fit_place *place, const struct fit_shape *shape,
                          struct met *met, struct fit *fit)
{
    struct fit_needs needs = fit_share_needs(place->hw, shape);
    uint32_t n = shape->whole ? place->hw->n_cores : fit->n_cores;
    met_reset(met);
    for (uint32_t i = 0; i < n; i++)
        meet(met, shape->whole ? i : fit->cores[i]);
    if (fit_share_counts(shape))
        add_excess(met, &needs, 1, &fit->parts);
    fit->parts.memory += over(shape->memory_nodes, met->n_numa);
}

/* Where the cores of group 'g' begin in the list, which goes round. */
static uint32_t group_start(const struct fit_shape *shape, const struct fit *fit,
                            uint32_t g)
{
    uint32_t own = shape->cores < fit->n_cores ? shape->cores : fit->n_cores;
    return (uint32_t)((uint64_t)g * own % fit->n_cores);
}

static uint32_t steps_of_device(const struct fit_place *place,
                                const struct fit_shape *shape, const struct fit *fit,
                                const struct fit_device *device)
{
    uint32_t start = 0, n = fit->n_cores, least = UINT32_MAX;
    if (device->task != FIT_SHARED) {
        start = group_start(shape, fit, device->task / shape->per_core);
        n = shape->cores < n ? shape->cores : n;
    } else if (shape->whole) {
        return 0;
    }
    for (uint32_t i = 0; i < n && least > 0; i++) {
        uint32_t core = fit->cores[(start + i) % fit->n_cores];
        uint32_t steps =
            hardware_steps(place->hw, device->device, place->hw->cell_of[core]);
        least = steps < least ? steps : least;
    }
    return least;
}

void fit_measure(const struct fit_place *place, const struct fit_shape *shape,
                 struct fit *fit)
{
    cleanup(met_fini) struct met met;
    uint32_t own = shape->cores < fit->n_cores ? shape->cores : fit->n_cores;
    struct fit_needs needs = fit_needs_of(place->hw, own);
    met_init(&met, place->hw);
    memset(&fit->parts, 0, sizeof(fit->parts));
    measure_share(place, shape, &met, fit);
    for (uint32_t g = 0; g * shape->per_core < shape->tasks; g++) {
        uint32_t start = group_start(shape, fit, g);
        met_reset(&met);
        for (uint32_t i = 0; i < own; i++)
            meet(&met, fit->cores[(start + i) % fit->n_cores]);
        add_excess(&met, &needs, fit_group_tasks(shape, g), &fit->parts);
    }
    for (uint32_t d = 0; d < fit->n_devices; d++)
        fit->parts.devices += steps_of_device(place, shape, fit, &fit->devices[d]);
}
