/* SPDX-License-Identifier: Apache-2.0
 *
 * job_pods.h - how the pods of jobs stand: the pod that a job is, its helper pods
 */
#ifndef BERTH_CLI_JOB_PODS_H
#define BERTH_CLI_JOB_PODS_H

#include <jansson.h>
#include <stdio.h>

#include "client/berth.h"

/* Add what there is to say to a job's document: "pod" {name, namespace, owner, phase,
 * ready, restarts, ip, node, job; when its manifest came, status and ready_containers},
 * "helps", "helpers" [as pod]. */
void job_pods_document(const Berth__JobPods *pods, json_t *doc);
/* Lines of 'berth show job'. */
void job_pods_show(const Berth__JobPods *pods, int64_t now, FILE *out);
/* A table of the pods of all jobs in the list. */
void job_pods_print(const Berth__JobList *list, int64_t now, bool has_header,
                    size_t width, FILE *out);

#endif
