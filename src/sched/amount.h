/* SPDX-License-Identifier: Apache-2.0
 *
 * amount.h - how much of a node: counts, whichever cores and devices they are
 */
#ifndef BERTH_SCHED_AMOUNT_H
#define BERTH_SCHED_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

/* Kinds of devices (place_cluster_kind) that are planned ahead. Those past them
 * are looked at when a job starts, and not before. */
#define AMOUNT_GRES 8

/* May be below zero: what is free while a job overruns, or a node has shrunk. */
struct amount {
    int64_t memory; /* MiB */
    int32_t cores;
    int16_t gres[AMOUNT_GRES]; /* by kind */
};

static inline void amount_add(struct amount *to, const struct amount *a)
{
    to->memory += a->memory;
    to->cores += a->cores;
    for (int k = 0; k < AMOUNT_GRES; k++)
        to->gres[k] = (int16_t)(to->gres[k] + a->gres[k]);
}

static inline void amount_sub(struct amount *from, const struct amount *a)
{
    from->memory -= a->memory;
    from->cores -= a->cores;
    for (int k = 0; k < AMOUNT_GRES; k++)
        from->gres[k] = (int16_t)(from->gres[k] - a->gres[k]);
}

static inline bool amount_covers(const struct amount *a, const struct amount *need)
{
    if (a->cores < need->cores || a->memory < need->memory)
        return false;
    for (int k = 0; k < AMOUNT_GRES; k++)
        if (a->gres[k] < need->gres[k])
            return false;
    return true;
}

/* The lesser of each. */
static inline void amount_lower(struct amount *to, const struct amount *a)
{
    if (a->memory < to->memory)
        to->memory = a->memory;
    if (a->cores < to->cores)
        to->cores = a->cores;
    for (int k = 0; k < AMOUNT_GRES; k++)
        if (a->gres[k] < to->gres[k])
            to->gres[k] = a->gres[k];
}

static inline bool amount_equals(const struct amount *a, const struct amount *b)
{
    return amount_covers(a, b) && amount_covers(b, a);
}

#endif
