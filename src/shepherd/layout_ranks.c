/* SPDX-License-Identifier: Apache-2.0
 *
 * layout_ranks.c - which ranks go to which node: --distribution
 */
#include "shepherd/layout_priv.h"

#include "base/mem.h"

#include <string.h>

static void add_rank(Berth__StepNode *node, uint32_t rank)
{
    node->ranks[node->n_ranks++] = rank;
}

/* Runs of 'run' ranks, node after node, until all have as many as they should. */
static void deal_runs(Berth__LaunchStep *launch, const uint32_t *counts, uint32_t run)
{
    uint32_t rank = 0;
    bool more = true;

    while (more) {
        more = false;
        for (size_t i = 0; i < launch->n_nodes; i++) {
            Berth__StepNode *node = launch->nodes[i];

            for (uint32_t k = 0; k < run && node->n_ranks < counts[i]; k++) {
                add_rank(node, rank++);
                more = true;
            }
        }
    }
}

/* As the step's own list has it; counts are of the same list. */
static void deal_listed(Berth__LaunchStep *launch, const Berth__StepSpec *spec)
{
    for (uint32_t rank = 0; rank < spec->n_task_nodes; rank++)
        for (size_t i = 0; i < launch->n_nodes; i++)
            if (strcmp(launch->nodes[i]->node, spec->task_nodes[rank]) == 0)
                add_rank(launch->nodes[i], rank);
}

void ranks_deal(Berth__LaunchStep *launch, const uint32_t *counts,
                const struct wish *wish, const Berth__StepSpec *spec)
{
    const struct distribution_spec *dist = &wish->dist;

    for (size_t i = 0; i < launch->n_nodes; i++)
        launch->nodes[i]->ranks = xcalloc(counts[i], sizeof(uint32_t));
    if (spec->n_task_nodes)
        deal_listed(launch, spec);
    else
        deal_runs(launch, counts,
                  dist->nodes == DEAL_CYCLIC  ? 1
                  : dist->nodes == DEAL_PLANE ? dist->plane
                                              : UINT32_MAX);
}
