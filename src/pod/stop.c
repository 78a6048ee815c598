/* SPDX-License-Identifier: Apache-2.0
 *
 * stop.c - how a container ends, and how all do
 */
#include "pod/stop.h"

#include <signal.h>

#include "base/mem.h"
#include "base/units.h"
#include "pod/notes.h"
#include "pod/order.h"

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void stop_container(struct pod *pod, size_t i, enum stop_cause cause, int64_t kill_at,
                    int64_t now)
{
    struct container *c = &pod->containers[i];

    if (c->state == C_STOPPING) {
        c->kill_at = earlier(c->kill_at, kill_at);
        return;
    }
    if (!container_state_next(c->state, CE_STOP, &c->state))
        return;
    c->cause = cause;
    c->kill_at = kill_at < now ? now : kill_at;
    pod->revision++;
    note_stop(pod, i, cause);
}

void stop_pod(struct pod *pod, enum pod_why why, int64_t grace, const char *words,
              int64_t now)
{
    if (!pod->is_ending) {
        pod->why = why;
        pod->words = words ? xstrdup(words) : NULL;
    }
    pod->is_ending = true;
    pod->ends_by = earlier(pod->ends_by, seconds_after(now, grace));
    pod->revision++;
    for (size_t i = 0; i < pod->n; i++) {
        struct container *c = &pod->containers[i];

        if (container_state_next(c->state, CE_DROP, &c->state))
            continue;
        stop_container(pod, i, STOP_POD, pod->ends_by, now);
        c->cause = STOP_POD; /* also of one that was being stopped to run again */
    }
}

int stop_signal_of(const struct container *c)
{
    const struct mf_lifecycle *lifecycle = c->spec->lifecycle;
    int signal;

    /* The rules of manifests have read it before. */
    if (lifecycle && lifecycle->stop_signal &&
        signal_parse(lifecycle->stop_signal, &signal, NULL) == 0)
        return signal;
    return c->image.stop_signal ? c->image.stop_signal : SIGTERM;
}

bool stop_signal_is_due(const struct pod *pod, size_t i)
{
    const struct container *c = &pod->containers[i];

    if (c->state != C_STOPPING || !c->is_up || c->is_signalled || c->is_killed)
        return false;
    if (c->hooks[POD_POST_START] == HOOK_RUNS)
        return false;
    if (pod_hook_of(pod, i, POD_PRE_STOP) && c->hooks[POD_PRE_STOP] != HOOK_OVER)
        return false;
    return stop_is_due(pod, i);
}
