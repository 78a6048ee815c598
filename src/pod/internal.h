/* SPDX-License-Identifier: Apache-2.0
 *
 * internal.h - what a pod is made of, for the files of this folder
 */
#ifndef BERTH_POD_INTERNAL_H
#define BERTH_POD_INTERNAL_H

#include "pod/container_state.h"
#include "pod/pod.h"

/* What is known of a container's image. */
enum image_state {
    IMAGE_UNKNOWN,
    IMAGE_COMING, /* it was asked for */
    IMAGE_HERE,
    IMAGE_FAILED,
};

struct image {
    enum image_state state;
    unsigned int failures; /* in a row */
    int64_t again_at;
    int stop_signal;    /* 0: none is said */
    const char *reason; /* of the last failure */
    char *digest, *words;
};

/* What became of a hook of this run. */
enum hook_state { HOOK_UNASKED, HOOK_RUNS, HOOK_OVER };

struct probe {
    bool is_running;
    bool is_held;      /* it has said that the container is bad: not asked any more */
    bool is_good;      /* as it counts now */
    bool last;         /* the last result, and ... */
    unsigned int same; /* ... how often in a row it came */
    uint32_t run;
    int64_t next_at, deadline;
};

/* Why a container is being stopped. */
enum stop_cause { STOP_NO, STOP_POD, STOP_LIVENESS, STOP_STARTUP, STOP_HOOK };

struct run_end {
    bool is_there;
    int64_t start, end; /* of the pod's clock */
    int exit_code, exit_signal;
    const char *reason;
    char *words;
};

struct container {
    const struct mf_container *spec;
    bool is_init, is_sidecar;
    enum container_state state;
    unsigned int runs;     /* that have begun */
    unsigned int failures; /* that count for the back-off */
    int64_t again_at;      /* not before */
    int64_t back_off;      /* that made 'again_at'; 0: at once */
    char back_off_words[128];
    char *config_words; /* of a CONFIG_FAILED: not yet startable; NULL: none */
    struct image image;
    /* Of this run: */
    bool is_up; /* the program runs */
    bool was_out_of_memory;
    bool is_started, has_been_started; /* now; in any run */
    int64_t up_at;
    enum hook_state hooks[2];
    struct probe probes[POD_PROBES];
    /* While it is STOPPING: */
    enum stop_cause cause;
    int64_t kill_at;
    bool is_signalled, is_killed;
    struct run_end end, last;
};

/* 'since': of the last change; 0: there was none. */
struct condition {
    bool holds;
    int64_t since;
};

struct notes {
    struct pod_note *items;
    size_t n, first;
};

/* A number of a manifest may be larger than any clock. */
static inline int64_t seconds_after(int64_t now, int64_t seconds)
{
    int64_t end;

    if (__builtin_mul_overflow(seconds, POD_SECOND, &end) ||
        __builtin_add_overflow(now, end, &end))
        return POD_NEVER - 1;
    return end;
}

struct pod {
    const struct mf_pod *manifest;
    struct pod_pace pace;
    int64_t epoch, began_at;
    struct container *containers;
    size_t n, n_init;
    bool is_prepared;
    bool is_frozen;
    bool init_failed;  /* under Never: nothing will start */
    bool is_ending;    /* nothing starts any more */
    bool is_over_told; /* POD_OVER was begun */
    enum pod_why why;
    char *words;
    int64_t ends_by;
    uint64_t revision;
    struct condition initialized, ready;
    struct notes notes;
    struct pod_status status;
    struct pod_container_status *statuses;
};

#endif
