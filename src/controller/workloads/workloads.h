/* SPDX-License-Identifier: Apache-2.0
 *
 * workloads.h - Jobs and CronJobs: the plans of src/workload, carried out
 *
 *     pod ends, spec changes, time comes --> workload_touch --> next turn of the loop
 *       --> records, job_plan_make --> marks, status, pods made and deleted: one batch
 *
 * An end is counted in the batch in which its pod is marked, so a controller that is
 * killed anywhere counts it once and makes nothing twice.
 */
#ifndef BERTH_CONTROLLER_WORKLOADS_H
#define BERTH_CONTROLLER_WORKLOADS_H

#include "controller/objects/objects.h"

extern const struct object_kind workload_job_kind, workload_cron_kind;

/* What is known of one beyond its record: when to look at it. */
struct workload {
    char *uid;
    int64_t again; /* 0: when it is touched */
    bool is_touched;
    uint32_t refusals; /* of what it would make, in a row */
    int64_t retry_at;  /* nothing is made before; 0: it may be */
    UT_hash_handle hh;
};

void workloads_init(struct controller *ctl);
/* Each second. */
void workloads_tick(struct controller *ctl, int64_t now);
/* No plan is made any more; the timer is the controller's to close. */
void workloads_clear(struct controller *ctl);

/* Plan it in the next turn of the loop. */
void workload_touch(struct controller *ctl, const struct ctl_object *object);
/* It is gone. Whoever made it plans anew. */
void workload_forget(struct controller *ctl, const struct ctl_object *object);

/* Make an object of 'text' (heap, taken over). When it is refused, an event says why,
 * and 'w->retry_at' when it makes sense to try again: -Exxx. */
int workload_make(struct controller *ctl, struct workload *w, struct ctl_object *maker,
                  char *text, size_t len, struct ctl_object **ret);

/* Look at it again at 'at' (0: when it is touched), or when it may make something. */
void workload_wait(struct controller *ctl, struct workload *w, int64_t at);
bool workload_may_make(const struct workload *w);

/* The kinds' own: plan it now. */
void workload_plan_job(struct controller *ctl, struct workload *w,
                       struct ctl_object *job);
void workload_plan_cron(struct controller *ctl, struct workload *w,
                        struct ctl_object *cron);

#endif
