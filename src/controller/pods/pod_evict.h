/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_evict.h - pods that have to leave their node
 *
 *     taint NoExecute, not tolerated (any more) ---> asked to go, with their grace
 *     drain --evict                             -/
 *     node lost: at once, as any job; where its taint is tolerated, later or never
 *
 * One that may be run again is queued again; others end as Evicted, and who made them
 * makes another.
 */
#ifndef BERTH_CONTROLLER_POD_EVICT_H
#define BERTH_CONTROLLER_POD_EVICT_H

#include "controller/nodes.h"

/* All pods on the node are asked to go: it is drained, for this reason. */
void pod_evict_all(struct controller *ctl, struct ctl_node *node, const char *reason);

/* The node of an active job is lost now: is it a pod that stays a while? Its owner is
 * told. */
bool pod_evict_stays(struct controller *ctl, const struct ctl_node *node,
                     const struct ctl_job *cj);

/* Each second: those whose stay is over. */
void pod_evict_tick(struct controller *ctl, int64_t now);

#endif
