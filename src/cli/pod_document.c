/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_document.c - the status of a pod as Kubernetes' API would show it
 */
#include "cli/pod_document.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/age.h"
#include "cli/document.h"
#include "cli/object_document.h"
#include "objects/demand.h"
#include "objects/manifest.h"

static void set_text(json_t *o, const char *key, const char *text)
{
    if (text[0])
        (void)json_object_set_new(o, key, document_text(text));
}

static void set_stamp(json_t *o, const char *key, int64_t usec)
{
    cleanup(freep) char *stamp = age_stamp_usec(usec);

    set_text(o, key, stamp);
}

/* ---------------------------------------------------------------- conditions */

static void add_condition(json_t *list, const char *type, bool is_true, int64_t usec,
                          const char *reason, const char *words)
{
    json_t *o =
        json_pack("{s:s, s:s}", "type", type, "status", is_true ? "True" : "False");

    set_stamp(o, "lastTransitionTime", usec);
    if (!is_true) {
        set_text(o, "reason", reason);
        set_text(o, "message", words);
    }
    (void)json_array_append_new(list, o);
}

/* True says why, other than the rest. */
static void add_disruption(json_t *list, const Berth__PodStatus *status)
{
    json_t *o = json_pack("{s:s, s:s}", "type", "DisruptionTarget", "status", "True");

    set_text(o, "reason", status->disruption);
    set_text(o, "message", status->words);
    (void)json_array_append_new(list, o);
}

static bool all_ready(const Berth__PodStatus *status)
{
    for (size_t i = 0; i < status->n_containers; i++)
        if (!status->containers[i]->is_init && !status->containers[i]->ready)
            return false;
    return status->n_containers > 0;
}

static json_t *conditions_of(const Berth__PodStatus *status)
{
    json_t *list = json_array();
    bool is_done = strcmp(status->phase, "Succeeded") == 0;
    const char *unready = is_done ? "PodCompleted" : "ContainersNotReady";

    if (!status->node[0]) {
        add_condition(list, "PodScheduled", false, 0, "Unschedulable", status->words);
        return list;
    }
    add_condition(list, "PodScheduled", true, status->scheduled_usec, "", "");
    add_condition(list, "Initialized", status->initialized, status->initialized_usec,
                  "ContainersNotInitialized", "");
    add_condition(list, "ContainersReady", all_ready(status),
                  status->containers_ready_usec, unready, "");
    add_condition(list, "Ready", status->ready, status->ready_usec, unready, "");
    if (*status->disruption)
        add_disruption(list, status);
    return list;
}

/* ---------------------------------------------------------------- containers */

static json_t *end_of(const Berth__ContainerEnd *end)
{
    json_t *o = json_pack("{s:i}", "exitCode", end->exit_code);

    if (end->exit_signal)
        (void)json_object_set_new(o, "signal", json_integer(end->exit_signal));
    set_text(o, "reason", end->reason);
    set_text(o, "message", end->words);
    set_stamp(o, "startedAt", end->start_usec);
    set_stamp(o, "finishedAt", end->end_usec);
    return json_pack("{s:o}", "terminated", o);
}

static json_t *state_of(const Berth__ContainerStatus *status)
{
    json_t *o = json_object();

    switch (status->state) {
    case BERTH__CONTAINER_STATUS__STATE__RUNNING:
        set_stamp(o, "startedAt", status->start_usec);
        return json_pack("{s:o}", "running", o);
    case BERTH__CONTAINER_STATUS__STATE__TERMINATED:
        json_decref(o);
        return status->end ? end_of(status->end)
                           : json_pack("{s:{s:i}}", "terminated", "exitCode", 0);
    case BERTH__CONTAINER_STATUS__STATE__WAITING:
    case _BERTH__CONTAINER_STATUS__STATE_IS_INT_SIZE:
        break;
    }
    set_text(o, "reason", status->reason);
    set_text(o, "message", status->words);
    return json_pack("{s:o}", "waiting", o);
}

/* The container 'name' of the pod's spec. */
static json_t *container_spec(json_t *document, const char *list, const char *name)
{
    json_t *containers = object_at(document, "spec", list, NULL), *container;
    size_t i;

    json_array_foreach(containers, i,
                       container) if (strcmp(object_text(container, "name", NULL),
                                             name) == 0) return container;
    return NULL;
}

static json_t *container_of(json_t *document, const Berth__ContainerStatus *status)
{
    const char *list = status->is_init ? "initContainers" : "containers";
    json_t *spec = container_spec(document, list, status->name);

    return json_pack("{s:o, s:o, s:o, s:b, s:b, s:i, s:o, s:o}", "name",
                     document_text(status->name), "state", state_of(status),
                     "lastState", status->last ? end_of(status->last) : json_object(),
                     "ready", status->ready, "started", status->started, "restartCount",
                     (int)status->restarts, "image",
                     document_text(object_text(spec, "image", NULL)), "imageID",
                     document_text(status->image_digest));
}

static void set_containers(json_t *o, const char *key, json_t *document,
                           const Berth__PodStatus *status, bool is_init)
{
    json_t *list = json_array();

    for (size_t i = 0; i < status->n_containers; i++)
        if (status->containers[i]->is_init == is_init)
            (void)json_array_append_new(list,
                                        container_of(document, status->containers[i]));
    if (json_array_size(list))
        (void)json_object_set(o, key, list);
    json_decref(list);
}

/* ------------------------------------------------------------------- the pod */

void pod_document_quality(json_t *status, const Berth__ObjectRecord *record)
{
    struct manifest_rules rules = {.name_space = NULL};
    struct manifest manifest;
    struct err err;
    const struct mf_pod *pod;

    if (!record->manifest.len ||
        manifest_read("pod", (const char *)record->manifest.data, record->manifest.len,
                      &rules, &manifest, &err) < 0)
        return;
    pod = manifest.n == 1 ? manifest.objects[0].object : NULL;
    if (pod && manifest.objects[0].kind->id == MF_POD)
        set_text(status, "qosClass", pod_quality_name(pod_quality(pod->spec)));
    manifest_fini(&manifest);
}

static void set_address(json_t *o, const char *key, const char *list, const char *ip)
{
    if (!ip[0])
        return;
    set_text(o, key, ip);
    (void)json_object_set_new(o, list, json_pack("[{s:o}]", "ip", document_text(ip)));
}

static void fill(json_t *document, json_t *o, const Berth__PodStatus *status)
{
    (void)json_object_set_new(
        o, "phase", document_text(status->phase[0] ? status->phase : "Pending"));
    set_text(o, "reason", status->reason);
    set_text(o, "message", status->words);
    (void)json_object_set_new(o, "conditions", conditions_of(status));
    set_address(o, "hostIP", "hostIPs", status->host_ip);
    set_address(o, "podIP", "podIPs", status->pod_ip);
    set_stamp(o, "startTime", status->start_usec);
    set_containers(o, "initContainerStatuses", document, status, true);
    set_containers(o, "containerStatuses", document, status, false);
}

void pod_document_fill(json_t *document, json_t *status,
                       const Berth__ObjectRecord *record)
{
    const Berth__PodStatus none = BERTH__POD_STATUS__INIT;
    const Berth__PodStatus *pod = record->pod ? record->pod : &none;
    json_t *spec = json_object_get(document, "spec");

    if (spec && pod->node[0])
        set_text(spec, "nodeName", pod->node);
    fill(document, status, pod);
    if (record->job_id)
        (void)json_object_set_new(status, "job", json_integer(record->job_id));
}
