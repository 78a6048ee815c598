/* SPDX-License-Identifier: Apache-2.0
 *
 * cores.h - which cores of one node, and which of them for each task
 */
#ifndef BERTH_PLACE_CORES_H
#define BERTH_PLACE_CORES_H

#include "place/want.h"

/* Fill share->cores and share->task_cores for share->tasks tasks. The node has
 * room for them. Each task's cores are its own, unless tasks outnumber cores. */
void place_cores_choose(const struct place_want *want, const struct place_node *node,
                        struct place_share *share);

/* Widen each task's cores to all of the share in the domains it has cores in. */
void place_cores_bind(const struct node_topo *topo, enum place_bind bind,
                      struct place_share *share);

#endif
