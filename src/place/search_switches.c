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

/* Leaves that hold it and are compared. The first ones differ enough. */
#define LEAVES_MAX 64

/* A switch of height 0 that holds it, and what that would cost at about. */
struct leaf {
    uint32_t sw, first;
    double cost;
    uint64_t leftover;
};

struct climb {
    struct field *field;
    struct picker *picker;
    struct offers *offers;
    const struct switch_tree *tree;
    uint32_t *avail; /* by class, CLASSES_MAX */
    struct pick pick;
    struct leaf leaves[OFFERS_MAX + 1]; /* best first */
    size_t n_leaves, n_fitting;
    size_t n_required;
    uint32_t *below; /* [switch * n_classes + class]: at and below it */
    uint32_t n_classes;
};

static size_t required_among(const struct climb *c, const uint32_t *avail)
{
    size_t n = 0;
    for (uint32_t k = 0; c->n_required && k < c->field->n_classes; k++)
        n += c->field->classes[k].required ? avail[k] : 0;
    return n;
}

static bool choose(struct climb *c, const uint32_t *avail)
{
    picker_use(c->picker, c->field->classes, c->field->n_classes);
    return required_among(c, avail) == c->n_required &&
           pick_choose(c->picker, avail, &c->pick);
}

/* --------------------------------------------------------------- selections */

static bool take_node(struct climb *c, uint32_t node, struct pick_node *nodes,
                      uint32_t *n)
{
    uint16_t class = field_class(c->field, node);
    if (class == NO_CLASS || c->pick.take[class] == 0)
        return false;
    c->pick.take[class]--;
    nodes[(*n)++] = (struct pick_node){.node = node, .class = class};
    return true;
}

static void offer_selection(struct climb *c, struct pick_node *nodes, uint32_t n)
{
    pick_deal(c->picker, &c->pick, nodes, n);
    offers_add(c->offers, c->field->classes, nodes, n);
}

/* The lowest nodes under 'sw' of the classes that have been picked. */
static void add_selection(struct climb *c, uint32_t sw)
{
    const struct bitset *below = switch_tree_nodes_below(c->tree, sw);
    struct pick_node *nodes = xmalloc(c->pick.n_nodes * sizeof(*nodes));
    uint32_t n = 0;
    for (size_t i = bitset_next(below, 0); i < below->nbits && n < c->pick.n_nodes;
         i = bitset_next(below, i + 1))
        take_node(c, (uint32_t)i, nodes, &n);
    offer_selection(c, nodes, n);
}

static int compare_nodes(const void *pa, const void *pb)
{
    const struct pick_node *a = pa, *b = pb;
    return (a->node > b->node) - (a->node < b->node);
}

/* The same, of these switches' own nodes. */
static void add_selection_of(struct climb *c, const uint32_t *switches, size_t n)
{
    struct pick_node *nodes = xmalloc(c->pick.n_nodes * sizeof(*nodes));
    uint32_t n_nodes = 0;
    for (size_t i = 0; i < n; i++) {
        const struct cluster_home *home = &c->field->cluster->homes[switches[i]];
        for (uint32_t w = 0; w < home->n_words; w++)
            for (uint64_t word = home->mask[w]; word && n_nodes < c->pick.n_nodes;
                 word &= word - 1)
                take_node(c,
                          (home->first_word + w) * 64 + (uint32_t)__builtin_ctzll(word),
                          nodes, &n_nodes);
    }
    qsort(nodes, n_nodes, sizeof(*nodes), compare_nodes);
    offer_selection(c, nodes, n_nodes);
}

/* ------------------------------------------------------------------- leaves */

/* As if each node got the same number of tasks. */
static void judge_leaf(const struct climb *c, uint32_t sw, struct leaf *ret)
{
    const struct place_want *want = c->picker->want;
    uint64_t tasks = place_want_tasks(want, c->pick.n_nodes);
    uint32_t each = (uint32_t)((tasks + c->pick.n_nodes - 1) / c->pick.n_nodes);
    *ret = (struct leaf){.sw = sw, .first = field_home(c->field, sw)->first};
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

/* All that hangs from a leaf, by class; false: not enough of it to look further. */
static bool load_leaf(struct climb *c, uint32_t sw)
{
    const struct field_home *home = field_home(c->field, sw);
    const struct place_want *want = c->picker->want;
    uint64_t room = 0;
    if (home->n == 0 || home->n < want->nodes_min)
        return false;
    memset(c->avail, 0, c->field->n_classes * sizeof(*c->avail));
    for (uint32_t i = 0; i < home->n_counts; i++) {
        const struct field_count *count = &field_counts(c->field, home)[i];
        c->avail[count->class] = count->n;
        room += (uint64_t)count->n * c->field->classes[count->class].capacity;
    }
    return room >= want->tasks;
}

/* true: nothing can be better than this one. */
static bool try_leaf(struct climb *c, uint32_t sw)
{
    struct leaf leaf;
    if (!load_leaf(c, sw) || !choose(c, c->avail))
        return false;
    judge_leaf(c, sw, &leaf);
    keep_leaf(c, &leaf);
    c->n_fitting++;
    return leaf.cost == 0 && leaf.leftover == 0 &&
           c->picker->want->req->policy == PLACE_COMPACT;
}

static void offer_leaves(struct climb *c)
{
    for (size_t i = 0; i < c->n_leaves; i++)
        if (load_leaf(c, c->leaves[i].sw) && choose(c, c->avail))
            add_selection_of(c, &c->leaves[i].sw, 1);
}

/* Leaves stand before all others. Returns the first switch that is none. */
static uint32_t try_leaves(struct climb *c, uint32_t n_switches)
{
    uint32_t sw = 0;
    size_t perfect = 0;
    while (sw < n_switches && switch_tree_height(c->tree, sw) == 0) {
        if (c->n_fitting < LEAVES_MAX && perfect < 2)
            perfect += try_leaf(c, sw);
        sw++;
    }
    offer_leaves(c);
    return sw;
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
        const struct field_home *home = field_home(c->field, i);
        if (home->n > 0 && bitset_test(below, home->first))
            homes[(*ret_n)++] =
                (struct home){.sw = i, .n = home->n, .required = home->has_required};
    }
    qsort(homes, *ret_n, sizeof(*homes), compare_homes);
    return homes;
}

/* As few as have 'needed' nodes, and all with required ones; the last one is the
 * one that fits best. Returns how many of them, in ret[]. */
static size_t choose_homes(const struct home *homes, size_t n, uint32_t needed,
                           uint32_t *ret)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        if (needed == 0 && !homes[i].required)
            break;
        while (!homes[i].required && homes[i].n >= needed && at + 1 < n &&
               homes[at + 1].n >= needed)
            at++;
        /* Of equal ones the first. */
        while (at > i && homes[at - 1].n == homes[at].n)
            at--;
        ret[used++] = homes[at].sw;
        needed -= homes[at].n < needed ? homes[at].n : needed;
    }
    return used;
}

static void add_home(const struct climb *c, uint32_t sw, uint32_t *counts)
{
    const struct field_home *home = field_home(c->field, sw);
    for (uint32_t i = 0; i < home->n_counts; i++) {
        const struct field_count *count = &field_counts(c->field, home)[i];
        counts[count->class] += count->n;
    }
}

static bool is_among(uint32_t sw, const uint32_t *few, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (few[i] == sw)
            return true;
    return false;
}

/* Quotas may need other switches than the number of nodes does: add one that meets
 * them, or if none does alone, the first, and try again. */
static bool widen(struct climb *c, const struct home *homes, size_t n, uint32_t *few,
                  size_t *n_few)
{
    while (*n_few < n) {
        uint32_t first = UINT32_MAX;
        cleanup(freep) uint32_t *before =
            xmemdup(c->avail, c->n_classes * sizeof(*before));
        for (size_t i = 0; i < n; i++) {
            if (is_among(homes[i].sw, few, *n_few))
                continue;
            first = first == UINT32_MAX ? homes[i].sw : first;
            add_home(c, homes[i].sw, c->avail);
            if (choose(c, c->avail)) {
                few[(*n_few)++] = homes[i].sw;
                return true;
            }
            memcpy(c->avail, before, c->n_classes * sizeof(*before));
        }
        few[(*n_few)++] = first;
        add_home(c, first, c->avail);
    }
    return false;
}

/* The best of as few switches as have nodes enough. */
static void try_few_homes(struct climb *c, uint32_t sw, uint32_t needed)
{
    size_t n;
    cleanup(freep) struct home *homes = list_homes(c, sw, &n);
    cleanup(freep) uint32_t *few = xcalloc(n + 1, sizeof(*few));
    size_t n_few = choose_homes(homes, n, needed, few);
    memset(c->avail, 0, c->n_classes * sizeof(*c->avail));
    for (size_t i = 0; i < n_few; i++)
        add_home(c, few[i], c->avail);
    if (choose(c, c->avail) ||
        (c->picker->want->req->n_quotas > 0 && widen(c, homes, n, few, &n_few)))
        add_selection_of(c, few, n_few);
}

/* Few switches come first: of equal offers the first is taken. */
static void try_switch(struct climb *c, uint32_t sw)
{
    const uint32_t *below = &c->below[(size_t)sw * c->n_classes];
    if (!choose(c, below))
        return;
    try_few_homes(c, sw, c->pick.n_nodes);
    if (choose(c, below))
        add_selection(c, sw);
}

/* Count everything: no leaf holds it. */
static void count_below(struct climb *c, uint32_t n_switches)
{
    uint64_t room;
    (void)field_total(c->field, &room);
    c->n_classes = c->field->n_classes;
    c->below = xcalloc((size_t)n_switches * c->n_classes + 1, sizeof(*c->below));
    for (uint32_t sw = 0; sw < n_switches; sw++) {
        uint32_t *own = &c->below[(size_t)sw * c->n_classes];
        uint32_t parent = switch_tree_parent(c->tree, sw);
        add_home(c, sw, own);
        for (uint32_t k = 0; parent != UINT32_MAX && k < c->n_classes; k++)
            c->below[(size_t)parent * c->n_classes + k] += own[k];
    }
}

/* Switches come by height, children before parents. */
void search_switches(struct field *field, struct picker *picker, struct offers *offers)
{
    cleanup(freep) uint32_t *avail = xmalloc(CLASSES_MAX * sizeof(*avail));
    struct climb c = {.field = field,
                      .picker = picker,
                      .offers = offers,
                      .tree = field->cluster->tree,
                      .avail = avail};
    uint32_t n = (uint32_t)switch_tree_n_switches(c.tree);
    if (field->want.req->required)
        c.n_required = bitset_count(field->want.req->required);
    pick_init(&c.pick);
    uint32_t sw = try_leaves(&c, n);
    unsigned int height = 0;
    for (; sw < n; sw++) {
        if (switch_tree_height(c.tree, sw) > height && offers->n > 0)
            break;
        if (!c.below)
            count_below(&c, n);
        height = switch_tree_height(c.tree, sw);
        try_switch(&c, sw);
    }
    free(c.below);
    pick_fini(&c.pick);
}
