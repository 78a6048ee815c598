/* SPDX-License-Identifier: Apache-2.0
 *
 * bind_step.h - what the tasks of a step are bound to on this node, for its shepherd
 */
#ifndef BERTH_NODE_BIND_STEP_H
#define BERTH_NODE_BIND_STEP_H

#include "node/node.h"

/* Fill what 'assignment' says of tasks: processors (real ones, and those that are
 * shown), memory, GPUs. 'share' is what the job has here. -EINVAL with words when the
 * step's options cannot be met. */
int bind_step(const struct node *node, const Berth__StepSpec *spec,
              const Berth__StepNode *own, const Berth__NodeShare *share,
              Berth__Assignment *assignment, struct err *err);
/* Free that. */
void bind_step_clear(Berth__Assignment *assignment);

#endif
