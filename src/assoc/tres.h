/* SPDX-License-Identifier: Apache-2.0
 *
 * tres.h - the resources that accounts are charged for and limited in
 */
#ifndef BERTH_ASSOC_TRES_H
#define BERTH_ASSOC_TRES_H

#include <stdbool.h>
#include <stdint.h>

enum tres_kind { TRES_CORES, TRES_MEM, TRES_NODES, TRES_GPUS, TRES_N };

/* What one job holds, or several: memory in MiB, the others counted. By name or by
 * kind. Slices of cores count beside them, in thousandths. */
struct tres {
    union {
        struct {
            uint64_t cores, mem_mb, nodes, gpus;
        };
        uint64_t of[TRES_N];
    };
    uint64_t milli;
};

/* As limits count: slices together are as many cores as they fill, rounded up. */
static inline uint64_t tres_count(const struct tres *tres, int kind)
{
    return tres->of[kind] + (kind == TRES_CORES ? (tres->milli + 999) / 1000 : 0);
}
/* As usage counts. */
static inline double tres_amount(const struct tres *tres, int kind)
{
    return (double)tres->of[kind] +
           (kind == TRES_CORES ? (double)tres->milli / 1000 : 0);
}

static inline void tres_add(struct tres *to, const struct tres *more)
{
    for (int k = 0; k < TRES_N; k++)
        to->of[k] += more->of[k];
    to->milli += more->milli;
}

/* 'less' must be part of 'from'. */
static inline void tres_sub(struct tres *from, const struct tres *less)
{
    for (int k = 0; k < TRES_N; k++)
        from->of[k] -= less->of[k];
    from->milli -= less->milli;
}

/* "cores", "MiB of memory", "nodes", "GPUs". */
const char *tres_words(enum tres_kind kind);

#endif
