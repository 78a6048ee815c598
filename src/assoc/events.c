/* SPDX-License-Identifier: Apache-2.0
 *
 * events.c - what jobs hold and use, counted where limits look
 */
#include <string.h>

#include "assoc/internal.h"
#include "base/err.h"
#include "base/units.h"

void tally_join(struct tally *to, const struct tally *part)
{
    to->jobs += part->jobs;
    to->submitted += part->submitted;
    tres_add(&to->held, &part->held);
    for (int k = 0; k < USED_N; k++)
        to->ends[k] += part->ends[k];
}

void tally_leave(struct tally *from, const struct tally *part)
{
    BUG_ON(from->jobs < part->jobs || from->submitted < part->submitted);
    from->jobs -= part->jobs;
    from->submitted -= part->submitted;
    tres_sub(&from->held, &part->held);
    for (int k = 0; k < USED_N; k++)
        from->ends[k] -= part->ends[k];
}

/* Call 'fn' on each tally that counts jobs of this handle. */
static void for_each_tally(struct assoc *assoc, const struct assoc_handle *h,
                           void (*fn)(struct tally *, const struct tally *),
                           const struct tally *part)
{
    const uint32_t qos[2] = {h->qos, h->part_qos};

    for (uint32_t i = h->leaf; i != ASSOC_NONE; i = assoc->nodes[i].parent)
        fn(&assoc->nodes[i].tally, part);
    for (int q = 0; q < 2; q++) {
        if (qos[q] == ASSOC_NONE)
            continue;
        fn(&assoc->qos[qos[q]].tally, part);
        fn(&assoc->parts[h->tally[q][0]], part);
        fn(&assoc->parts[h->tally[q][1]], part);
    }
}

/* Whole cores: run minutes do not know of slices. */
static uint64_t amount_of(const struct tres *tres, int k)
{
    return k < TRES_N ? tres->of[k] : 1;
}

static double rate_of(const struct tres *tres, int k)
{
    return k < TRES_N ? tres_amount(tres, k) : 1;
}

static struct tally running_tally(const struct tres *tres, int64_t time_limit,
                                  int64_t start)
{
    struct tally one = {.jobs = 1, .held = *tres};
    int64_t limit = time_limit == TIME_UNLIMITED ? NO_LIMIT_SECONDS : time_limit;

    for (int k = 0; k < USED_N; k++)
        one.ends[k] = amount_of(tres, k) * (uint64_t)(start + limit);
    return one;
}

void assoc_submitted(struct assoc *assoc, const struct assoc_handle *h, uint32_t jobs)
{
    struct tally part = {.submitted = jobs};

    for_each_tally(assoc, h, tally_join, &part);
}

void assoc_unsubmitted(struct assoc *assoc, const struct assoc_handle *h, uint32_t jobs)
{
    struct tally part = {.submitted = jobs};

    for_each_tally(assoc, h, tally_leave, &part);
}

/* The job's usage of the time before now is in [at start, at now] of W. */
static void meter_start(struct meter *meter, const struct assoc_handle *h,
                        const struct tres *tres, double at_start, double at_now)
{
    meter_touch(meter, at_now);
    meter->runs++;
    for (int k = 0; k < USED_N; k++) {
        double rate = rate_of(tres, k) * (double)h->usage_factor;

        meter->rate[k] += rate;
        meter->total[k] += rate * (at_now - at_start);
    }
}

static void meter_end(struct meter *meter, const struct assoc_handle *h,
                      const struct tres *tres, double at_now)
{
    meter_touch(meter, at_now);
    BUG_ON(meter->runs == 0);
    meter->runs--;
    for (int k = 0; k < USED_N; k++) {
        double rate = rate_of(tres, k) * (double)h->usage_factor;

        meter->rate[k] = meter->runs == 0 ? 0 : meter->rate[k] - rate;
    }
}

static void meter_settle(struct meter *meter, const struct assoc_handle *h,
                         const struct tres *tres, double seconds)
{
    for (int k = 0; k < USED_N; k++)
        meter->settled[k] += rate_of(tres, k) * (double)h->usage_factor * seconds;
}

void assoc_started(struct assoc *assoc, const struct assoc_handle *h,
                   const struct tres *tres, int64_t time_limit, int64_t start,
                   int64_t now)
{
    struct tally one = running_tally(tres, time_limit, start);
    int64_t at = assoc_clock(assoc, now);
    double at_now = usage_w(assoc, at);
    double at_start = usage_w(assoc, start < at ? start : at);

    for_each_tally(assoc, h, tally_join, &one);
    for (uint32_t i = h->leaf; i != ASSOC_NONE; i = assoc->nodes[i].parent)
        meter_start(&assoc->nodes[i].meter, h, tres, at_start, at_now);
    meter_start(&assoc->qos[h->qos].meter, h, tres, at_start, at_now);
    if (h->part_qos != ASSOC_NONE)
        meter_start(&assoc->qos[h->part_qos].meter, h, tres, at_start, at_now);
    assoc->dirty = true;
}

void assoc_ended(struct assoc *assoc, const struct assoc_handle *h,
                 const struct tres *tres, int64_t time_limit, int64_t start,
                 int64_t now)
{
    struct tally one = running_tally(tres, time_limit, start);
    int64_t at = assoc_clock(assoc, now);
    double at_now = usage_w(assoc, at);
    double seconds = at_now - usage_w(assoc, start < at ? start : at);

    for_each_tally(assoc, h, tally_leave, &one);
    for (uint32_t i = h->leaf; i != ASSOC_NONE; i = assoc->nodes[i].parent)
        meter_end(&assoc->nodes[i].meter, h, tres, at_now);
    meter_end(&assoc->qos[h->qos].meter, h, tres, at_now);
    meter_settle(&assoc->nodes[h->leaf].meter, h, tres, seconds);
    meter_settle(&assoc->qos[h->qos].meter, h, tres, seconds);
    usage_mark_unsaved(assoc, false, h->leaf);
    usage_mark_unsaved(assoc, true, h->qos);
    if (h->part_qos != ASSOC_NONE) {
        meter_end(&assoc->qos[h->part_qos].meter, h, tres, at_now);
        meter_settle(&assoc->qos[h->part_qos].meter, h, tres, seconds);
        usage_mark_unsaved(assoc, true, h->part_qos);
    }
    assoc->dirty = true;
}

void assoc_limit_changed(struct assoc *assoc, const struct assoc_handle *h,
                         const struct tres *tres, int64_t old_limit, int64_t new_limit)
{
    struct tally before = running_tally(tres, old_limit, 0);
    struct tally after = running_tally(tres, new_limit, 0);

    for_each_tally(assoc, h, tally_leave, &before);
    for_each_tally(assoc, h, tally_join, &after);
}
