/* SPDX-License-Identifier: Apache-2.0
 *
 * settle.c - what follows from what has just changed
 */
#include "pod/settle.h"

#include "pod/order.h"
#include "pod/probes.h"
#include "pod/stop.h"

static void settle_started(struct pod *pod)
{
    for (size_t i = 0; i < pod->n; i++) {
        struct container *c = &pod->containers[i];
        bool is_started = is_started_now(pod, i);

        if (c->is_started != is_started)
            pod->revision++;
        c->is_started = is_started;
        c->has_been_started |= is_started;
    }
}

static bool has_failed_init(const struct pod *pod)
{
    for (size_t i = 0; i < pod->n_init; i++) {
        const struct container *c = &pod->containers[i];

        if (!c->is_sidecar && c->state == C_DONE && !container_succeeded(c))
            return true;
    }
    return false;
}

/* The pod ends by itself: sidecars have nobody left to serve. */
static void settle_end(struct pod *pod, int64_t now)
{
    if (pod->is_ending)
        return;
    pod->init_failed = has_failed_init(pod);
    if (pod->init_failed || mains_are_done(pod))
        stop_pod(pod, POD_WHY_NONE, pod->manifest->spec->grace, NULL, now);
}

static void settle_condition(struct pod *pod, struct condition *condition, bool holds,
                             int64_t now)
{
    if (condition->holds == holds)
        return;
    condition->holds = holds;
    condition->since = now;
    pod->revision++;
}

static bool all_are_ready(const struct pod *pod)
{
    for (size_t i = 0; i < pod->n; i++)
        if ((i >= pod->n_init || pod->containers[i].is_sidecar) &&
            !is_ready_now(pod, i))
            return false;
    return true;
}

void pod_settle(struct pod *pod, int64_t now)
{
    settle_started(pod);
    settle_end(pod, now);
    settle_condition(pod, &pod->initialized, pod->is_prepared && init_is_done(pod),
                     now);
    settle_condition(pod, &pod->ready, all_are_ready(pod), now);
}
