/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_nodes.h - where a pod may run, from its wishes to the scheduler's request
 *
 * Each different set of wishes is judged once: ten thousand pods of one Job ask the
 * same of nodes.
 */
#ifndef BERTH_CONTROLLER_POD_NODES_H
#define BERTH_CONTROLLER_POD_NODES_H

#include "controller/request.h"

/* Labels and taints of all nodes, from the configuration. -EINVAL with words. */
int pod_nodes_create(struct controller *ctl, struct err *err);
void pod_nodes_destroy(struct controller *ctl);

/* What the scheduler asks and tells of pods that depend on who runs. */
struct sched_company pod_nodes_company(struct controller *ctl);

/* The pod's part of a request whose sets of nodes are there already: what is borrowed
 * lives as long as the controller. -EINVAL: no node meets it, with the nearest label.
 */
int pod_nodes_fill(const struct controller *ctl, const Berth__PodWish *wish,
                   struct request *ret, struct err *err);

/* A passing taint comes to a node, or goes. -EINVAL with words; -EEXIST, -ENOENT: that
 * changes nothing. Behind one or more of them pod_nodes_tainted: then those whose
 * requests differ by them are known, until the next. */
int pod_nodes_taint(struct controller *ctl, uint32_t node, const char *words, bool on,
                    struct err *err);
void pod_nodes_tainted(struct controller *ctl);
bool pod_nodes_has_changed(const struct controller *ctl, const Berth__PodPlace *place);

/* For people: strv of the caller's. */
char **pod_nodes_labels(const struct controller *ctl, uint32_t node);
char **pod_nodes_taints(const struct controller *ctl, uint32_t node);

#endif
