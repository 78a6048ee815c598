/* SPDX-License-Identifier: Apache-2.0
 *
 * job_plan.h - what a Job does next
 *
 * Kubernetes' rules (batch/v1 Job). Pure: of the spec, the progress, the pods that
 * there are and the time comes what to start, what to end and when to look again.
 * Called after every change, and at 'again'; a plan that is carried out is followed by
 * an empty one.
 *
 * There are at most 'parallelism' pods that run, and a bounded number that have ended;
 * what has completed is intervals of indexes. So a Job of 100,000 indexes costs what
 * its running pods cost.
 */
#ifndef BERTH_WORKLOAD_JOB_PLAN_H
#define BERTH_WORKLOAD_JOB_PLAN_H

#include "workload/job_progress.h"

#define JOB_STARTS_MAX 100 /* of one plan; the next one follows at once */
#define JOB_PODS_KEPT 100  /* that succeeded, and as many that failed */

struct job_start {
    int64_t index;     /* or JOB_NO_INDEX */
    uint32_t failures; /* of this index before, which count */
    uint32_t ignored;  /* and which do not */
};

/* Places among the pods that the plan was made of. */
struct job_places {
    size_t *items;
    size_t n, cap;
};
void job_places_add(struct job_places *places, size_t place);

struct job_plan {
    MF_LIST(struct job_start) starts;
    struct job_places ends;      /* ask these to go */
    struct job_places counted;   /* mark these, with the progress in one batch */
    struct job_places forgotten; /* ended long ago: drop the objects */
    int64_t again;               /* 0: when something has changed */
    bool is_expired;             /* ttlSecondsAfterFinished: the Job goes */
};

/* 'progress' becomes what it is once the plan is carried out; 'is_counted' of pods as
 * well. Overwrites 'ret', which the caller ends with job_plan_fini. */
void job_plan_make(const struct mf_job_spec *spec, struct job_progress *progress,
                   struct job_pod *pods, size_t n, int64_t now, struct job_plan *ret);
void job_plan_fini(struct job_plan *plan);

#endif
