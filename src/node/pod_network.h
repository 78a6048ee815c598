/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_network.h - the network of the pods here: what berthd does with src/podnet
 *
 * All of it blocks for a moment, so it is done by a worker, one thing after the other
 * in the order in which it was asked for. What the controller says last is kept on
 * disk: a berthd that starts again need not wait for it.
 */
#ifndef BERTH_NODE_POD_NETWORK_H
#define BERTH_NODE_POD_NETWORK_H

#include "node/node.h"

/* Take up what an earlier berthd has left, once it is known which leads there are. A
 * node that cannot have a network for pods says so in its log, and works. */
void pod_network_start(struct node *node);
/* The controller has said which addresses are whose. NULL: it knows of none. */
void pod_network_told(struct node *node, const Berth__PodNetwork *told);
/* Answer the lead's PodWire with what was granted. Owns 'netns'. ENONET: there is no
 * network for pods. */
void pod_network_wire(struct shepherd *shepherd, const Berth__Envelope *env, int netns);
/* The lead of a job is gone. */
void pod_network_lead_gone(struct node *node, uint32_t job, uint32_t epoch);

#endif
