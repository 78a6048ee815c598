/* SPDX-License-Identifier: Apache-2.0
 *
 * share.h - what a chosen node gives: first what it costs, then the share itself
 */
#ifndef BERTH_PLACE_SHARE_H
#define BERTH_PLACE_SHARE_H

#include "place/fit.h"
#include "place/want.h"

/* A node that 'tasks' tasks go to, of 'all' of the job, with 'before' tasks on the
 * nodes before it. */
struct share_part {
    uint32_t node, tasks;
    uint64_t all, before;
};

/* Add what the choice on this node costs. -EAGAIN: it does not hold it after all. */
int share_measure(struct place_cluster *cluster, const struct place_want *want,
                  const struct place_weights *weights, const struct share_part *part,
                  struct place_parts *parts);

/* Fill the share, which is empty; share_measure has succeeded for it. */
void share_fill(struct place_cluster *cluster, const struct place_want *want,
                const struct place_weights *weights, const struct share_part *part,
                unsigned int flags, struct place_share *ret);

#endif
