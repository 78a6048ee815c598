/* SPDX-License-Identifier: Apache-2.0
 *
 * hardware.c - one make of node, prepared for choosing on it
 */
#include "place/hardware.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "topo/domains.h"

/* ------------------------------------------------------------------- kinds */

static void add_kind(struct hardware *hw, uint16_t kind)
{
    for (uint32_t k = 0; k < hw->n_kinds; k++)
        if (hw->kinds[k] == kind)
            return;
    hw->kinds = xrealloc(hw->kinds, hw->n_kinds + 1, sizeof(*hw->kinds));
    hw->kinds[hw->n_kinds++] = kind;
}

static void number_device(struct hardware *hw, struct place_cluster *cluster,
                          uint32_t d)
{
    const struct topo_device *device = &hw->topo->devices[d];
    uint16_t *kinds = hw->device_kinds[d];
    kinds[0] = kinds[1] = NO_KIND;
    if (!device->is_gres)
        return;
    kinds[0] = (uint16_t)place_cluster_kind(cluster, device->name, NULL);
    add_kind(hw, kinds[0]);
    if (!device->type)
        return;
    kinds[1] = (uint16_t)place_cluster_kind(cluster, device->name, device->type);
    add_kind(hw, kinds[1]);
}

static void number_devices(struct hardware *hw, struct place_cluster *cluster)
{
    uint32_t n = hw->topo->n_devices;
    hw->device_kinds = xcalloc(n + 1, sizeof(*hw->device_kinds));
    for (uint32_t d = 0; d < n; d++)
        number_device(hw, cluster, d);
    hw->totals = xcalloc(hw->n_kinds + 1, sizeof(*hw->totals));
    for (uint32_t d = 0; d < n; d++)
        for (uint32_t k = 0; k < hw->n_kinds; k++)
            hw->totals[k] =
                (uint16_t)(hw->totals[k] + hardware_is_kind(hw, d, hw->kinds[k]));
}

/* ------------------------------------------------------------------- cells */

static bool are_alike(const struct node_topo *topo, uint16_t a, uint16_t b)
{
    if (topo->package_of[a] != topo->package_of[b] ||
        topo->numa_of[a] != topo->numa_of[b] || topo->l3_of[a] != topo->l3_of[b])
        return false;
    for (uint32_t d = 0; d < topo->n_devices; d++)
        if (topo->devices[d].is_gres && bitset_test(topo->devices[d].near, a) !=
                                            bitset_test(topo->devices[d].near, b))
            return false;
    return true;
}

/* In the order of the domains, so cells of one domain are neighbours. */
static void make_cells(struct hardware *hw)
{
    const struct node_topo *topo = hw->topo;
    cleanup(freep) uint16_t *first = xcalloc(topo->n_cores, sizeof(*first));
    hw->cells = xcalloc(topo->n_cores, sizeof(*hw->cells));
    hw->cell_of = xcalloc(topo->n_cores, sizeof(*hw->cell_of));
    for (uint32_t i = 0; i < topo->n_cores; i++) {
        uint16_t core = topo->domains->order[i];
        uint32_t cell = hw->n_cells;
        while (cell > 0 && topo->l3_of[first[cell - 1]] == topo->l3_of[core] &&
               !are_alike(topo, first[cell - 1], core))
            cell--;
        if (cell == 0 || !are_alike(topo, first[cell - 1], core)) {
            first[hw->n_cells] = core;
            hw->cells[hw->n_cells++] = (struct cell){.package = topo->package_of[core],
                                                     .numa = topo->numa_of[core],
                                                     .l3 = topo->l3_of[core]};
            cell = hw->n_cells;
        }
        hw->cell_of[core] = (uint16_t)(cell - 1);
    }
}

static uint32_t largest_domain(const struct node_topo *topo, const uint16_t *domain_of)
{
    cleanup(freep) uint32_t *sizes = xcalloc(topo->n_cores, sizeof(*sizes));
    uint32_t largest = 0;
    for (uint32_t i = 0; i < topo->n_cores; i++)
        if (++sizes[domain_of[i]] > largest)
            largest = sizes[domain_of[i]];
    return largest;
}

static uint8_t steps_between(const struct node_topo *topo,
                             const struct topo_device *device, const struct cell *cell)
{
    if (device->numa != TOPO_NOWHERE && device->numa == cell->numa)
        return 1;
    if (device->numa != TOPO_NOWHERE && topo->numa_steps)
        return topo->numa_steps[(size_t)device->numa * topo->n_numa + cell->numa];
    return device->package != TOPO_NOWHERE && device->package == cell->package ? 1 : 2;
}

static void measure_devices(struct hardware *hw)
{
    const struct node_topo *topo = hw->topo;
    hw->steps = xcalloc((size_t)topo->n_devices * hw->n_cells + 1, sizeof(*hw->steps));
    for (uint32_t d = 0; d < topo->n_devices; d++) {
        uint8_t *steps = &hw->steps[(size_t)d * hw->n_cells];
        for (uint32_t cell = 0; cell < hw->n_cells; cell++)
            steps[cell] = steps_between(topo, &topo->devices[d], &hw->cells[cell]);
        for (uint32_t core = 0; core < topo->n_cores; core++)
            if (bitset_test(topo->devices[d].near, core))
                steps[hw->cell_of[core]] = 0;
    }
}

/* ------------------------------------------------------------------- life */

void hardware_init(struct hardware *hw, struct place_cluster *cluster,
                   const struct node_topo *topo, uint32_t n_cores)
{
    *hw = (struct hardware){.topo = topo, .n_cores = n_cores};
    hw->bucket = xcalloc((size_t)n_cores + 1, sizeof(*hw->bucket));
    hw->bucket_size = xcalloc((size_t)n_cores + 1, sizeof(*hw->bucket_size));
    hw->in_use = bitset_create((size_t)n_cores + 1);
    if (!topo)
        return;
    number_devices(hw, cluster);
    make_cells(hw);
    measure_devices(hw);
    hw->largest_package = largest_domain(topo, topo->package_of);
    hw->largest_numa = largest_domain(topo, topo->numa_of);
    hw->largest_l3 = largest_domain(topo, topo->l3_of);
}

void hardware_fini(struct hardware *hw)
{
    for (uint32_t i = 0; i <= hw->n_cores; i++)
        bitset_destroy(hw->bucket[i]);
    free(hw->bucket);
    free(hw->bucket_size);
    bitset_destroy(hw->in_use);
    free(hw->device_kinds);
    free(hw->kinds);
    free(hw->totals);
    free(hw->cells);
    free(hw->cell_of);
    free(hw->steps);
}

static void *dup_array(const void *from, size_t n, size_t size)
{
    return from ? xmemdup(from, n * size) : NULL;
}

struct hardware hardware_dup(const struct hardware *from)
{
    struct hardware hw = *from;
    size_t n_devices = from->topo ? from->topo->n_devices : 0, n = from->n_cores;
    hw.device_kinds =
        dup_array(from->device_kinds, n_devices + 1, sizeof(*hw.device_kinds));
    hw.kinds = dup_array(from->kinds, hw.n_kinds, sizeof(*hw.kinds));
    hw.totals = dup_array(from->totals, hw.n_kinds + 1, sizeof(*hw.totals));
    hw.cells = dup_array(from->cells, hw.n_cells, sizeof(*hw.cells));
    hw.cell_of = dup_array(from->cell_of, n, sizeof(*hw.cell_of));
    hw.steps = dup_array(from->steps, n_devices * hw.n_cells + 1, sizeof(*hw.steps));
    hw.bucket = xcalloc(n + 1, sizeof(*hw.bucket));
    hw.bucket_size = dup_array(from->bucket_size, n + 1, sizeof(*hw.bucket_size));
    hw.in_use = bitset_dup(from->in_use);
    for (size_t i = 0; i <= n; i++)
        hw.bucket[i] = from->bucket[i] ? bitset_dup(from->bucket[i]) : NULL;
    return hw;
}

/* ------------------------------------------------------------------ buckets */

void hardware_enter(struct hardware *hw, size_t n_nodes, uint32_t node, uint32_t n)
{
    if (!hw->bucket[n])
        hw->bucket[n] = bitset_create(n_nodes);
    bitset_set(hw->bucket[n], node);
    if (hw->bucket_size[n]++ == 0)
        bitset_set(hw->in_use, n);
}

void hardware_leave(struct hardware *hw, uint32_t node, uint32_t n)
{
    bitset_clear(hw->bucket[n], node);
    if (--hw->bucket_size[n] == 0)
        bitset_clear(hw->in_use, n);
}
