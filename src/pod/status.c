/* SPDX-License-Identifier: Apache-2.0
 *
 * status.c - how a pod is, in the words of Kubernetes' statuses
 */
#include <stdio.h>

#include "pod/internal.h"
#include "pod/order.h"
#include "pod/probes.h"

struct why {
    const char *reason;
    bool fails;
    const char *disruption;
};

#define X(id, reason, fails, disruption) [id] = {reason, fails, disruption},
static const struct why whys[] = {POD_WHYS(X)};
#undef X

static const char *const phase_names[] = {
    [POD_PENDING] = "Pending",
    [POD_RUNNING] = "Running",
    [POD_SUCCEEDED] = "Succeeded",
    [POD_FAILED] = "Failed",
};

const char *pod_phase_name(enum pod_phase phase)
{
    return phase_names[phase];
}

static enum pod_phase final_phase(const struct pod *pod)
{
    if (whys[pod->why].fails || pod->init_failed)
        return POD_FAILED;
    for (size_t i = pod->n_init; i < pod->n; i++)
        if (!container_succeeded(&pod->containers[i]))
            return POD_FAILED;
    return POD_SUCCEEDED;
}

/* A pod of which any main container never ran is Pending, whatever the others do. */
static enum pod_phase phase_of(const struct pod *pod)
{
    if (pod_is_over(pod))
        return final_phase(pod);
    for (size_t i = pod->n_init; i < pod->n; i++)
        if (!container_has_run(&pod->containers[i]))
            return POD_PENDING;
    return POD_RUNNING;
}

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

static struct pod_end end_of(const struct pod *pod, const struct run_end *end)
{
    if (!end->is_there)
        return (struct pod_end){.reason = "", .words = ""};
    return (struct pod_end){
        .start = pod->epoch + end->start,
        .end = pod->epoch + end->end,
        .exit_code = end->exit_code,
        .exit_signal = end->exit_signal,
        .reason = end->reason,
        .words = or_empty(end->words),
    };
}

static void show_waiting(struct pod_container_status *ret, const char *reason,
                         const char *words)
{
    ret->state = POD_CONTAINER_WAITING;
    ret->reason = reason;
    ret->words = or_empty(words);
}

/* What keeps it from running, if that is more than its turn. */
static bool show_trouble(struct container *c, struct pod_container_status *ret)
{
    const struct image *image = &c->image;
    bool waits = c->state == C_WAITING || (c->state == C_DONE && !c->end.is_there);

    if (c->config_words)
        show_waiting(ret, "CreateContainerConfigError", c->config_words);
    else if (waits && image->failures)
        show_waiting(ret, image->reason, image->words);
    else if (c->state == C_WAITING && c->back_off) {
        snprintf(c->back_off_words, sizeof(c->back_off_words),
                 "back-off %llds restarting failed container %.64s",
                 (long long)(c->back_off / POD_SECOND), c->spec->name);
        show_waiting(ret, "CrashLoopBackOff", c->back_off_words);
    } else {
        return false;
    }
    return true;
}

static void show_state(struct pod *pod, struct container *c,
                       struct pod_container_status *ret)
{
    ret->last = end_of(pod, &c->end);
    if (c->is_up) {
        ret->state = POD_CONTAINER_RUNNING;
        ret->start = pod->epoch + c->up_at;
    } else if (show_trouble(c, ret)) {
        return;
    } else if (c->end.is_there) {
        ret->state = POD_CONTAINER_TERMINATED;
        ret->end = end_of(pod, &c->end);
        ret->last = end_of(pod, &c->last);
    } else {
        show_waiting(ret, pod->n_init ? "PodInitializing" : "ContainerCreating", NULL);
    }
}

/* A run counts once it is up, or has failed to be. */
static unsigned int n_restarts(const struct container *c)
{
    unsigned int n = c->runs;

    if (n && container_state_runs(c->state) && !c->is_up)
        n--;
    return n ? n - 1 : 0;
}

static void show_container(struct pod *pod, size_t i, struct pod_container_status *ret)
{
    struct container *c = &pod->containers[i];

    *ret = (struct pod_container_status){
        .name = c->spec->name,
        .is_init = c->is_init,
        .is_sidecar = c->is_sidecar,
        .reason = "",
        .words = "",
        .started = c->is_started,
        .ready = is_ready_now(pod, i),
        .restarts = n_restarts(c),
        .end = end_of(pod, &(struct run_end){0}),
        .image_digest = or_empty(c->image.digest),
    };
    show_state(pod, c, ret);
}

static int64_t since(const struct pod *pod, const struct condition *condition)
{
    return condition->since ? pod->epoch + condition->since : 0;
}

const struct pod_status *pod_status(struct pod *pod)
{
    for (size_t i = 0; i < pod->n; i++)
        show_container(pod, i, &pod->statuses[i]);
    pod->status = (struct pod_status){
        .phase = phase_of(pod),
        .reason = whys[pod->why].reason,
        .words = or_empty(pod->words),
        .disruption = whys[pod->why].disruption,
        .start = pod->epoch + pod->began_at,
        .initialized = pod->initialized.holds,
        .ready = pod->ready.holds,
        .containers_ready = pod->ready.holds,
        .initialized_at = since(pod, &pod->initialized),
        .ready_at = since(pod, &pod->ready),
        .containers_ready_at = since(pod, &pod->ready),
        .is_ending = pod->is_ending,
        .ends_by = pod->is_ending ? pod->epoch + pod->ends_by : 0,
        .containers = pod->statuses,
        .n_containers = pod->n,
    };
    return &pod->status;
}

uint64_t pod_revision(const struct pod *pod)
{
    return pod->revision;
}

bool pod_is_over(const struct pod *pod)
{
    if (!pod->is_ending)
        return false;
    for (size_t i = 0; i < pod->n; i++)
        if (container_state_runs(pod->containers[i].state))
            return false;
    return true;
}
