/* SPDX-License-Identifier: Apache-2.0
 *
 * node_marks.h - nodes that an administrator keeps from work
 *
 *     drain   no new work, what runs goes on: DRAINING, then DRAINED
 *     down    no work at all, its jobs are lost: DOWN
 *     resume  undoes either
 *
 * A mark says who set it, when and why, outlives restarts of node and controller,
 * and goes only by a resume.
 */
#ifndef BERTH_CONTROLLER_NODE_MARKS_H
#define BERTH_CONTROLLER_NODE_MARKS_H

#include "controller/nodes.h"

/* A node says itself that it should get no more work: it is drained, unless it is kept
 * from work already. */
void node_marks_trouble(struct controller *ctl, struct ctl_node *node,
                        const char *words);

/* Recovery: owns 'mark'. */
void node_marks_restore(struct controller *ctl, Berth__NodeMark *mark);

#endif
