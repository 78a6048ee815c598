/* SPDX-License-Identifier: Apache-2.0
 *
 * node_taints.h - taints that an administrator gives to nodes and takes away again
 *
 *     berth node taint --> node, store --> pod_nodes --> requests of pods that wait
 *                                     \-> pod_evict: pods that run there
 *
 * Those of the configuration are beside them and stay.
 */
#ifndef BERTH_CONTROLLER_NODE_TAINTS_H
#define BERTH_CONTROLLER_NODE_TAINTS_H

#include "controller/nodes.h"

/* Recovery: owns 'taints'. */
void node_taints_restore(struct controller *ctl, Berth__NodeTaints *taints);

/* May all of it be done? -EINVAL, -ENOENT with words. */
int node_taints_check(const struct controller *ctl, const Berth__NodeControl *control,
                      struct err *err);
/* Do it. A key has one value for an effect: the last. */
void node_taints_change(struct conn *conn, const Berth__NodeControl *control);

/* Since when the node has this one, "KEY=VALUE:EFFECT"; 0: always. */
int64_t node_taint_since(const struct ctl_node *node, const char *words);
/* For people: those of the configuration, passing ones, and what its state comes to in
 * Kubernetes' words. strv of the caller's. */
char **node_taints_list_all(const struct controller *ctl, const struct ctl_node *node);

#endif
