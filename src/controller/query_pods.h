/* SPDX-License-Identifier: Apache-2.0
 *
 * query_pods.h - the pods of a job, for those who see it
 */
#ifndef BERTH_CONTROLLER_QUERY_PODS_H
#define BERTH_CONTROLLER_QUERY_PODS_H

#include "controller/jobs.h"

/* The pod that 'cj' is, its helper pods, and whom it helps; NULL: it has nothing to do
 * with pods. Borrows what is in the records: query_pods_free. */
Berth__JobPods *query_pods(const struct controller *ctl, const struct ctl_job *cj,
                           bool with_manifest);
void query_pods_free(Berth__JobPods *pods);

#endif
