/* SPDX-License-Identifier: Apache-2.0
 *
 * job.h - one job: what was asked for, and what became of it
 *
 * The record is the stored form as well, so what is in memory and what is on
 * disk cannot drift apart. job_apply is the only function that moves a job from
 * state to state. It does no I/O and takes its clock as an argument.
 */
#ifndef BERTH_STATE_JOB_H
#define BERTH_STATE_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "state/job_state.h"
#include "wire/messages.pb-c.h"

struct job {
    Berth__JobRecord *record;
    Berth__JobSpec *spec;
};

/* What becomes of a job that was told to leave, once it has. Kept on disk. */
enum job_then {
    THEN_END,               /* as it ends */
    THEN_REQUEUE,           /* it waits again */
    THEN_PREEMPTED,         /* it has made room for another */
    THEN_DONE,              /* a component, and the one that led it has ended */
    THEN_EVICTED,           /* a pod that was to leave its node: as preempted */
    THEN_REQUEUE_PREEMPTED, /* it has made room for another, and waits again */
    THEN_REQUEUE_EVICTED,   /* it was to leave its node, and waits again */
};

/* What an event brings along. Which fields count depends on the event:
 * START takes 'placement' (and owns it) and the limit, unless it is as asked for; END_*
 * the exit code, signal, words and what was used; CANCEL the uid; LEAVE what comes
 * then, and the words; REFUSE, LAUNCH_FAILED and LOST the words; LAUNCH_FAILED the time
 * before which it is not tried again. */
struct job_change {
    Berth__Placement *placement;
    int32_t exit_code, exit_signal;
    uint32_t by_uid;
    int64_t not_before;
    int64_t time_given; /* 0: as asked for */
    bool is_parked;     /* SUSPEND: by an administrator, not for another job */
    enum job_then then;
    const char *words;           /* NULL: none */
    const Berth__JobEnded *used; /* NULL: not known */
};

/* The "signal" of a job that ended for lack of memory, as in Slurm: 0:125. */
#define JOB_OOM_SIGNAL 125

/* 'by_uid' of what nobody ordered. */
#define JOB_BY_NOBODY UINT32_MAX

/* A new job in PENDING. Owns 'spec' (a heap message); 'key' is copied. */
void job_init(struct job *job, uint32_t id, Berth__JobSpec *spec, const char *key,
              int64_t now);
/* From the store. Owns both. -EBADMSG when the record makes no sense. */
int job_init_stored(struct job *job, Berth__JobRecord *record, Berth__JobSpec *spec,
                    struct err *err);
void job_fini(struct job *job);

/* An end of a job that was told to leave is what was to come then: 'event' as
 * job_apply takes it. */
enum job_event job_event_of(const struct job *job, enum job_event event);

/* Apply 'event' at 'now' (seconds since the epoch). -EINVAL with words, and
 * nothing changed, when the job's state does not take it; a placement that came
 * along is then still the caller's. */
int job_apply(struct job *job, enum job_event event, int64_t now,
              const struct job_change *change, struct err *err);

/* A held job waits until it is released; a change of its own, no event. */
void job_set_held(struct job *job, bool held);
/* Whether a suspended job stays so until an administrator lets it go on. */
void job_set_parked(struct job *job, bool parked);

/* One that is still being started stands still from now on, or goes on, without an
 * event of its own: it is suspended once it has started. False: that is known. */
bool job_set_stopped(struct job *job, bool stopped, int64_t now);
/* Whether it stands still, suspended or while it is being started. */
bool job_is_stopped(const struct job *job);
/* For how long this run has stood still until 'now'. */
int64_t job_time_stopped(const struct job *job, int64_t now);

enum job_state job_state_of(const struct job *job);
/* The share that leads, NULL while the job has no placement. */
const Berth__NodeShare *job_lead(const struct job *job);
/* The limit in force, seconds or TIME_UNLIMITED. */
int64_t job_time_limit(const struct job *job);
/* The end at which the time limit falls due; INT64_MAX without one, and while the
 * job is suspended. */
int64_t job_deadline(const struct job *job);

/* Set a string field of a heap message: fields of protobuf-c point to one
 * shared empty string until they are set. */
void field_set(char **field, const char *value);

#endif
