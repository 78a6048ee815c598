/* SPDX-License-Identifier: Apache-2.0
 *
 * begun.c - what was asked for is being done
 */
#include <stdio.h>

#include "base/err.h"
#include "pod/internal.h"
#include "pod/probes.h"
#include "pod/settle.h"

/* A run has nothing of the run before, but the numbers of probes: a late result must
 * not be taken for one of this run's. */
static void run_begin(struct pod *pod, struct container *c)
{
    BUG_ON(!container_state_next(c->state, CE_START, &c->state));
    c->runs++;
    c->is_up = c->was_out_of_memory = c->is_started = false;
    c->is_signalled = c->is_killed = false;
    c->cause = STOP_NO;
    c->hooks[POD_POST_START] = c->hooks[POD_PRE_STOP] = HOOK_UNASKED;
    pod->revision++;
}

static void probe_begin(struct pod *pod, const struct pod_todo *todo, int64_t now)
{
    struct probe *probe = &pod->containers[todo->container].probes[todo->probe];
    const struct mf_probe *spec = pod_probe_of(pod, todo->container, todo->probe);

    probe->is_running = true;
    probe->run = todo->run;
    probe->deadline = todo->deadline;
    probe->next_at = seconds_after(now, spec->period);
}

/* One that is stopped while it is wanted was too slow. */
static void probe_stop(struct pod *pod, const struct pod_todo *todo, int64_t now)
{
    size_t i = todo->container;
    struct probe *probe = &pod->containers[i].probes[todo->probe];
    const struct mf_probe *spec = pod_probe_of(pod, i, todo->probe);
    char words[64];

    probe->is_running = false;
    if (!probe_is_wanted(pod, i, todo->probe))
        return;
    snprintf(words, sizeof(words), "no answer within %llds", (long long)spec->timeout);
    probe_count(pod, i, todo->probe, false, words, now);
}

void pod_begun(struct pod *pod, const struct pod_todo *todo, int64_t now)
{
    struct container *c = &pod->containers[todo->container];

    switch (todo->kind) {
    case POD_NOTHING:
        break;
    case POD_GET_IMAGE:
        c->image.state = IMAGE_COMING;
        break;
    case POD_START:
        run_begin(pod, c);
        break;
    case POD_RUN_HOOK:
        c->hooks[todo->hook] = HOOK_RUNS;
        break;
    case POD_STOP_HOOK:
        c->hooks[todo->hook] = HOOK_OVER;
        break;
    case POD_RUN_PROBE:
        probe_begin(pod, todo, now);
        break;
    case POD_STOP_PROBE:
        probe_stop(pod, todo, now);
        break;
    case POD_SIGNAL:
        c->is_signalled = true;
        break;
    case POD_KILL:
        c->is_killed = true;
        break;
    case POD_OVER:
        pod->is_over_told = true;
        break;
    }
    pod_settle(pod, now);
}
