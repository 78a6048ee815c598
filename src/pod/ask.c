/* SPDX-License-Identifier: Apache-2.0
 *
 * ask.c - the next thing that should happen
 *
 * Each question looks at one container and either fills the todo or lowers the time
 * at which it may have another answer. What ends something comes before what begins
 * something, so that no run meets hooks or probes of the run before.
 */
#include "pod/internal.h"
#include "pod/order.h"
#include "pod/probes.h"
#include "pod/stop.h"

typedef bool ask_fn(const struct pod *pod, size_t i, int64_t now, struct pod_todo *ret);

static bool is_due(int64_t at, int64_t now, struct pod_todo *ret)
{
    if (at <= now)
        return true;
    if (at < ret->at)
        ret->at = at;
    return false;
}

static bool ask_stop_probe(const struct pod *pod, size_t i, int64_t now,
                           struct pod_todo *ret)
{
    for (enum pod_probe k = 0; k < POD_PROBES; k++) {
        const struct probe *probe = &pod->containers[i].probes[k];

        if (!probe->is_running)
            continue;
        if (probe_is_wanted(pod, i, k) && !is_due(probe->deadline, now, ret))
            continue;
        ret->kind = POD_STOP_PROBE;
        ret->probe = k;
        ret->run = probe->run;
        return true;
    }
    return false;
}

/* Nobody waits for this hook any more. */
static bool hook_is_vain(const struct container *c, enum pod_hook hook, int64_t now,
                         struct pod_todo *ret)
{
    if (!container_state_runs(c->state))
        return true;
    if (c->state != C_STOPPING)
        return false;
    return hook == POD_POST_START || is_due(c->kill_at, now, ret);
}

static bool ask_stop_hook(const struct pod *pod, size_t i, int64_t now,
                          struct pod_todo *ret)
{
    const struct container *c = &pod->containers[i];

    for (enum pod_hook hook = POD_POST_START; hook <= POD_PRE_STOP; hook++) {
        if (c->hooks[hook] != HOOK_RUNS || !hook_is_vain(c, hook, now, ret))
            continue;
        ret->kind = POD_STOP_HOOK;
        ret->hook = hook;
        return true;
    }
    return false;
}

static bool ask_kill(const struct pod *pod, size_t i, int64_t now, struct pod_todo *ret)
{
    const struct container *c = &pod->containers[i];

    if (c->state != C_STOPPING || c->is_killed || !is_due(c->kill_at, now, ret))
        return false;
    ret->kind = POD_KILL;
    return true;
}

static bool ask_signal(const struct pod *pod, size_t i, int64_t now,
                       struct pod_todo *ret)
{
    (void)now;
    if (!stop_signal_is_due(pod, i))
        return false;
    ret->kind = POD_SIGNAL;
    ret->signal = stop_signal_of(&pod->containers[i]);
    return true;
}

static bool ask_hook(const struct pod *pod, size_t i, int64_t now, struct pod_todo *ret)
{
    const struct container *c = &pod->containers[i];
    bool ends = c->state == C_STOPPING;
    enum pod_hook hook = ends ? POD_PRE_STOP : POD_POST_START;

    (void)now;
    if (!c->is_up || c->is_killed || c->hooks[hook] != HOOK_UNASKED ||
        !pod_hook_of(pod, i, hook))
        return false;
    ret->kind = POD_RUN_HOOK;
    ret->hook = hook;
    ret->deadline = ends ? c->kill_at : POD_NEVER;
    return true;
}

static bool image_is_due(const struct image *image, int64_t now, struct pod_todo *ret)
{
    switch (image->state) {
    case IMAGE_UNKNOWN:
        return true;
    case IMAGE_FAILED:
        return is_due(image->again_at, now, ret);
    case IMAGE_COMING:
    case IMAGE_HERE:
        break;
    }
    return false;
}

static bool ask_start(const struct pod *pod, size_t i, int64_t now,
                      struct pod_todo *ret)
{
    const struct container *c = &pod->containers[i];

    if (c->state != C_WAITING || !start_is_due(pod, i) ||
        !is_due(c->again_at, now, ret))
        return false;
    if (c->image.state == IMAGE_HERE)
        ret->kind = POD_START;
    else if (image_is_due(&c->image, now, ret))
        ret->kind = POD_GET_IMAGE;
    else
        return false;
    ret->attempt = c->runs;
    return true;
}

static bool ask_probe(const struct pod *pod, size_t i, int64_t now,
                      struct pod_todo *ret)
{
    for (enum pod_probe k = 0; k < POD_PROBES; k++) {
        const struct probe *probe = &pod->containers[i].probes[k];

        if (!probe_is_wanted(pod, i, k) || probe->is_running ||
            !is_due(probe->next_at, now, ret))
            continue;
        ret->kind = POD_RUN_PROBE;
        ret->probe = k;
        ret->run = probe->run + 1;
        ret->deadline = seconds_after(now, pod_probe_of(pod, i, k)->timeout);
        return true;
    }
    return false;
}

static ask_fn *const questions[] = {
    ask_stop_probe, ask_stop_hook, ask_kill, ask_hook, ask_signal, ask_start, ask_probe,
};

static bool ask_container(const struct pod *pod, size_t i, int64_t now,
                          struct pod_todo *ret)
{
    ret->container = i;
    for (size_t q = 0; q < sizeof(questions) / sizeof(questions[0]); q++)
        if (questions[q](pod, i, now, ret))
            return true;
    return false;
}

bool pod_ask(const struct pod *pod, int64_t now, struct pod_todo *ret)
{
    *ret = (struct pod_todo){.deadline = POD_NEVER, .at = POD_NEVER};
    for (size_t i = 0; i < pod->n; i++)
        if (ask_container(pod, i, now, ret))
            return true;
    ret->container = 0;
    if (!pod_is_over(pod) || pod->is_over_told)
        return false;
    ret->kind = POD_OVER;
    return true;
}
