/* SPDX-License-Identifier: Apache-2.0
 *
 * cores.c - which cores of one node, and which of them for each task
 *
 * Cores are taken into a list. Neighbours in the list lie as near to each other
 * as could be had, so cutting it into pieces of cpus_per_task gives the tasks.
 */
#include "place/cores.h"

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

static void taker_init(struct taker *t, const struct place_node *node)
{
    const struct domain_tree *tree = node->topo->domains;
    *t = (struct taker){.tree = tree, .free = bitset_dup(node->free_cores)};
    t->left = xcalloc(tree->n, sizeof(*t->left));
    t->got = xcalloc(node->topo->n_cores, sizeof(*t->got));
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
    free(t->got);
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

/* Tasks go round over the list when it is shorter than they need. */
static void deal_out(const struct taker *t, uint32_t c, uint32_t n_cores,
                     struct place_share *share)
{
    uint32_t at = 0, own = c < t->n_got ? c : t->n_got;
    share->task_cores =
        xcalloc(share->tasks ? share->tasks : 1, sizeof(struct bitset *));
    for (uint32_t task = 0; task < share->tasks; task++) {
        share->task_cores[task] = bitset_create(n_cores);
        for (uint32_t i = 0; i < own; i++, at = (at + 1) % t->n_got)
            bitset_set(share->task_cores[task], t->got[at]);
    }
}

void place_cores_choose(const struct place_want *want, const struct place_node *node,
                        struct place_share *share)
{
    const struct place_request *req = want->req;
    cleanup(taker_fini) struct taker t;
    taker_init(&t, node);
    uint32_t usable = t.left[0];
    uint64_t memory = place_node_free_memory(node);
    if (req->mem_per_cpu && memory / req->mem_per_cpu < usable)
        usable = (uint32_t)(memory / req->mem_per_cpu);
    uint32_t n = place_want_cores(want, share->tasks, usable);
    if (n % want->cores != 0)
        take_cores(&t, 0, n);
    else if (req->policy == PLACE_SPREAD)
        spread_tasks(&t, n / want->cores, want->cores);
    else
        pack_tasks(&t, 0, n / want->cores, want->cores);

    share->cores = bitset_create(node->topo->n_cores);
    for (uint32_t i = 0; i < t.n_got; i++)
        bitset_set(share->cores, t.got[i]);
    deal_out(&t, want->cores, node->topo->n_cores, share);
    if (req->exclusive)
        bitset_set_range(share->cores, 0, node->topo->n_cores);
    share->n_cores = req->exclusive ? node->n_cores : n;
}

static const uint16_t *bind_domains(const struct node_topo *topo, enum place_bind bind)
{
    switch (bind) {
    case BIND_L3:
        return topo->l3_of;
    case BIND_NUMA:
        return topo->numa_of;
    case BIND_PACKAGE:
        return topo->package_of;
    case BIND_CORE:
    case BIND_NONE:
        break;
    }
    return NULL;
}

static void widen(struct bitset *cores, const struct bitset *within,
                  const uint16_t *domain_of)
{
    cleanup(bitset_destroyp) struct bitset *domains = bitset_create(within->nbits);
    for (size_t i = bitset_next(cores, 0); i < cores->nbits;
         i = bitset_next(cores, i + 1))
        bitset_set(domains, domain_of[i]);
    for (size_t i = bitset_next(within, 0); i < within->nbits;
         i = bitset_next(within, i + 1))
        if (bitset_test(domains, domain_of[i]))
            bitset_set(cores, i);
}

void place_cores_bind(const struct node_topo *topo, enum place_bind bind,
                      struct place_share *share)
{
    const uint16_t *domain_of = bind_domains(topo, bind);
    for (uint32_t task = 0; task < share->tasks; task++) {
        if (bind == BIND_NONE)
            bitset_copy(share->task_cores[task], share->cores);
        else if (domain_of)
            widen(share->task_cores[task], share->cores, domain_of);
    }
}
