/* SPDX-License-Identifier: Apache-2.0
 *
 * domains.c - a node's cores as a tree of domains
 */
#include "topo/domains.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "topo/node_topo.h"

#define LEVELS 3

/* One core and its domains, outermost level first. */
struct row {
    uint16_t core;
    uint16_t key[LEVELS];
};

static int row_cmp(const void *pa, const void *pb)
{
    const struct row *a = pa, *b = pb;
    for (int i = 0; i < LEVELS; i++)
        if (a->key[i] != b->key[i])
            return a->key[i] < b->key[i] ? -1 : 1;
    return (a->core > b->core) - (a->core < b->core);
}

/* Fewer domains of a kind: further out. */
static void sort_levels(const struct node_topo *topo, const uint16_t *levels[LEVELS])
{
    uint32_t counts[LEVELS] = {topo->n_packages, topo->n_numa, topo->n_l3};
    levels[0] = topo->package_of;
    levels[1] = topo->numa_of;
    levels[2] = topo->l3_of;
    for (int i = 1; i < LEVELS; i++) {
        for (int j = i; j > 0 && counts[j] < counts[j - 1]; j--) {
            uint32_t count = counts[j];
            const uint16_t *level = levels[j];
            counts[j] = counts[j - 1];
            levels[j] = levels[j - 1];
            counts[j - 1] = count;
            levels[j - 1] = level;
        }
    }
}

static struct row *make_rows(const struct node_topo *topo)
{
    const uint16_t *levels[LEVELS];
    sort_levels(topo, levels);
    struct row *rows = xcalloc(topo->n_cores, sizeof(*rows));
    for (uint32_t i = 0; i < topo->n_cores; i++) {
        rows[i].core = (uint16_t)i;
        for (int level = 0; level < LEVELS; level++)
            rows[i].key[level] = levels[level][i];
    }
    qsort(rows, topo->n_cores, sizeof(*rows), row_cmp);
    return rows;
}

static bool starts_domain(const struct row *rows, uint32_t first, uint32_t i, int level)
{
    return i == first || rows[i].key[level] != rows[i - 1].key[level];
}

/* Append the children of domain 'd' that 'level' makes; true when there is more
 * than one. Those of one domain stand side by side. */
static bool divide(struct domain_tree *tree, uint32_t d, const struct row *rows,
                   int level)
{
    uint32_t first = tree->at[d].first, end = first + tree->at[d].n_cores, n = 0;
    for (uint32_t i = first; i < end; i++)
        n += starts_domain(rows, first, i, level);
    if (n < 2)
        return false;
    tree->at = xrealloc(tree->at, tree->n + n, sizeof(*tree->at));
    tree->at[d].child = tree->n;
    tree->at[d].n_children = n;
    for (uint32_t i = first; i < end; i++) {
        if (starts_domain(rows, first, i, level))
            tree->at[tree->n++] = (struct domain){.parent = d, .first = i};
        tree->at[tree->n - 1].n_cores++;
    }
    return true;
}

static void divide_all(struct domain_tree *tree, uint32_t d, const struct row *rows,
                       int level)
{
    while (level < LEVELS && !divide(tree, d, rows, level))
        level++;
    for (uint32_t i = 0; i < tree->at[d].n_children; i++)
        divide_all(tree, tree->at[d].child + i, rows, level + 1);
}

struct domain_tree *domain_tree_create(const struct node_topo *topo)
{
    cleanup(freep) struct row *rows = make_rows(topo);
    struct domain_tree *tree = xcalloc(1, sizeof(*tree));
    tree->at = xcalloc(1, sizeof(*tree->at));
    tree->at[0].n_cores = topo->n_cores;
    tree->n = 1;
    divide_all(tree, 0, rows, 0);

    tree->order = xcalloc(topo->n_cores, sizeof(*tree->order));
    tree->leaf_of = xcalloc(topo->n_cores, sizeof(*tree->leaf_of));
    for (uint32_t i = 0; i < topo->n_cores; i++)
        tree->order[i] = rows[i].core;
    for (uint32_t d = 0; d < tree->n; d++)
        for (uint32_t i = 0; tree->at[d].n_children == 0 && i < tree->at[d].n_cores;
             i++)
            tree->leaf_of[tree->order[tree->at[d].first + i]] = d;
    return tree;
}

void domain_tree_destroy(struct domain_tree *tree)
{
    if (!tree)
        return;
    free(tree->order);
    free(tree->leaf_of);
    free(tree->at);
    free(tree);
}
