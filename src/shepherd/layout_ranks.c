/* SPDX-License-Identifier: Apache-2.0
 *
 * layout_ranks.c - which ranks go to which node: --distribution
 */
#include "shepherd/layout_priv.h"

#include "base/mem.h"

void ranks_deal(Berth__LaunchStep *launch, const uint32_t *counts,
                const struct wish *wish)
{
    bool cyclic = wish->cyclic;
    uint32_t rank = 0;
    bool more = true;

    for (size_t i = 0; i < launch->n_nodes; i++)
        launch->nodes[i]->ranks = xcalloc(counts[i], sizeof(uint32_t));
    for (size_t i = 0; !cyclic && i < launch->n_nodes; i++)
        while (launch->nodes[i]->n_ranks < counts[i])
            launch->nodes[i]->ranks[launch->nodes[i]->n_ranks++] = rank++;
    while (cyclic && more) {
        more = false;
        for (size_t i = 0; i < launch->n_nodes; i++) {
            Berth__StepNode *node = launch->nodes[i];

            if (node->n_ranks < counts[i]) {
                node->ranks[node->n_ranks++] = rank++;
                more = true;
            }
        }
    }
}
