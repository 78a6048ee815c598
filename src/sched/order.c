/* SPDX-License-Identifier: Apache-2.0
 *
 * order.c - who comes first
 *
 * Groups stand in trees, one a shape, by tier, rank of their first job, and age; a
 * walk merges the trees with a heap of their next groups. A rank holds
 * as of order.made_at for all of them, so that what grows with time at one pace
 * for everybody needs no sorting; all are ranked again once in order_interval.
 */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/units.h"
#include "sched/group.h"
#include "sched/internal.h"

int group_compare(const struct group *a, const struct group *b)
{
    if (a->tier != b->tier)
        return a->tier > b->tier ? -1 : 1;
    if (a->rank != b->rank)
        return a->rank > b->rank ? -1 : 1;
    const struct sched_job *ja = a->jobs, *jb = b->jobs;
    if (ja->since != jb->since)
        return ja->since < jb->since ? -1 : 1;
    return (ja->id > jb->id) - (ja->id < jb->id);
}

__extension__ RB_GENERATE(group_tree, group, entry, group_compare)

    static double clamp(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static double age_of(const struct sched *sched, const struct sched_job *job,
                     int64_t now)
{
    if (sched->options.age_max <= 0)
        return now >= job->since ? 1 : 0;
    return clamp((double)(now - job->since) / (double)sched->options.age_max);
}

/* The part of the cluster that it asks for, in nodes or in cores: whichever is
 * more. */
static double size_of(const struct sched *sched, const struct group *group)
{
    double cores = (double)group->demand.cores, nodes = group->demand.nodes_min;
    double by_cores = sched->cores ? cores / (double)sched->cores : 0;
    double by_nodes = sched->n_nodes ? nodes / (double)sched->n_nodes : 0;
    return clamp(by_nodes > by_cores ? by_nodes : by_cores);
}

/* See struct sched_slowdown. */
static double slowdown_of(const struct sched *sched, const struct group *group,
                          const struct sched_job *job, int64_t now)
{
    double wait = (double)(now - job->since);
    return wait / sched->order.tau - log(fmax(group->expected, 10)) +
           sched->options.slowdown.width * log(fmax((double)group->demand.cores, 1));
}

/* Of those that are ready, now. */
static double tau_of(const struct sched *sched, int64_t now)
{
    const struct sched_slowdown *s = &sched->options.slowdown;
    double mean = sched->n_ready
                      ? (double)now - (double)sched->sum_since / (double)sched->n_ready
                      : 0;
    return fmax((double)s->tau, s->phi * mean);
}

static void factors_of(const struct sched *sched, const struct group *group,
                       const struct sched_job *job, int64_t now,
                       struct sched_factors *ret)
{
    const struct sched_weights *w = &sched->options.weights;
    const struct assoc *assoc = sched->options.assoc;
    const struct partition *partition = &sched->partitions[group->partition];
    *ret = (struct sched_factors){
        .age = age_of(sched, job, now),
        .size = size_of(sched, group),
        .fairshare = group->has_assoc ? assoc_fair_factor(assoc, &group->assoc) : 0,
        .qos = group->has_assoc ? assoc_qos_factor(assoc, group->assoc.qos) : 0,
        .slowdown = slowdown_of(sched, group, job, now),
        .nice = group->req.nice};
    if (sched->priority_max > 0)
        ret->partition = clamp((double)partition->priority / sched->priority_max);
    bool by_slowdown = sched->options.policy.order == SCHED_BY_SLOWDOWN;
    ret->total = by_slowdown ? w->slowdown * ret->slowdown
                             : w->age * ret->age + w->size * ret->size;
    ret->total += w->fairshare * ret->fairshare + w->qos * ret->qos +
                  w->partition * ret->partition - ret->nice;
    if (group->req.priority)
        ret->total = (double)group->req.priority;
}

static double time_of(const struct group *group)
{
    int64_t limit = group->req.time_limit;
    return limit == TIME_UNLIMITED ? 1e15 : (double)limit;
}

static bool computes_priority(const struct sched *sched)
{
    enum sched_order order = sched->options.policy.order;

    return order == SCHED_BY_PRIORITY || order == SCHED_BY_SLOWDOWN;
}

double order_rank(const struct sched *sched, const struct group *group,
                  const struct sched_job *job, int64_t now)
{
    struct sched_factors factors;
    double wait;
    if (sched->guard.job == job->id)
        return INFINITY;
    /* Where no priorities are computed, ranks are below 0. */
    if (group->req.priority && !computes_priority(sched))
        return (double)group->req.priority;
    switch (sched->options.policy.order) {
    case SCHED_BY_SUBMIT:
        return -(double)job->since;
    case SCHED_BY_TIME:
        return -time_of(group);
    case SCHED_BY_F1:
        return -(log10(time_of(group)) * (double)group->demand.cores +
                 870 * log10(fmax((double)job->submit, 1)));
    case SCHED_BY_WFP3:
        wait = -1 - (double)job->submit;
        return pow(wait / time_of(group), 3) * (double)group->demand.cores;
    case SCHED_BY_SLOWDOWN:
    case SCHED_BY_PRIORITY:
        break;
    }
    factors_of(sched, group, job, now, &factors);
    return factors.total;
}

const struct sched_options *sched_options_of(const struct sched *sched)
{
    return &sched->options;
}

bool sched_factors(const struct sched *sched, uint32_t id, int64_t now,
                   struct sched_factors *ret)
{
    const struct sched_job *job = waiting_find(sched, id);
    if (!job)
        return false;
    factors_of(sched, job->group, job, now, ret);
    return true;
}

int64_t sched_priority(const struct sched *sched, uint32_t id, int64_t now)
{
    struct sched_factors factors;
    return sched_factors(sched, id, now, &factors) ? llround(factors.total) : 0;
}

/* ------------------------------------------------------- the walk's heap */

static bool shape_before(const struct shape *a, const struct shape *b)
{
    return group_compare(a->cursor, b->cursor) < 0;
}

static void put(struct order *order, size_t at, struct shape *shape)
{
    order->heap[at] = shape;
    shape->at = at + 1;
}

static void sift(struct order *order, size_t at, struct shape *shape)
{
    for (; at > 0 && shape_before(shape, order->heap[(at - 1) / 2]); at = (at - 1) / 2)
        put(order, at, order->heap[(at - 1) / 2]);
    for (size_t child; (child = 2 * at + 1) < order->n_heap; at = child) {
        if (child + 1 < order->n_heap &&
            shape_before(order->heap[child + 1], order->heap[child]))
            child++;
        if (!shape_before(order->heap[child], shape))
            break;
        put(order, at, order->heap[child]);
    }
    put(order, at, shape);
}

static void leave_heap(struct order *order, struct shape *shape)
{
    if (shape->at == 0)
        return;
    size_t at = shape->at - 1;
    struct shape *last = order->heap[--order->n_heap];
    shape->at = 0;
    if (last != shape)
        sift(order, at, last);
}

static void move_cursor(struct order *order, struct shape *shape, struct group *to)
{
    if (!to) {
        leave_heap(order, shape);
        shape->cursor = NULL;
        return;
    }
    shape->cursor = to;
    if (shape->at == 0) {
        if (order->n_heap == order->cap_heap) {
            order->cap_heap = order->cap_heap ? 2 * order->cap_heap : 16;
            order->heap =
                xrealloc(order->heap, order->cap_heap, sizeof(struct shape *));
        }
        shape->at = ++order->n_heap;
    }
    sift(order, shape->at - 1, shape);
}

void order_begin(struct sched *sched)
{
    struct order *order = &sched->order;
    while (order->n_heap > 0)
        order->heap[--order->n_heap]->at = 0;
    for (struct shape *shape = order->shapes; shape; shape = shape->hh.next) {
        shape->is_passed_over = false;
        move_cursor(order, shape, RB_MIN(group_tree, &shape->groups));
    }
}

struct group *order_next(struct sched *sched)
{
    struct order *order = &sched->order;
    if (order->n_heap == 0)
        return NULL;
    struct shape *shape = order->heap[0];
    struct group *group = shape->cursor;
    move_cursor(order, shape, RB_NEXT(group_tree, &shape->groups, group));
    return group;
}

void order_again(struct sched *sched, struct group *group)
{
    move_cursor(&sched->order, group->shape, group);
}

void order_pass_over(struct sched *sched, const struct group *group)
{
    group->shape->is_passed_over = true;
    move_cursor(&sched->order, group->shape, NULL);
}

struct group *order_first(const struct sched *sched)
{
    struct group *first = NULL;
    for (struct shape *shape = sched->order.shapes; shape; shape = shape->hh.next) {
        struct group *group = RB_MIN(group_tree, &shape->groups);
        if (group && (!first || group_compare(group, first) < 0))
            first = group;
    }
    return first;
}

void order_fini(struct sched *sched)
{
    struct shape *shape, *next;
    HASH_ITER(hh, sched->order.shapes, shape, next)
    {
        HASH_DEL(sched->order.shapes, shape);
        free(shape);
    }
    free(sched->order.heap);
}

/* ------------------------------------------------------------- the trees */

#define SHAPE_KEY_BYTES (offsetof(struct shape, groups))

static struct shape *shape_of(struct sched *sched, const struct group *group)
{
    struct shape key = {.cores = group->need_cores,
                        .unit = group->need_unit,
                        .nodes = group->need_nodes,
                        .milli = group->req.place.milli};
    struct shape *shape;
    HASH_FIND(hh, sched->order.shapes, &key.cores, SHAPE_KEY_BYTES, shape);
    if (shape)
        return shape;
    shape = xcalloc(1, sizeof(*shape));
    *shape = key;
    RB_INIT(&shape->groups);
    HASH_ADD_KEYPTR(hh, sched->order.shapes, &shape->cores, SHAPE_KEY_BYTES, shape);
    return shape;
}

static void list(struct sched *sched, struct group *group)
{
    struct shape *shape = group->shape = shape_of(sched, group);
    group->rank = order_rank(sched, group, group->jobs, sched->order.made_at);
    group->is_listed = true;
    RB_INSERT(group_tree, &shape->groups, group);
    sched->counts.classes++;
    /* In a walk, who enters before the place it has come to is looked at still. */
    if (shape->at && group_compare(group, shape->cursor) < 0)
        move_cursor(&sched->order, shape, group);
}

static void unlist(struct sched *sched, struct group *group)
{
    struct shape *shape = group->shape;
    if (shape->at && shape->cursor == group)
        move_cursor(&sched->order, shape, RB_NEXT(group_tree, &shape->groups, group));
    RB_REMOVE(group_tree, &shape->groups, group);
    group->is_listed = false;
    sched->counts.classes--;
}

void order_leave(struct sched *sched, struct group *group)
{
    if (group->is_listed)
        unlist(sched, group);
}

void order_enter(struct sched *sched, struct group *group)
{
    const struct pass *pass = &sched->pass;
    if (!group->jobs || group->is_listed)
        return;
    list(sched, group);
    /* The walk comes by here, if need be again. */
    if (pass->stage == PASS_GROUPS && group->shape->at == 0 &&
        !group->shape->is_passed_over)
        order_again(sched, group);
}

/* Shapes that nobody has any more go with the old order. */
static void forget_order(struct sched *sched)
{
    struct shape *shape, *next;
    while (sched->order.n_heap > 0)
        sched->order.heap[--sched->order.n_heap]->at = 0;
    HASH_ITER(hh, sched->order.shapes, shape, next)
    {
        HASH_DEL(sched->order.shapes, shape);
        free(shape);
    }
    sched->counts.classes = 0;
    for (struct group *group = sched->groups; group; group = group->hh.next)
        group->is_listed = false;
}

/* A rank is good for a while, or until the scale has changed by a hundredth. */
static bool is_due(const struct sched *sched, double tau, int64_t now)
{
    const struct order *order = &sched->order;
    if (order->is_stale)
        return true;
    switch (sched->options.policy.order) {
    case SCHED_BY_SLOWDOWN:
        return fabs(tau - order->tau) > 0.01 * order->tau ||
               (sched->options.assoc &&
                now - order->made_at >= sched->options.order_interval);
    case SCHED_BY_PRIORITY:
        return now - order->made_at >= sched->options.order_interval;
    case SCHED_BY_SUBMIT:
    case SCHED_BY_TIME:
    case SCHED_BY_F1:
    case SCHED_BY_WFP3:
        break;
    }
    return false;
}

void order_prepare(struct sched *sched, int64_t now)
{
    struct order *order = &sched->order;
    double tau = tau_of(sched, now);
    if (sched->options.policy.order == SCHED_BY_SLOWDOWN)
        guard_look(sched, now);
    if (!is_due(sched, tau, now))
        return;
    if (sched->options.assoc)
        assoc_refresh(sched->options.assoc, now);
    order->made_at = now;
    order->tau = tau;
    order->is_stale = false;
    forget_order(sched);
    for (struct group *group = sched->groups; group; group = group->hh.next)
        if (group->jobs)
            list(sched, group);
}
