/* SPDX-License-Identifier: Apache-2.0
 *
 * pod.h - what a pod should do next
 *
 * Pure: no process, no clock, no loop. Whoever runs the pod (the shell) says what has
 * happened and asks what should happen:
 *
 *     pod_apply(pod, &event, now);
 *     while (pod_ask(pod, now, &todo)) {
 *         pod_begun(pod, &todo, now);
 *         ... carry 'todo' out; how it went is an event, at once or later ...
 *     }
 *     ... wait for an event, or until todo.at ...
 *
 * Asking changes nothing: it may be repeated at any time and says the same until
 * pod_begun or pod_apply. After POD_OVER there is nothing more to do.
 *
 * Containers are numbered as in statuses: init containers first. 'now' is in
 * microseconds of a clock that never steps back.
 */
#ifndef BERTH_POD_POD_H
#define BERTH_POD_POD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/pod.h"

struct pod;

#define POD_SECOND INT64_C(1000000)
#define POD_NEVER INT64_MAX

/* ---------------------------------------------------------------- what happened */

enum pod_event_kind {
    /* The sandbox and the volumes are there. Nothing is asked for before. */
    POD_PREPARED,
    /* The pod is to end: 'why', 'grace', 'words'. A second order can only shorten
     * what is left of the grace; the first one's reason stays. */
    POD_END_ORDERED,

    /* All processes stand still: nothing is probed, what was being asked says nothing.
     * And they run on: probes wait a period. */
    POD_FROZEN,
    POD_THAWED,

    /* Of one container: */
    POD_IMAGE_PULLING, /* its image is not here and comes; 'words': its name */
    POD_IMAGE_FOUND,   /* 'words': the digest; 'signal': the image's STOPSIGNAL or 0 */
    POD_IMAGE_FAILED,  /* 'words'; is tried again later */
    POD_IMAGE_ABSENT,  /* imagePullPolicy is Never, and it is not here; so is this */
    POD_CONFIG_FAILED, /* instead of STARTED: a ConfigMap, Secret, ... that it names is
                          not there; 'words'. No run; tried again */
    POD_CONFIG_NEW,    /* what containers name has changed: who waits after a
                          CONFIG_FAILED is tried at once ('container' is ignored) */
    POD_STARTED,       /* its program runs */
    POD_START_FAILED,  /* instead of STARTED: its program cannot be run, as a run that
                          ended; 'words' */
    POD_OOM,           /* its group has killed for memory; comes before ENDED */
    POD_ENDED,         /* 'status': of wait(2); 'words': its termination message */
    POD_HOOK_DONE,     /* 'hook', 'is_good', 'words' of a failure */
    POD_PROBE_DONE,    /* 'probe', 'run' of the todo, 'is_good', 'words' of a failure */
};

enum pod_hook { POD_POST_START, POD_PRE_STOP };
enum pod_probe { POD_STARTUP, POD_LIVENESS, POD_READINESS };
#define POD_PROBES 3

/* X(id, reason in the status, phase is Failed whatever the containers returned, reason
 * of the condition DisruptionTarget: it has to leave through no fault of its own) */
#define POD_WHYS(X)                                                  \
    X(POD_WHY_NONE, "", false, "")                                   \
    X(POD_WHY_DELETED, "", false, "")                                \
    X(POD_WHY_DEADLINE, "DeadlineExceeded", true, "")                \
    X(POD_WHY_OVERFULL, "Evicted", true, "") /* its volume is */     \
    X(POD_WHY_EVICTED, "Evicted", true, "EvictionByEvictionAPI")     \
    X(POD_WHY_PREEMPTED, "Preempted", true, "PreemptionByScheduler") \
    X(POD_WHY_SHUTDOWN, "Terminated", true, "TerminationByKubelet")  \
    X(POD_WHY_REFUSED, "UnexpectedAdmissionError", true, "")

#define X(id, reason, fails, disruption) id,
enum pod_why { POD_WHYS(X) };
#undef X

#define POD_GRACE_OF_SPEC (-1)

struct pod_event {
    enum pod_event_kind kind;
    size_t container;
    const char *words; /* NULL: none; copied */
    int status;        /* POD_ENDED */
    int signal;        /* POD_IMAGE_FOUND */
    enum pod_hook hook;
    enum pod_probe probe;
    uint32_t run; /* POD_PROBE_DONE */
    bool is_good;
    enum pod_why why;
    int64_t grace; /* POD_END_ORDERED: seconds, or POD_GRACE_OF_SPEC */
    /* POD_IMAGE_FAILED: thousandths that its back-off is longer by. */
    unsigned int jitter;
};

/* Events that cannot be any more (a probe's result after its container ended, ...)
 * change nothing: whoever tells them need not know. */
void pod_apply(struct pod *pod, const struct pod_event *event, int64_t now);

/* ----------------------------------------------------------- what should happen */

enum pod_todo_kind {
    POD_NOTHING,    /* before 'at', unless there is an event */
    POD_GET_IMAGE,  /* -> IMAGE_PULLING, then FOUND, FAILED or ABSENT */
    POD_START,      /* 'attempt' -> STARTED (then ENDED), START_FAILED, CONFIG_FAILED */
    POD_RUN_HOOK,   /* 'hook', 'deadline' -> HOOK_DONE */
    POD_STOP_HOOK,  /* it is not waited for any more; no answer is needed */
    POD_RUN_PROBE,  /* 'probe', 'run', 'deadline' -> PROBE_DONE */
    POD_STOP_PROBE, /* its time is over or its container ends; no answer is needed */
    POD_SIGNAL,     /* 'signal' to the first process of the container */
    POD_KILL, /* everything in the container, at once; also while it still starts */
    POD_OVER, /* the pod has ended: pod_status is its last; no process is left */
};

struct pod_todo {
    enum pod_todo_kind kind;
    size_t container;
    unsigned int attempt; /* of a start: 0, 1, ... */
    enum pod_hook hook;
    enum pod_probe probe;
    uint32_t run;     /* of a probe; told again with its result */
    int signal;       /* of POD_SIGNAL */
    int64_t deadline; /* when STOP_PROBE or STOP_HOOK follows; POD_NEVER: not by time */
    int64_t at;       /* POD_NOTHING: ask again then; POD_NEVER: after an event */
};

/* The next thing to do, or false and ret->at. */
bool pod_ask(const struct pod *pod, int64_t now, struct pod_todo *ret);

/* 'todo', just got from pod_ask, is being done. */
void pod_begun(struct pod *pod, const struct pod_todo *todo, int64_t now);

/* -------------------------------------------------------------------- how it is */

enum pod_container_state {
    POD_CONTAINER_WAITING,
    POD_CONTAINER_RUNNING,
    POD_CONTAINER_TERMINATED,
};

/* All texts are borrowed from the pod or static, never NULL; times are microseconds
 * since the epoch, 0: none. */
struct pod_end {
    int64_t start, end; /* start == 0: there is none */
    int exit_code;      /* 128 + signal of what was killed */
    int exit_signal;
    const char *reason; /* "Completed", "Error", "OOMKilled", "StartError" */
    const char *words;
};

struct pod_container_status {
    const char *name;
    bool is_init, is_sidecar;
    enum pod_container_state state;
    const char *reason; /* of WAITING: "PodInitializing", "CrashLoopBackOff", ... */
    const char *words;
    bool started, ready;
    unsigned int restarts;
    int64_t start; /* of RUNNING */
    struct pod_end end, last;
    const char *image_digest;
};

enum pod_phase { POD_PENDING, POD_RUNNING, POD_SUCCEEDED, POD_FAILED };
const char *pod_phase_name(enum pod_phase phase);

struct pod_status {
    enum pod_phase phase;
    const char *reason, *words;
    const char *disruption; /* "": it does not leave, or not for others' sake */
    int64_t start;
    bool initialized, ready, containers_ready;
    int64_t initialized_at, ready_at, containers_ready_at; /* of the last change */
    bool is_ending;
    int64_t ends_by; /* is_ending: when the grace is over; 0: not */
    const struct pod_container_status *containers;
    size_t n_containers;
};

/* Valid until the next call with this pod. */
const struct pod_status *pod_status(struct pod *pod);

/* Grows whenever pod_status would tell something new. */
uint64_t pod_revision(const struct pod *pod);

/* What people are told of it, as Kubernetes' events are worded. */
struct pod_note {
    bool is_warning;
    const char *reason; /* "Started", "BackOff", "Unhealthy", "Killing", ...; static */
    size_t container;   /* SIZE_MAX: the pod */
    char *words;        /* the caller's to free */
};

/* Of the pod, by whoever carries it out. */
void pod_add_note(struct pod *pod, bool is_warning, const char *reason,
                  const char *words);
/* The oldest note that was not taken yet; false: there is none. */
bool pod_take_note(struct pod *pod, struct pod_note *ret);

/* ------------------------------------------------------------------------- itself */

/* The waits of back-off; a member that is 0 is Kubernetes'. Microseconds. */
struct pod_pace {
    int64_t first, most; /* 10 s, 300 s: before the second restart, at most */
    int64_t forget;      /* 600 s: a run that lasts so long begins anew */
};

/* 'manifest' is borrowed; 'epoch' is what 'now' has to be raised by to be microseconds
 * since 1970. 'pace' may be NULL. */
struct pod *pod_create(const struct mf_pod *manifest, const struct pod_pace *pace,
                       int64_t now, int64_t epoch);
void pod_destroy(struct pod *pod);

size_t pod_container_count(const struct pod *pod);
/* The container's part of the manifest. */
const struct mf_container *pod_container(const struct pod *pod, size_t i);
/* SIZE_MAX: the pod has no container of that name. */
size_t pod_find_container(const struct pod *pod, const char *name);
const struct mf_probe *pod_probe_of(const struct pod *pod, size_t i,
                                    enum pod_probe probe);
const struct mf_hook *pod_hook_of(const struct pod *pod, size_t i, enum pod_hook hook);
/* Nothing runs and nothing will. */
bool pod_is_over(const struct pod *pod);

#endif
