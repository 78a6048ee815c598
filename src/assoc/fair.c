/* SPDX-License-Identifier: Apache-2.0
 *
 * fair.c - from shares and usage to a factor for each user
 *
 * Fair tree: among siblings, the one with more shares for what it used goes first,
 * with all below it; users are ranked in that order, and the factor is the rank over
 * the number of users (Cox and Morrison, slurm.schedmd.com/fair_tree.html). Siblings
 * that tie: users share a rank; accounts are walked as one, their children sorted
 * together; the first below a tied account shares the rank of the user it ties with.
 *
 * Classic: 2^-(usage / shares), with shares multiplied down the tree and usage
 * charged in part from what the parent's other children used
 * (slurm.schedmd.com/classic_fair_share.html).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "assoc/internal.h"
#include "base/mem.h"

static bool takes_part(const struct assoc *assoc, const struct node *node)
{
    return !node->implicit || assoc_is_trivial(assoc) || node->tally.jobs ||
           node->tally.submitted;
}

/* ---- numbers of each level */

static double weighted(const struct assoc *assoc, const struct meter *meter)
{
    double usage = 0;

    for (int k = 0; k < TRES_N; k++)
        usage += assoc->options.weight[k] * meter->total[k];
    return usage;
}

static void rate_children(struct assoc *assoc, uint32_t index)
{
    double shares = 0, usage = 0;
    uint32_t first = assoc->nodes[index].first_child;

    for (uint32_t i = first; i != ASSOC_NONE; i = assoc->nodes[i].next_sibling) {
        const struct node *child = &assoc->nodes[i];

        if (takes_part(assoc, child))
            shares += child->shares;
        usage += child->fair.usage;
    }
    for (uint32_t i = first; i != ASSOC_NONE; i = assoc->nodes[i].next_sibling) {
        struct node *child = &assoc->nodes[i];
        struct fair *f = &child->fair;
        bool counts = takes_part(assoc, child) && child->shares > 0;

        f->norm_shares = counts ? child->shares / shares : 0;
        f->norm_usage = usage > 0 ? f->usage / usage : 0;
        f->level_fs = !counts             ? 0
                      : f->norm_usage > 0 ? f->norm_shares / f->norm_usage
                                          : INFINITY;
    }
}

static void rate_all(struct assoc *assoc)
{
    double scale = usage_scale(assoc, assoc->now), at = usage_w(assoc, assoc->now);

    for (uint32_t i = 0; i < assoc->n_nodes; i++) {
        struct node *node = &assoc->nodes[i];

        if (!node->in_use)
            continue;
        meter_touch(&node->meter, at);
        node->fair.usage = weighted(assoc, &node->meter) * scale;
    }
    struct fair *root = &assoc->nodes[ASSOC_ROOT].fair;
    double all = root->usage;
    root->norm_shares = root->norm_usage = root->level_fs = 1;
    for (uint32_t i = 0; i < assoc->n_nodes; i++) {
        struct node *node = &assoc->nodes[i];

        if (!node->in_use)
            continue;
        node->fair.effective = all > 0 ? node->fair.usage / all : 0;
        if (!node->user)
            rate_children(assoc, i);
    }
}

/* ---- fair tree */

struct entry {
    uint32_t index;
    double level_fs;
};

static int by_level_fs(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->level_fs != y->level_fs)
        return x->level_fs > y->level_fs ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

struct ranking {
    struct assoc *assoc;
    uint32_t users, seen; /* ranked so far */
    uint32_t shared;      /* a rank that the next user takes, or UINT32_MAX */
};

static void rank_user(struct ranking *r, struct node *user, uint32_t rank)
{
    user->fair.factor = (double)(r->users - rank) / r->users;
    r->seen++;
}

/* Children of 'n' accounts, sorted; the caller frees them. */
static struct entry *children_of(const struct assoc *assoc,
                                 const struct entry *accounts, size_t n, size_t *ret_n)
{
    struct entry *list = NULL;
    size_t count = 0, cap = 0;

    for (size_t a = 0; a < n; a++) {
        for (uint32_t i = assoc->nodes[accounts[a].index].first_child; i != ASSOC_NONE;
             i = assoc->nodes[i].next_sibling) {
            if (count == cap)
                list = xrealloc(list, cap = cap ? 2 * cap : 16, sizeof *list);
            list[count++] = (struct entry){i, assoc->nodes[i].fair.level_fs};
        }
    }
    if (count)
        qsort(list, count, sizeof *list, by_level_fs);
    *ret_n = count;
    return list;
}

static void rank_below(struct ranking *r, const struct entry *accounts, size_t n);

/* Siblings that tie: all its users on one rank, then all its accounts as one. */
static void rank_group(struct ranking *r, struct entry *group, size_t n)
{
    size_t n_accounts = 0;
    uint32_t rank = r->shared != UINT32_MAX ? r->shared : r->seen;
    bool any_user = false;

    for (size_t i = 0; i < n; i++) {
        struct node *node = &r->assoc->nodes[group[i].index];

        if (!node->user) {
            group[n_accounts++] = group[i];
            continue;
        }
        rank_user(r, node, rank);
        any_user = true;
    }
    if (any_user)
        r->shared = n_accounts ? rank : UINT32_MAX;
    if (n_accounts)
        rank_below(r, group, n_accounts);
    if (any_user)
        r->shared = UINT32_MAX;
}

static void rank_below(struct ranking *r, const struct entry *accounts, size_t n)
{
    size_t count;
    cleanup(freep) struct entry *list = children_of(r->assoc, accounts, n, &count);

    for (size_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count; end++)
            if (list[end].level_fs != list[first].level_fs)
                break;
        rank_group(r, list + first, end - first);
    }
}

static void rank_tree(struct assoc *assoc)
{
    struct ranking r = {.assoc = assoc, .shared = UINT32_MAX};
    struct entry root = {.index = ASSOC_ROOT};

    for (uint32_t i = 0; i < assoc->n_nodes; i++)
        r.users += assoc->nodes[i].in_use && assoc->nodes[i].user;
    rank_below(&r, &root, 1);
}

/* ---- classic */

static void rate_classic(struct assoc *assoc, uint32_t index, double shares,
                         double usage)
{
    for (uint32_t i = assoc->nodes[index].first_child; i != ASSOC_NONE;
         i = assoc->nodes[i].next_sibling) {
        struct node *child = &assoc->nodes[i];
        double own_shares = shares * child->fair.norm_shares;
        double spare = index == ASSOC_ROOT ? 0 : usage - child->fair.effective;
        double own_usage = child->fair.effective + spare * child->fair.norm_shares;

        if (child->user)
            child->fair.factor = own_shares > 0 ? exp2(-own_usage / own_shares) : 0;
        else
            rate_classic(assoc, i, own_shares, own_usage);
    }
}

void assoc_refresh(struct assoc *assoc, int64_t now)
{
    int64_t before = assoc->now;

    if (assoc_clock(assoc, now) == before && !assoc->dirty)
        return;
    rate_all(assoc);
    switch (assoc->options.form) {
    case FAIR_TREE:
        rank_tree(assoc);
        break;
    case FAIR_CLASSIC:
        rate_classic(assoc, ASSOC_ROOT, 1, assoc->nodes[ASSOC_ROOT].fair.effective);
        break;
    }
    assoc->dirty = false;
}

double assoc_fair_factor(const struct assoc *assoc, const struct assoc_handle *h)
{
    return assoc->nodes[h->leaf].fair.factor;
}

void assoc_share_of(const struct assoc *assoc, uint32_t index, struct assoc_share *ret)
{
    const struct node *node = &assoc->nodes[index];

    *ret = (struct assoc_share){
        .shares = node->shares,
        .norm_shares = node->fair.norm_shares,
        .usage = node->fair.usage,
        .norm_usage = node->fair.norm_usage,
        .effective_usage = node->fair.effective,
        .level_fs = node->fair.level_fs,
        .factor = node->user ? node->fair.factor : 0,
        .jobs = node->tally.jobs,
        .in_use = node->tally.held,
    };
}
