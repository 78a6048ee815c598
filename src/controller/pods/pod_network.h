/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_network.h - which addresses the pods of each node have
 *
 * A node's slice of pods.cidr is chosen once, kept in the store under "podnet/NODE" and
 * told to all nodes as they register. All nodes of the configuration have one from the
 * start: what one node is told stays true while others come.
 */
#ifndef BERTH_CONTROLLER_POD_NETWORK_H
#define BERTH_CONTROLLER_POD_NETWORK_H

#include "base/ipv4.h"
#include "controller/controller.h"

struct ctl_node;

/* Read them, and choose those that are missing, into the open batch. After the nodes.
 */
int pod_network_load(struct controller *ctl, struct err *err);
void pod_network_clear(struct controller *ctl);

/* What 'node' is told; heap. Its cidr is "" when pods have no network. */
Berth__PodNetwork *pod_network_of(const struct controller *ctl,
                                  const struct ctl_node *node);

/* Give each of 'n' slices that is none, or no part of 'cidr' with 'prefix', or given
 * twice, the lowest part that is free; the others stay (pure). There must be as many.
 */
void pod_network_allot(struct ipv4_range cidr, unsigned int prefix,
                       struct ipv4_range *slices, size_t n);

#endif
