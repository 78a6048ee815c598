/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_data.h - what pods name: ConfigMaps, Secrets, claims
 *
 * A pod that names one that there is not, without saying that it is optional, waits in
 * the queue. What it names goes with its launch, and to its lead again when it changes;
 * a Secret to pods of its owner alone.
 */
#ifndef BERTH_CONTROLLER_POD_DATA_H
#define BERTH_CONTROLLER_POD_DATA_H

#include "controller/objects/objects.h"

struct ctl_node;

extern const struct object_kind pod_data_config_map_kind, pod_data_secret_kind;

struct bitset;

/* The pod has been placed, has left its node or is over: claims that it uses. */
void pod_data_enter(struct controller *ctl, struct ctl_object *pod);
void pod_data_leave(struct controller *ctl, struct ctl_object *pod);
/* Add the nodes from which its claims cannot be had to '*excluded'. */
void pod_data_exclude(struct controller *ctl, struct ctl_object *pod,
                      struct bitset **excluded);
/* Pods that name the object and wait look again. */
void pod_data_recheck_all(struct controller *ctl, const struct ctl_object *object);

/* Work out what a pod waits for, before its job is in the queue. */
void pod_data_settle(struct controller *ctl, struct ctl_object *pod);
/* Look again: its job is held or let go. */
void pod_data_recheck(struct controller *ctl, struct ctl_object *pod);
/* The pod of a job that runs has other labels: its own files may show them. */
void pod_data_renewed(struct controller *ctl, struct ctl_object *pod);
/* Its manifest has changed: what it names is read again. */
void pod_data_forget_needs(struct ctl_object *pod);

/* An object that pods of its space may name has come, changed or gone. */
void pod_data_changed(struct controller *ctl, const struct ctl_object *object);

/* For its launch; what is borrowed of objects is given back by pod_data_clear. */
void pod_data_fill(struct controller *ctl, struct ctl_job *cj,
                   Berth__LaunchJob *launch);
void pod_data_clear(Berth__LaunchJob *launch);
/* A node is back: leads there are told all once more, since changes may have been lost
 * on the way. */
void pod_data_tell_node(struct controller *ctl, struct ctl_node *node);

#endif
