/* SPDX-License-Identifier: Apache-2.0
 *
 * search.c - when could it start, and where?
 *
 * A walk along the edges, the times at which something becomes free, in their
 * order. It keeps the set of nodes that could hold a task of the job from the time
 * it stands at, for as long as the job needs. Only nodes that an edge touches are
 * looked at again; nodes with promises are looked at once more where the set is
 * large enough, as what is free there may end again. So a walk costs what it
 * passes, not what there is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sched/group.h"
#include "sched/internal.h"

/* Recurrences of a reservation that are looked at. */
#define RECURRENCES_MAX 64

void slot_fini(struct slot *slot)
{
    free(slot->nodes);
    *slot = (struct slot){0};
}

bool search_allowed(const struct sched *sched, const struct group *group, int64_t from,
                    int64_t length, struct bitset *ret, const char **ret_reservation)
{
    int64_t last;
    bool is_gone;
    const struct reservation *home = reservation_of(sched, group, &is_gone);
    bitset_copy(ret, group->demand.allowed);
    if (is_gone || (home && reservation_window(home, from, length, &last) != from)) {
        bitset_clear_all(ret);
        return false;
    }
    if (home)
        bitset_and(ret, home->nodes);
    for (struct reservation *r = sched->reservations; r; r = r->next) {
        bool own =
            group->req.reservation && strcmp(group->req.reservation, r->name) == 0;
        if (!own && reservation_meets(r, from, from, length)) {
            bitset_andnot(ret, r->nodes);
            if (ret_reservation)
                *ret_reservation = r->name;
        }
    }
    return bitset_next(ret, 0) < ret->nbits;
}

void search_narrow(const struct sched *sched, const struct group *group,
                   struct bitset *nodes)
{
    const struct sched_company *company = &sched->options.company;
    cleanup(bitset_destroyp) struct bitset *open = NULL;
    const struct bitset *may_use = group->demand.allowed;
    if (group->barred) {
        bitset_andnot(nodes, group->barred);
        may_use = open = bitset_dup(group->demand.allowed);
        bitset_andnot(open, group->barred);
    }
    if (group->req.class && company->narrow)
        company->narrow(company->ctx, group->req.class, may_use, nodes);
}

struct search {
    struct sched *sched;
    const struct group *group;
    int64_t at, length;
    struct bitset *set; /* nodes that could hold a task from 'at' on */
    uint32_t n;
    uint64_t room; /* tasks on all of them */
};

static void put_node(struct search *s, uint32_t node)
{
    struct sched *sched = s->sched;
    uint32_t had = bitset_test(s->set, node) ? sched->caps[node] : 0;
    uint32_t has = nodes_capacity(sched, node, s->group, s->at, s->length);
    sched->counts.tests++;
    if (!had && !has)
        return;
    s->room = s->room - had + has;
    s->n += (has > 0) - (had > 0);
    sched->caps[node] = has;
    if (has)
        bitset_set(s->set, node);
    else
        bitset_clear(s->set, node);
}

void slot_plan(struct sched *sched, const struct slot *slot, int64_t from, int64_t to,
               bool take)
{
    for (uint32_t i = 0; i < slot->n_nodes; i++) {
        struct timeline *line = &sched->nodes[slot->nodes[i].node].line;
        if (take)
            timeline_take(line, from, to, &slot->nodes[i].amount);
        else
            timeline_give(line, from, to, &slot->nodes[i].amount);
    }
}

static bool may_use(const struct search *s, uint32_t node)
{
    return s->sched->nodes[node].is_up && bitset_test(s->group->demand.allowed, node);
}

/* The nodes that hold a task at the outset. */
static void begin_walk(struct search *s, int64_t from)
{
    struct sched *sched = s->sched;
    s->at = from;
    s->set = sched->feasible;
    bitset_clear_all(s->set);
    if (from <= sched->pass.now && !sched->pass.is_hypothetical) {
        struct place_request place = s->group->req.place;
        place.allowed = s->group->demand.allowed;
        place_candidates(sched->cluster, &place, sched->scratch);
    } else {
        bitset_copy(sched->scratch, s->group->demand.allowed);
    }
    for (size_t i = bitset_next(sched->scratch, 0); i < sched->n_nodes;
         i = bitset_next(sched->scratch, i + 1))
        if (sched->nodes[i].is_up)
            put_node(s, (uint32_t)i);
}

/* ---------------------------------------------------- choosing the nodes */

struct choice {
    uint32_t node, cap, leaf, in_leaf;
    bool required;
};

static int compare_choices(const void *pa, const void *pb)
{
    const struct choice *a = pa, *b = pb;
    if (a->required != b->required)
        return a->required ? -1 : 1;
    if (a->in_leaf != b->in_leaf)
        return a->in_leaf > b->in_leaf ? -1 : 1;
    if (a->leaf != b->leaf)
        return a->leaf < b->leaf ? -1 : 1;
    if (a->cap != b->cap)
        return a->cap > b->cap ? -1 : 1;
    return (a->node > b->node) - (a->node < b->node);
}

static int compare_caps(const void *pa, const void *pb)
{
    const struct choice *a = pa, *b = pb;
    if (a->required != b->required)
        return a->required ? -1 : 1;
    if (a->cap != b->cap)
        return a->cap > b->cap ? -1 : 1;
    return (a->node > b->node) - (a->node < b->node);
}

static int compare_indexes(const void *pa, const void *pb)
{
    const struct choice *a = pa, *b = pb;
    return (a->node > b->node) - (a->node < b->node);
}

/* How many of the first nodes hold the job; 0: they do not. */
static uint32_t enough_of(const struct demand *demand, const struct choice *c, size_t n)
{
    uint64_t room = 0;
    for (uint32_t i = 0; i < n && i < demand->nodes_max; i++) {
        room += c[i].cap;
        if (i + 1 >= demand->nodes_min && room >= demand->tasks)
            return i + 1;
    }
    return 0;
}

/* A stretch of nodes with consecutive indexes that holds it, moved to the front. */
static uint32_t enough_contiguous(const struct demand *demand, struct choice *c,
                                  size_t n)
{
    qsort(c, n, sizeof(*c), compare_indexes);
    for (size_t first = 0, end; first < n; first++) {
        for (end = first + 1; end < n && c[end].node == c[end - 1].node + 1;)
            end++;
        uint32_t used = enough_of(demand, c + first, end - first);
        if (used) {
            memmove(c, c + first, used * sizeof(*c));
            return used;
        }
    }
    return 0;
}

static bool switches_hold(const struct place_request *place, const struct choice *c,
                          uint32_t used)
{
    uint32_t n = 1;
    for (uint32_t i = 1; i < used; i++) {
        bool seen = false;
        for (uint32_t j = 0; j < i && !seen; j++)
            seen = c[j].leaf == c[i].leaf;
        n += !seen;
        if (place->switches_max && n > place->switches_max)
            return false;
    }
    return true;
}

static bool quotas_hold(const struct demand *demand, const struct choice *c,
                        uint32_t used)
{
    for (uint32_t q = 0; q < demand->n_quotas; q++) {
        uint32_t n = 0;
        for (uint32_t i = 0; i < used; i++)
            n += bitset_test(demand->quotas[q].nodes, c[i].node);
        if (n < demand->quotas[q].n)
            return false;
    }
    return true;
}

/* Nodes of the quotas come first then, as if they were required. */
static void prefer_quotas(const struct demand *demand, struct choice *c, size_t n)
{
    for (uint32_t q = 0; q < demand->n_quotas; q++) {
        uint32_t left = demand->quotas[q].n;
        for (size_t i = 0; i < n && left > 0; i++) {
            if (!bitset_test(demand->quotas[q].nodes, c[i].node))
                continue;
            c[i].required = true;
            left--;
        }
    }
}

static uint32_t choose_nodes(const struct search *s, struct choice *c, size_t n)
{
    const struct demand *demand = &s->group->demand;
    const struct place_request *place = &s->group->req.place;
    uint32_t used;
    prefer_quotas(demand, c, n);
    if (place->contiguous) {
        used = enough_contiguous(demand, c, n);
    } else {
        qsort(c, n, sizeof(*c), compare_choices);
        used = enough_of(demand, c, n);
        if (!used) {
            qsort(c, n, sizeof(*c), compare_caps);
            used = enough_of(demand, c, n);
        }
    }
    if (!used || !quotas_hold(demand, c, used) ||
        (s->at < s->group->few_until && !switches_hold(place, c, used)))
        return 0;
    for (size_t i = used; i < n; i++)
        if (place->required && bitset_test(place->required, c[i].node))
            return 0;
    return used;
}

/* As even as there is room when just so many nodes are asked for; otherwise one
 * after the other is filled. */
static void deal_tasks(const struct demand *demand, struct choice *c, uint32_t used,
                       struct slot *ret)
{
    uint32_t left = demand->tasks;
    bool even = used == demand->nodes_min;
    ret->nodes = xcalloc(used, sizeof(*ret->nodes));
    ret->n_nodes = used;
    for (uint32_t i = 0; i < used; i++)
        ret->nodes[i] =
            (struct promised_node){.node = c[i].node, .tasks = demand->per_node};
    for (uint32_t i = 0; demand->tasks && i < used; i++) {
        uint32_t n = even ? demand->tasks / used : c[i].cap;
        n = n < c[i].cap ? n : c[i].cap;
        ret->nodes[i].tasks = n < left ? n : left;
        left -= ret->nodes[i].tasks;
    }
    while (left > 0)
        for (uint32_t i = 0; i < used && left > 0; i++)
            if (ret->nodes[i].tasks < c[i].cap) {
                ret->nodes[i].tasks++;
                left--;
            }
}

static size_t collect(const struct search *s, const struct bitset *allowed,
                      struct choice *c)
{
    const struct sched *sched = s->sched;
    const struct bitset *required = s->group->req.place.required;
    cleanup(freep) uint32_t *in_leaf =
        xcalloc(switch_tree_n_switches(sched->tree), sizeof(*in_leaf));
    size_t n = 0;
    for (size_t i = bitset_next(s->set, 0); i < sched->n_nodes;
         i = bitset_next(s->set, i + 1)) {
        if (!bitset_test(allowed, i))
            continue;
        c[n] = (struct choice){.node = (uint32_t)i,
                               .cap = sched->caps[i],
                               .leaf = switch_tree_switch_of(sched->tree, (uint32_t)i),
                               .required = required && bitset_test(required, i)};
        in_leaf[c[n++].leaf]++;
    }
    for (size_t i = 0; i < n; i++)
        c[i].in_leaf = in_leaf[c[i].leaf];
    return n;
}

static bool has_required(const struct search *s, const struct choice *c, size_t n)
{
    const struct bitset *required = s->group->req.place.required;
    size_t found = 0;
    for (size_t i = 0; required && i < n; i++)
        found += c[i].required;
    return !required || found == bitset_count(required);
}

/* The set is large enough by numbers: is it in truth? */
static bool settle(struct search *s, struct slot *ret)
{
    struct sched *sched = s->sched;
    const struct demand *demand = &s->group->demand;
    for (size_t i = bitset_next(sched->claimed, 0); i < sched->n_nodes;
         i = bitset_next(sched->claimed, i + 1))
        if (bitset_test(s->set, i))
            put_node(s, (uint32_t)i);
    if (s->n < demand->nodes_min || s->room < demand->tasks)
        return false;
    if (!search_allowed(sched, s->group, s->at, s->length, sched->mask, NULL))
        return false;
    search_narrow(sched, s->group, sched->mask);
    cleanup(freep) struct choice *c = xcalloc(s->n, sizeof(*c));
    size_t n = collect(s, sched->mask, c);
    if (n < demand->nodes_min || !has_required(s, c, n))
        return false;
    uint32_t used = choose_nodes(s, c, n);
    if (!used)
        return false;
    ret->start = s->at;
    deal_tasks(demand, c, used, ret);
    for (uint32_t i = 0; i < used; i++) {
        struct promised_node *node = &ret->nodes[i];
        node->amount = nodes_need(sched, node->node, s->group, node->tasks);
        if (s->group->req.place.milli &&
            !slices_need_core(sched, node->node, s->group, s->at, s->length))
            node->amount.cores--;
    }
    return true;
}

static void pass_run(struct search *s, const struct run *run)
{
    for (size_t i = 0; i < run->where->n_shares; i++)
        if (may_use(s, run->where->shares[i].node))
            put_node(s, run->where->shares[i].node);
}

static void pass_promise(struct search *s, const struct promise *promise)
{
    for (uint32_t i = 0; i < promise->n_nodes; i++)
        if (may_use(s, promise->nodes[i].node))
            put_node(s, promise->nodes[i].node);
}

static void pass_edge(struct search *s, struct edge *edge)
{
    switch (edge->kind) {
    case EDGE_RUN:
        pass_run(s, edge_run(edge));
        break;
    case EDGE_PROMISE:
        pass_promise(s, edge_promise(edge));
        break;
    case EDGE_RESERVATION:
        break;
    }
}

static bool walk(struct search *s, int64_t from, int64_t before, struct slot *ret)
{
    const struct demand *demand = &s->group->demand;
    struct edge key = {.time = from, .serial = UINT64_MAX};
    struct edge *edge = RB_NFIND(edge_tree, &s->sched->edges, &key);
    begin_walk(s, from);
    for (;;) {
        if (s->n >= demand->nodes_min && s->room >= demand->tasks && settle(s, ret))
            return true;
        if (!edge || edge->time >= before)
            return false;
        for (s->at = edge->time; edge && edge->time == s->at;
             edge = RB_NEXT(edge_tree, &s->sched->edges, edge))
            pass_edge(s, edge);
    }
}

/* A machine of one node needs no walk: its timeline knows. */
static bool search_flat(struct sched *sched, const struct group *group, int64_t from,
                        int64_t before, int64_t length, struct slot *ret)
{
    if (!sched->nodes[0].is_up || !bitset_test(group->demand.allowed, 0))
        return false;
    int64_t start = timeline_earliest(&sched->nodes[0].line, from, before, length,
                                      &group->demand.unit);
    if (start == TIME_NEVER)
        return false;
    uint32_t tasks = group->demand.tasks ? group->demand.tasks : group->demand.per_node;
    ret->start = start;
    ret->n_nodes = 1;
    ret->nodes = xcalloc(1, sizeof(*ret->nodes));
    ret->nodes[0] = (struct promised_node){
        .tasks = tasks, .amount = nodes_need(sched, 0, group, tasks)};
    return true;
}

/* Within a reservation, one recurrence after the other. */
static bool walk_inside(struct search *s, const struct reservation *r, int64_t from,
                        int64_t before, struct slot *ret)
{
    for (uint32_t i = 0; i < RECURRENCES_MAX; i++) {
        int64_t last;
        from = reservation_window(r, from, s->length, &last);
        if (from >= before)
            return false;
        if (walk(s, from, last < before ? last + 1 : before, ret))
            return true;
        if (r->every <= 0)
            return false;
        from = last + 1;
    }
    return false;
}

static bool search_nodes(struct sched *sched, const struct group *group, int64_t from,
                         int64_t before, int64_t length, struct slot *ret)
{
    struct search s = {.sched = sched, .group = group, .length = length};
    if (sched->n_nodes == 1 && !sched->reservations && !group->req.place.exclusive &&
        !group->req.place.milli && !group->req.class && !group->barred)
        return search_flat(sched, group, from, before, length, ret);
    const struct reservation *home;
    bool is_gone;
    home = reservation_of(sched, group, &is_gone);
    if (is_gone)
        return false;
    return home ? walk_inside(&s, home, from, before, ret)
                : walk(&s, from, before, ret);
}

/* Of the alternative that is chosen. */
static bool search_one(struct sched *sched, const struct group *group, int64_t from,
                       int64_t before, int64_t length, struct slot *ret)
{
    if (group->licences.n == 0)
        return search_nodes(sched, group, from, before, length, ret);
    for (;;) {
        from = licences_earliest(sched, &group->licences, from, length);
        if (from >= before || !search_nodes(sched, group, from, before, length, ret))
            return false;
        if (licences_free(sched, &group->licences, ret->start, length, &ret->licence,
                          NULL))
            return true;
        from = ret->start;
        slot_fini(ret);
    }
}

bool search_start(struct sched *sched, struct group *group, int64_t from,
                  int64_t before, int64_t length, struct slot *ret)
{
    bool found = false;
    for (uint32_t i = 0; i < group->demand.n_alternatives; i++) {
        struct slot slot = {0};
        group_choose(group, i);
        if (!search_one(sched, group, from, before, length, &slot))
            continue;
        if (found)
            slot_fini(ret);
        *ret = slot;
        before = slot.start;
        found = true;
    }
    return found;
}
