/* SPDX-License-Identifier: Apache-2.0
 *
 * devices.c - which devices of one node, and which of them for each task
 *
 * A demand by task is an assignment problem: each device that a task wants is a
 * row, each free device of the kind a column, steps are the costs. It is solved
 * by shortest augmenting paths over reduced costs (Kuhn, Munkres; the form with
 * potentials of Jonker and Volgenant), one row after the other.
 */
#include "place/devices.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define NOBODY UINT32_MAX

struct assignment {
    uint32_t n_rows, n_columns;
    uint32_t *columns; /* device of each */
    uint32_t *row_of;  /* column -> row, NOBODY */
    int64_t *row_price, *column_price;
    int64_t *slack; /* of each column in the current search */
    uint32_t *from; /* column that the path came from */
    bool *seen;
};

static void assignment_init(struct assignment *a, uint32_t n_rows, uint32_t n_columns)
{
    size_t n = (size_t)n_columns + 1;
    a->n_rows = n_rows;
    a->row_of = xcalloc(n, sizeof(*a->row_of));
    a->row_price = xcalloc(n_rows + 1, sizeof(*a->row_price));
    a->column_price = xcalloc(n, sizeof(*a->column_price));
    a->slack = xcalloc(n, sizeof(*a->slack));
    a->from = xcalloc(n, sizeof(*a->from));
    a->seen = xcalloc(n, sizeof(*a->seen));
    for (size_t i = 0; i < n; i++)
        a->row_of[i] = NOBODY;
}

static void assignment_fini(struct assignment *a)
{
    free(a->columns);
    free(a->row_of);
    free(a->row_price);
    free(a->column_price);
    free(a->slack);
    free(a->from);
    free(a->seen);
}

/* Steps first; then devices that come first, so that equal choices leave the
 * rest together. */
static int64_t cost_of(const struct assignment *a, const struct device_steps *steps,
                       const struct fit_demand *demand, uint32_t row, uint32_t column)
{
    uint32_t device = a->columns[column];
    return (int64_t)device_steps_of(steps, row / demand->count)[device] *
               (TOPO_DEVICES_MAX * TOPO_DEVICES_MAX) +
           column;
}

/* The column that the search reaches next, and how much dearer that makes it. */
static uint32_t nearest_column(const struct assignment *a, int64_t *ret_delta)
{
    uint32_t best = NOBODY;
    for (uint32_t j = 0; j < a->n_columns; j++)
        if (!a->seen[j] && (best == NOBODY || a->slack[j] < a->slack[best]))
            best = j;
    *ret_delta = a->slack[best];
    return best;
}

/* The column behind the last stands for "the row itself". */
static void assign_row(struct assignment *a, const struct device_steps *steps,
                       const struct fit_demand *demand, uint32_t row)
{
    uint32_t root = a->n_columns, at = root;
    a->row_of[root] = row;
    for (uint32_t j = 0; j <= root; j++) {
        a->slack[j] = INT64_MAX;
        a->seen[j] = false;
    }
    while (a->row_of[at] != NOBODY) {
        uint32_t r = a->row_of[at];
        a->seen[at] = true;
        for (uint32_t j = 0; j < root; j++) {
            int64_t cost =
                cost_of(a, steps, demand, r, j) - a->row_price[r] - a->column_price[j];
            if (!a->seen[j] && cost < a->slack[j]) {
                a->slack[j] = cost;
                a->from[j] = at;
            }
        }
        int64_t delta;
        at = nearest_column(a, &delta);
        for (uint32_t j = 0; j <= root; j++) {
            if (a->seen[j]) {
                a->row_price[a->row_of[j]] += delta;
                a->column_price[j] -= delta;
            } else if (j < root) {
                a->slack[j] -= delta;
            }
        }
    }
    for (; at != root; at = a->from[at])
        a->row_of[at] = a->row_of[a->from[at]];
}

static bool is_free(const struct fit_place *place, const bool *taken, uint32_t d,
                    uint32_t kind)
{
    return !taken[d] && bitset_test(place->free_devices, d) &&
           hardware_is_kind(place->hw, d, kind);
}

static uint32_t free_of_kind(const struct fit_place *place, const bool *taken,
                             uint32_t kind, uint32_t **ret)
{
    uint32_t n = 0, all = place->hw->topo->n_devices;
    *ret = xcalloc(all + 1, sizeof(**ret));
    for (uint32_t d = 0; d < all; d++)
        if (is_free(place, taken, d, kind))
            (*ret)[n++] = d;
    return n;
}

/* Each pair of tasks whose devices could as well be the other way round. */
static void put_in_order(const struct device_steps *steps, struct fit_device *at,
                         uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = i + 1; j < n; j++) {
            const uint8_t *a = device_steps_of(steps, at[i].task);
            const uint8_t *b = device_steps_of(steps, at[j].task);
            uint32_t da = at[i].device, db = at[j].device;
            if (da < db || a[da] + b[db] != a[db] + b[da])
                continue;
            at[i].device = db;
            at[j].device = da;
        }
    }
}

static uint32_t choose_by_task(const struct fit_place *place,
                               const struct device_steps *steps,
                               const struct fit_demand *demand, uint32_t tasks,
                               bool *taken, struct fit_device *ret)
{
    cleanup(assignment_fini) struct assignment a = {0};
    uint32_t n = demand->count * tasks;
    a.n_columns = free_of_kind(place, taken, demand->kind, &a.columns);
    if (a.n_columns < n)
        return UINT32_MAX;
    assignment_init(&a, n, a.n_columns);
    for (uint32_t row = 0; row < n; row++)
        assign_row(&a, steps, demand, row);
    uint32_t sum = 0;
    for (uint32_t j = 0; j < a.n_columns; j++) {
        if (a.row_of[j] == NOBODY)
            continue;
        ret[a.row_of[j]] = (struct fit_device){.device = a.columns[j],
                                               .task = a.row_of[j] / demand->count};
        taken[a.columns[j]] = true;
    }
    put_in_order(steps, ret, n);
    for (uint32_t i = 0; i < n; i++)
        sum += device_steps_of(steps, ret[i].task)[ret[i].device];
    return sum;
}

static uint32_t choose_shared(const struct fit_place *place,
                              const struct device_steps *steps,
                              const struct fit_demand *demand, bool *taken,
                              struct fit_device *ret)
{
    const uint8_t *to = device_steps_of(steps, FIT_SHARED);
    uint32_t n = 0, sum = 0, all = place->hw->topo->n_devices;
    for (uint8_t distance = 0; distance <= 2; distance++) {
        for (uint32_t d = 0; d < all && n < demand->count; d++) {
            if (to[d] != distance || !is_free(place, taken, d, demand->kind))
                continue;
            ret[n++] = (struct fit_device){.device = d, .task = FIT_SHARED};
            taken[d] = true;
            sum += distance;
        }
    }
    return n == demand->count ? sum : UINT32_MAX;
}

static uint32_t wanted(const struct fit_shape *shape, const struct fit_demand *demand)
{
    return demand->by_task && shape->tasks ? demand->count * shape->tasks
                                           : demand->count;
}

uint32_t devices_wanted(const struct fit_shape *shape)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < shape->n_demands; i++)
        n += wanted(shape, &shape->demands[i]);
    return n;
}

/* The choosiest first: "gpu:a100" before "gpu", and tasks before what is for all. */
uint32_t devices_choose(const struct fit_place *place, const struct fit_shape *shape,
                        const struct device_steps *steps, struct fit_device *ret)
{
    cleanup(freep) bool *taken = xcalloc(steps->n_devices + 1, sizeof(*taken));
    uint32_t sum = 0;
    for (int pass = 0; pass < 4; pass++) {
        for (uint32_t i = 0; i < shape->n_demands; i++) {
            const struct fit_demand *demand = &shape->demands[i];
            bool by_task = demand->by_task && shape->tasks;
            bool any_type = false;
            for (uint32_t d = 0; d < steps->n_devices; d++)
                any_type |= place->hw->device_kinds[d][0] == demand->kind;
            if (pass != 2 * any_type + !by_task || demand->count == 0)
                continue;
            uint32_t n =
                by_task ? choose_by_task(place, steps, demand, shape->tasks, taken, ret)
                        : choose_shared(place, steps, demand, taken, ret);
            if (n == UINT32_MAX)
                return n;
            sum += n;
            ret += wanted(shape, demand);
        }
    }
    return sum;
}
