/* SPDX-License-Identifier: Apache-2.0
 *
 * place_result.c - copies and ends of placements
 */
#include <stdlib.h>

#include "base/mem.h"
#include "topo/place.h"

struct place_result *place_result_dup(const struct place_result *result)
{
    struct place_result *copy = xmemdup(result, sizeof(*result));
    copy->why = result->why ? xstrdup(result->why) : NULL;
    copy->shares = xcalloc(result->n_shares + 1, sizeof(*copy->shares));
    for (size_t i = 0; i < result->n_shares; i++) {
        const struct place_share *from = &result->shares[i];
        struct place_share *to = &copy->shares[i];
        *to = *from;
        to->cores = bitset_dup(from->cores);
        if (!from->task_cores)
            continue;
        to->task_cores = xcalloc(from->tasks + 1, sizeof(struct bitset *));
        for (uint32_t task = 0; task < from->tasks; task++)
            to->task_cores[task] = bitset_dup(from->task_cores[task]);
    }
    return copy;
}

void place_result_destroy(struct place_result *result)
{
    if (!result)
        return;
    for (size_t i = 0; i < result->n_shares; i++) {
        struct place_share *share = &result->shares[i];
        for (uint32_t task = 0; share->task_cores && task < share->tasks; task++)
            bitset_destroy(share->task_cores[task]);
        free(share->task_cores);
        bitset_destroy(share->cores);
    }
    free(result->shares);
    free(result->why);
    free(result);
}
