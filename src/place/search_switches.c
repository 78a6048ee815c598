/* SPDX-License-Identifier: Apache-2.0
 *
 * search_switches.c - nodes under the lowest switches that hold a request
 *
 * From the leaves to the root, all switches of one height at a time; the first
 * height with an offer is the last that is looked at. What hangs from a switch is
 * counted by class, so a switch costs no more for having more nodes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "place/search.h"

struct climb {
    struct field *field;
    struct picker *picker;
    struct offers *offers;
    const struct switch_tree *tree;
    uint32_t *below; /* [switch * n_classes + class]: at and below it */
    struct pick pick;
    struct leaf *leaves; /* those that hold it, best first */
    size_t n_leaves;
};

/* A switch of height 0 that holds it, and what that would cost at about. */
struct leaf {
    uint32_t sw, first;
    double cost;
    uint64_t leftover;
};

static uint32_t *below_of(const struct climb *c, uint32_t sw)
{
    return &c->below[(size_t)sw * c->field->n_classes];
}

static uint32_t *home_of(const struct climb *c, uint32_t sw)
{
    return &c->field->home[(size_t)sw * c->field->n_classes];
}

static size_t required_below(const struct climb *c, uint32_t sw)
{
    size_t n = 0;
    for (uint32_t k = 0; k < c->field->n_classes; k++)
        n += c->field->classes[k].required ? below_of(c, sw)[k] : 0;
    return n;
}

/* --------------------------------------------------------------- selections */

/* The lowest nodes under 'sw' of the classes that have been picked, of switches
 * in 'homes' only (NULL: of all). */
static void add_selection(struct climb *c, uint32_t sw, const bool *homes)
{
    const struct bitset *below = switch_tree_nodes_below(c->tree, sw);
    struct pick_node *nodes = xmalloc(c->pick.n_nodes * sizeof(*nodes));
    uint32_t n = 0;
    for (size_t i = bitset_next(below, 0); i < below->nbits && n < c->pick.n_nodes;
         i = bitset_next(below, i + 1)) {
        uint16_t class = c->field->class_of[i];
        if (class == NO_CLASS || c->pick.take[class] == 0)
            continue;
        if (homes && !homes[switch_tree_switch_of(c->tree, (uint32_t)i)])
            continue;
        c->pick.take[class]--;
        nodes[n++] = (struct pick_node){.node = (uint32_t)i, .class = class};
    }
    pick_deal(c->picker, &c->pick, nodes, n);
    offers_add(c->offers, c->field->classes, nodes, n);
}

/* ------------------------------------------------------------------- leaves */

/* As if each node got the same number of tasks. */
static void judge_leaf(const struct climb *c, uint32_t sw, struct leaf *ret)
{
    const struct place_want *want = c->picker->want;
    uint64_t tasks = place_want_tasks(want, c->pick.n_nodes);
    uint32_t each = (uint32_t)((tasks + c->pick.n_nodes - 1) / c->pick.n_nodes);
    *ret = (struct leaf){.sw = sw, .first = c->field->first[sw]};
    for (uint32_t k = 0; k < c->field->n_classes; k++) {
        const struct pick_class *class = &c->field->classes[k];
        uint32_t n = c->pick.take[k], own = class->capacity;
        if (n == 0)
            continue;
        if (c->pick.evenly && each < own)
            own = each;
        if (k == c->pick.last) {
            ret->leftover += pick_leftover(want, class, c->pick.rest);
            ret->cost += pick_is_split(want, class, c->pick.rest);
            n--;
        }
        ret->leftover += (uint64_t)n * pick_leftover(want, class, own);
        ret->cost += n * (double)pick_is_split(want, class, own);
    }
    ret->cost *= c->offers->weights.fragmentation;
}

static bool is_better_leaf(const struct climb *c, const struct leaf *a,
                           const struct leaf *b)
{
    bool compact = c->picker->want->req->policy == PLACE_COMPACT;
    if (a->cost != b->cost)
        return a->cost < b->cost;
    if (a->leftover != b->leftover)
        return (a->leftover < b->leftover) == compact;
    return a->first < b->first;
}

static void keep_leaf(struct climb *c, const struct leaf *leaf)
{
    size_t at = c->n_leaves;
    while (at > 0 && is_better_leaf(c, leaf, &c->leaves[at - 1]))
        at--;
    if (at == OFFERS_MAX)
        return;
    if (c->n_leaves == OFFERS_MAX)
        c->n_leaves--;
    memmove(&c->leaves[at + 1], &c->leaves[at],
            (c->n_leaves - at) * sizeof(*c->leaves));
    c->leaves[at] = *leaf;
    c->n_leaves++;
}

static void try_leaf(struct climb *c, uint32_t sw)
{
    struct leaf leaf;
    if (c->field->first[sw] == UINT32_MAX ||
        required_below(c, sw) != c->field->n_required ||
        !pick_choose(c->picker, below_of(c, sw), &c->pick))
        return;
    judge_leaf(c, sw, &leaf);
    keep_leaf(c, &leaf);
}

static void offer_leaves(struct climb *c)
{
    for (size_t i = 0; i < c->n_leaves; i++)
        if (pick_choose(c->picker, below_of(c, c->leaves[i].sw), &c->pick))
            add_selection(c, c->leaves[i].sw, NULL);
}

/* --------------------------------------------------------- switches above them */

/* A switch with candidates of its own. */
struct home {
    uint32_t sw, n;
    bool required;
};

/* Of those with required nodes first, then the largest. */
static int compare_homes(const void *pa, const void *pb)
{
    const struct home *a = pa, *b = pb;
    if (a->required != b->required)
        return a->required ? -1 : 1;
    if (a->n != b->n)
        return a->n > b->n ? -1 : 1;
    return a->sw < b->sw ? -1 : 1;
}

static struct home *list_homes(const struct climb *c, uint32_t sw, size_t *ret_n)
{
    const struct bitset *below = switch_tree_nodes_below(c->tree, sw);
    struct home *homes = xcalloc(sw + 1, sizeof(*homes));
    *ret_n = 0;
    for (uint32_t i = 0; i <= sw; i++) {
        struct home home = {.sw = i};
        if (c->field->first[i] == UINT32_MAX || !bitset_test(below, c->field->first[i]))
            continue;
        for (uint32_t k = 0; k < c->field->n_classes; k++) {
            home.n += home_of(c, i)[k];
            home.required |= c->field->classes[k].required && home_of(c, i)[k] > 0;
        }
        homes[(*ret_n)++] = home;
    }
    qsort(homes, *ret_n, sizeof(*homes), compare_homes);
    return homes;
}

/* Mark as few as have 'needed' nodes and all required ones; the last one is the
 * one that fits best. */
static void mark_homes(const struct home *homes, size_t n, uint32_t needed, bool *ret)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        if (needed == 0 && !homes[i].required)
            return;
        while (!homes[i].required && homes[i].n >= needed && at + 1 < n &&
               homes[at + 1].n >= needed)
            at++;
        /* Of equal ones the first. */
        while (at > i && homes[at - 1].n == homes[at].n)
            at--;
        ret[homes[at].sw] = true;
        needed -= homes[at].n < needed ? homes[at].n : needed;
    }
}

/* The best of as few switches as have nodes enough. */
static void try_few_homes(struct climb *c, uint32_t sw, uint32_t needed)
{
    size_t n;
    cleanup(freep) struct home *homes = list_homes(c, sw, &n);
    cleanup(freep) bool *marked = xcalloc(sw + 1, sizeof(*marked));
    cleanup(freep) uint32_t *avail = xcalloc(c->field->n_classes, sizeof(*avail));
    mark_homes(homes, n, needed, marked);
    for (uint32_t i = 0; i <= sw; i++)
        for (uint32_t k = 0; marked[i] && k < c->field->n_classes; k++)
            avail[k] += home_of(c, i)[k];
    if (pick_choose(c->picker, avail, &c->pick))
        add_selection(c, sw, marked);
}

static void try_switch(struct climb *c, uint32_t sw)
{
    if (required_below(c, sw) != c->field->n_required ||
        !pick_choose(c->picker, below_of(c, sw), &c->pick))
        return;
    uint32_t needed = c->pick.n_nodes;
    add_selection(c, sw, NULL);
    try_few_homes(c, sw, needed);
}

/* Switches come by height, children before parents. */
void search_switches(struct field *field, struct picker *picker, struct offers *offers)
{
    struct leaf leaves[OFFERS_MAX + 1];
    struct climb c = {.field = field,
                      .picker = picker,
                      .offers = offers,
                      .tree = field->cluster->tree,
                      .leaves = leaves};
    size_t n = switch_tree_n_switches(c.tree), K = field->n_classes;
    cleanup(freep) uint32_t *below = xmemdup(field->home, (n * K + 1) * sizeof(*below));
    unsigned int height = 0;
    c.below = below;
    pick_init(&c.pick, field->n_classes);
    for (uint32_t sw = 0; sw < n; sw++) {
        if (switch_tree_height(c.tree, sw) > height) {
            if (height == 0)
                offer_leaves(&c);
            if (offers->n > 0)
                break;
            height = switch_tree_height(c.tree, sw);
        }
        if (height == 0)
            try_leaf(&c, sw);
        else
            try_switch(&c, sw);
        uint32_t parent = switch_tree_parent(c.tree, sw);
        for (uint32_t k = 0; parent != UINT32_MAX && k < K; k++)
            below_of(&c, parent)[k] += below_of(&c, sw)[k];
    }
    if (height == 0)
        offer_leaves(&c);
    pick_fini(&c.pick);
}
