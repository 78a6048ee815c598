/* SPDX-License-Identifier: Apache-2.0
 *
 * groups.h - the control groups of the jobs on this node
 *
 *     <root>/job_N.E             as many as there are jobs
 *         shepherds              not limited: they report when all else is dead
 *         work                   the job's limits
 *             batch, step_M      counted; limited when the step asked for less
 *                 NAME           of a pod (below batch): each container's limits and
 *                 _sandbox       weight; what they share
 *
 * A shepherd enters the group of its tasks while it is root, so that all it ever
 * starts is in there, and is taken out again when its container has begun.
 */
#ifndef BERTH_NODE_GROUPS_H
#define BERTH_NODE_GROUPS_H

#include "node/node.h"

/* Find out what this machine has. Jobs run without limits where it has nothing,
 * unless the configuration names a plugin: then that is an error. */
int groups_start(struct node *node, struct err *err);
/* Remove the groups of which no shepherd is left. */
void groups_sweep(struct node *node);
/* Nothing runs: leave nothing behind. */
void groups_stop(struct node *node);

/* Make the groups for a shepherd, and tell it in its assignment. 'index' is this
 * node's in the grant; 'own' what the step has here (NULL: the lead), whose memory and
 * devices are limits of its own group. */
int groups_prepare(struct node *node, const Berth__Grant *grant, uint32_t index,
                   int64_t step, const Berth__StepNode *own,
                   Berth__Assignment *assignment, struct err *err);
void groups_clear(Berth__Assignment *assignment);
/* A shepherd is gone: end what it left, and remove its group; with the last
 * shepherd of a job here, that job's. */
void groups_release(struct node *node, uint32_t job, uint32_t epoch, int64_t step);
/* A shepherd's order about its own group; answered on its channel. */
void groups_order(struct node *node, struct shepherd *shepherd, struct channel *ch,
                  const Berth__Envelope *env);

/* Below the group of a pod's lead. */
#define GROUPS_SANDBOX "_sandbox"

/* "job_17.1/work/step_0"; the caller frees it. */
char *groups_path(uint32_t job, uint32_t epoch, int64_t step);

#endif
