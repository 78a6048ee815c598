/* SPDX-License-Identifier: Apache-2.0
 *
 * reservation.c - nodes set aside for some people, or for nobody, for a time
 *
 * A reservation is a mask in time, not a claim: whoever plans a start asks which
 * nodes are out of bounds for so long from then on. A recurring one stands at its
 * present or next recurrence and moves on when that is over.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "sched/group.h"
#include "sched/internal.h"

struct reservation *reservation_find(const struct sched *sched, const char *name)
{
    for (struct reservation *r = sched->reservations; r; r = r->next)
        if (strcmp(r->name, name) == 0)
            return r;
    return NULL;
}

static bool overlaps(int64_t a_start, int64_t a_end, int64_t b_start, int64_t b_end)
{
    return a_start < b_end && b_start < a_end;
}

bool reservation_meets(const struct reservation *r, int64_t now, int64_t from,
                       int64_t length)
{
    int64_t start = r->floating ? now + r->floating : r->start;
    int64_t end = r->floating ? start + (r->end - r->start) : r->end;
    int64_t to = time_after(from, length);
    if (overlaps(start, end, from, to))
        return true;
    if (r->every <= 0 || to <= start)
        return false;
    if (to - from >= r->every)
        return true;
    /* The last recurrence that begins before 'to'. */
    int64_t times = (to - 1 - start) / r->every;
    return overlaps(start + times * r->every, end + times * r->every, from, to);
}

int64_t reservation_window(const struct reservation *r, int64_t from, int64_t length,
                           int64_t *ret_last)
{
    int64_t start = r->start, room = r->end - r->start, spare;
    *ret_last = TIME_NEVER;
    if (r->floating)
        return from;
    spare = length == TIME_NEVER ? room - 1 : room - length;
    if (spare < 0)
        return TIME_NEVER;
    if (r->every > 0 && from > start)
        start += (from - start) / r->every * r->every;
    if (r->every > 0 && from > start + spare)
        start += r->every;
    if (from > start + spare)
        return TIME_NEVER;
    *ret_last = start + spare;
    return from > start ? from : start;
}

const struct reservation *reservation_of(const struct sched *sched,
                                         const struct group *group, bool *ret_is_gone)
{
    const char *name = group->req.reservation;
    const struct reservation *r = name ? reservation_find(sched, name) : NULL;
    *ret_is_gone = name && !r;
    return r && r->flexible ? NULL : r;
}

bool reservation_admits(const struct reservation *r, const struct group *group)
{
    if (r->maintenance)
        return false;
    for (size_t i = 0; i < r->n_uids; i++)
        if (r->uids[i] == group->req.uid)
            return true;
    for (char **account = r->accounts; account && *account; account++)
        if (group->req.account && strcmp(*account, group->req.account) == 0)
            return true;
    return group->req.uid == 0;
}

static void reservation_free(struct sched *sched, struct reservation *r)
{
    edges_remove(sched, &r->edge);
    DL_DELETE(sched->reservations, r);
    bitset_destroy(r->nodes);
    strv_free(r->accounts);
    free(r->uids);
    free(r->name);
    free(r);
}

void reservations_fini(struct sched *sched)
{
    while (sched->reservations)
        reservation_free(sched, sched->reservations);
}

void reservations_roll(struct sched *sched, int64_t now)
{
    for (struct reservation *r = sched->reservations; r; r = r->next) {
        if (r->floating || r->end > now)
            continue;
        edges_remove(sched, &r->edge);
        if (r->every > 0) {
            int64_t times = (now - r->end) / r->every + 1;
            r->start += times * r->every;
            r->end += times * r->every;
        }
        edges_add(sched, &r->edge, r->end > now ? r->end : TIME_NEVER);
        sched->gain.other = true;
    }
}

int64_t reservations_next_time(const struct sched *sched, int64_t now)
{
    int64_t next = 0;
    for (const struct reservation *r = sched->reservations; r; r = r->next) {
        int64_t edges[] = {r->start, r->end};
        for (size_t i = 0; i < ARRAY_SIZE(edges) && !r->floating; i++)
            if (edges[i] > now && (next == 0 || edges[i] < next))
                next = edges[i];
    }
    return next;
}

/* Recurring ones meet if any of their recurrences do; a year is looked at. */
static bool meet(const struct sched_reservation *a, const struct reservation *b,
                 int64_t now)
{
    int64_t start = a->floating ? now + a->floating : a->start;
    int64_t length = a->end - a->start;
    for (int64_t at = start; at < start + INT64_C(366) * 86400; at += a->every) {
        if (reservation_meets(b, now, at, length))
            return true;
        if (a->every <= 0)
            break;
    }
    return false;
}

static int check_running(const struct sched *sched,
                         const struct sched_reservation *what, int64_t now,
                         struct err *err)
{
    int64_t start = what->floating ? now + what->floating : what->start;
    for (const struct run *run = sched->runs; run; run = run->hh.next)
        for (size_t i = 0; i < run->where->n_shares; i++)
            if (run->edge.time > start && run->state == RUN_RUNNING &&
                bitset_test(what->nodes, run->where->shares[i].node))
                return err_set(err, EBUSY,
                               "job %u may still run on node %s when reservation %s "
                               "begins (--ignore-running takes it nevertheless)",
                               run->id.job, sched->names[run->where->shares[i].node],
                               what->name);
    return 0;
}

static int check_reservation(const struct sched *sched,
                             const struct sched_reservation *what, bool ignore_running,
                             int64_t now, struct err *err)
{
    if (what->end <= what->start && !what->floating)
        return err_set(err, EINVAL, "reservation %s ends before it begins", what->name);
    if (what->every > 0 && what->end - what->start > what->every)
        return err_set(err, EINVAL,
                       "reservation %s is longer than the time between two",
                       what->name);
    for (const struct reservation *r = sched->reservations; r; r = r->next)
        if (strcmp(r->name, what->name) != 0 && !r->maintenance && !what->maintenance &&
            bitset_intersects(r->nodes, what->nodes) && meet(what, r, now))
            return err_set(err, EBUSY, "reservation %s overlaps %s on the same nodes",
                           what->name, r->name);
    return ignore_running ? 0 : check_running(sched, what, now, err);
}

static void break_promises(struct sched *sched, const struct bitset *nodes)
{
    for (struct promise *p = sched->promises; p; p = p->next)
        for (uint32_t i = 0; i < p->n_nodes; i++)
            p->is_broken |= bitset_test(nodes, p->nodes[i].node);
}

int sched_reserve(struct sched *sched, const struct sched_reservation *what,
                  bool ignore_running, int64_t now, struct err *err)
{
    int rc = check_reservation(sched, what, ignore_running, now, err);
    if (rc < 0)
        return rc;
    sched_unreserve(sched, what->name);
    struct reservation *r = xcalloc(1, sizeof(*r));
    *r = (struct reservation){.name = xstrdup(what->name),
                              .nodes = bitset_dup(what->nodes),
                              .start = what->start,
                              .end = what->end,
                              .every = what->every,
                              .floating = what->floating,
                              .n_uids = what->n_uids,
                              .maintenance = what->maintenance,
                              .flexible = what->flexible,
                              .edge.kind = EDGE_RESERVATION};
    r->uids = xmemdup(what->uids, what->n_uids * sizeof(*r->uids));
    for (size_t i = 0; i < what->n_accounts; i++)
        strv_add(&r->accounts, what->accounts[i]);
    DL_APPEND(sched->reservations, r);
    edges_add(sched, &r->edge, r->floating || r->end <= now ? TIME_NEVER : r->end);
    break_promises(sched, r->nodes);
    sched->gain.other = true;
    return 0;
}

void sched_unreserve(struct sched *sched, const char *name)
{
    struct reservation *r = reservation_find(sched, name);
    if (!r)
        return;
    reservation_free(sched, r);
    sched->gain.other = true;
}

/* Until when do its holders keep the node, as far as is known? */
static int64_t busy_until(const struct sched *sched, uint32_t node)
{
    int64_t until = 0;
    for (uint32_t h = 0; h < sched->nodes[node].n_holds; h++)
        if (sched->nodes[node].holds[h].run->edge.time > until)
            until = sched->nodes[node].holds[h].run->edge.time;
    return until;
}

static bool is_reserved(const struct sched *sched, uint32_t node, int64_t now,
                        int64_t start, int64_t length)
{
    for (const struct reservation *r = sched->reservations; r; r = r->next)
        if (bitset_test(r->nodes, node) && reservation_meets(r, now, start, length))
            return true;
    return false;
}

struct pick {
    uint32_t node;
    int64_t until;
};

static int compare_picks(const void *pa, const void *pb)
{
    const struct pick *a = pa, *b = pb;
    if (a->until != b->until)
        return a->until < b->until ? -1 : 1;
    return (a->node > b->node) - (a->node < b->node);
}

int sched_reserve_pick(struct sched *sched, const char *partition, uint32_t count,
                       int64_t start, int64_t end, struct bitset **ret, struct err *err)
{
    cleanup(freep) struct pick *picks = xcalloc(sched->n_nodes + 1, sizeof(*picks));
    const struct partition *p = NULL;
    uint32_t n = 0;
    for (size_t i = 0; i < sched->n_partitions; i++)
        if (!partition || strcmp(sched->partitions[i].name, partition) == 0)
            p = p ? p : &sched->partitions[i];
    if (!p)
        return err_set(err, EINVAL, "there is no partition %.60s", partition);
    for (uint32_t i = 0; i < sched->n_nodes; i++) {
        int64_t until = busy_until(sched, i);
        if (bitset_test(p->nodes, i) && until <= start &&
            !is_reserved(sched, i, sched->pass.now, start, end - start))
            picks[n++] = (struct pick){.node = i, .until = until};
    }
    if (n < count)
        return err_set(err, EBUSY,
                       "%u nodes are asked for, %u of partition %s are free "
                       "of jobs and reservations then",
                       count, n, p->name);
    qsort(picks, n, sizeof(*picks), compare_picks);
    *ret = bitset_create(sched->n_nodes);
    for (uint32_t i = 0; i < count; i++)
        bitset_set(*ret, picks[i].node);
    return 0;
}
