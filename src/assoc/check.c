/* SPDX-License-Identifier: Apache-2.0
 *
 * check.c - the questions: which objects are asked, and which of them decides
 */
#include <errno.h>

#include "assoc/holder.h"
#include "base/mem.h"
#include "base/units.h"

#define JOB_BITS                                                           \
    (LIMIT_BIT(LIMIT_MAX_WALL) | BITS4(JOB_CORES) | BITS4(JOB_CORE_MINS) | \
     BITS4(MIN_CORES))
#define USER_BITS (BITS4(USER_CORES) | BITS4(USER_CORE_RUN_MINS))
#define ACCOUNT_BITS                                        \
    (LIMIT_BIT(LIMIT_ACCOUNT_JOBS) | BITS4(ACCOUNT_CORES) | \
     BITS4(ACCOUNT_CORE_RUN_MINS))
#define START_BITS \
    (GRP_START_BITS | JOB_BITS | USER_BITS | ACCOUNT_BITS | LIMIT_BIT(LIMIT_MAX_JOBS))

/* ---- limits that the first object decides */

/* QOS in the order in which they decide; returns how many. */
static int qos_order(const struct assoc *assoc, const struct assoc_handle *h, int *ret)
{
    if (h->part_qos == ASSOC_NONE) {
        ret[0] = 0;
        return 1;
    }
    bool own_first = assoc->qos[h->qos].qos.flags & QOS_OVER_PARTITION;
    ret[0] = own_first ? 0 : 1;
    ret[1] = own_first ? 1 : 0;
    return 2;
}

static uint32_t qos_at(const struct assoc_handle *h, int which)
{
    return which == 0 ? h->qos : h->part_qos;
}

/* Whose is the limit? False: nobody set it. */
static bool find_decider(const struct assoc *assoc, const struct assoc_handle *h,
                         enum limit limit, struct holder *ret, int *ret_which)
{
    int order[2], n = qos_order(assoc, h, order);

    for (int i = 0; i < n; i++) {
        *ret = holder_of_qos(assoc, qos_at(h, order[i]));
        *ret_which = order[i];
        if (limits_has(ret->limits, limit))
            return true;
    }
    if (!(assoc->nodes[h->leaf].set_up & LIMIT_BIT(limit)))
        return false;
    *ret_which = -1;
    for (uint32_t i = h->leaf; i != ASSOC_NONE; i = assoc->nodes[i].parent) {
        *ret = holder_of_node(assoc, i);
        if (limits_has(ret->limits, limit))
            return true;
    }
    return false;
}

static uint64_t all_bits(const struct assoc *assoc, const struct assoc_handle *h)
{
    uint64_t set = assoc->nodes[h->leaf].set_up | assoc->qos[h->qos].qos.limits.set;

    if (h->part_qos != ASSOC_NONE)
        set |= assoc->qos[h->part_qos].qos.limits.set;
    return set;
}

static int check_job_limit(const struct probe *p, enum limit limit)
{
    struct holder holder;
    int which, at = (int)limit;

    if (!find_decider(p->assoc, p->h, limit, &holder, &which))
        return 0;
    if (limit == LIMIT_MAX_WALL)
        return holder_check_wall(p, &holder);
    if (at >= LIMIT_MIN_CORES && at <= LIMIT_MIN_GPUS)
        return holder_check_at_least(p, &holder, limit, at - (int)LIMIT_MIN_CORES);
    if (at >= LIMIT_JOB_CORES && at <= LIMIT_JOB_GPUS)
        return holder_check_at_most(p, &holder, limit, at - (int)LIMIT_JOB_CORES);
    return holder_check_job_minutes(p, &holder, at - (int)LIMIT_JOB_CORE_MINS);
}

static int check_job_limits(const struct probe *p, uint64_t set)
{
    int rc = 0;

    for (uint64_t bits = set & JOB_BITS; rc == 0 && bits; bits &= bits - 1)
        rc = check_job_limit(p, (enum limit)__builtin_ctzll(bits));
    return rc;
}

/* How many jobs of the association, or of the user in the QOS that decides. */
static int check_max(const struct probe *p, enum limit limit, uint64_t jobs)
{
    struct holder holder;
    const struct tally *tally = &p->assoc->nodes[p->h->leaf].tally;
    int which;

    if (!find_decider(p->assoc, p->h, limit, &holder, &which))
        return 0;
    if (which >= 0) {
        tally = &p->assoc->parts[p->h->tally[which][0]];
        holder.member = p->assoc->nodes[p->h->leaf].user;
    } else {
        holder.node = &p->assoc->nodes[p->h->leaf];
    }
    if (limit == LIMIT_MAX_JOBS)
        return holder_check_count(p, &holder, limit, tally->jobs, jobs, "jobs run");
    return holder_check_count(p, &holder, limit, tally->submitted, jobs,
                              "jobs submitted");
}

/* ---- limits of a user, and of an account, in a QOS */

/* The QOS that is the first to set one of 'bits' decides about that one. */
static bool part_holder(const struct probe *p, int which, int member, uint64_t bits,
                        uint64_t *decided, struct limits *scratch, struct holder *ret)
{
    struct holder holder = holder_of_qos(p->assoc, qos_at(p->h, which));
    uint64_t mine = holder.limits->set & bits & ~*decided;
    const struct node *leaf = &p->assoc->nodes[p->h->leaf];

    if (!mine)
        return false;
    *decided |= mine;
    *scratch = *holder.limits;
    scratch->set = mine;
    holder.limits = scratch;
    holder.tally = &p->assoc->parts[p->h->tally[which][member]];
    holder.member = member ? leaf->account : leaf->user;
    *ret = holder;
    return true;
}

static int check_part(const struct probe *p, const struct holder *holder, bool account)
{
    int rc = 0;

    if (account)
        rc = holder_check_count(p, holder, LIMIT_ACCOUNT_JOBS, holder->tally->jobs, 1,
                                "jobs run");
    if (rc == 0)
        rc = holder_check_held(p, holder,
                               account ? LIMIT_ACCOUNT_CORES : LIMIT_USER_CORES);
    if (rc == 0)
        rc = holder_check_run_minutes(p, holder,
                                      account ? LIMIT_ACCOUNT_CORE_RUN_MINS
                                              : LIMIT_USER_CORE_RUN_MINS);
    return rc;
}

static int check_parts(const struct probe *p, bool account, uint64_t bits)
{
    int order[2], n = qos_order(p->assoc, p->h, order), rc = 0;
    uint64_t decided = 0;
    struct limits scratch;
    struct holder holder;

    for (int i = 0; rc == 0 && i < n; i++)
        if (part_holder(p, order[i], account, bits, &decided, &scratch, &holder))
            rc = check_part(p, &holder, account);
    return rc;
}

/* ---- the four questions */

static int for_each_holder(const struct probe *p,
                           int (*check)(const struct probe *, const struct holder *))
{
    struct holder holder = holder_of_qos(p->assoc, p->h->qos);
    int rc = 0;

    if (p->h->part_qos != ASSOC_NONE) {
        struct holder first = holder_of_qos(p->assoc, p->h->part_qos);
        rc = check(p, &first);
    }
    if (rc == 0)
        rc = check(p, &holder);
    for (uint32_t i = p->h->leaf; rc == 0 && i != ASSOC_NONE;
         i = p->assoc->nodes[i].parent) {
        holder = holder_of_node(p->assoc, i);
        rc = check(p, &holder);
    }
    return rc;
}

static int64_t seconds_of(int64_t time_limit)
{
    return time_limit == TIME_UNLIMITED ? NO_LIMIT_SECONDS : time_limit;
}

int assoc_check_start(const struct assoc *assoc, const struct assoc_handle *h,
                      const struct tres *tres, int64_t time_limit, int64_t now,
                      limit_reason *ret_reason, struct err *err)
{
    uint64_t set = all_bits(assoc, h) & START_BITS;

    if (!set)
        return 0;
    struct probe p = {assoc, h,      tres,       seconds_of(time_limit),
                      now,   EAGAIN, ret_reason, err};
    int rc = set & GRP_START_BITS ? for_each_holder(&p, holder_check_group) : 0;
    if (rc == 0)
        rc = check_job_limits(&p, set);
    if (rc == 0 && (set & LIMIT_BIT(LIMIT_MAX_JOBS)))
        rc = check_max(&p, LIMIT_MAX_JOBS, 1);
    if (rc == 0 && (set & USER_BITS))
        rc = check_parts(&p, false, USER_BITS);
    if (rc == 0 && (set & ACCOUNT_BITS))
        rc = check_parts(&p, true, ACCOUNT_BITS);
    return rc;
}

/* What no end of other jobs would change: limits against this job alone. */
static int check_alone(const struct probe *p, const struct holder *holder)
{
    static const struct tally nobody;
    static const struct meter nothing;
    struct holder alone = *holder;

    alone.tally = &nobody;
    alone.meter = &nothing;
    return holder_check_group(p, &alone);
}

static int check_parts_alone(const struct probe *p, bool account, uint64_t bits)
{
    int order[2], n = qos_order(p->assoc, p->h, order), rc = 0;
    static const struct tally nobody;
    uint64_t decided = 0;
    struct limits scratch;
    struct holder holder;

    for (int i = 0; rc == 0 && i < n; i++) {
        if (!part_holder(p, order[i], account, bits, &decided, &scratch, &holder))
            continue;
        holder.tally = &nobody;
        rc = check_part(p, &holder, account);
    }
    return rc;
}

int assoc_check_job_size(const struct assoc *assoc, const struct assoc_handle *h,
                         const struct tres *tres, int64_t time_limit,
                         limit_reason *ret_reason, struct err *err)
{
    uint64_t set = all_bits(assoc, h);
    struct probe p = {assoc,      h,      tres,       seconds_of(time_limit),
                      assoc->now, EINVAL, ret_reason, err};

    if (!set)
        return 0;
    int rc = check_job_limits(&p, set);
    if (rc == 0)
        rc = for_each_holder(&p, check_alone);
    if (rc == 0)
        rc = check_parts_alone(&p, false, USER_BITS);
    if (rc == 0)
        rc = check_parts_alone(&p, true, ACCOUNT_BITS);
    return rc;
}

static int check_group_submit(const struct probe *p, const struct holder *holder)
{
    return holder_check_count(p, holder, LIMIT_GRP_SUBMIT, holder->tally->submitted,
                              (uint64_t)p->seconds, "jobs submitted");
}

static int check_account_submit(const struct probe *p)
{
    int order[2], n = qos_order(p->assoc, p->h, order);
    uint64_t decided = 0;
    struct limits scratch;
    struct holder holder;

    for (int i = 0; i < n; i++)
        if (part_holder(p, order[i], 1, LIMIT_BIT(LIMIT_ACCOUNT_SUBMIT), &decided,
                        &scratch, &holder))
            return holder_check_count(p, &holder, LIMIT_ACCOUNT_SUBMIT,
                                      holder.tally->submitted, (uint64_t)p->seconds,
                                      "jobs submitted");
    return 0;
}

int assoc_check_submit(const struct assoc *assoc, const struct assoc_handle *h,
                       uint32_t jobs, limit_reason *ret_reason, struct err *err)
{
    struct probe p = {assoc, h, NULL, jobs, 0, EAGAIN, ret_reason, err};
    int rc = for_each_holder(&p, check_group_submit);

    if (rc == 0)
        rc = check_max(&p, LIMIT_MAX_SUBMIT, jobs);
    if (rc == 0)
        rc = check_account_submit(&p);
    return rc;
}
