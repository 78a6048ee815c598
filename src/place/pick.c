/* SPDX-License-Identifier: Apache-2.0
 *
 * pick.c - which nodes of a set, and how many tasks on each
 */
#include "place/pick.h"

#include <stdlib.h>

uint32_t candidate_leftover(const struct place_want *want, const struct candidate *c,
                            uint32_t tasks)
{
    if (want->req->exclusive)
        return 0;
    return c->free - place_want_cores(want, tasks, c->free);
}

bool candidate_is_split(const struct place_want *want, const struct candidate *c,
                        uint32_t tasks)
{
    return c->free == c->n_cores && candidate_leftover(want, c, tasks) > 0;
}

/* What the order of candidates depends on. */
struct order {
    const struct place_want *want;
    uint32_t enough; /* more tasks than this on one node are no merit */
};

static uint32_t useful(const struct order *o, const struct candidate *c)
{
    return c->capacity < o->enough ? c->capacity : o->enough;
}

/* Leftover with the sign that the policy gives it. */
static int compare_leftover(const struct order *o, const struct candidate *a,
                            const struct candidate *b)
{
    uint32_t la = candidate_leftover(o->want, a, useful(o, a));
    uint32_t lb = candidate_leftover(o->want, b, useful(o, b));
    int less_first = (la > lb) - (la < lb);
    return o->want->req->policy == PLACE_SPREAD ? -less_first : less_first;
}

static int compare_candidates(const void *pa, const void *pb, void *arg)
{
    const struct candidate *a = pa, *b = pb;
    const struct order *o = arg;
    if (a->required != b->required)
        return a->required ? -1 : 1;
    uint32_t ua = useful(o, a), ub = useful(o, b);
    if (ua != ub)
        return ua > ub ? -1 : 1;
    if (o->want->req->policy == PLACE_COMPACT) {
        bool sa = candidate_is_split(o->want, a, ua);
        bool sb = candidate_is_split(o->want, b, ub);
        if (sa != sb)
            return sa ? 1 : -1;
    }
    int rc = compare_leftover(o, a, b);
    return rc ? rc : (a->node > b->node) - (a->node < b->node);
}

static void sort_candidates(const struct place_want *want, struct candidate *set,
                            size_t n, uint32_t enough)
{
    struct order order = {.want = want, .enough = enough ? enough : 1};
    qsort_r(set, n, sizeof(*set), compare_candidates, &order);
}

static uint64_t room_of(const struct candidate *set, size_t n)
{
    uint64_t room = 0;
    for (size_t i = 0; i < n; i++)
        room += set[i].capacity;
    return room;
}

/* Nodes that have to be used, however few the tasks are. */
static size_t least_nodes(const struct place_want *want, const struct candidate *set,
                          size_t n)
{
    size_t required = 0;
    for (size_t i = 0; i < n; i++)
        required += set[i].required;
    return required > want->nodes_min ? required : want->nodes_min;
}

/* The fewest nodes that hold the tasks when the largest come first; 0: none. */
static size_t fewest_nodes(const struct place_want *want, const struct candidate *set,
                           size_t n, size_t least)
{
    if (least > n)
        return 0;
    size_t used = least;
    uint64_t room = room_of(set, used);
    while (room < want->tasks && used < n)
        room += set[used++].capacity;
    return room >= want->tasks && used <= want->nodes_max ? used : 0;
}

/* The last node of a filled set holds what remains: take the one that it fits
 * best among those not used yet. */
static void choose_last(const struct place_want *want, struct candidate *set, size_t n,
                        size_t used)
{
    uint64_t before = room_of(set, used - 1);
    if (set[used - 1].required || want->tasks <= before)
        return;
    uint32_t remaining = (uint32_t)(want->tasks - before);
    sort_candidates(want, set + used - 1, n - used + 1, remaining);
}

static void fill(const struct place_want *want, struct candidate *set, size_t used)
{
    uint32_t left = want->tasks;
    for (size_t i = 0; i < used; i++) {
        set[i].tasks = set[i].capacity < left ? set[i].capacity : left;
        left -= set[i].tasks;
    }
}

static uint64_t room_up_to(const struct candidate *set, size_t used, uint32_t level)
{
    uint64_t room = 0;
    for (size_t i = 0; i < used; i++)
        room += set[i].capacity < level ? set[i].capacity : level;
    return room;
}

/* The least number of tasks on the fullest node when all are filled evenly. */
static uint32_t fill_level(const struct candidate *set, size_t used, uint64_t tasks)
{
    uint32_t low = 0, high = UINT32_MAX;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (room_up_to(set, used, middle) >= tasks)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* In equal numbers as far as there is room; the first nodes get one more. */
static void deal(const struct place_want *want, struct candidate *set, size_t used)
{
    uint64_t left = place_want_tasks(want, (uint32_t)used);
    uint32_t level = fill_level(set, used, left);
    for (size_t i = 0; i < used; i++) {
        uint32_t below = level ? level - 1 : 0;
        set[i].tasks = set[i].capacity < below ? set[i].capacity : below;
        left -= set[i].tasks;
    }
    for (size_t i = 0; i < used && left > 0; i++) {
        if (set[i].capacity > set[i].tasks) {
            set[i].tasks++;
            left--;
        }
    }
}

static int by_node(const void *pa, const void *pb)
{
    const struct candidate *a = pa, *b = pb;
    return (a->node > b->node) - (a->node < b->node);
}

bool place_pick(const struct place_want *want, struct candidate *set, size_t n,
                size_t *ret_n)
{
    sort_candidates(want, set, n, UINT32_MAX);
    size_t least = least_nodes(want, set, n);
    size_t used = fewest_nodes(want, set, n, least);
    if (used == 0)
        return false;
    if (used > least) {
        choose_last(want, set, n, used);
        fill(want, set, used);
        *ret_n = used;
        return true;
    }
    uint64_t tasks = place_want_tasks(want, (uint32_t)used);
    sort_candidates(want, set, n, (uint32_t)((tasks + used - 1) / used));
    if (room_of(set, used) < tasks)
        sort_candidates(want, set, n, UINT32_MAX);
    /* The first nodes get one task more, so they have to come in their order. */
    qsort(set, used, sizeof(*set), by_node);
    deal(want, set, used);
    *ret_n = used;
    return true;
}
