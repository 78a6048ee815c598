/* SPDX-License-Identifier: Apache-2.0
 *
 * pass.c - one walk: start what fits, in order, and promise starts to those first
 *
 *   begin --> promises: start those whose time has come, --> groups: start what fits;
 *             move the others forward where they can         promise, block or leave
 *                                                            what does not
 *
 * A pass can be left after any job and gone on with later; what happens in between
 * is taken up by the next one.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/units.h"
#include "sched/group.h"
#include "sched/internal.h"

/* The caller's array of decisions, and what is left of its budget. */
struct out {
    struct sched_decision *at;
    size_t n, max;
    uint32_t budget; /* UINT32_MAX: no end */
};

static bool is_spent(const struct out *out, size_t needed)
{
    return out->budget == 0 || out->max - out->n < needed;
}

static void spend(struct out *out)
{
    if (out->budget != UINT32_MAX)
        out->budget--;
}

static void clear_gain(struct gain *gain)
{
    *gain = (struct gain){0};
}

/* What was gathered counts from now on. */
static void take_up_gain(struct sched *sched)
{
    struct gain *to = &sched->gained;
    const struct gain *from = &sched->gain;
    to->any |= from->any;
    to->other |= from->other;
    if (from->until > to->until)
        to->until = from->until;
    if (from->most.cores > to->most.cores)
        to->most.cores = from->most.cores;
    if (from->most.memory > to->most.memory)
        to->most.memory = from->most.memory;
    if (from->roomiest > to->roomiest)
        to->roomiest = from->roomiest;
}

static bool gain_helps(const struct gain *gain, const struct group *group)
{
    const struct amount *unit = &group->demand.unit;
    uint32_t milli = group->req.place.milli;
    if (gain->other)
        return true;
    if (!gain->any || gain->most.memory < unit->memory)
        return false;
    return gain->most.cores >= unit->cores || (milli && gain->roomiest >= milli);
}

static void begin_pass(struct sched *sched, int64_t now)
{
    struct pass *pass = &sched->pass;
    pass->number++;
    pass->now = now;
    waiting_wake(sched, now);
    reservations_roll(sched, now);
    for (size_t i = 0; i < sched->n_partitions; i++)
        pass->blocked_by[i] = 0;
    pass->waits = 0;
    pass->looked_at = 0;
    pass->company_waits = pass->company_came = false;
    clear_gain(&sched->gained);
    take_up_gain(sched);
    clear_gain(&sched->gain);
    order_prepare(sched, now);
    pass->next_promise = sched->promises;
    pass->stage = PASS_PROMISES;
    sched->counts.passes++;
}

static void give_refusals(struct sched *sched, struct out *out)
{
    while (sched->n_refusals > 0 && out->n < out->max) {
        const struct sched_job *job =
            waiting_find(sched, sched->refusals[--sched->n_refusals]);
        if (!job || !job->is_refused)
            continue;
        struct sched_decision *decision = &out->at[out->n++];
        *decision =
            (struct sched_decision){.verb = SCHED_REFUSE, .id = SCHED_JOB(job->id)};
        err_set(&decision->why, ECANCELED, "%s", job->words ? job->words : "");
    }
}

/* -------------------------------------------------------------- promises */

static bool is_for_room(enum sched_reason reason)
{
    return reason == SCHED_RESOURCES || reason == SCHED_RESERVATION;
}

/* What is known to become free, and when, can be promised. A limit is not. */
static bool can_be_promised(enum sched_reason reason)
{
    return is_for_room(reason) || reason == SCHED_LICENSES;
}

static void give_up_promise(struct sched *sched, struct sched_job *job)
{
    promise_drop(sched, job->promise);
    waiting_set_place(sched, job, JOB_PARKED);
    waiting_settle(sched, job, sched->pass.now);
}

/* A plan binds when its job has waited long enough. Until then it gives way to a
 * group that comes before it. */
static bool gives_way(struct sched *sched, struct promise *promise)
{
    struct sched_job *job = promise->job;
    struct group *group = job->group;
    if (!promise->is_plan)
        return false;
    promise->is_plan = sched->pass.now - job->since < sched->options.policy.bind;
    const struct group *first = promise->is_plan ? order_first(sched) : NULL;
    if (!first)
        return false;
    if (first->tier != group->tier)
        return first->tier > group->tier;
    return first->rank > order_rank(sched, group, job, sched->order.made_at);
}

/* 0: it does not start. */
static size_t start_promised(struct sched *sched, struct promise *promise,
                             struct out *out)
{
    size_t n = start_try(sched, promise->job, sched->pass.now, &out->at[out->n]);
    out->n += n;
    return n;
}

static void try_promised(struct sched *sched, struct promise *promise, struct out *out)
{
    struct sched_job *job = promise->job;
    struct group *group = job->group;
    int64_t now = sched->pass.now;
    if (gives_way(sched, promise)) {
        give_up_promise(sched, job);
        sched->gain.other = true;
        return;
    }
    if (promise->start <= now && !promise->is_broken) {
        if (start_promised(sched, promise, out) > 0)
            return;
        promise->is_broken = true;
        if (!can_be_promised(group->reason)) {
            give_up_promise(sched, job);
            return;
        }
    }
    if (!promise->is_broken && !sched->gained.any && !sched->gained.other)
        return;
    if (!promise_improve(sched, promise, now)) {
        give_up_promise(sched, job);
        return;
    }
    if (promise->start <= now && start_promised(sched, promise, out) == 0)
        promise_revert(sched, promise);
}

static bool walk_promises(struct sched *sched, struct out *out)
{
    struct pass *pass = &sched->pass;
    while (pass->next_promise) {
        struct promise *promise = pass->next_promise;
        if (is_spent(out, start_decisions(promise->job)))
            return false;
        spend(out);
        pass->next_promise = promise->next;
        uint32_t id = promise->job->id;
        try_promised(sched, promise, out);
        const struct sched_job *job = waiting_find(sched, id);
        if (pass->waits == 0 && job && job->promise)
            pass->waits = id;
        pass->looked_at++;
    }
    /* And for the next pass too: promises may have moved after others were looked
     * at that could use their old places. */
    take_up_gain(sched);
    order_begin(sched);
    pass->stage = PASS_GROUPS;
    return true;
}

/* ---------------------------------------------------------------- groups */

/* What holds it back whatever is free. */
static bool is_barred(struct sched *sched, struct group *group)
{
    const struct partition *partition = &sched->partitions[group->partition];
    if (!partition->up) {
        struct err words = {0};
        err_set(&words, EAGAIN, "partition %s is down", partition->name);
        groups_say(group, SCHED_PARTITION_DOWN, words.text);
        return true;
    }
    if (sched->pass.blocked_by[group->partition]) {
        groups_say(group, SCHED_PRIORITY, NULL);
        group->behind = sched->pass.blocked_by[group->partition];
        return true;
    }
    return false;
}

/* The last pass said no, and nothing that matters has changed since. */
static bool is_still_no(const struct sched *sched, const struct group *group)
{
    if (group->tested == sched->pass.number)
        return true;
    return group->tested != 0 && group->tested == sched->pass.number - 1 &&
           !group->is_timed && group->reason != SCHED_LIMIT &&
           !gain_helps(&sched->gained, group);
}

static bool may_promise(const struct sched *sched, const struct group *group)
{
    if (sched->n_promises >= sched->options.policy.promises ||
        !can_be_promised(group->reason) || group->req.depends)
        return false;
    if (!group->has_assoc)
        return true;
    const struct qos *qos = assoc_qos(sched->options.assoc, group->assoc.qos);
    return !(qos->flags & QOS_NO_RESERVE);
}

/* It does not start as it stands: what follows from that. True: it starts after
 * all, within a promise. */
static bool leave(struct sched *sched, struct group *group, struct out *out)
{
    struct pass *pass = &sched->pass;
    struct sched_job *job = group->jobs;
    group->tested = pass->number;
    pass->company_waits |= group->req.depends;
    failures_add(sched, group);
    if (is_for_room(group->reason) && pass->waits == 0)
        pass->waits = job->id;
    if (sched->options.policy.promises == 0 && is_for_room(group->reason))
        pass->blocked_by[group->partition] = job->id;
    if (!may_promise(sched, group) || !promise_find(sched, job, pass->now) ||
        job->promise->start > pass->now)
        return false;
    /* Beside later promises there may be room that was not seen without its own. */
    if (start_promised(sched, job->promise, out) > 0)
        return true;
    promise_revert(sched, job->promise);
    return false;
}

/* True: its first job started (or one task of it), or waits there no more. */
static bool consider(struct sched *sched, struct group *group, struct out *out)
{
    struct sched_job *job = group->jobs;
    if (is_barred(sched, group))
        return false;
    if (!is_still_no(sched, group)) {
        size_t n = start_try(sched, job, sched->pass.now, &out->at[out->n]);
        out->n += n;
        if (n > 0)
            return true;
        if (sched->options.preempt != SCHED_PREEMPT_NONE &&
            !group->req.never_preempts && group->reason == SCHED_RESOURCES)
            n = preempt_for(sched, job, out->at, &out->n, out->max);
        if (n > 0)
            return group->jobs != job;
    }
    return leave(sched, group, out) || group->jobs != job;
}

/* ------------------------------------------------- the shortest ones first */

static int by_time(const void *a, const void *b)
{
    const struct group *x = *(struct group *const *)a, *y = *(struct group *const *)b;
    int64_t tx = x->req.time_limit, ty = y->req.time_limit;
    if (tx != ty)
        return tx == TIME_UNLIMITED || (ty != TIME_UNLIMITED && tx > ty) ? 1 : -1;
    return group_compare(x, y);
}

/* Those that have not been looked at, by time; each is referred to once more. */
static struct group **gather_by_time(struct sched *sched, size_t *ret_n)
{
    struct group **groups =
        xcalloc(sched->counts.classes + 1, sizeof(struct group *)); /* never NULL */
    size_t n = 0;
    for (struct group *g = sched->groups; g; g = g->hh.next) {
        if (!g->is_listed || g->tested == sched->pass.number)
            continue;
        g->n_refs++;
        groups[n++] = g;
    }
    qsort(groups, n, sizeof(struct group *), by_time);
    *ret_n = n;
    return groups;
}

/* Of groups of equal time, the next job of the one at 'at' may stand behind others'. */
static void settle(struct group **groups, size_t n, size_t at)
{
    for (; at + 1 < n && by_time(&groups[at], &groups[at + 1]) > 0; at++) {
        struct group *moved = groups[at];
        groups[at] = groups[at + 1];
        groups[at + 1] = moved;
    }
}

/* What may fill up is looked at by time, not in the order. A pass that is left here
 * begins with this again, and does not test twice. */
static bool walk_shortest(struct sched *sched, struct out *out)
{
    size_t n, i = 0;
    struct group **groups = gather_by_time(sched, &n);
    while (i < n) {
        struct group *group = groups[i];
        if (!group->is_listed || group->tested == sched->pass.number) {
            i++;
            continue;
        }
        if (is_spent(out, start_decisions(group->jobs)))
            break;
        spend(out);
        sched->pass.looked_at++;
        if (!consider(sched, group, out) || !group->is_listed)
            i++;
        else
            settle(groups + i, n - i, 0);
    }
    for (size_t k = 0; k < n; k++)
        groups_unref(sched, groups[k]);
    free(groups);
    return i == n;
}

static bool fills_up_by_time(const struct sched *sched)
{
    const struct sched_policy *policy = &sched->options.policy;
    return policy->backfill_shortest && policy->promises > 0 &&
           sched->n_promises >= policy->promises;
}

/* Nothing but room can be the answer: there are no more promises to give, and
 * nobody to push aside. */
static bool only_room_helps(const struct sched *sched)
{
    const struct sched_policy *policy = &sched->options.policy;
    return policy->promises > 0 && sched->n_promises >= policy->promises &&
           sched->options.preempt == SCHED_PREEMPT_NONE;
}

/* Whether the group need not be looked at more closely, nor its jobs. */
static bool is_hopeless(struct sched *sched, struct group *group)
{
    if (!only_room_helps(sched))
        return false;
    if (nodes_lack_room(sched, group)) {
        order_pass_over(sched, group);
        return true;
    }
    if (!is_still_no(sched, group) && !failures_include(sched, group))
        return false;
    group->tested = sched->pass.number;
    return true;
}

static bool walk_groups(struct sched *sched, struct out *out)
{
    struct pass *pass = &sched->pass;
    uint32_t depth = sched->options.depth;
    struct group *group;
    while ((depth == 0 || pass->looked_at < depth) && (group = order_next(sched))) {
        if (fills_up_by_time(sched)) {
            order_again(sched, group);
            return walk_shortest(sched, out);
        }
        if (is_hopeless(sched, group))
            continue;
        if (is_spent(out, start_decisions(group->jobs))) {
            order_again(sched, group);
            return false;
        }
        spend(out);
        pass->looked_at++;
        group->n_refs++;
        consider(sched, group, out);
        groups_unref(sched, group);
    }
    return true;
}

size_t sched_pass(struct sched *sched, int64_t now, struct sched_decision *decisions,
                  size_t max, uint32_t budget, bool *ret_more)
{
    if (sched->options.policy.commit_head)
        return commit_pass(sched, now, decisions, max, ret_more);
    struct pass *pass = &sched->pass;
    struct out out = {
        .at = decisions, .max = max, .budget = budget ? budget : UINT32_MAX};
    *ret_more = true;
    if (pass->stage == PASS_IDLE)
        begin_pass(sched, now);
    pass->now = now;
    tell_time(sched, now);
    runs_extend_overdue(sched, now);
    give_refusals(sched, &out);
    out.n += preempt_resume(sched, out.at + out.n, out.max - out.n);
    if (pass->stage == PASS_PROMISES && !walk_promises(sched, &out))
        return out.n;
    if (!walk_groups(sched, &out))
        return out.n;
    pass->stage = PASS_IDLE;
    /* Who waits for company looks again when some has come. */
    *ret_more = pass->company_waits && pass->company_came;
    return out.n;
}

static void earlier(int64_t *to, int64_t when, int64_t now)
{
    if (when > now && when != TIME_NEVER && (*to == 0 || when < *to))
        *to = when;
}

int64_t sched_next_time(const struct sched *sched, int64_t now)
{
    int64_t next = 0;
    earlier(&next, waiting_next_time(sched), now);
    earlier(&next, reservations_next_time(sched, now), now);
    for (const struct promise *p = sched->promises; p; p = p->next)
        earlier(&next, p->start, now);
    return next;
}
