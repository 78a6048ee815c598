/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_status.c - put together a pod's status
 */
#include "controller/pods/pod_status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/pack.h"

#define EXIT_UNKNOWN 137
#define BYTES_EACH 16384 /* of a status, and of each container in it */

bool pod_status_is_final(const Berth__PodStatus *status)
{
    return status && (strcmp(status->phase, "Succeeded") == 0 ||
                      strcmp(status->phase, "Failed") == 0);
}

Berth__PodStatus *pod_status_new(void)
{
    Berth__PodStatus *status = xmalloc(sizeof(*status));

    berth__pod_status__init(status);
    field_set(&status->phase, "Pending");
    return status;
}

static bool is_same(const Berth__PodStatus *a, const Berth__PodStatus *b)
{
    uint8_t one[32], other[32];

    digest_message(&a->base, one);
    digest_message(&b->base, other);
    return memcmp(one, other, sizeof(one)) == 0;
}

static bool is_phase(const char *phase)
{
    static const char *const phases[] = {"Pending", "Running", "Succeeded", "Failed",
                                         "Unknown"};

    for (size_t i = 0; i < ARRAY_SIZE(phases); i++)
        if (strcmp(phase, phases[i]) == 0)
            return true;
    return false;
}

int pod_status_check(const Berth__PodStatus *told, struct err *err)
{
    size_t bytes = berth__pod_status__get_packed_size(told);

    if (!is_phase(told->phase))
        return err_set(err, EINVAL, "its phase is none that a pod has");
    if (told->n_containers > POD_CONTAINERS_MAX)
        return err_set(err, E2BIG, "it tells of %zu containers, more than %d",
                       told->n_containers, POD_CONTAINERS_MAX);
    if (bytes > BYTES_EACH * (1 + told->n_containers))
        return err_set(err, E2BIG, "it has %zu bytes, more than %zu", bytes,
                       BYTES_EACH * (1 + told->n_containers));
    return 0;
}

bool pod_status_told(Berth__PodStatus **slot, const Berth__PodStatus *told)
{
    Berth__PodStatus *was = *slot, *now;

    if (pod_status_check(told, NULL))
        return false;
    now = copy_message(&told->base);
    if (was) {
        now->scheduled_usec = was->scheduled_usec;
        if (!*now->node || *was->node)
            field_set(&now->node, was->node);
        if (!*now->host_ip || *was->host_ip)
            field_set(&now->host_ip, was->host_ip);
        if (pod_status_is_final(was) && !pod_status_is_final(now))
            field_set(&now->phase, was->phase);
    }
    if (was && is_same(was, now)) {
        free_message(now);
        return false;
    }
    free_message(was);
    *slot = now;
    return true;
}

/* ------------------------------------------------------------------ ends */

/* Nobody has told how they ended. */
static void close_containers(Berth__PodStatus *status, int64_t now_usec)
{
    for (size_t i = 0; i < status->n_containers; i++) {
        Berth__ContainerStatus *c = status->containers[i];

        c->ready = c->started = false;
        if (c->state != BERTH__CONTAINER_STATUS__STATE__RUNNING)
            continue;
        c->state = BERTH__CONTAINER_STATUS__STATE__TERMINATED;
        free_message(c->end);
        c->end = xmalloc(sizeof(*c->end));
        berth__container_end__init(c->end);
        c->end->start_usec = c->start_usec;
        c->end->end_usec = now_usec;
        c->end->exit_code = EXIT_UNKNOWN;
        field_set(&c->end->reason, "ContainerStatusUnknown");
    }
    if (status->ready)
        status->ready_usec = status->containers_ready_usec = now_usec;
    status->ready = false;
}

struct ending {
    const char *phase, *reason; /* reason NULL: what the lead said */
    const char *disruption;     /* unless the lead has said one; NULL: none */
};

static struct ending ending_of(enum job_state state)
{
    switch (state) {
    case JOB_COMPLETED:
        return (struct ending){"Succeeded", NULL, NULL};
    case JOB_CANCELLED:
        return (struct ending){"Failed", "Cancelled", NULL};
    case JOB_TIMEOUT:
        return (struct ending){"Failed", "DeadlineExceeded", NULL};
    case JOB_NODE_FAIL:
        return (struct ending){"Failed", "NodeLost", "DeletionByTaintManager"};
    case JOB_PREEMPTED:
        return (struct ending){"Failed", "Preempted", "PreemptionByScheduler"};
    case JOB_OUT_OF_MEMORY:
        return (struct ending){"Failed", "OOMKilled", NULL};
    case JOB_FAILED:
    case JOB_PENDING:
    case JOB_STARTING:
    case JOB_RUNNING:
    case JOB_COMPLETING:
    case JOB_SUSPENDED:
    case JOB_SPREAD:
        break;
    }
    return (struct ending){"Failed", NULL, NULL};
}

static void end(Berth__PodStatus *status, const struct job *job, bool deleted,
                int64_t now_usec)
{
    struct ending ending = ending_of(job_state_of(job));

    close_containers(status, now_usec);
    /* A helper that was ended with its job has done what it was there for. */
    if (job->spec && job->spec->pod && job->spec->pod->helps &&
        job_state_of(job) == JOB_COMPLETED) {
        field_set(&status->phase, ending.phase);
        field_set(&status->reason, "");
        return;
    }
    if (ending.disruption && !*status->disruption && !deleted)
        field_set(&status->disruption, ending.disruption);
    if (pod_status_is_final(status) &&
        (deleted || job_state_of(job) != JOB_CANCELLED)) {
        if (ending.reason && !*status->reason && !deleted)
            field_set(&status->reason, ending.reason);
        return;
    }
    field_set(&status->phase, ending.phase);
    if (ending.reason)
        field_set(&status->reason, deleted ? "Deleted" : ending.reason);
    if (*job->record->state_words && !*status->words)
        field_set(&status->words, job->record->state_words);
}

/* ------------------------------------------------------------------ the way there */

/* It waits, perhaps again: what was of the last run is past. */
static void wait_again(Berth__PodStatus **slot)
{
    free_message(*slot);
    *slot = pod_status_new();
}

static void place(Berth__PodStatus *status, const struct job *job, int64_t now_usec)
{
    const Berth__NodeShare *lead = job_lead(job);

    status->scheduled_usec = now_usec;
    field_set(&status->reason, "");
    field_set(&status->words, "");
    field_set(&status->disruption, "");
    if (!lead)
        return;
    field_set(&status->node, lead->node);
    field_set(&status->host_ip, lead->address);
}

void pod_status_of_job(Berth__PodStatus **slot, const struct job *job,
                       const Berth__JobEnded *ended, bool deleted, int64_t now_usec)
{
    enum job_state state = job_state_of(job);

    if (!*slot || state == JOB_PENDING)
        wait_again(slot);
    if (state == JOB_STARTING)
        place(*slot, job, now_usec);
    /* How it ended is past when it waits again. */
    if (ended && ended->pod && state != JOB_PENDING)
        (void)pod_status_told(slot, ended->pod);
    if (job_state_is_final(state))
        end(*slot, job, deleted, now_usec);
}
