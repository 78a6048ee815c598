/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_status.h - how a pod stands, from what its lead tells and how its job stands
 *
 *     job                              phase
 *     PENDING, CONFIGURING             Pending
 *     RUNNING ...                      what the lead says; "Pending" until it does
 *     COMPLETED                        Succeeded
 *     every other end                  Failed, with the reason
 *
 * Pure.
 */
#ifndef BERTH_CONTROLLER_POD_STATUS_H
#define BERTH_CONTROLLER_POD_STATUS_H

#include "state/job.h"

/* Of one pod, init containers too. */
#define POD_CONTAINERS_MAX 256

bool pod_status_is_final(const Berth__PodStatus *status);

/* A new one, Pending (free_message). */
Berth__PodStatus *pod_status_new(void);

/* Can this be how a pod stands? It is told by a process of the user's. -EINVAL, -E2BIG:
 * words say why not. */
int pod_status_check(const Berth__PodStatus *told, struct err *err);

/* What the lead tells, in place of '*slot': what the controller knows stays (where the
 * pod is), and a status that is final stays so. False: nothing has changed, or it
 * cannot be the status of a pod. */
bool pod_status_told(Berth__PodStatus **slot, const Berth__PodStatus *told);

/* The job of the pod is in another state; 'deleted': because the pod was asked to go.
 * 'ended' is the end as its lead told it, or NULL. */
void pod_status_of_job(Berth__PodStatus **slot, const struct job *job,
                       const Berth__JobEnded *ended, bool deleted, int64_t now_usec);

#endif
