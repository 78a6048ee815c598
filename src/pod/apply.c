/* SPDX-License-Identifier: Apache-2.0
 *
 * apply.c - what has happened
 */
#include <stdlib.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "pod/internal.h"
#include "pod/notes.h"
#include "pod/order.h"
#include "pod/probes.h"
#include "pod/settle.h"
#include "pod/stop.h"

#define START_FAILED_CODE 128

static int64_t doubled(const struct pod_pace *pace, unsigned int times)
{
    int64_t wait = pace->first;

    while (times-- && wait < pace->most)
        wait *= 2;
    return wait < pace->most ? wait : pace->most;
}

/* The first restart is at once, the second after 'first', then twice as long each. */
static void back_off(struct pod *pod, size_t i, int64_t now)
{
    struct container *c = &pod->containers[i];

    if (c->end.end - c->end.start >= pod->pace.forget)
        c->failures = 0;
    c->back_off = c->failures ? doubled(&pod->pace, c->failures - 1) : 0;
    c->again_at = now + c->back_off;
    c->failures++;
    if (c->back_off)
        note_back_off(pod, i);
}

/* An image that is asked for each time may be another one now. */
static void forget_image(struct container *c)
{
    if (c->spec->pull == MF_PULL_ALWAYS)
        c->image.state = IMAGE_UNKNOWN;
}

static void run_ended(struct pod *pod, size_t i, struct run_end end, const char *words,
                      int64_t now)
{
    struct container *c = &pod->containers[i];
    bool is_again;

    if (!container_state_runs(c->state))
        return;
    free(c->last.words);
    c->last = c->end;
    c->end = end;
    c->end.is_there = true;
    c->end.start = c->is_up ? c->up_at : now;
    c->end.end = now;
    c->end.words = words ? xstrdup(words) : NULL;
    str_replace(&c->config_words, NULL);
    is_again = runs_again(pod, c);
    container_state_next(c->state, is_again ? CE_END_AGAIN : CE_END_DONE, &c->state);
    c->is_up = c->is_started = false;
    if (is_again) {
        back_off(pod, i, now);
        forget_image(c);
    }
    pod->revision++;
}

static void ended(struct pod *pod, const struct pod_event *event, int64_t now)
{
    const struct container *c = &pod->containers[event->container];
    int signal = WIFSIGNALED(event->status) ? WTERMSIG(event->status) : 0;
    int code = signal ? 128 + signal : WEXITSTATUS(event->status);

    run_ended(pod, event->container,
              (struct run_end){
                  .exit_code = code,
                  .exit_signal = signal,
                  .reason = code == 0              ? "Completed"
                            : c->was_out_of_memory ? "OOMKilled"
                                                   : "Error",
              },
              event->words, now);
}

static void start_failed(struct pod *pod, const struct pod_event *event, int64_t now)
{
    pod_say(pod, event->container, true, "Failed", "Error: %s",
            event->words ? event->words : "it cannot be started");
    run_ended(pod, event->container,
              (struct run_end){.exit_code = START_FAILED_CODE, .reason = "StartError"},
              event->words, now);
}

static void config_failed(struct pod *pod, const struct pod_event *event, int64_t now)
{
    struct container *c = &pod->containers[event->container];

    if (c->is_up || !container_state_next(c->state, CE_UNREADY, &c->state))
        return;
    c->runs--;
    str_replace(&c->config_words, event->words ? event->words : "");
    c->again_at = now + pod->pace.first;
    pod->revision++;
    pod_say(pod, event->container, true, "Failed", "Error: %s", c->config_words);
    if (pod->is_ending)
        container_state_next(c->state, CE_DROP, &c->state);
}

static void config_new(struct pod *pod, int64_t now)
{
    for (size_t i = 0; i < pod->n; i++)
        if (pod->containers[i].config_words)
            pod->containers[i].again_at = now;
}

static void started(struct pod *pod, size_t i, int64_t now)
{
    struct container *c = &pod->containers[i];

    if (c->is_up || !container_state_next(c->state, CE_UP, &c->state))
        return;
    c->is_up = true;
    c->up_at = now;
    str_replace(&c->config_words, NULL);
    probes_begin(pod, c, now);
    pod->revision++;
    pod_say(pod, i, false, "Started", "Started container %s", c->spec->name);
}

static void image_found(struct pod *pod, const struct pod_event *event)
{
    struct image *image = &pod->containers[event->container].image;

    image->state = IMAGE_HERE;
    image->failures = 0;
    image->stop_signal = event->signal;
    str_replace(&image->digest, event->words);
    str_replace(&image->words, NULL);
    pod->revision++;
}

static void image_failed(struct pod *pod, const struct pod_event *event, int64_t now)
{
    struct container *c = &pod->containers[event->container];
    struct image *image = &c->image;
    bool is_absent = event->kind == POD_IMAGE_ABSENT;
    int64_t wait = doubled(&pod->pace, image->failures++);

    image->state = IMAGE_FAILED;
    image->reason = is_absent              ? "ErrImageNeverPull"
                    : image->failures == 1 ? "ErrImagePull"
                                           : "ImagePullBackOff";
    image->again_at = now + wait + wait / 1000 * event->jitter;
    free(image->words);
    image->words =
        is_absent ? xasprintf("image \"%s\" is not here, and imagePullPolicy is Never",
                              c->spec->image)
                  : xasprintf("image \"%s\": %s", c->spec->image,
                              event->words ? event->words : "it cannot be had");
    pod->revision++;
    pod_say(pod, event->container, true, is_absent ? image->reason : "Failed", "%s%s",
            is_absent ? "" : "Failed to pull ", image->words);
}

static void hook_done(struct pod *pod, const struct pod_event *event, int64_t now)
{
    struct container *c = &pod->containers[event->container];
    bool is_start = event->hook == POD_POST_START;

    if (c->hooks[event->hook] != HOOK_RUNS)
        return;
    c->hooks[event->hook] = HOOK_OVER;
    if (event->is_good)
        return;
    pod_say(pod, event->container, true,
            is_start ? "FailedPostStartHook" : "FailedPreStopHook", "%s",
            event->words ? event->words : "it failed");
    if (is_start)
        stop_container(pod, event->container, STOP_HOOK,
                       seconds_after(now, pod->manifest->spec->grace), now);
}

static void probe_done(struct pod *pod, const struct pod_event *event, int64_t now)
{
    size_t i = event->container;
    struct probe *probe = &pod->containers[i].probes[event->probe];

    if (!probe->is_running || probe->run != event->run)
        return;
    probe->is_running = false;
    if (probe_is_wanted(pod, i, event->probe))
        probe_count(pod, i, event->probe, event->is_good, event->words, now);
}

static void end_ordered(struct pod *pod, const struct pod_event *event, int64_t now)
{
    int64_t grace =
        event->grace == POD_GRACE_OF_SPEC ? pod->manifest->spec->grace : event->grace;

    stop_pod(pod, event->why, grace, event->words, now);
}

static void apply(struct pod *pod, const struct pod_event *event, int64_t now)
{
    size_t i = event->container;

    switch (event->kind) {
    case POD_PREPARED:
        pod->is_prepared = true;
        break;
    case POD_END_ORDERED:
        end_ordered(pod, event, now);
        break;
    case POD_FROZEN:
        pod->is_frozen = true;
        break;
    case POD_THAWED:
        pod->is_frozen = false;
        probes_put_off(pod, now);
        break;
    case POD_IMAGE_PULLING:
        pod_say(pod, i, false, "Pulling", "Pulling image \"%s\"",
                pod_container(pod, i)->image);
        break;
    case POD_IMAGE_FOUND:
        image_found(pod, event);
        break;
    case POD_IMAGE_FAILED:
    case POD_IMAGE_ABSENT:
        image_failed(pod, event, now);
        break;
    case POD_CONFIG_FAILED:
        config_failed(pod, event, now);
        break;
    case POD_CONFIG_NEW:
        config_new(pod, now);
        break;
    case POD_STARTED:
        started(pod, i, now);
        break;
    case POD_START_FAILED:
        start_failed(pod, event, now);
        break;
    case POD_OOM:
        pod->containers[i].was_out_of_memory = true;
        break;
    case POD_ENDED:
        ended(pod, event, now);
        break;
    case POD_HOOK_DONE:
        hook_done(pod, event, now);
        break;
    case POD_PROBE_DONE:
        probe_done(pod, event, now);
        break;
    }
}

void pod_apply(struct pod *pod, const struct pod_event *event, int64_t now)
{
    apply(pod, event, now);
    pod_settle(pod, now);
}
