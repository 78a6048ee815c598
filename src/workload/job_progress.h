/* SPDX-License-Identifier: Apache-2.0
 *
 * job_progress.h - how far a Job is, and what its pods are at
 *
 * The progress is what outlives the controller. It changes together with the marks
 * 'is_counted' of the pods, in one batch of the store: so each end is counted once.
 *
 *              +--> FAILS ----> FAILED           pods are asked to end;
 *     RUNS ----+--> SUCCEEDS -> COMPLETE         final once none is left
 *     |  ^
 *     v  |
 *   SUSPENDED
 */
#ifndef BERTH_WORKLOAD_JOB_PROGRESS_H
#define BERTH_WORKLOAD_JOB_PROGRESS_H

#include "objects/objects.h"
#include "spec/index_set.h"

/* In Kubernetes' words, which conditions of a Job have. */
#define JOB_OUTCOMES(X)                    \
    X(WORK_RUNS, "")                       \
    X(WORK_SUSPENDED, "Suspended")         \
    X(WORK_FAILS, "FailureTarget")         \
    X(WORK_SUCCEEDS, "SuccessCriteriaMet") \
    X(WORK_FAILED, "Failed")               \
    X(WORK_COMPLETE, "Complete")

#define X(id, word) id,
enum job_outcome { JOB_OUTCOMES(X) };
#undef X

#define JOB_NO_INDEX INT64_C(-1)

/* An index that failed and is tried again (backoffLimitPerIndex). */
struct job_trouble {
    int64_t index;
    uint32_t failures; /* that count towards its limit */
    uint32_t tries;    /* all, for the back-off */
    int64_t last;      /* when it last failed */
};

/* Times are seconds since 1970, 0: not yet. */
struct job_progress {
    enum job_outcome outcome;
    char *reason, *words; /* of the outcome; NULL: none */
    int64_t start_time, end_time;
    uint32_t succeeded, failed;
    struct index_set completed, given_up; /* of an Indexed Job */
    uint32_t failures_in_row;             /* since the last success */
    int64_t last_failure;
    int64_t retry_at;                     /* back-off: no pod before */
    MF_LIST(struct job_trouble) troubles; /* by index */
    uint32_t active, ready, ending;       /* as of the last plan */
};

void job_progress_fini(struct job_progress *progress);
bool job_is_over(const struct job_progress *progress);
const char *job_outcome_name(enum job_outcome outcome);
/* False: there is no such word. */
bool job_outcome_parse(const char *word, enum job_outcome *ret);
void job_progress_decide(struct job_progress *progress, enum job_outcome outcome,
                         const char *reason, const char *words, ...)
    __attribute__((format(printf, 4, 5)));

/* NULL: it has not failed. Pointers are good until the next change. */
struct job_trouble *job_trouble_of(const struct job_progress *progress, int64_t index);
/* Made when it is not there. */
struct job_trouble *job_trouble_add(struct job_progress *progress, int64_t index);
void job_trouble_drop(struct job_progress *progress, int64_t index);

enum job_pod_phase { JOB_POD_PENDING, JOB_POD_RUNS, JOB_POD_SUCCEEDED, JOB_POD_FAILED };

struct job_exit {
    const char *container;
    int code;
};

/* A pod of the Job, as its record has it. */
struct job_pod {
    const char *name;
    int64_t index; /* or JOB_NO_INDEX */
    enum job_pod_phase phase;
    bool is_ready;
    bool is_ending;  /* it was asked to go, by whomever */
    bool is_counted; /* its end is in the progress, or is of no concern */
    int64_t made_at, ended_at;
    uint32_t restarts;            /* of its containers */
    const struct job_exit *exits; /* of containers that have ended */
    size_t n_exits;
    const struct mf_pod_condition *conditions;
    size_t n_conditions;
};

/* Neither ended nor asked to. */
bool job_pod_is_active(const struct job_pod *pod);
bool job_pod_has_ended(const struct job_pod *pod);

#endif
