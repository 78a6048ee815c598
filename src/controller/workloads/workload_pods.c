/* SPDX-License-Identifier: Apache-2.0
 *
 * workload_pods.c - pods of Jobs, as plans see them
 */
#include "controller/workloads/workload_pods.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"

#define CONDITIONS 5
#define USEC INT64_C(1000000)

static enum job_pod_phase phase_of(const Berth__PodStatus *status)
{
    if (!status)
        return JOB_POD_PENDING;
    if (strcmp(status->phase, "Succeeded") == 0)
        return JOB_POD_SUCCEEDED;
    if (strcmp(status->phase, "Failed") == 0)
        return JOB_POD_FAILED;
    return strcmp(status->phase, "Running") == 0 ? JOB_POD_RUNS : JOB_POD_PENDING;
}

/* Init containers behind the others, as rules look at them. */
static void read_exits(const Berth__PodStatus *status, struct job_pod *pod)
{
    struct job_exit *exits = xcalloc(status->n_containers + 1, sizeof(*exits));

    for (int is_init = 0; is_init < 2; is_init++)
        for (size_t i = 0; i < status->n_containers; i++) {
            const Berth__ContainerStatus *c = status->containers[i];
            int64_t at = c->end ? c->end->end_usec / USEC : 0;

            if (c->is_init != is_init)
                continue;
            pod->restarts += c->restarts;
            if (c->state != BERTH__CONTAINER_STATUS__STATE__TERMINATED || !c->end)
                continue;
            exits[pod->n_exits++] = (struct job_exit){
                .container = c->name,
                .code =
                    c->end->exit_signal ? 128 + c->end->exit_signal : c->end->exit_code,
            };
            if (at > pod->ended_at)
                pod->ended_at = at;
        }
    pod->exits = exits;
}

static struct mf_pod_condition condition(const char *type, bool is_true)
{
    union {
        const char *word;
        char *text;
    } name = {type}, value = {is_true ? "True" : "False"};

    return (struct mf_pod_condition){name.text, value.text};
}

static void read_conditions(const Berth__PodStatus *status, struct job_pod *pod)
{
    struct mf_pod_condition *all = xcalloc(CONDITIONS, sizeof(*all));
    size_t n = 0;

    all[n++] = condition("PodScheduled", status->scheduled_usec != 0);
    all[n++] = condition("Initialized", status->initialized);
    all[n++] = condition("ContainersReady", status->ready);
    all[n++] = condition("Ready", status->ready);
    if (*status->disruption)
        all[n++] = condition("DisruptionTarget", true);
    pod->conditions = all;
    pod->n_conditions = n;
}

void workload_pod_read(const struct ctl_object *object, struct job_pod *ret)
{
    const Berth__ObjectRecord *record = object->record;
    const Berth__PodStatus *status = record->pod;

    *ret = (struct job_pod){
        .name = record->name,
        .index = record->index ? (int64_t)record->index - 1 : JOB_NO_INDEX,
        .phase = phase_of(status),
        .is_ready = status && status->ready,
        .is_ending = record->deleted_at != 0,
        .is_counted = record->counted,
        .made_at = record->created_at,
    };
    if (!status)
        return;
    read_exits(status, ret);
    read_conditions(status, ret);
}

static void free_const(const void *p)
{
    union {
        const void *kept;
        void *freed;
    } it = {p};

    free(it.freed);
}

void workload_pod_fini(struct job_pod *pod)
{
    free_const(pod->exits);
    free_const(pod->conditions);
}

void workload_pods_read(const struct ctl_object *job, struct workload_pods *ret)
{
    struct ctl_object *made;

    *ret = (struct workload_pods){.n = 0};
    ret->pods = xcalloc(job->n_made + 1, sizeof(*ret->pods));
    ret->objects = xcalloc(job->n_made + 1, sizeof(struct ctl_object *));
    DL_FOREACH(job->made, made)
    {
        if (strcmp(made->record->kind, "Pod") != 0)
            continue;
        workload_pod_read(made, &ret->pods[ret->n]);
        ret->objects[ret->n++] = made;
    }
}

void workload_pods_fini(struct workload_pods *pods)
{
    for (size_t i = 0; i < pods->n; i++)
        workload_pod_fini(&pods->pods[i]);
    free(pods->pods);
    free(pods->objects);
}
