/* SPDX-License-Identifier: Apache-2.0
 *
 * mapping.c - find blocks of ranks, and what repeats
 */
#include "mapping.h"

#include <stdlib.h>
#include <string.h>

/* 'count' nodes from 'first' on, with 'ranks' consecutive ranks each. */
struct block {
    uint32_t first, count, ranks;
};

/* The blocks, largest first that can be. Returns how many. */
static uint32_t find_blocks(const uint32_t *rank_node, uint32_t n, struct block *blocks)
{
    uint32_t n_blocks = 0;

    for (uint32_t rank = 0; rank < n;) {
        struct block *last = n_blocks ? &blocks[n_blocks - 1] : NULL;
        uint32_t node = rank_node[rank], run = 1;

        while (rank + run < n && rank_node[rank + run] == node)
            run++;
        if (last && last->ranks == run && last->first + last->count == node)
            last->count++;
        else
            blocks[n_blocks++] = (struct block){node, 1, run};
        rank += run;
    }
    return n_blocks;
}

/* The length of the shortest beginning of which the whole is a repetition. */
static uint32_t period_of(const struct block *blocks, uint32_t n)
{
    for (uint32_t period = 1; period < n; period++) {
        uint32_t i = period;

        while (i < n && memcmp(&blocks[i], &blocks[i - period], sizeof(*blocks)) == 0)
            i++;
        if (i == n && n % period == 0)
            return period;
    }
    return n;
}

void mapping_of(const uint32_t *rank_node, uint32_t n, struct text *to)
{
    struct block *blocks = calloc(n + 1, sizeof(*blocks));
    uint32_t n_blocks;

    if (!blocks)
        abort();
    n_blocks = find_blocks(rank_node, n, blocks);
    n_blocks = period_of(blocks, n_blocks);
    text_addf(to, "(vector");
    for (uint32_t i = 0; i < n_blocks; i++)
        text_addf(to, ",(%u,%u,%u)", blocks[i].first, blocks[i].count, blocks[i].ranks);
    text_addf(to, ")");
    free(blocks);
}
