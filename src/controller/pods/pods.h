/* SPDX-License-Identifier: Apache-2.0
 *
 * pods.h - pods as jobs: one object, one job, one status
 */
#ifndef BERTH_CONTROLLER_PODS_H
#define BERTH_CONTROLLER_PODS_H

#include "controller/objects/objects.h"

struct ctl_node;

extern const struct object_kind pods_kind;

/* Why the pod's job may not begin yet; NULL: it may, or it is no pod. */
const char *pods_wait(const struct ctl_job *cj);

/* The job of a pod is in another state; 'ended' as its lead told it, or NULL. */
void pods_job_changed(struct controller *ctl, struct ctl_job *cj,
                      const Berth__JobEnded *ended);
/* The job leaves the table. */
void pods_job_forgotten(struct ctl_job *cj);

/* Judge 'object', which is in no table, as the helper 'name' of batch job 'id'. */
int pods_admit_helper(struct controller *ctl, struct ctl_object *object,
                      const Berth__JobSpec *job, uint32_t id, const char *name,
                      char **warning, struct err *err);

/* Behind objects_load: each finds its job, before that goes on. */
void pods_attach(struct controller *ctl);
/* Each second: of too many that have ended the oldest go. */
void pods_tick(struct controller *ctl);

/* Whether the queue would take the job of a pod, as submit_judge; what it refuses is
 * told by the manifest's fields. */
int pods_judge(struct controller *ctl, Berth__JobSpec *draft, char **warning,
               struct err *err);

#endif
