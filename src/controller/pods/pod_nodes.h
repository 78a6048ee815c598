/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_nodes.h - where a pod may run, from its wishes to the scheduler's request
 *
 * Each different set of wishes is judged once: ten thousand pods of one Job ask the
 * same of nodes. Those that were asked last are remembered, so many and no more;
 * classes and gangs as long as a request, or the scheduler, has one of their pods.
 */
#ifndef BERTH_CONTROLLER_POD_NODES_H
#define BERTH_CONTROLLER_POD_NODES_H

#include "controller/request.h"

/* Labels and taints of all nodes, from the configuration. -EINVAL with words. */
int pod_nodes_create(struct controller *ctl, struct err *err);
void pod_nodes_destroy(struct controller *ctl);

/* What the scheduler asks and tells of pods that depend on who runs. */
struct sched_company pod_nodes_company(struct controller *ctl);

/* The pod's part of a request whose sets of nodes are there already. What is borrowed
 * lives until pod_nodes_release; numbers that the scheduler has taken over stay what
 * they are. -EINVAL: no node meets it, with the nearest label. */
int pod_nodes_fill(const struct controller *ctl, const Berth__PodWish *wish,
                   struct request *ret, struct err *err);
/* Of a request without a pod: nothing. */
void pod_nodes_release(struct request *request);

/* For tests: what is known of pods now. It ends with them, but for some selections. */
struct pod_nodes_counts {
    size_t selections, classes, gangs;
};
struct pod_nodes_counts pod_nodes_counts(const struct controller *ctl);

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
