/* SPDX-License-Identifier: Apache-2.0
 *
 * pods.c - make jobs of pods, and statuses of what becomes of them
 */
#include "controller/pods/pods.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strv.h"
#include "controller/pods/claims.h"
#include "controller/dispatch.h"
#include "controller/fair_bound.h"
#include "controller/pods/gang_hosts.h"
#include "controller/handlers.h"
#include "controller/pods/helpers.h"
#include "controller/jobs.h"
#include "controller/nodes.h"
#include "controller/objects/object_events.h"
#include "controller/objects/object_make.h"
#include "controller/pods/pod_admit.h"
#include "controller/pods/pod_data.h"
#include "controller/pods/pod_place.h"
#include "controller/pods/pod_status.h"
#include "controller/submit.h"
#include "wire/pack.h"

#define DOUBT_EVERY 60             /* seconds between two lines of the log */
#define EVENTS_MAX 256             /* of one message */
#define EVENT_BYTES_MAX (1u << 20) /* of one message */
#define ENDED_SHARES 10            /* of all users together, in bounds of one */

const char *pods_wait(const struct ctl_job *cj)
{
    return cj->pod ? cj->pod->waits_for : NULL;
}

/* Another status, or who made it hears of it. */
static void status_changed(struct controller *ctl, struct ctl_object *pod)
{
    struct ctl_object *maker = objects_maker(ctl, pod);

    gang_hosts_note(ctl, pod);
    objects_changed(ctl, pod);
    if (maker && maker->kind->on_pod)
        maker->kind->on_pod(ctl, maker, pod, false);
    helpers_pod_changed(ctl, pod);
}

/* ------------------------------------------------------------------ making */

/* The queue judges options; who wrote a manifest knows fields. */
static void name_field(struct err *err)
{
    static const char *const fields[][2] = {
        {"--nodelist", "spec.nodeName"},
        {"--cpus-per-task", "spec.containers: cpu"},
        {"--mem", "spec.containers: memory"},
        {"--gres", "spec.containers: resources"},
        {"--partition", "metadata.annotations[berth/partition]"},
        {"--account", "metadata.annotations[berth/account]"},
        {"--reservation", "metadata.annotations[berth/reservation]"},
        {"--qos", "spec.priorityClassName or metadata.annotations[berth/qos]"},
    };
    cleanup(freep) char *text = xstrdup(err->text);
    size_t len = strcspn(text, "=");

    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        if (text[len] == '=' && strlen(fields[i][0]) == len &&
            strncmp(text, fields[i][0], len) == 0)
            (void)err_set(err, err->code, "%s: %s", fields[i][1], text + len + 1);
}

int pods_judge(struct controller *ctl, Berth__JobSpec *draft, char **warning,
               struct err *err)
{
    int rc = submit_judge(ctl, draft, warning, err);

    if (rc)
        name_field(err);
    return rc;
}

static int make_draft(struct controller *ctl, struct ctl_object *object,
                      const struct pod_help *help, char **warning, struct err *err)
{
    const struct mf_object *read = objects_read(object);
    int rc;

    if (!read)
        return err_set(err, EINVAL, "%s cannot be read", object->path);
    rc = pod_admit(ctl, object->record, read->object, help, &object->draft, warning,
                   err);
    if (rc == 0)
        rc = pods_judge(ctl, object->draft, warning, err);
    return rc;
}

static int admit(struct controller *ctl, struct ctl_object *object,
                 const struct ctl_object *old, char **warning, struct err *err)
{
    int rc;

    if (old)
        return 0;
    rc = make_draft(ctl, object, NULL, warning, err);
    if (rc == 0)
        object->record->pod = pod_status_new();
    return rc ? err_wrap(err, "pod %s", object->record->name) : 0;
}

int pods_admit_helper(struct controller *ctl, struct ctl_object *object,
                      const Berth__JobSpec *job, uint32_t id, const char *name,
                      char **warning, struct err *err)
{
    const struct pod_help help = {.job = job, .id = id, .name = name};
    int rc = make_draft(ctl, object, &help, warning, err);

    if (rc == 0)
        object->record->pod = pod_status_new();
    return rc;
}

static void on_created(struct controller *ctl, struct ctl_object *object)
{
    struct ctl_job *cj;

    pod_data_settle(ctl, object);
    cj = submit_enter(ctl, take(object->draft), object);
    object->record->job_id = cj->id;
    objects_forget_read(object);
}

/* Others may choose it, or keep away from it, by its labels. */
static bool take_labels(struct ctl_object *object, Berth__PodWish *wish)
{
    const struct mf_object *read = objects_read(object);

    return wish->place && read && pod_place_relabel(wish->place, read->object);
}

static void change_waiting(struct controller *ctl, struct ctl_object *object,
                           bool is_relabelled)
{
    struct ctl_job *cj = object->job;
    Berth__PodWish *wish = cj->job.spec->pod;

    /* What is asked of a pod that waits is what its job will be launched with. */
    free(wish->manifest.data);
    wish->manifest.data =
        xmemdup(object->record->manifest.data, object->record->manifest.len);
    wish->manifest.len = object->record->manifest.len;
    jobs_save_spec(ctl, cj);
    if (is_relabelled)
        jobs_enqueue_again(ctl, cj);
}

static void on_changed(struct controller *ctl, struct ctl_object *object)
{
    struct ctl_job *cj = object->job;
    Berth__PodWish *wish = cj ? cj->job.spec->pod : NULL;
    bool is_relabelled;

    pod_data_forget_needs(object);
    if (!wish || job_state_is_final(job_state_of(&cj->job)))
        return;
    is_relabelled = take_labels(object, wish);
    if (job_state_of(&cj->job) == JOB_PENDING) {
        change_waiting(ctl, object, is_relabelled);
    } else {
        if (is_relabelled)
            jobs_reclass(ctl, cj);
        pod_data_renewed(ctl, object);
    }
    if (object->job)
        pod_data_recheck(ctl, object);
}

/* ------------------------------------------------------------------ the end */

static void end_job(struct controller *ctl, struct ctl_object *object, int64_t grace)
{
    struct ctl_job *cj = object->job;
    const Berth__PodWish *wish = cj->job.spec->pod;
    struct job_change change = {.by_uid = object->record->owner_uid,
                                .words = "its pod was deleted"};
    bool is_active = job_state_is_active(job_state_of(&cj->job));
    struct err err;

    if (grace < 0 && wish && wish->grace)
        grace = (int64_t)wish->grace - 1;
    if (grace < 0)
        grace = ctl->config->node.kill_grace;
    if (grace > ctl->config->pods.grace_max)
        grace = ctl->config->pods.grace_max;
    if (is_active)
        dispatch_end_committed(ctl, cj, grace, "deleted");
    /* The object may be gone with it. */
    if (job_state_of(&cj->job) != JOB_COMPLETING &&
        jobs_apply(ctl, cj, EV_CANCEL, controller_now(), &change, &err))
        log_error("job %" PRIu32 ": %s", cj->id, err.text);
}

static void on_deleting(struct controller *ctl, struct ctl_object *object,
                        int64_t grace)
{
    if (!object->job || job_state_is_final(job_state_of(&object->job->job))) {
        objects_remove(ctl, object);
        return;
    }
    objects_event(ctl, object, false, "Killing", "its containers are stopped");
    end_job(ctl, object, grace);
}

static void on_removed(struct controller *ctl, struct ctl_object *object)
{
    (void)ctl;
    if (object->job)
        object->job->pod = NULL;
    object->job = NULL;
}

/* ------------------------------------------------------------------ its job */

static void tell_event(struct controller *ctl, struct ctl_object *pod,
                       const struct ctl_job *cj)
{
    enum job_state state = job_state_of(&cj->job);
    const Berth__JobRecord *record = cj->job.record;

    if (state == JOB_STARTING)
        objects_event(ctl, pod, false, "Scheduled", "job %" PRIu32 " goes to node %s",
                      cj->id, pod->record->pod->node);
    else if (state == JOB_PENDING)
        objects_event(ctl, pod, true, "Requeued", "job %" PRIu32 " waits again%s%s",
                      cj->id, *record->state_words ? ": " : "", record->state_words);
    else if (job_state_is_final(state) && state != JOB_COMPLETED &&
             !pod->record->deleted_at)
        objects_event(ctl, pod, true,
                      *pod->record->pod->reason ? pod->record->pod->reason : "Failed",
                      "job %" PRIu32 " is %s%s%s", cj->id, job_state_name(state),
                      *record->state_words ? ": " : "", record->state_words);
}

/* A status that cannot be one is dropped, and its owner is told: the event is counted
 * up, where the log has a line a minute for all pods. */
static void doubt(struct controller *ctl, struct ctl_object *pod,
                  const Berth__PodStatus *told)
{
    int64_t now = controller_now();
    struct err err;

    if (!told || pod_status_check(told, &err) == 0)
        return;
    objects_event(ctl, pod, true, "StatusRefused", "what its node tells of it: %s",
                  err.text);
    ctl->n_doubts++;
    if (ctl->doubted_at && now < ctl->doubted_at + DOUBT_EVERY)
        return;
    log_warn("job %" PRIu32 ": status of pod %s is dropped: %s (%" PRIu32
             " since the last such line)",
             pod->job->id, pod->path, err.text, ctl->n_doubts);
    ctl->doubted_at = now;
    ctl->n_doubts = 0;
}

void pods_job_changed(struct controller *ctl, struct ctl_job *cj,
                      const Berth__JobEnded *ended)
{
    struct ctl_object *pod = cj->pod;
    enum job_state state = job_state_of(&cj->job);
    Berth__ObjectRecord *record = pod->record;

    if (record->pod_epoch != cj->job.record->epoch) {
        record->pod_epoch = cj->job.record->epoch;
        record->pod_seq = 0;
    }
    /* It may have become ready as it was stopped. */
    if (state == JOB_RUNNING)
        helpers_pod_changed(ctl, pod);
    if (state == JOB_RUNNING || state == JOB_COMPLETING || state == JOB_SUSPENDED)
        return;
    doubt(ctl, pod, ended ? ended->pod : NULL);
    pod_status_of_job(&record->pod, &cj->job, ended, record->deleted_at != 0,
                      clock_epoch_usec());
    if (state == JOB_STARTING)
        pod_data_enter(ctl, pod);
    else
        pod_data_leave(ctl, pod);
    tell_event(ctl, pod, cj);
    status_changed(ctl, pod);
    /* Its maker may have had it removed. */
    if (cj->pod == pod && job_state_is_final(state) && record->deleted_at)
        objects_remove(ctl, pod);
}

void pods_job_forgotten(struct ctl_job *cj)
{
    if (cj->pod)
        cj->pod->job = NULL;
    cj->pod = NULL;
}

/* ------------------------------------------------------------------ its lead */

static void take_change(struct conn *conn, const Berth__PodChanged *changed)
{
    struct controller *ctl = conn->ctl;
    struct ctl_job *cj = jobs_find(ctl, changed->job_id);
    const Berth__NodeShare *lead = cj ? job_lead(&cj->job) : NULL;
    struct ctl_object *pod = cj ? cj->pod : NULL;

    if (!pod || !lead || cj->job.record->epoch != changed->epoch ||
        strcmp(lead->node, conn->node->config->name) != 0 ||
        !job_state_is_active(job_state_of(&cj->job)) ||
        changed->seq <= pod->record->pod_seq)
        return;
    pod->record->pod_seq = changed->seq;
    for (size_t i = 0; i < changed->n_events && i < EVENTS_MAX; i++)
        object_events_tell(ctl, pod, changed->events[i]);
    doubt(ctl, pod, changed->status);
    if (changed->status && pod_status_told(&pod->record->pod, changed->status))
        status_changed(ctl, pod);
    else
        objects_changed(ctl, pod);
}

/* The status has a bound of its own (pod_status_told). */
static size_t event_bytes(const Berth__PodChanged *changed)
{
    size_t bytes = 0;

    for (size_t i = 0; i < changed->n_events; i++)
        bytes += berth__object_event__get_packed_size(changed->events[i]);
    return bytes;
}

void handle_pod_changed(struct conn *conn, const Berth__Envelope *env)
{
    conn->node->last_seen = controller_now();
    /* It is kept, and its lead is the user's process. */
    if (event_bytes(env->pod_changed) > EVENT_BYTES_MAX) {
        struct err err;

        (void)err_set(&err, E2BIG, "the events that are told of the pod are too long");
        conn_reply_err(conn, env->id, &err);
        return;
    }
    take_change(conn, env->pod_changed);
    conn_ok_committed(conn, env->id);
}

/* ------------------------------------------------------------------ life */

void pods_attach(struct controller *ctl)
{
    claims_attach(ctl);
    for (size_t i = 0; i < ctl->n_objects; i++) {
        struct ctl_object *object = ctl->objects[i];

        if (object->kind != &pods_kind)
            continue;
        object->job = jobs_find(ctl, object->record->job_id);
        if (!object->job)
            continue;
        object->job->pod = object;
        if (job_state_is_active(job_state_of(&object->job->job)))
            pod_data_enter(ctl, object);
    }
    /* Those that wait, when all that is used is known. */
    for (size_t i = 0; i < ctl->n_objects; i++)
        if (ctl->objects[i]->kind == &pods_kind && ctl->objects[i]->job &&
            job_state_of(&ctl->objects[i]->job->job) == JOB_PENDING)
            pod_data_settle(ctl, ctl->objects[i]);
}

/* Object and job are written in one batch; but a job may be purged, and what ended
 * during the recovery has told its pod. */
static void on_recovered(struct controller *ctl, struct ctl_object *object)
{
    Berth__ObjectRecord *record = object->record;

    bool is_over = !object->job || job_state_is_final(job_state_of(&object->job->job));

    if (is_over && record->deleted_at) {
        objects_remove(ctl, object);
        return;
    }
    if (object->job)
        pod_data_recheck(ctl, object);
    if (object->job || pod_status_is_final(record->pod))
        return;
    if (!record->pod)
        record->pod = pod_status_new();
    field_set(&record->pod->phase, "Failed");
    field_set(&record->pod->reason, "JobLost");
    status_changed(ctl, object);
}

static bool has_ended(const struct ctl_object *object)
{
    return object->kind == &pods_kind && pod_status_is_final(object->record->pod) &&
           (!object->job || job_state_is_final(job_state_of(&object->job->job)));
}

/* The oldest of each owner first. */
static int by_owner(const void *a, const void *b)
{
    const struct ctl_object *const *x = a, *const *y = b;
    const Berth__ObjectRecord *one = (*x)->record, *other = (*y)->record;

    if (one->owner_uid != other->owner_uid)
        return one->owner_uid < other->owner_uid ? -1 : 1;
    return (one->revision > other->revision) - (one->revision < other->revision);
}

static struct ctl_object **ended_pods(struct controller *ctl, size_t *ret_n)
{
    struct ctl_object **ended;
    size_t n = 0;

    for (size_t i = 0; i < ctl->n_objects; i++)
        n += has_ended(ctl->objects[i]);
    ended = xcalloc(n + 1, sizeof(struct ctl_object *));
    *ret_n = n;
    for (size_t i = ctl->n_objects; n > 0 && i > 0; i--)
        if (has_ended(ctl->objects[i - 1]))
            ended[--n] = ctl->objects[i - 1];
    qsort(ended, *ret_n, sizeof(struct ctl_object *), by_owner);
    return ended;
}

/* How many each owner has, in their order. */
static size_t count_owners(struct ctl_object *const *ended, size_t n, size_t *counts)
{
    size_t n_owners = 0;

    for (size_t i = 0; i < n; i++) {
        if (i == 0 || ended[i]->record->owner_uid != ended[i - 1]->record->owner_uid)
            counts[n_owners++] = 0;
        counts[n_owners - 1]++;
    }
    return n_owners;
}

/* One may take others along. */
static void forget_pods(struct controller *ctl, char *const *uids, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ctl_object *pod = objects_by_uid(ctl, uids[i]);

        if (pod)
            objects_delete(ctl, pod, 0, false);
    }
}

void pods_tick(struct controller *ctl)
{
    size_t n, n_owners, most, n_uids = 0, at = 0;
    cleanup(freep) struct ctl_object **ended = ended_pods(ctl, &n);
    cleanup(freep) size_t *counts = xcalloc(n + 1, sizeof(*counts));
    char **uids = xcalloc(n + 1, sizeof(char *));

    n_owners = count_owners(ended, n, counts);
    most = fair_bound(counts, n_owners, ctl->config->pods.ended_max,
                      (size_t)ctl->config->pods.ended_max * ENDED_SHARES);
    for (size_t k = 0; k < n_owners; at += counts[k++])
        for (size_t i = 0; i + most < counts[k]; i++)
            uids[n_uids++] = xstrdup(ended[at + i]->record->uid);
    forget_pods(ctl, uids, n_uids);
    strv_free(uids);
}

const struct object_kind pods_kind = {
    .kind = "Pod",
    .admit = admit,
    .on_created = on_created,
    .on_changed = on_changed,
    .on_deleting = on_deleting,
    .on_removed = on_removed,
    .on_recovered = on_recovered,
};
