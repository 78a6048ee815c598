/* SPDX-License-Identifier: Apache-2.0
 *
 * cron_plan.h - which Job a CronJob starts now, and which of its Jobs go
 *
 * Kubernetes' rules (batch/v1 CronJob). Pure. Of several times that were missed only
 * the last is made up for, and only within startingDeadlineSeconds.
 */
#ifndef BERTH_WORKLOAD_CRON_PLAN_H
#define BERTH_WORKLOAD_CRON_PLAN_H

#include "spec/cron_spec.h"
#include "workload/job_plan.h"
#include "workload/zone.h"

#define CRON_MISSED_MAX 100 /* more are told of in words */

/* A Job that it made. */
struct cron_job_child {
    bool is_over, has_failed;
    bool is_ending; /* it was asked to go */
    int64_t made_at, end_time;
};

/* Durable. Times are seconds since 1970, 0: never. */
struct cron_progress {
    int64_t made_at;       /* the CronJob */
    int64_t last_schedule; /* the time that the last Job stands for */
    int64_t last_success;
};

/* Why a time that has come starts nothing. */
enum cron_omission {
    CRON_STARTS,     /* or nothing is due */
    CRON_SUSPENDED,  /* suspend */
    CRON_TOO_LATE,   /* startingDeadlineSeconds is over */
    CRON_IS_RUNNING, /* concurrencyPolicy: Forbid */
};

struct cron_plan {
    int64_t start; /* make the Job of this time; 0: none. 'last_schedule' is this */
    int64_t due;   /* the last time that has come; 0: none */
    enum cron_omission omission;
    int missed;               /* that were in time for it; CRON_MISSED_MAX + 1: many */
    struct job_places ends;   /* Jobs that go, with their pods: replaced */
    struct job_places passed; /* Jobs that go: beyond the history's limits */
    int64_t again;            /* 0: when something has changed */
};

/* 'zone' NULL is UTC. 'progress' becomes what it is once the plan is carried out.
 * Overwrites 'ret', which the caller ends with cron_plan_fini. */
void cron_plan_make(const struct mf_cron_spec *spec, const struct cron_spec *when,
                    const struct zone *zone, struct cron_progress *progress,
                    const struct cron_job_child *jobs, size_t n, int64_t now,
                    struct cron_plan *ret);
void cron_plan_fini(struct cron_plan *plan);

/* The name of the Job of a time: the same whenever it is asked for. Heap. */
char *cron_job_name(const char *cron_job, int64_t time);

#endif
