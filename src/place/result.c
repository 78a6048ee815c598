/* SPDX-License-Identifier: Apache-2.0
 *
 * result.c - copies and ends of placements
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "place/place.h"

/* One piece of memory: the result, and its shares behind it. */
struct place_result *place_result_create(size_t n)
{
    struct place_result *result =
        xcalloc(1, sizeof(*result) + n * sizeof(*result->shares));
    result->shares = (struct place_share *)(result + 1);
    result->n_shares = n;
    result->runner_up_score = NAN;
    return result;
}

static bool owns_shares(const struct place_result *result)
{
    return (const void *)result->shares != (const void *)(result + 1);
}

static struct bitset *dup_set(const struct bitset *set)
{
    return set ? bitset_dup(set) : NULL;
}

static struct bitset **dup_sets(struct bitset *const *sets, uint32_t n)
{
    if (!sets)
        return NULL;
    struct bitset **copy = xcalloc(n + 1, sizeof(*copy));
    for (uint32_t i = 0; i < n; i++)
        copy[i] = dup_set(sets[i]);
    return copy;
}

struct place_result *place_result_dup(const struct place_result *result)
{
    struct place_result *copy = place_result_create(result->n_shares);
    struct place_share *shares = copy->shares;
    *copy = *result;
    copy->shares = shares;
    copy->why = result->why ? xstrdup(result->why) : NULL;
    copy->runner_up = result->runner_up ? xstrdup(result->runner_up) : NULL;
    for (size_t i = 0; i < result->n_shares; i++) {
        const struct place_share *from = &result->shares[i];
        struct place_share *to = &shares[i];
        *to = *from;
        to->cores = dup_set(from->cores);
        to->devices = dup_set(from->devices);
        to->task_cores = dup_sets(from->task_cores, from->tasks);
        to->task_devices = dup_sets(from->task_devices, from->tasks);
        if (from->task_nics)
            to->task_nics =
                xmemdup(from->task_nics, from->tasks * sizeof(*from->task_nics));
    }
    return copy;
}

static void destroy_sets(struct bitset **sets, uint32_t n)
{
    for (uint32_t i = 0; sets && i < n; i++)
        bitset_destroy(sets[i]);
    free(sets);
}

void place_result_destroy(struct place_result *result)
{
    if (!result)
        return;
    for (size_t i = 0; i < result->n_shares; i++) {
        struct place_share *share = &result->shares[i];
        destroy_sets(share->task_cores, share->tasks);
        destroy_sets(share->task_devices, share->tasks);
        free(share->task_nics);
        bitset_destroy(share->devices);
        bitset_destroy(share->cores);
    }
    if (owns_shares(result))
        free(result->shares);
    free(result->why);
    free(result->runner_up);
    free(result);
}
