/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_words.c - how a pod stands, in the words that lists of pods have
 *
 * The rules are kubectl's, so that scripts that read its STATUS read ours.
 */
#include "cli/pod_words.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "cli/age.h"
#include "cli/object_document.h"

static const Berth__PodStatus nothing = BERTH__POD_STATUS__INIT;

static const Berth__PodStatus *status_of(const Berth__ObjectRecord *record)
{
    return record->pod ? record->pod : &nothing;
}

static bool is_final(const Berth__PodStatus *status)
{
    return strcmp(status->phase, "Succeeded") == 0 ||
           strcmp(status->phase, "Failed") == 0;
}

/* An init container that stays beside the others. */
static bool is_sidecar(json_t *document, const char *name)
{
    json_t *list = object_at(document, "spec", "initContainers", NULL), *container;
    size_t i;

    json_array_foreach(
        list, i,
        container) if (strcmp(object_text(container, "name", NULL), name) ==
                       0) return strcmp(object_text(container, "restartPolicy", NULL),
                                        "Always") == 0;
    return false;
}

/* "Error", or what it was when nobody said. */
static char *end_words(const Berth__ContainerEnd *end)
{
    if (!end)
        return xstrdup("Completed");
    if (end->reason[0])
        return xstrdup(end->reason);
    return end->exit_signal ? xasprintf("Signal:%d", end->exit_signal)
                            : xasprintf("ExitCode:%d", end->exit_code);
}

/* ---------------------------------------------------------- init containers */

static bool is_past(const Berth__ContainerStatus *init, json_t *document)
{
    if (init->state == BERTH__CONTAINER_STATUS__STATE__TERMINATED)
        return init->end && init->end->exit_code == 0 && !init->end->exit_signal;
    return init->started && is_sidecar(document, init->name);
}

static size_t count_init(const Berth__PodStatus *status)
{
    size_t n = 0;

    for (size_t i = 0; i < status->n_containers; i++)
        n += status->containers[i]->is_init;
    return n;
}

static char *init_words(const Berth__ContainerStatus *init, size_t done, size_t n)
{
    if (init->state == BERTH__CONTAINER_STATUS__STATE__TERMINATED) {
        cleanup(freep) char *words = end_words(init->end);

        return xasprintf("Init:%s", words);
    }
    if (init->state == BERTH__CONTAINER_STATUS__STATE__WAITING && init->reason[0] &&
        strcmp(init->reason, "PodInitializing") != 0)
        return xasprintf("Init:%s", init->reason);
    return xasprintf("Init:%zu/%zu", done, n);
}

/* What the first init container that is not done says; NULL: all are. */
static char *initializing(const Berth__PodStatus *status, json_t *document)
{
    size_t n = count_init(status), done = 0;

    for (size_t i = 0; i < status->n_containers; i++) {
        const Berth__ContainerStatus *c = status->containers[i];

        if (!c->is_init)
            continue;
        if (!is_past(c, document))
            return init_words(c, done, n);
        done++;
    }
    return NULL;
}

/* ------------------------------------------------------------ main containers */

/* What the first container that has something to say says; NULL: none. */
static char *of_containers(const Berth__PodStatus *status, bool *ret_running)
{
    char *words = NULL;

    *ret_running = false;
    for (size_t i = 0; i < status->n_containers; i++) {
        const Berth__ContainerStatus *c = status->containers[i];

        if (c->is_init)
            continue;
        if (c->state == BERTH__CONTAINER_STATUS__STATE__RUNNING)
            *ret_running |= c->ready;
        else if (words)
            continue;
        else if (c->state == BERTH__CONTAINER_STATUS__STATE__TERMINATED)
            words = end_words(c->end);
        else if (c->reason[0])
            words = xstrdup(c->reason);
    }
    return words;
}

static char *running_words(const Berth__PodStatus *status)
{
    bool is_running;
    char *words = of_containers(status, &is_running);

    if (!words)
        return xstrdup(status->reason[0]  ? status->reason
                       : status->phase[0] ? status->phase
                                          : "Pending");
    if (strcmp(words, "Completed") == 0 && is_running)
        str_replace(&words, status->ready ? "Running" : "NotReady");
    return words;
}

char *pod_words_status(const Berth__ObjectRecord *record, json_t *document)
{
    const Berth__PodStatus *status = status_of(record);
    json_t *gates = object_at(document, "spec", "schedulingGates", NULL);
    char *words;

    if (record->deleted_at && !is_final(status))
        return xstrdup("Terminating");
    if (is_final(status) && status->reason[0])
        return xstrdup(status->reason);
    /* However its containers took the order to end, which came with its job's end. */
    if (strcmp(status->phase, "Succeeded") == 0)
        return xstrdup("Completed");
    if (!status->node[0] && json_array_size(gates))
        return xstrdup("SchedulingGated");
    words = initializing(status, document);
    return words ? words : running_words(status);
}

/* ------------------------------------------------------------------- numbers */

char *pod_words_ready(const Berth__ObjectRecord *record, json_t *document)
{
    const Berth__PodStatus *status = status_of(record);
    json_t *list = object_at(document, "spec", "initContainers", NULL), *init;
    size_t n = json_array_size(object_at(document, "spec", "containers", NULL)), i;
    size_t ready = 0;

    json_array_foreach(list, i, init) n +=
        strcmp(object_text(init, "restartPolicy", NULL), "Always") == 0;
    for (i = 0; i < status->n_containers; i++) {
        const Berth__ContainerStatus *c = status->containers[i];

        ready += c->ready && c->state == BERTH__CONTAINER_STATUS__STATE__RUNNING &&
                 (!c->is_init || is_sidecar(document, c->name));
    }
    return xasprintf("%zu/%zu", ready, n);
}

char *pod_words_restarts(const Berth__ObjectRecord *record, int64_t now)
{
    const Berth__PodStatus *status = status_of(record);
    unsigned int restarts = 0;
    int64_t last = 0;

    for (size_t i = 0; i < status->n_containers; i++) {
        const Berth__ContainerStatus *c = status->containers[i];

        restarts += c->restarts;
        if (c->last && c->last->end_usec > last)
            last = c->last->end_usec;
    }
    if (restarts && last) {
        cleanup(freep) char *age = age_format(now - last / 1000000);

        return xasprintf("%u (%s ago)", restarts, age);
    }
    return xasprintf("%u", restarts);
}
