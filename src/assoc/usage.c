/* SPDX-License-Identifier: Apache-2.0
 *
 * usage.c - who has used how much, fading
 */
#include <math.h>
#include <string.h>

#include "assoc/internal.h"
#include "base/mem.h"

/* So many half lives after the origin, it moves: 2^64 is far from a double's end. */
#define ORIGIN_HALF_LIVES 64

static double half_lives(const struct assoc *assoc, int64_t t)
{
    return (double)(t - assoc->origin) / (double)assoc->options.half_life;
}

double usage_w(const struct assoc *assoc, int64_t t)
{
    if (assoc->options.half_life == 0)
        return (double)(t - assoc->origin);
    return (double)assoc->options.half_life / M_LN2 * exp2(half_lives(assoc, t));
}

double usage_scale(const struct assoc *assoc, int64_t now)
{
    return assoc->options.half_life == 0 ? 1 : exp2(-half_lives(assoc, now));
}

void meter_touch(struct meter *meter, double at)
{
    if (meter->runs > 0 && at > meter->since)
        for (int k = 0; k < USED_N; k++)
            meter->total[k] += meter->rate[k] * (at - meter->since);
    meter->since = at;
}

static double not_below_zero(double x)
{
    return x > 0 ? x : 0;
}

/* All three have been brought up to the same time. */
void meter_move(struct meter *from, struct meter *to, const struct meter *part)
{
    for (int k = 0; from && k < USED_N; k++) {
        from->total[k] = not_below_zero(from->total[k] - part->total[k]);
        from->rate[k] = not_below_zero(from->rate[k] - part->rate[k]);
    }
    if (from)
        from->runs -= part->runs;
    for (int k = 0; to && k < USED_N; k++) {
        to->total[k] += part->total[k];
        to->rate[k] += part->rate[k];
    }
    if (to)
        to->runs += part->runs;
}

static void meter_rescale(struct meter *meter, double scale, double since)
{
    for (int k = 0; k < USED_N; k++) {
        meter->total[k] *= scale;
        meter->settled[k] *= scale;
    }
    meter->since = since;
}

static void touch_all(struct assoc *assoc, int64_t now)
{
    double at = usage_w(assoc, now);

    for (uint32_t i = 0; i < assoc->n_nodes; i++)
        meter_touch(&assoc->nodes[i].meter, at);
    for (uint32_t i = 0; i < assoc->n_qos; i++)
        meter_touch(&assoc->qos[i].meter, at);
}

/* From the old scale to one whose origin is 'now', and the new options' rate. */
static void move_origin(struct assoc *assoc, int64_t now,
                        const struct assoc_options *options)
{
    double scale = usage_scale(assoc, now);

    touch_all(assoc, now);
    assoc->options = *options;
    assoc->origin = now;
    double at = usage_w(assoc, now);
    for (uint32_t i = 0; i < assoc->n_nodes; i++)
        meter_rescale(&assoc->nodes[i].meter, scale, at);
    for (uint32_t i = 0; i < assoc->n_qos; i++)
        meter_rescale(&assoc->qos[i].meter, scale, at);
}

int64_t assoc_clock(struct assoc *assoc, int64_t now)
{
    if (now <= assoc->now)
        return assoc->now;
    assoc->now = now;
    if (assoc->options.half_life > 0 && half_lives(assoc, now) > ORIGIN_HALF_LIVES) {
        struct assoc_options same = assoc->options;
        move_origin(assoc, now, &same);
    }
    return now;
}

void assoc_set_options(struct assoc *assoc, const struct assoc_options *options,
                       int64_t now)
{
    move_origin(assoc, assoc_clock(assoc, now), options);
    assoc->dirty = true;
}

static void read_meter(const struct assoc *assoc, const struct meter *meter,
                       int64_t now, struct assoc_usage *ret)
{
    struct meter copy = *meter;
    int64_t at = now > assoc->now ? now : assoc->now;
    double scale = usage_scale(assoc, at);

    meter_touch(&copy, usage_w(assoc, at));
    ret->stamp = at;
    for (int k = 0; k < USED_N; k++)
        ret->amount[k] = copy.total[k] * scale;
}

void assoc_usage_of(const struct assoc *assoc, uint32_t index, int64_t now,
                    struct assoc_usage *ret)
{
    read_meter(assoc, &assoc->nodes[index].meter, now, ret);
}

void assoc_qos_usage_of(const struct assoc *assoc, uint32_t qos, int64_t now,
                        struct assoc_usage *ret)
{
    read_meter(assoc, &assoc->qos[qos].meter, now, ret);
}

static void read_settled(const struct assoc *assoc, const struct meter *meter,
                         int64_t now, struct assoc_usage *ret)
{
    int64_t at = now > assoc->now ? now : assoc->now;
    double scale = usage_scale(assoc, at);

    ret->stamp = at;
    for (int k = 0; k < USED_N; k++)
        ret->amount[k] = meter->settled[k] * scale;
}

void assoc_settled(const struct assoc *assoc, uint32_t index, int64_t now,
                   struct assoc_usage *ret)
{
    read_settled(assoc, &assoc->nodes[index].meter, now, ret);
}

void assoc_qos_settled(const struct assoc *assoc, uint32_t qos, int64_t now,
                       struct assoc_usage *ret)
{
    read_settled(assoc, &assoc->qos[qos].meter, now, ret);
}

/* 2^((stamp - origin) / H): what one unit at 'stamp' is on the growing scale. */
static void scaled(const struct assoc *assoc, const struct assoc_usage *usage,
                   double *ret)
{
    double scale = usage_scale(assoc, usage->stamp);

    for (int k = 0; k < USED_N; k++)
        ret[k] = usage->amount[k] / scale;
}

void assoc_set_settled(struct assoc *assoc, uint32_t index,
                       const struct assoc_usage *usage, int64_t now)
{
    double amount[USED_N], old[USED_N];
    struct meter *own = &assoc->nodes[index].meter;

    assoc_clock(assoc, now);
    scaled(assoc, usage, amount);
    memcpy(old, own->settled, sizeof old); /* may be a debt, see reset_one */
    memcpy(own->settled, amount, sizeof amount);
    for (uint32_t i = index; i != ASSOC_NONE; i = assoc->nodes[i].parent) {
        double *total = assoc->nodes[i].meter.total;

        for (int k = 0; k < USED_N; k++)
            total[k] += amount[k] - old[k];
    }
    assoc->dirty = true;
}

void assoc_qos_set_settled(struct assoc *assoc, uint32_t qos,
                           const struct assoc_usage *usage, int64_t now)
{
    double amount[USED_N];
    struct meter *own = &assoc->qos[qos].meter;

    assoc_clock(assoc, now);
    scaled(assoc, usage, amount);
    for (int k = 0; k < USED_N; k++)
        own->total[k] = not_below_zero(own->total[k] + amount[k] - own->settled[k]);
    memcpy(own->settled, amount, sizeof amount);
}

/* ---- what has to be kept */

void usage_mark_unsaved(struct assoc *assoc, bool is_qos, uint32_t index)
{
    struct meter *meter =
        is_qos ? &assoc->qos[index].meter : &assoc->nodes[index].meter;

    if (meter->is_unsaved)
        return;
    meter->is_unsaved = true;
    if (assoc->n_unsaved == assoc->unsaved_cap) {
        assoc->unsaved_cap = assoc->unsaved_cap ? 2 * assoc->unsaved_cap : 16;
        assoc->unsaved =
            xrealloc(assoc->unsaved, assoc->unsaved_cap, sizeof *assoc->unsaved);
    }
    assoc->unsaved[assoc->n_unsaved++] = (struct unsaved){is_qos, index};
}

bool assoc_next_unsaved(struct assoc *assoc, bool *ret_is_qos, uint32_t *ret_index)
{
    while (assoc->n_unsaved > 0) {
        struct unsaved last = assoc->unsaved[--assoc->n_unsaved];
        struct meter *meter = last.is_qos ? &assoc->qos[last.index].meter
                                          : &assoc->nodes[last.index].meter;

        if (!meter->is_unsaved) /* it was removed meanwhile */
            continue;
        meter->is_unsaved = false;
        *ret_is_qos = last.is_qos;
        *ret_index = last.index;
        return true;
    }
    return false;
}

bool assoc_restore_usage(struct assoc *assoc, const char *account, const char *user,
                         const char *partition, const struct assoc_usage *usage,
                         int64_t now)
{
    uint32_t above = assoc_find(assoc, account, NULL, NULL);
    uint32_t index = assoc_find(assoc, account, user, partition);

    if (above == ASSOC_NONE)
        return false;
    if (index == ASSOC_NONE)
        index = assoc_add_leaf(assoc, user, above, partition, true);
    assoc_set_settled(assoc, index, usage, now);
    return true;
}

static void reset_meter(struct meter *own)
{
    for (int k = 0; k < USED_N; k++) {
        own->settled[k] -= own->total[k];
        own->total[k] = 0;
    }
}

/* A running job would be charged from its start when it ends: a debt in 'settled'
 * makes up for it. */
static void reset_one(struct assoc *assoc, uint32_t index)
{
    struct meter *own = &assoc->nodes[index].meter;

    for (uint32_t i = assoc->nodes[index].parent; i != ASSOC_NONE;
         i = assoc->nodes[i].parent)
        for (int k = 0; k < USED_N; k++)
            assoc->nodes[i].meter.total[k] =
                not_below_zero(assoc->nodes[i].meter.total[k] - own->total[k]);
    reset_meter(own);
    usage_mark_unsaved(assoc, false, index);
}

static void reset_tree(struct assoc *assoc, uint32_t index)
{
    for (uint32_t i = assoc->nodes[index].first_child; i != ASSOC_NONE;
         i = assoc->nodes[i].next_sibling)
        reset_tree(assoc, i);
    reset_one(assoc, index);
}

void assoc_reset_usage(struct assoc *assoc, uint32_t index, int64_t now)
{
    touch_all(assoc, assoc_clock(assoc, now));
    reset_tree(assoc, index);
    assoc->dirty = true;
}

void assoc_qos_reset_usage(struct assoc *assoc, uint32_t qos, int64_t now)
{
    touch_all(assoc, assoc_clock(assoc, now));
    reset_meter(&assoc->qos[qos].meter);
    usage_mark_unsaved(assoc, true, qos);
}
