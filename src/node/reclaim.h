/* SPDX-License-Identifier: Apache-2.0
 *
 * reclaim.h - remove what a volume held whose claim has gone
 *
 * A program does it that has become the claim's owner: only below what the site says
 * may be emptied (pods.reclaim_paths), without following a link, and for ten minutes at
 * most. Asked again for a volume meanwhile, nothing is begun twice.
 */
#ifndef BERTH_NODE_RECLAIM_H
#define BERTH_NODE_RECLAIM_H

#include "node/node.h"

/* A VolumeReclaim of the controller: it is told what came of it, over whatever
 * connection there is then. */
void reclaim_order(struct node *node, const Berth__VolumeReclaim *order);

#endif
