/* SPDX-License-Identifier: Apache-2.0
 *
 * nursery.h - berthd's side of the process that all its shepherds are copies of
 */
#ifndef BERTH_NODE_NURSERY_H
#define BERTH_NODE_NURSERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/process.h"
#include "node/node.h"

/* A shepherd has been born, and is at the other end of 'fd', which is the callee's; or
 * not, then 'fd' is -1 and 'err' says why. */
typedef void nursery_born_fn(struct node *node, const struct process *process, int fd,
                             const struct err *err);

/* Start it; each that is asked for is told to 'born', from the loop or from
 * nursery_wait. */
void nursery_start(struct node *node, nursery_born_fn *born);

/* Ask for one more. -Exxx when that is not possible now: nobody is told then. */
int nursery_ask(struct node *node, struct err *err);

/* How many have been asked for and are not there. */
size_t nursery_awaited(const struct node *node);

/* Wait, some seconds at most, until one that was asked for has been told. */
void nursery_wait(struct node *node);

#endif
