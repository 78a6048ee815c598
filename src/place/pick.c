/* SPDX-License-Identifier: Apache-2.0
 *
 * pick.c - how many nodes of each class a request takes, and with what tasks
 */
#include "place/pick.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

uint32_t pick_leftover(const struct place_want *want, const struct pick_class *class,
                       uint32_t tasks)
{
    if (want->req->exclusive)
        return 0;
    return class->free - place_want_cores(want, tasks, class->free);
}

bool pick_is_split(const struct place_want *want, const struct pick_class *class,
                   uint32_t tasks)
{
    return class->free == class->n_cores && pick_leftover(want, class, tasks) > 0;
}

void picker_init(struct picker *picker, const struct place_want *want)
{
    *picker = (struct picker){.want = want};
}

void picker_use(struct picker *picker, const struct pick_class *classes, uint32_t n)
{
    picker->classes = classes;
    picker->n_classes = n;
}

void picker_fini(struct picker *picker)
{
    for (uint32_t i = 0; i < picker->n_orders; i++)
        free(picker->orders[i].classes);
}

void pick_init(struct pick *pick)
{
    *pick = (struct pick){.take = xmalloc(CLASSES_MAX * sizeof(*pick->take))};
}

void pick_fini(struct pick *pick)
{
    free(pick->take);
}

/* ------------------------------------------------------------------- order */

static uint32_t useful(const struct pick_class *class, uint32_t enough)
{
    return class->capacity < enough ? class->capacity : enough;
}

static bool goes_before(const struct picker *p, uint16_t x, uint16_t y, uint32_t enough)
{
    const struct pick_class *a = &p->classes[x], *b = &p->classes[y];
    uint32_t ua = useful(a, enough), ub = useful(b, enough);
    if (a->required != b->required)
        return a->required;
    if (ua != ub)
        return ua > ub;
    bool compact = p->want->req->policy == PLACE_COMPACT;
    bool sa = pick_is_split(p->want, a, ua), sb = pick_is_split(p->want, b, ub);
    if (compact && sa != sb)
        return sb;
    uint32_t la = pick_leftover(p->want, a, ua), lb = pick_leftover(p->want, b, ub);
    if (la != lb)
        return (la < lb) == compact;
    return x < y;
}

/* Sort in one class more. */
static void insert_class(const struct picker *p, struct pick_order *order)
{
    uint16_t class = (uint16_t)order->n;
    uint32_t low = 0, high = order->n, enough = order->enough ? order->enough : 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (goes_before(p, class, order->classes[middle], enough))
            high = middle;
        else
            low = middle + 1;
    }
    memmove(&order->classes[low + 1], &order->classes[low],
            (order->n - low) * sizeof(*order->classes));
    order->classes[low] = class;
    order->n++;
}

static const uint16_t *update_order(const struct picker *p, struct pick_order *order)
{
    if (order->room < p->n_classes) {
        order->room = 2 * p->n_classes;
        order->classes = xrealloc(order->classes, order->room, sizeof(*order->classes));
    }
    while (order->n < p->n_classes)
        insert_class(p, order);
    return order->classes;
}

static const uint16_t *order_for(struct picker *p, uint32_t enough)
{
    for (uint32_t i = 0; i < p->n_orders; i++)
        if (p->orders[i].enough == enough)
            return update_order(p, &p->orders[i]);
    /* The first, for nodes filled up, is needed again and again. */
    if (p->n_orders == ARRAY_SIZE(p->orders))
        free(p->orders[--p->n_orders].classes);
    p->orders[p->n_orders] = (struct pick_order){.enough = enough};
    return update_order(p, &p->orders[p->n_orders++]);
}

/* ------------------------------------------------- nodes that cannot be left out */

/* What of each quota is missing still. */
struct missing {
    uint32_t n[QUOTAS_MAX];
};

static uint32_t unmet(const struct missing *missing, uint32_t n_quotas)
{
    uint32_t bits = 0;
    for (uint32_t q = 0; q < n_quotas; q++)
        bits |= missing->n[q] > 0 ? 1u << q : 0;
    return bits;
}

static void count_taken(struct missing *missing, uint32_t n_quotas, uint32_t quotas,
                        uint32_t n)
{
    for (uint32_t q = 0; q < n_quotas; q++)
        if (quotas & 1u << q)
            missing->n[q] -= missing->n[q] < n ? missing->n[q] : n;
}

/* The class that helps with the most quotas, then the first of the order. */
static uint32_t most_helpful(const struct picker *p, const uint16_t *order,
                             const uint32_t *avail, const uint32_t *forced,
                             uint32_t open)
{
    uint32_t best = NO_CLASS;
    int best_helps = 0;
    for (uint32_t i = 0; i < p->n_classes; i++) {
        uint32_t k = order[i];
        int helps = __builtin_popcount(p->classes[k].quotas & open);
        if (forced[k] < avail[k] && helps > best_helps) {
            best = k;
            best_helps = helps;
        }
    }
    return best;
}

static bool force_quotas(const struct picker *p, const uint16_t *order,
                         const uint32_t *avail, struct missing *missing,
                         uint32_t *forced)
{
    uint32_t n_quotas = p->want->req->n_quotas, open;
    while ((open = unmet(missing, n_quotas)) != 0) {
        uint32_t k = most_helpful(p, order, avail, forced, open);
        if (k == NO_CLASS)
            return false;
        uint32_t n = avail[k] - forced[k];
        for (uint32_t q = 0; q < n_quotas; q++)
            if ((p->classes[k].quotas & open & 1u << q) && missing->n[q] < n)
                n = missing->n[q];
        forced[k] += n;
        count_taken(missing, n_quotas, p->classes[k].quotas, n);
    }
    return true;
}

/* Nodes of each class that have to be among the chosen. false: the quotas cannot
 * be met. */
static bool force_classes(const struct picker *p, const uint16_t *order,
                          const uint32_t *avail, uint32_t *forced, uint32_t *ret_n)
{
    struct missing missing = {{0}};
    *ret_n = 0;
    for (uint32_t q = 0; q < p->want->req->n_quotas; q++)
        missing.n[q] = p->want->req->quotas[q].n;
    for (uint32_t k = 0; k < p->n_classes; k++) {
        forced[k] = p->classes[k].required ? avail[k] : 0;
        count_taken(&missing, p->want->req->n_quotas, p->classes[k].quotas, forced[k]);
    }
    bool met = force_quotas(p, order, avail, &missing, forced);
    for (uint32_t k = 0; k < p->n_classes; k++)
        *ret_n += forced[k];
    return met;
}

/* ------------------------------------------------------------------- choice */

/* The first 'n' nodes: those forced, then the others, both in order. Returns the
 * tasks that they have room for. */
static uint64_t take_first(const struct picker *p, const uint16_t *order,
                           const uint32_t *avail, const uint32_t *forced, uint32_t n,
                           uint32_t *take)
{
    uint64_t room = 0;
    for (uint32_t k = 0; k < p->n_classes; k++) {
        take[k] = forced[k];
        n -= forced[k];
        room += (uint64_t)forced[k] * p->classes[k].capacity;
    }
    for (uint32_t i = 0; i < p->n_classes && n > 0; i++) {
        uint32_t k = order[i], more = avail[k] - take[k];
        more = more < n ? more : n;
        take[k] += more;
        n -= more;
        room += (uint64_t)more * p->classes[k].capacity;
    }
    return room;
}

/* The least number of nodes from 'least' on that hold the tasks; 0: none. */
static uint32_t fewest_nodes(const struct picker *p, const uint16_t *order,
                             const uint32_t *avail, const uint32_t *forced,
                             uint32_t least, uint32_t all, uint32_t *take)
{
    uint32_t used = least;
    if (least > all)
        return 0;
    uint64_t room = take_first(p, order, avail, forced, used, take);
    for (uint32_t i = 0; i < p->n_classes && room < p->want->tasks; i++) {
        uint32_t k = order[i], capacity = p->classes[k].capacity;
        uint64_t n = (p->want->tasks - room + capacity - 1) / capacity;
        if (n > avail[k] - take[k])
            n = avail[k] - take[k];
        take[k] += (uint32_t)n;
        used += (uint32_t)n;
        room += n * capacity;
    }
    return room >= p->want->tasks && used <= p->want->nodes_max ? used : 0;
}

/* The last node of a filled set holds what remains: take the one that it fits
 * best among those not used yet. */
static void choose_last(struct picker *p, const uint16_t *order, const uint32_t *avail,
                        const uint32_t *forced, struct pick *pick)
{
    uint64_t before =
        take_first(p, order, avail, forced, pick->n_nodes - 1, pick->take);
    pick->rest = (uint32_t)(p->want->tasks - before);
    const uint16_t *fitting = order_for(p, pick->rest);
    for (uint32_t i = 0; i < p->n_classes; i++) {
        uint16_t k = fitting[i];
        if (pick->take[k] == avail[k])
            continue;
        pick->take[k]++;
        pick->last = k;
        return;
    }
}

bool pick_choose(struct picker *p, const uint32_t *avail, struct pick *ret)
{
    const struct place_want *want = p->want;
    const uint16_t *order = order_for(p, UINT32_MAX);
    cleanup(freep) uint32_t *forced = NULL;
    uint32_t all = 0, n_forced, small[64];
    uint32_t *must = small;
    if (p->n_classes > ARRAY_SIZE(small))
        must = forced = xcalloc(p->n_classes, sizeof(*forced));
    for (uint32_t k = 0; k < p->n_classes; k++)
        all += avail[k];
    if (all < want->nodes_min || !force_classes(p, order, avail, must, &n_forced))
        return false;
    uint32_t least = n_forced > want->nodes_min ? n_forced : want->nodes_min;
    uint32_t used = fewest_nodes(p, order, avail, must, least, all, ret->take);
    if (used == 0)
        return false;
    ret->n_nodes = used;
    ret->last = NO_CLASS;
    ret->evenly = used == least;
    if (!ret->evenly) {
        choose_last(p, order, avail, must, ret);
        return true;
    }
    uint64_t tasks = place_want_tasks(want, used);
    const uint16_t *even = order_for(p, (uint32_t)((tasks + used - 1) / used));
    if (take_first(p, even, avail, must, used, ret->take) < tasks)
        take_first(p, order, avail, must, used, ret->take);
    return true;
}

/* ------------------------------------------------------------------- tasks */

static uint32_t capacity_of(const struct picker *p, const struct pick_node *node)
{
    return p->classes[node->class].capacity;
}

static uint64_t room_up_to(const struct picker *p, const struct pick_node *nodes,
                           uint32_t n, uint32_t level)
{
    uint64_t room = 0;
    for (uint32_t i = 0; i < n; i++)
        room += capacity_of(p, &nodes[i]) < level ? capacity_of(p, &nodes[i]) : level;
    return room;
}

/* The least number of tasks on the fullest node when all are filled evenly. */
static uint32_t fill_level(const struct picker *p, const struct pick_node *nodes,
                           uint32_t n, uint64_t tasks)
{
    uint32_t low = (uint32_t)(tasks / n), high = UINT32_MAX;
    if (room_up_to(p, nodes, n, low + 1) >= tasks)
        high = low + 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (room_up_to(p, nodes, n, middle) >= tasks)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* In equal numbers as far as there is room; the first nodes get one more. */
static void deal_evenly(const struct picker *p, struct pick_node *nodes, uint32_t n)
{
    uint64_t left = place_want_tasks(p->want, n);
    uint32_t level = fill_level(p, nodes, n, left);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t below = level ? level - 1 : 0, capacity = capacity_of(p, &nodes[i]);
        nodes[i].tasks = capacity < below ? capacity : below;
        left -= nodes[i].tasks;
    }
    for (uint32_t i = 0; i < n && left > 0; i++) {
        if (capacity_of(p, &nodes[i]) > nodes[i].tasks) {
            nodes[i].tasks++;
            left--;
        }
    }
}

void pick_deal(const struct picker *p, const struct pick *pick, struct pick_node *nodes,
               uint32_t n)
{
    bool rest_is_given = false;
    if (pick->evenly) {
        deal_evenly(p, nodes, n);
        return;
    }
    for (uint32_t i = n; i-- > 0;) {
        nodes[i].tasks = capacity_of(p, &nodes[i]);
        if (nodes[i].class != pick->last || rest_is_given)
            continue;
        nodes[i].tasks = pick->rest;
        rest_is_given = true;
    }
}
