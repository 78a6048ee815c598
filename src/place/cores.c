/* SPDX-License-Identifier: Apache-2.0
 *
 * cores.c - a good choice of cores on a node, at once
 *
 * Cores are taken into a list. Neighbours in the list lie as near to each other
 * as could be had, so cutting it into pieces of a group's cores gives the groups.
 */
#include "place/cores.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "topo/domains.h"

struct taker {
    const struct domain_tree *tree;
    struct bitset *free;
    uint32_t *left; /* free cores of each domain */
    uint16_t *got;  /* cores in the order in which they were taken */
    uint32_t n_got;
};

static void taker_init(struct taker *t, const struct fit_place *place, uint16_t *got)
{
    const struct domain_tree *tree = place->hw->topo->domains;
    *t = (struct taker){.tree = tree, .free = bitset_dup(place->free_cores)};
    t->left = xcalloc(tree->n, sizeof(*t->left));
    t->got = got;
    for (size_t core = bitset_next(t->free, 0); core < t->free->nbits;
         core = bitset_next(t->free, core + 1))
        t->left[tree->leaf_of[core]]++;
    /* Children stand behind their parent. */
    for (uint32_t d = tree->n - 1; d > 0; d--)
        t->left[tree->at[d].parent] += t->left[d];
}

static void taker_fini(struct taker *t)
{
    bitset_destroy(t->free);
    free(t->left);
}

static void take_core(struct taker *t, uint16_t core)
{
    uint32_t d = t->tree->leaf_of[core];
    bitset_clear(t->free, core);
    t->got[t->n_got++] = core;
    for (; d != 0; d = t->tree->at[d].parent)
        t->left[d]--;
    t->left[0]--;
}

/* Length of the run of free neighbours that starts at 'i' of order[]. */
static uint32_t run_length(const struct taker *t, uint32_t i, uint32_t end)
{
    uint32_t n = 0;
    while (i + n < end && bitset_test(t->free, t->tree->order[i + n]))
        n++;
    return n;
}

/* 'n' cores of an innermost domain: from the shortest run that holds them, else
 * from the longest runs. */
static void take_from_leaf(struct taker *t, uint32_t d, uint32_t n)
{
    uint32_t end = t->tree->at[d].first + t->tree->at[d].n_cores;
    while (n > 0) {
        uint32_t best = 0, best_len = 0;
        for (uint32_t i = t->tree->at[d].first; i < end; i++) {
            uint32_t len = run_length(t, i, end);
            if (len >= n ? best_len < n || len < best_len : len > best_len) {
                best = i;
                best_len = len;
            }
            i += len;
        }
        uint32_t taken = best_len < n ? best_len : n;
        for (uint32_t i = 0; i < taken; i++)
            take_core(t, t->tree->order[best + i]);
        n -= taken;
    }
}

static bool is_inside(const struct domain *inner, const struct domain *outer)
{
    return inner->first >= outer->first &&
           inner->first + inner->n_cores <= outer->first + outer->n_cores;
}

/* The smallest domain within 'within' that has 'n' free cores; of equal ones
 * that with the fewest. 'within' itself has them. */
static uint32_t smallest_that_holds(const struct taker *t, uint32_t within, uint32_t n)
{
    const struct domain *at = t->tree->at;
    uint32_t best = within;
    for (uint32_t d = within + 1; d < t->tree->n; d++) {
        if (t->left[d] < n || !is_inside(&at[d], &at[within]))
            continue;
        if (at[d].n_cores < at[best].n_cores ||
            (at[d].n_cores == at[best].n_cores && t->left[d] < t->left[best]))
            best = d;
    }
    return best;
}

/* The child with room for the most tasks of 'c' cores; of equal ones that with
 * the fewest cores left over. */
static uint32_t roomiest_child(const struct taker *t, uint32_t d, uint32_t c)
{
    const struct domain *domain = &t->tree->at[d];
    uint32_t best = domain->child;
    for (uint32_t child = best + 1; child < domain->child + domain->n_children;
         child++) {
        uint32_t room = t->left[child] / c, best_room = t->left[best] / c;
        if (room > best_room || (room == best_room && t->left[child] < t->left[best]))
            best = child;
    }
    return best;
}

/* 'n' cores, over as few domains as can be. */
static void take_cores(struct taker *t, uint32_t within, uint32_t n)
{
    while (n > 0) {
        uint32_t d = smallest_that_holds(t, within, n);
        if (t->tree->at[d].n_children == 0) {
            take_from_leaf(t, d, n);
            return;
        }
        uint32_t child = roomiest_child(t, d, 1), taken = t->left[child];
        take_cores(t, child, taken);
        n -= taken;
    }
}

/* 'k' tasks of 'c' cores, packed: all into the smallest domain that holds them,
 * else as many as the fullest part holds, and so on. Only a task that no part
 * holds is cut. */
static void pack_tasks(struct taker *t, uint32_t within, uint32_t k, uint32_t c)
{
    while (k > 0) {
        uint32_t d = smallest_that_holds(t, within, k * c);
        if (t->tree->at[d].n_children == 0) {
            take_from_leaf(t, d, k * c);
            return;
        }
        uint32_t child = roomiest_child(t, d, c), n = t->left[child] / c;
        if (n == 0) {
            take_cores(t, d, c);
            k--;
        } else {
            pack_tasks(t, child, n, c);
            k -= n;
        }
    }
}

/* One task after the other, each where most is free at every level. */
static void spread_tasks(struct taker *t, uint32_t k, uint32_t c)
{
    for (; k > 0; k--) {
        uint32_t d = 0;
        while (t->tree->at[d].n_children > 0 && t->left[roomiest_child(t, d, 1)] >= c)
            d = roomiest_child(t, d, 1);
        take_cores(t, d, c);
    }
}

/* ------------------------------------------------------------ by the package */

/* How the groups are dealt out to packages. */
struct deal {
    uint32_t n_packages;
    uint32_t *domain; /* of each package */
    uint32_t *room;   /* groups that it has room for */
    uint32_t *n;      /* that it gets */
};

/* The outermost domain with cores of one package alone. */
static uint32_t domain_of_package(const struct taker *t, const struct node_topo *topo,
                                  uint16_t package)
{
    for (uint32_t d = 0; d < t->tree->n; d++) {
        const struct domain *domain = &t->tree->at[d];
        bool alone = true;
        for (uint32_t i = 0; i < domain->n_cores && alone; i++)
            alone = topo->package_of[t->tree->order[domain->first + i]] == package;
        if (alone)
            return d;
    }
    return 0;
}

static void deal_init(struct deal *deal, const struct taker *t,
                      const struct node_topo *topo, const struct fit_shape *shape)
{
    deal->n_packages = topo->n_packages;
    deal->domain = xcalloc(deal->n_packages, sizeof(*deal->domain));
    deal->room = xcalloc(deal->n_packages, sizeof(*deal->room));
    deal->n = xcalloc(deal->n_packages, sizeof(*deal->n));
    for (uint32_t p = 0; p < deal->n_packages; p++) {
        deal->domain[p] = domain_of_package(t, topo, (uint16_t)p);
        uint32_t room = t->left[deal->domain[p]] / shape->cores;
        deal->room[p] =
            shape->per_package && shape->per_package < room ? shape->per_package : room;
    }
}

static void deal_fini(struct deal *deal)
{
    free(deal->domain);
    free(deal->room);
    free(deal->n);
}

/* Round after round, so many each; false: they do not fit. */
static bool deal_groups(struct deal *deal, uint32_t groups, uint32_t row)
{
    for (bool more = true; more && groups > 0;) {
        more = false;
        for (uint32_t p = 0; p < deal->n_packages; p++) {
            uint32_t n = deal->room[p] - deal->n[p];
            n = n < row ? n : row;
            n = n < groups ? n : groups;
            deal->n[p] += n;
            groups -= n;
            more |= n > 0;
        }
    }
    return groups == 0;
}

/* Those of each package stand together in 'from'; put them in their turn. */
static void interleave(const struct deal *deal, uint32_t c, uint32_t row,
                       const uint16_t *from, uint16_t *ret)
{
    cleanup(freep) uint32_t *done = xcalloc(deal->n_packages, sizeof(*done));
    uint32_t at = 0;
    for (bool more = true; more;) {
        uint32_t first = 0;
        more = false;
        for (uint32_t p = 0; p < deal->n_packages; first += deal->n[p++]) {
            for (uint32_t i = 0; i < row && done[p] < deal->n[p]; i++, done[p]++)
                for (uint32_t k = 0; k < c; k++)
                    ret[at++] = from[(first + done[p]) * c + k];
            more |= done[p] < deal->n[p];
        }
    }
}

static uint32_t row_of(const struct fit_shape *shape)
{
    if (shape->order == PLACE_CYCLIC)
        return 1;
    return shape->order == PLACE_PLANE && shape->plane ? shape->plane : UINT32_MAX;
}

static int take_by_package(struct taker *t, const struct node_topo *topo,
                           const struct fit_shape *shape)
{
    cleanup(deal_fini) struct deal deal = {0};
    uint32_t groups = fit_groups(shape), row = row_of(shape);
    deal_init(&deal, t, topo, shape);
    if (!deal_groups(&deal, groups, row))
        return -EAGAIN;
    for (uint32_t p = 0; p < deal.n_packages; p++)
        pack_tasks(t, deal.domain[p], deal.n[p], shape->cores);
    cleanup(freep) uint16_t *list = xmemdup(t->got, t->n_got * sizeof(*list));
    interleave(&deal, shape->cores, row, list, t->got);
    return 0;
}

int cores_take(const struct fit_place *place, const struct fit_shape *shape,
               uint16_t *ret)
{
    cleanup(taker_fini) struct taker t;
    taker_init(&t, place, ret);
    uint32_t groups = fit_groups(shape);
    bool by_package = shape->order != PLACE_AS_IS || shape->per_package > 0;
    if (fit_overlaps(shape))
        take_cores(&t, 0, shape->n_cores);
    else if (by_package)
        return take_by_package(&t, place->hw->topo, shape);
    else if (shape->policy == PLACE_SPREAD)
        spread_tasks(&t, groups, shape->cores);
    else
        pack_tasks(&t, 0, groups, shape->cores);
    return 0;
}

/* ------------------------------------------------------------- by the cell */

/* 'n' free cores of a cell, from the shortest run of neighbours that holds them,
 * else from the longest. */
static void take_from_cell(struct taker *t, const struct hardware *hw, uint32_t cell,
                           uint32_t n)
{
    while (n > 0) {
        uint32_t best = 0, best_len = 0, i = 0;
        while (i < hw->n_cores) {
            uint32_t len = 0;
            while (i + len < hw->n_cores &&
                   hw->cell_of[t->tree->order[i + len]] == cell &&
                   bitset_test(t->free, t->tree->order[i + len]))
                len++;
            if (len > 0 &&
                (len >= n ? best_len < n || len < best_len : len > best_len)) {
                best = i;
                best_len = len;
            }
            i += len ? len : 1;
        }
        uint32_t taken = best_len < n ? best_len : n;
        for (uint32_t k = 0; k < taken; k++)
            take_core(t, t->tree->order[best + k]);
        n -= taken;
    }
}

void cores_take_counts(const struct fit_place *place, const struct fit_shape *shape,
                       const uint16_t *counts, uint16_t *ret)
{
    cleanup(taker_fini) struct taker t;
    taker_init(&t, place, ret);
    uint32_t groups = fit_overlaps(shape) ? 1 : fit_groups(shape);
    uint32_t n_cells = place->hw->n_cells;
    for (uint32_t g = 0; g < groups; g++)
        for (uint32_t cell = 0; cell < n_cells; cell++)
            take_from_cell(&t, place->hw, cell, counts[g * n_cells + cell]);
}
