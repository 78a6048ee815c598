/* SPDX-License-Identifier: Apache-2.0
 *
 * probes.c - when a container is probed, and what comes of it
 *
 * A probe counts as good or bad after so many equal results in a row. The startup
 * probe stands before the others; it and the liveness probe, once bad, are not asked
 * any more: the container is stopped.
 */
#include "pod/probes.h"

#include "pod/notes.h"
#include "pod/stop.h"

static const char *const probe_words[POD_PROBES] = {
    [POD_STARTUP] = "startup",
    [POD_LIVENESS] = "liveness",
    [POD_READINESS] = "readiness",
};

const char *probe_word(enum pod_probe probe)
{
    return probe_words[probe];
}

void probes_begin(struct pod *pod, struct container *c, int64_t now)
{
    size_t i = (size_t)(c - pod->containers);

    for (enum pod_probe k = 0; k < POD_PROBES; k++) {
        const struct mf_probe *spec = pod_probe_of(pod, i, k);
        struct probe *probe = &c->probes[k];

        *probe = (struct probe){.run = probe->run, .is_good = k == POD_LIVENESS};
        if (spec)
            probe->next_at = seconds_after(now, spec->initial_delay);
    }
}

void probes_put_off(struct pod *pod, int64_t now)
{
    for (size_t i = 0; i < pod->n; i++)
        for (enum pod_probe k = 0; k < POD_PROBES; k++) {
            const struct mf_probe *spec = pod_probe_of(pod, i, k);
            int64_t *at = &pod->containers[i].probes[k].next_at;
            int64_t later = spec ? seconds_after(now, spec->period) : 0;

            if (spec && *at < later)
                *at = later;
        }
}

static bool hook_has_returned(const struct pod *pod, size_t i)
{
    return !pod_hook_of(pod, i, POD_POST_START) ||
           pod->containers[i].hooks[POD_POST_START] == HOOK_OVER;
}

bool is_started_now(const struct pod *pod, size_t i)
{
    const struct container *c = &pod->containers[i];

    /* What is being stopped becomes no more than it was. */
    if (c->state != C_RUNNING)
        return c->is_up && c->is_started;
    return hook_has_returned(pod, i) &&
           (!c->spec->startup || c->probes[POD_STARTUP].is_good);
}

bool is_ready_now(const struct pod *pod, size_t i)
{
    const struct container *c = &pod->containers[i];

    if (c->is_init && !c->is_sidecar)
        return c->state == C_DONE && c->end.is_there && c->end.exit_code == 0;
    return c->is_up && c->is_started &&
           (!c->spec->readiness || c->probes[POD_READINESS].is_good);
}

bool probe_is_wanted(const struct pod *pod, size_t i, enum pod_probe k)
{
    const struct container *c = &pod->containers[i];
    const struct probe *probe = &c->probes[k];

    if (!c->is_up || pod->is_frozen || probe->is_held || !pod_probe_of(pod, i, k))
        return false;
    if (k == POD_READINESS) /* until the very end: others ask who may be sent to */
        return c->is_started;
    if (c->state != C_RUNNING)
        return false;
    return k == POD_STARTUP ? hook_has_returned(pod, i) && !probe->is_good
                            : c->is_started;
}

static void became_bad(struct pod *pod, size_t i, enum pod_probe k, int64_t now)
{
    const struct mf_probe *spec = pod_probe_of(pod, i, k);
    int64_t grace = spec->grace == MF_UNSET ? pod->manifest->spec->grace : spec->grace;

    pod->containers[i].probes[k].is_held = true;
    stop_container(pod, i, k == POD_LIVENESS ? STOP_LIVENESS : STOP_STARTUP,
                   seconds_after(now, grace), now);
}

void probe_count(struct pod *pod, size_t i, enum pod_probe k, bool is_good,
                 const char *words, int64_t now)
{
    const struct mf_probe *spec = pod_probe_of(pod, i, k);
    struct probe *probe = &pod->containers[i].probes[k];

    probe->same = probe->last == is_good ? probe->same + 1 : 1;
    probe->last = is_good;
    if (!is_good)
        note_probe(pod, i, k, words);
    if (probe->same < (is_good ? spec->success_threshold : spec->failure_threshold))
        return;
    if (probe->is_good != is_good)
        pod->revision++;
    probe->is_good = is_good;
    if (!is_good && k != POD_READINESS)
        became_bad(pod, i, k, now);
}
