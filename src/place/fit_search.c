/* SPDX-License-Identifier: Apache-2.0
 *
 * fit_search.c - look for a choice on one node that costs less than one at hand
 *
 * Branch and bound over how many cores each group takes of each cell. Groups are
 * alike, so a group takes no more of the first cell in which it differs than the
 * one before it. A branch is left when what it has spent already, with what the
 * rest cannot avoid, is no less than the best so far.
 */
#include "place/fit_search.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "place/devices.h"
#include "place/fit_parts.h"

#define STEPS_MAX 6000
#define EPSILON 1e-9 /* sums of weights come in any order */

/* Cores taken in each domain, and how many domains that makes. */
struct spans {
    uint32_t *package, *numa, *l3;
    uint32_t n_package, n_numa, n_l3;
};

struct search {
    const struct fit_place *place;
    const struct fit_shape *shape;
    const struct hardware *hw;
    uint32_t groups, c;
    struct fit_needs share_needs, group_needs;
    uint32_t *left;             /* free cores of each cell */
    uint16_t *counts;           /* [group * n_cells + cell] */
    struct spans share, *group; /* one for each group */
    double best;
    uint16_t *best_counts;
    bool found;
    uint32_t steps;
};

static uint32_t over(uint32_t n, uint32_t needed)
{
    return n > needed ? n - needed : 0;
}

/* Counters of all spans are one piece of memory. */
static void spans_init(struct search *s)
{
    const struct node_topo *topo = s->hw->topo;
    size_t n = (size_t)topo->n_packages + topo->n_numa + topo->n_l3;
    uint32_t *at = xcalloc(n * (s->groups + 1), sizeof(*at));
    s->group = xcalloc(s->groups, sizeof(*s->group));
    for (uint32_t g = 0; g <= s->groups; g++, at += n) {
        struct spans *spans = g == 0 ? &s->share : &s->group[g - 1];
        spans->package = at;
        spans->numa = at + topo->n_packages;
        spans->l3 = spans->numa + topo->n_numa;
    }
}

static void spans_fini(struct search *s)
{
    free(s->share.package);
    free(s->group);
}

static void spans_add(struct spans *spans, const struct cell *cell, uint32_t n)
{
    spans->n_package += n > 0 && spans->package[cell->package] == 0;
    spans->n_numa += n > 0 && spans->numa[cell->numa] == 0;
    spans->n_l3 += n > 0 && spans->l3[cell->l3] == 0;
    spans->package[cell->package] += n;
    spans->numa[cell->numa] += n;
    spans->l3[cell->l3] += n;
}

static void spans_remove(struct spans *spans, const struct cell *cell, uint32_t n)
{
    spans->package[cell->package] -= n;
    spans->numa[cell->numa] -= n;
    spans->l3[cell->l3] -= n;
    spans->n_package -= n > 0 && spans->package[cell->package] == 0;
    spans->n_numa -= n > 0 && spans->numa[cell->numa] == 0;
    spans->n_l3 -= n > 0 && spans->l3[cell->l3] == 0;
}

static double spans_cost(const struct spans *spans, const struct fit_needs *needs,
                         const struct place_weights *w)
{
    return w->packages * over(spans->n_package, needs->package) +
           w->numa * over(spans->n_numa, needs->numa) +
           w->l3 * over(spans->n_l3, needs->l3);
}

/* ------------------------------------------------------------------- bounds */

static int descending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x < y) - (x > y);
}

/* The fewest domains whose free cores are 'n'; 'sizes' gets sorted. */
static uint32_t cover(uint32_t *sizes, uint32_t n_domains, uint32_t n)
{
    uint32_t used = 0;
    qsort(sizes, n_domains, sizeof(*sizes), descending);
    for (uint32_t room = 0; room < n && used < n_domains; used++)
        room += sizes[used];
    return used;
}

/* Free cores by domain, and the domains that the share and a group need then. */
static void cover_kind(const struct fit_place *place, const uint16_t *domain_of,
                       uint32_t n_share, uint32_t n_group, uint32_t *ret_share,
                       uint32_t *ret_group, uint32_t *ret_domains)
{
    uint32_t n = place->hw->n_cores;
    cleanup(freep) uint32_t *sizes = xcalloc(n, sizeof(*sizes));
    const struct bitset *set = place->free_cores;
    *ret_domains = 0;
    for (size_t i = bitset_next(set, 0); i < set->nbits; i = bitset_next(set, i + 1))
        *ret_domains += sizes[domain_of[i]]++ == 0;
    *ret_share = cover(sizes, n, n_share);
    *ret_group = cover(sizes, n, n_group);
}

double fit_least_cost(const struct fit_place *place, const struct fit_shape *shape)
{
    const struct hardware *hw = place->hw;
    const struct place_weights *w = place->weights;
    struct fit_needs share = fit_share_needs(hw, shape);
    struct fit_needs group = fit_needs_of(hw, shape->cores);
    uint32_t s[3], g[3], n[3];
    cover_kind(place, hw->topo->package_of, shape->n_cores, shape->cores, &s[0], &g[0],
               &n[0]);
    cover_kind(place, hw->topo->numa_of, shape->n_cores, shape->cores, &s[1], &g[1],
               &n[1]);
    cover_kind(place, hw->topo->l3_of, shape->n_cores, shape->cores, &s[2], &g[2],
               &n[2]);
    double cost = shape->tasks *
                  (w->packages * over(g[0], group.package) +
                   w->numa * over(g[1], group.numa) + w->l3 * over(g[2], group.l3));
    if (fit_share_counts(shape) && !shape->whole)
        cost += w->packages * over(s[0], share.package) +
                w->numa * over(s[1], share.numa) + w->l3 * over(s[2], share.l3);
    uint32_t reach = n[1] < shape->n_cores ? n[1] : shape->n_cores;
    if (!shape->whole)
        cost += w->memory * over(shape->memory_nodes, reach);
    return cost;
}

/* Steps that the devices of a group's tasks take at the least. */
static uint32_t least_steps(const struct search *s, uint32_t g)
{
    const struct fit_place *place = s->place;
    const uint16_t *counts = &s->counts[g * s->hw->n_cells];
    uint32_t sum = 0, n_devices = s->hw->topo->n_devices;
    for (uint32_t i = 0; i < s->shape->n_demands; i++) {
        const struct fit_demand *demand = &s->shape->demands[i];
        uint32_t at[3] = {0};
        if (!demand->by_task)
            continue;
        for (uint32_t d = 0; d < n_devices; d++) {
            if (!bitset_test(place->free_devices, d) ||
                !hardware_is_kind(s->hw, d, demand->kind))
                continue;
            uint32_t least = 2;
            for (uint32_t cell = 0; cell < s->hw->n_cells && least > 0; cell++)
                if (counts[cell] && hardware_steps(s->hw, d, cell) < least)
                    least = hardware_steps(s->hw, d, cell);
            at[least]++;
        }
        uint32_t n = demand->count * fit_group_tasks(s->shape, g);
        uint32_t near = n < at[0] ? n : at[0];
        uint32_t next = n - near < at[1] ? n - near : at[1];
        sum += next + 2 * (n - near - next);
    }
    return sum;
}

/* ------------------------------------------------------------------- search */

static double share_cost(const struct search *s)
{
    if (!fit_share_counts(s->shape) || s->shape->whole)
        return 0;
    return spans_cost(&s->share, &s->share_needs, s->place->weights);
}

/* All steps of the devices, when every group has its cores. */
static uint32_t all_steps(struct search *s)
{
    const struct hardware *hw = s->hw;
    uint32_t n = devices_wanted(s->shape), n_devices = hw->topo->n_devices;
    if (n == 0)
        return 0;
    struct device_steps steps = {.n_devices = n_devices, .n_tasks = s->shape->tasks};
    size_t size = ((size_t)steps.n_tasks + 1) * n_devices;
    cleanup(freep) uint8_t *of = xmalloc(size + 1);
    cleanup(freep) struct fit_device *devices = xcalloc(n, sizeof(*devices));
    memset(of, UINT8_MAX, size);
    steps.of = of;
    uint8_t *all = device_steps_of(&steps, FIT_SHARED);
    for (uint32_t task = 0; task < s->shape->tasks; task++) {
        const uint16_t *counts = &s->counts[task / s->shape->per_core * hw->n_cells];
        uint8_t *to = device_steps_of(&steps, task);
        for (uint32_t cell = 0; cell < hw->n_cells; cell++)
            for (uint32_t d = 0; counts[cell] && d < n_devices; d++) {
                uint8_t far = (uint8_t)hardware_steps(hw, d, cell);
                to[d] = far < to[d] ? far : to[d];
                all[d] = far < all[d] ? far : all[d];
            }
    }
    if (s->shape->whole)
        memset(all, 0, n_devices);
    return devices_choose(s->place, s->shape, &steps, devices);
}

static void finish(struct search *s, double cost)
{
    const struct place_weights *w = s->place->weights;
    if (!s->shape->whole)
        cost += w->memory * over(s->shape->memory_nodes, s->share.n_numa);
    if (cost >= s->best)
        return;
    uint32_t steps = all_steps(s);
    if (steps == UINT32_MAX || cost + w->devices * steps >= s->best)
        return;
    s->best = cost + w->devices * steps;
    s->found = true;
    memcpy(s->best_counts, s->counts,
           (size_t)s->groups * s->hw->n_cells * sizeof(*s->counts));
}

static void next_group(struct search *s, uint32_t g, double spent, double device_floor);

/* Give 'left' more cores to group 'g', from this cell on. 'spent' is what the
 * groups before it cost; 'alike' says that it has taken as the one before it. */
static void take_cells(struct search *s, uint32_t g, uint32_t cell, uint32_t left,
                       bool alike, double spent, double device_floor)
{
    const struct place_weights *w = s->place->weights;
    uint32_t times = fit_group_tasks(s->shape, g);
    uint16_t *counts = &s->counts[g * s->hw->n_cells];
    const uint16_t *before = alike ? counts - s->hw->n_cells : NULL;
    if (s->steps++ > STEPS_MAX)
        return;
    double own = times * spans_cost(&s->group[g], &s->group_needs, w);
    if (spent + own + share_cost(s) + device_floor >= s->best)
        return;
    if (left == 0) {
        double floor = device_floor + w->devices * least_steps(s, g);
        next_group(s, g + 1, spent + own, floor);
        return;
    }
    if (cell == s->hw->n_cells)
        return;
    uint32_t most = left < s->left[cell] ? left : s->left[cell];
    if (alike && before[cell] < most)
        most = before[cell];
    for (uint32_t n = most + 1; n-- > 0;) {
        bool same = alike && n == before[cell];
        counts[cell] = (uint16_t)n;
        s->left[cell] -= n;
        spans_add(&s->share, &s->hw->cells[cell], n);
        spans_add(&s->group[g], &s->hw->cells[cell], n);
        take_cells(s, g, cell + 1, left - n, same, spent, device_floor);
        spans_remove(&s->group[g], &s->hw->cells[cell], n);
        spans_remove(&s->share, &s->hw->cells[cell], n);
        s->left[cell] += n;
        counts[cell] = 0;
    }
}

static void next_group(struct search *s, uint32_t g, double spent, double device_floor)
{
    if (g == s->groups) {
        finish(s, spent + share_cost(s));
        return;
    }
    bool alike =
        g > 0 && fit_group_tasks(s->shape, g) == fit_group_tasks(s->shape, g - 1);
    take_cells(s, g, 0, s->c, alike, spent, device_floor);
}

static void count_left(struct search *s)
{
    const struct bitset *set = s->place->free_cores;
    s->left = xcalloc(s->hw->n_cells + 1, sizeof(*s->left));
    for (size_t i = bitset_next(set, 0); i < set->nbits; i = bitset_next(set, i + 1))
        s->left[s->hw->cell_of[i]]++;
}

bool fit_search(const struct fit_place *place, const struct fit_shape *shape,
                double limit, uint16_t *ret_counts)
{
    struct search s = {.place = place,
                       .shape = shape,
                       .hw = place->hw,
                       .groups = fit_groups(shape),
                       .c = shape->cores,
                       .share_needs = fit_share_needs(place->hw, shape),
                       .group_needs = fit_needs_of(place->hw, shape->cores),
                       .best = limit - EPSILON,
                       .best_counts = ret_counts};
    count_left(&s);
    s.counts = xcalloc((size_t)s.groups * s.hw->n_cells, sizeof(*s.counts));
    spans_init(&s);
    next_group(&s, 0, 0, 0);
    spans_fini(&s);
    free(s.left);
    free(s.counts);
    return s.found;
}
