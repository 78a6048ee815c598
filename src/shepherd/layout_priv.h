/* SPDX-License-Identifier: Apache-2.0
 *
 * layout_priv.h - the parts of a layout, shared by the files that work one out
 *
 *     layout.c        what the allocation has, who uses it; take and give
 *     layout_wish.c   what a step comes to, once defaults are filled in
 *     layout_count.c  which nodes, and how many tasks on each
 *     layout_ranks.c  which ranks these are: --distribution
 *     layout_cores.c  which cores each task gets, and which are held for the step
 */
#ifndef BERTH_SHEPHERD_LAYOUT_PRIV_H
#define BERTH_SHEPHERD_LAYOUT_PRIV_H

#include "shepherd/layout.h"

#define CORES_MAX 65536
#define TASKS_MAX (1u << 20)

struct share {
    const Berth__NodeShare *from;
    uint32_t *core_ids; /* logical indexes of the granted cores, ascending */
    uint16_t *users;    /* of each of them */
    uint32_t n_cores;
};

struct layout {
    const Berth__JobSpec *job;
    struct share *shares;
    size_t n_shares;
};

/* What a step comes to, once defaults are filled in. */
struct wish {
    uint32_t tasks, cpus, tasks_per_node;
    size_t *nodes; /* indexes of shares */
    size_t n_nodes;
    size_t n_named; /* the first ones, asked for by name */
    bool all_nodes; /* each of them has to get a task */
    bool share_cores, cyclic;
    bool overcommit; /* more tasks than cores */
};

static inline uint32_t either(uint32_t first, uint32_t second)
{
    return first ? first : second;
}

/* Fill 'wish' from what was asked for and the job's own. -EINVAL with the option at
 * fault. The caller frees wish->nodes, also after an error. */
int wish_make(const struct layout *layout, const Berth__StepSpec *spec,
              struct wish *wish, struct err *err);

/* Choose nodes: orders wish->nodes and sets wish->n_nodes, with counts[i] tasks on
 * the i-th. *ret_as_placed says that the placement's own map of tasks to cores fits.
 * -EAGAIN while others use what is needed, -EINVAL when it can never fit. */
int count_tasks(const struct layout *layout, struct wish *wish, uint32_t *counts,
                bool *ret_as_placed, struct err *err);

/* Deal ranks out to the nodes of 'launch', counts[i] to the i-th. */
void ranks_deal(Berth__LaunchStep *launch, const uint32_t *counts,
                const struct wish *wish);

/* Give cores to the tasks that 'node' has ranks for, and hold them. */
void cores_take(struct share *share, const struct wish *wish,
                const Berth__StepSpec *spec, bool as_placed, Berth__StepNode *node);

#endif
