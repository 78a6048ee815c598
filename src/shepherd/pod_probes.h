/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_probes.h - probes and hooks of a pod's containers
 *
 * What src/pod orders; how it went is told with pod_lead_tell.
 */
#ifndef BERTH_SHEPHERD_POD_PROBES_H
#define BERTH_SHEPHERD_POD_PROBES_H

#include "shepherd/pod_lead.h"

void pod_probes_probe(struct pod_member *member, const struct pod_todo *todo);
void pod_probes_stop_probe(struct pod_member *member, const struct pod_todo *todo);
void pod_probes_hook(struct pod_member *member, const struct pod_todo *todo);
void pod_probes_stop_hook(struct pod_member *member, const struct pod_todo *todo);
/* True when the event of the container was about a program of a probe's or a hook's. */
bool pod_probes_take_event(struct pod_member *member,
                           const struct container_event *event);
/* The container has gone, with all that ran in it. */
void pod_probes_gone(struct pod_member *member);
/* The pod is over. */
void pod_probes_end(struct pod_lead *pl);

#endif
