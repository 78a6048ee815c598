/* SPDX-License-Identifier: Apache-2.0
 *
 * devices.h - which devices of one node, and which of them for each task
 */
#ifndef BERTH_PLACE_DEVICES_H
#define BERTH_PLACE_DEVICES_H

#include "place/want.h"

/* Fill share->devices and share->task_devices, near to the cores that the share
 * and its tasks have. 'counts' says how many of each demand the node gives; it
 * has them free. */
void place_devices_choose(const struct place_want *want,
                          const struct place_cluster *cluster, const uint32_t *counts,
                          struct place_share *share);

/* Steps between the tasks' cores and their devices; see struct place_weights. */
uint32_t place_devices_steps(const struct node_topo *topo,
                             const struct place_share *share);

#endif
