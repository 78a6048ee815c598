/* SPDX-License-Identifier: Apache-2.0
 *
 * jobs.h - the table of jobs: in memory, in the store and in the scheduler alike
 */
#ifndef BERTH_CONTROLLER_JOBS_H
#define BERTH_CONTROLLER_JOBS_H

#include "controller/controller.h"

struct ctl_array;
struct ctl_object;
struct wait_link;

struct ctl_job {
    struct job job;
    uint32_t id;
    char *key;        /* "uid/submission key", NULL without one */
    char *nodes;      /* host list of the placement, NULL while pending */
    uint32_t cpus;    /* allocated */
    int64_t priority; /* when it started, in this life; 0: not known */
    uint32_t launch_failures;
    bool is_launched;      /* LaunchJob of this epoch was sent in this life */
    bool is_shed;          /* script and environment are only on disk */
    bool is_overdue;       /* its node was told to end it for its limit */
    bool has_new_limit;    /* another one than its lead was told, or maybe */
    bool is_warned;        /* ... and its warning was sent */
    int64_t missing_since; /* its node does not list it; 0: fine */
    struct ctl_node **on;  /* its nodes, while it is active */
    size_t n_on;
    struct wait_link *waits;
    struct ctl_object *pod;  /* whose job it is; NULL: no pod's, or that is gone */
    struct ctl_array *array; /* it stands for an array; NULL: it does not */
    struct ctl_job *whole;   /* what stands for the array that it is an element of */
    uint32_t index;          /* there */
    bool is_alone;           /* an element that the scheduler knows by its own id */
    UT_hash_handle hh, hh_key, hh_index;
    struct ctl_job *prev, *next; /* in ctl->active or ctl->ended */
};

/* By number; by the submitter and the key of the submission. NULL: no such job. */
struct ctl_job *jobs_find(const struct controller *ctl, uint32_t id);
struct ctl_job *jobs_find_by_key(const struct controller *ctl, uid_t uid,
                                 const char *key);

/* Make room for one more job: past controller.max_jobs the oldest ended job
 * goes early. -EAGAIN with words when none has ended. */
int jobs_make_room(struct controller *ctl, struct err *err);
/* Whether it could: nothing goes. */
int jobs_check_room(const struct controller *ctl, struct err *err);

/* Put a job into the tables; it owns 'job' from now on. The store and the
 * scheduler are the caller's business. */
struct ctl_job *jobs_insert(struct controller *ctl, struct job job);

/* Append a record (and the spec) to the open batch. A change that others are told of,
 * and that jobs_apply has not made, comes with an event: 'what' happened. */
void jobs_save_change(struct controller *ctl, const struct ctl_job *cj,
                      const char *what);
void jobs_save(struct controller *ctl, const struct ctl_job *cj);
void jobs_save_spec(struct controller *ctl, const struct ctl_job *cj);

/* The spec as it was submitted, from the store (free_message). NULL when it is not
 * there or cannot be read. */
Berth__JobSpec *jobs_load_spec(const struct controller *ctl, uint32_t id);

/* Put a pending job into the scheduler's queue. */
int jobs_enqueue(struct controller *ctl, struct ctl_job *cj, struct err *err);

/* Pods that depend on who runs see it as another: its labels have changed. */
void jobs_reclass(struct controller *ctl, struct ctl_job *cj);
/* What it asks for is another thing than when it was queued. */
void jobs_enqueue_again(struct controller *ctl, struct ctl_job *cj);
/* What one that waits asks for has changed: it keeps its place. Errors are those of
 * sched_update, and leave it as it was. */
int jobs_ask_anew(struct controller *ctl, struct ctl_job *cj, struct err *err);

/* What the scheduler knows the job by once it has started. */
struct sched_id jobs_sched_id(const struct ctl_job *cj);

/* Apply an event at 'now', append it, and let scheduler, lists and waiters know.
 * -EINVAL with words when the state does not take it. */
int jobs_apply(struct controller *ctl, struct ctl_job *cj, enum job_event event,
               int64_t now, const struct job_change *change, struct err *err);

/* Forget ended jobs older than controller.keep_ended. */
void jobs_purge(struct controller *ctl, int64_t now);

/* Free all of them, telling nobody. */
void jobs_clear(struct controller *ctl);

#endif
