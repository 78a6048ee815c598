/* SPDX-License-Identifier: Apache-2.0
 *
 * holder.c - compare what is used and asked with what one object allows
 */
#include "assoc/holder.h"

#include <errno.h>
#include <inttypes.h>

#include "base/mem.h"
#include "base/units.h"

struct holder holder_of_node(const struct assoc *assoc, uint32_t index)
{
    const struct node *node = &assoc->nodes[index];

    return (struct holder){.limits = &node->limits,
                           .tally = &node->tally,
                           .meter = &node->meter,
                           .node = node};
}

struct holder holder_of_qos(const struct assoc *assoc, uint32_t index)
{
    const struct qos_slot *slot = &assoc->qos[index];

    return (struct holder){.limits = &slot->qos.limits,
                           .tally = &slot->tally,
                           .meter = &slot->meter,
                           .qos = &slot->qos};
}

/* ---- the answer */

static char *holder_words(const struct holder *holder)
{
    const struct node *node = holder->node;

    if (holder->qos)
        return holder->member
                   ? xasprintf("QOS %s: %s", holder->qos->name, holder->member)
                   : xasprintf("QOS %s", holder->qos->name);
    if (node->user)
        return xasprintf("user %s in account %s", node->user, node->account);
    return xasprintf("account %s", node->account);
}

/* Write "AssocGrpCpuLimit: account physics: " and what 'words' adds. */
static int hold(const struct probe *p, const struct holder *holder, enum limit limit,
                const char *words)
{
    limit_reason reason = limit_reason_of(limit, holder->qos != NULL);
    cleanup(freep) char *whose = holder_words(holder);

    if (p->ret_reason)
        *p->ret_reason = reason;
    return err_set(p->err, p->code, "%s: %s: %s", limit_reason_name(reason), whose,
                   words);
}

/* Without words, which cost more than the check. */
static int hold_silently(const struct probe *p, const struct holder *holder,
                         enum limit limit)
{
    if (p->ret_reason)
        *p->ret_reason = limit_reason_of(limit, holder->qos != NULL);
    return -p->code;
}

int holder_check_count(const struct probe *p, const struct holder *holder,
                       enum limit limit, uint64_t used, uint64_t asked,
                       const char *what)
{
    uint64_t most = holder->limits->value[limit];

    if (!limits_has(holder->limits, limit) || asked == 0)
        return 0;
    if (used <= most && asked <= most - used)
        return 0;
    if (!p->err)
        return hold_silently(p, holder, limit);
    cleanup(freep) char *words = xasprintf(
        "%" PRIu64 " of %" PRIu64 " %s, %" PRIu64 " asked", used, most, what, asked);
    return hold(p, holder, limit, words);
}

static const char *const in_use[TRES_N] = {"cores in use", "MiB of memory in use",
                                           "nodes in use", "GPUs in use"};
static const char *const minutes_of[TRES_N] = {"core-minutes", "GiB-minutes of memory",
                                               "node-minutes", "GPU-minutes"};

static double unit_of(int kind)
{
    return kind == TRES_MEM ? 60.0 * 1024 : 60.0;
}

/* 'used' and 'asked' in resource-seconds; the limit must be set. */
static int check_minutes(const struct probe *p, const struct holder *holder,
                         enum limit base, int kind, double used, double asked,
                         const char *how)
{
    enum limit limit = LIMIT_OF(base, kind);
    double unit = unit_of(kind);
    double most = (double)holder->limits->value[limit];

    if (used + asked <= most * unit || asked <= 0)
        return 0;
    if (!p->err)
        return hold_silently(p, holder, limit);
    cleanup(freep) char *words =
        xasprintf("%.0f of %.0f %s %s, up to %.0f asked", used / unit, most,
                  minutes_of[kind], how, asked / unit);
    return hold(p, holder, limit, words);
}

/* ---- what counts */

static double amount(const struct tres *tres, int k)
{
    return k < TRES_N ? tres_amount(tres, k) : 1;
}

/* Resource-seconds that running jobs may still use. */
static double left_running(const struct tally *tally, int k, int64_t now)
{
    uint64_t held = k < TRES_N ? tally->held.of[k] : tally->jobs;
    int64_t left = (int64_t)(tally->ends[k] - held * (uint64_t)now);

    return left > 0 ? (double)left : 0;
}

static double used_until(const struct probe *p, const struct meter *meter, int k)
{
    double at = usage_w(p->assoc, p->now);
    double total = meter->total[k];

    if (meter->runs && at > meter->since)
        total += meter->rate[k] * (at - meter->since);
    return total * usage_scale(p->assoc, p->now);
}

static bool has_any(const struct holder *holder, enum limit base)
{
    return holder->limits->set & (UINT64_C(15) << base);
}

int holder_check_held(const struct probe *p, const struct holder *holder,
                      enum limit base)
{
    int rc = 0;

    struct tres together = holder->tally->held;

    tres_add(&together, p->tres);
    for (int k = 0; rc == 0 && has_any(holder, base) && k < TRES_N; k++) {
        uint64_t held = tres_count(&holder->tally->held, k);

        rc = holder_check_count(p, holder, LIMIT_OF(base, k), held,
                                tres_count(&together, k) - held, in_use[k]);
    }
    return rc;
}

int holder_check_run_minutes(const struct probe *p, const struct holder *holder,
                             enum limit base)
{
    int rc = 0;

    for (int k = 0; rc == 0 && has_any(holder, base) && k < TRES_N; k++)
        if (limits_has(holder->limits, LIMIT_OF(base, k)))
            rc = check_minutes(
                p, holder, base, k, left_running(holder->tally, k, p->now),
                amount(p->tres, k) * (double)p->seconds, "left to running jobs");
    return rc;
}

/* Past usage, and all that running jobs and this one may add. */
static int check_total_minutes(const struct probe *p, const struct holder *holder)
{
    int rc = 0;

    for (int k = 0; rc == 0 && has_any(holder, LIMIT_GRP_CORE_MINS) && k < TRES_N; k++)
        if (limits_has(holder->limits, LIMIT_OF(LIMIT_GRP_CORE_MINS, k)))
            rc = check_minutes(p, holder, LIMIT_GRP_CORE_MINS, k,
                               used_until(p, holder->meter, k) +
                                   left_running(holder->tally, k, p->now),
                               amount(p->tres, k) * (double)p->seconds,
                               "used or promised");
    return rc;
}

static int check_group_wall(const struct probe *p, const struct holder *holder)
{
    double most = (double)holder->limits->value[LIMIT_GRP_WALL];

    if (!limits_has(holder->limits, LIMIT_GRP_WALL))
        return 0;
    double used = used_until(p, holder->meter, USED_WALL) +
                  left_running(holder->tally, USED_WALL, p->now);
    if (used + (double)p->seconds <= most)
        return 0;
    if (!p->err)
        return hold_silently(p, holder, LIMIT_GRP_WALL);
    cleanup(freep) char *words =
        xasprintf("%.0f of %.0f minutes of jobs used or promised, up to %.0f asked",
                  used / 60, most / 60, (double)p->seconds / 60);
    return hold(p, holder, LIMIT_GRP_WALL, words);
}

int holder_check_group(const struct probe *p, const struct holder *holder)
{
    if (!(holder->limits->set & GRP_START_BITS))
        return 0;
    int rc = holder_check_count(p, holder, LIMIT_GRP_JOBS, holder->tally->jobs, 1,
                                "jobs run");
    if (rc == 0)
        rc = holder_check_held(p, holder, LIMIT_GRP_CORES);
    if (rc == 0)
        rc = holder_check_run_minutes(p, holder, LIMIT_GRP_CORE_RUN_MINS);
    if (rc == 0)
        rc = check_total_minutes(p, holder);
    if (rc == 0)
        rc = check_group_wall(p, holder);
    return rc;
}

/* ---- a job against the limits of one */

int holder_check_wall(const struct probe *p, const struct holder *holder)
{
    int64_t most = (int64_t)holder->limits->value[LIMIT_MAX_WALL];

    if (p->seconds <= most)
        return 0;
    if (!p->err)
        return hold_silently(p, holder, LIMIT_MAX_WALL);
    cleanup(freep) char *allowed = duration_format(most);
    cleanup(freep) char *asked = duration_format(p->seconds);
    cleanup(freep) char *words =
        xasprintf("a job runs %s at most, %s asked", allowed, asked);
    return hold(p, holder, LIMIT_MAX_WALL, words);
}

int holder_check_at_least(const struct probe *p, const struct holder *holder,
                          enum limit limit, int kind)
{
    uint64_t least = holder->limits->value[limit];

    if (tres_count(p->tres, kind) >= least)
        return 0;
    if (!p->err)
        return hold_silently(p, holder, limit);
    cleanup(freep) char *words =
        xasprintf("a job asks for %" PRIu64 " %s at least, %" PRIu64 " asked", least,
                  tres_words((enum tres_kind)kind), tres_count(p->tres, kind));
    return hold(p, holder, limit, words);
}

int holder_check_at_most(const struct probe *p, const struct holder *holder,
                         enum limit limit, int kind)
{
    uint64_t most = holder->limits->value[limit];

    if (tres_count(p->tres, kind) <= most)
        return 0;
    if (!p->err)
        return hold_silently(p, holder, limit);
    cleanup(freep) char *words =
        xasprintf("a job has %" PRIu64 " %s at most, %" PRIu64 " asked", most,
                  tres_words((enum tres_kind)kind), tres_count(p->tres, kind));
    return hold(p, holder, limit, words);
}

int holder_check_job_minutes(const struct probe *p, const struct holder *holder,
                             int kind)
{
    return check_minutes(p, holder, LIMIT_JOB_CORE_MINS, kind, 0,
                         amount(p->tres, kind) * (double)p->seconds, "for one job");
}
