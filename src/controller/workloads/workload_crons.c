/* SPDX-License-Identifier: Apache-2.0
 *
 * workload_crons.c - carry out the plans of CronJobs
 */
#include "controller/workloads/workloads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strv.h"
#include "controller/workloads/workload_pods.h"
#include "controller/workloads/workload_status.h"
#include "state/job.h"
#include "wire/pack.h"
#include "workload/cron_plan.h"

#define ZONES "/usr/share/zoneinfo"
#define LOCAL_ZONE "/etc/localtime"
#define SCHEDULED_AT "batch.kubernetes.io/cronjob-scheduled-timestamp"

static const struct mf_cron_spec *spec_of(struct ctl_object *cron)
{
    const struct mf_object *read = objects_read(cron);

    return read ? ((const struct mf_cron_job *)read->object)->spec : NULL;
}

/* ------------------------------------------------------------------ zones */

/* NULL: the zone of this machine, UTC when that says none. */
static int zone_load(const char *name, struct zone *ret, struct err *err)
{
    cleanup(freep) char *path =
        name ? xasprintf(ZONES "/%s", name) : xstrdup(LOCAL_ZONE);
    cleanup(freep) char *bytes = NULL;
    size_t len;
    int rc;

    *ret = (struct zone){.n = 0};
    if (name && !zone_name_is_good(name))
        return err_set(err, EINVAL, "spec.timeZone: '%.64s' is no name of a zone",
                       name);
    rc = io_read_file(path, ZONE_FILE_MAX, &bytes, &len, err);
    if (rc == -ENOENT && (!name || strcmp(name, "UTC") == 0))
        return 0;
    if (rc)
        return err_set(err, EINVAL, "spec.timeZone: the controller has no %.128s",
                       path);
    rc = zone_parse(bytes, len, ret, err);
    return rc ? err_wrap(err, "spec.timeZone: %.64s", path) : 0;
}

static int admit(struct controller *ctl, struct ctl_object *cron,
                 const struct ctl_object *old, char **warning, struct err *err)
{
    const struct mf_cron_spec *spec = spec_of(cron);
    struct zone zone;
    int rc;

    (void)ctl;
    (void)old;
    (void)warning;
    if (!spec)
        return err_set(err, EINVAL, "%s cannot be read", cron->path);
    rc = zone_load(spec->time_zone, &zone, err);
    if (rc == 0)
        zone_fini(&zone);
    return rc ? err_wrap(err, "cronjob %s", cron->record->name) : 0;
}

/* ------------------------------------------------------------------ its Jobs */

struct children {
    struct cron_job_child *jobs;
    struct ctl_object **objects;
    size_t n;
};

static void children_fini(struct children *children)
{
    free(children->jobs);
    free(children->objects);
}

static struct cron_job_child child_of(const struct ctl_object *job)
{
    const Berth__WorkloadStatus *status = job->record->workload;
    enum job_outcome outcome = WORK_RUNS;

    if (status)
        (void)job_outcome_parse(status->condition, &outcome);
    return (struct cron_job_child){
        .is_over = outcome == WORK_COMPLETE || outcome == WORK_FAILED,
        .has_failed = outcome == WORK_FAILED,
        .is_ending = job->record->deleted_at != 0,
        .made_at = job->record->created_at,
        .end_time = status ? status->end_time : 0,
    };
}

static struct children read_children(const struct ctl_object *cron)
{
    struct children all = {.n = 0};
    struct ctl_object *made;

    all.jobs = xcalloc(cron->n_made + 1, sizeof(*all.jobs));
    all.objects = xcalloc(cron->n_made + 1, sizeof(struct ctl_object *));
    DL_FOREACH(cron->made, made)
    {
        if (strcmp(made->record->kind, "Job") != 0)
            continue;
        all.jobs[all.n] = child_of(made);
        all.objects[all.n++] = made;
    }
    return all;
}

/* "2026-11-26T08:00:00+01:00" */
static void format_time(int64_t utc, const struct zone *zone, char *text, size_t size)
{
    int64_t ahead = zone_offset(utc, zone);
    time_t local = (time_t)(utc + ahead);
    long minutes = labs((long)ahead) / 60;
    struct tm tm;
    size_t n;

    gmtime_r(&local, &tm);
    n = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &tm);
    if (ahead)
        snprintf(text + n, size - n, "%c%02ld:%02ld", ahead < 0 ? '-' : '+',
                 minutes / 60, minutes % 60);
    else
        snprintf(text + n, size - n, "Z");
}

/* Jobs of two times may run beside each other: their pods are two gangs. */
static void name_gang_apart(struct made_text *text, struct node *annotations,
                            const char *job)
{
    const struct node *gang = node_get(annotations, "berth/gang");
    cleanup(freep) char *own =
        gang && gang->text ? xasprintf("%s.%s", gang->text, job) : NULL;

    if (own)
        made_text_set(text, annotations, "berth/gang", own);
}

static char *job_text(struct ctl_object *cron, const char *name, int64_t time,
                      const struct zone *zone, size_t *ret_len)
{
    const struct mf_object *read = objects_read(cron);
    const struct node *template = node_get(node_get(read->root, "spec"), "jobTemplate");
    char when[64];
    struct made_text text;
    struct node *pods;

    format_time(time, zone, when, sizeof(when));
    made_text_init(&text, "batch/v1", "Job", name, node_get(template, "metadata"),
                   node_get(template, "spec"));
    made_text_set(&text, text.annotations, SCHEDULED_AT, when);
    made_text_inherit(&text, node_get(read->root, "metadata"));
    name_gang_apart(&text, text.annotations, name);
    pods =
        node_get(node_get(node_get(text.spec, "template"), "metadata"), "annotations");
    name_gang_apart(&text, pods, name);
    return made_text_print(&text, ret_len);
}

static bool is_its_own(const struct controller *ctl, const struct ctl_object *cron,
                       const char *name)
{
    const struct ctl_object *job = objects_find(ctl, cron->space, "Job", name);

    return job && strcmp(job->record->made_by_uid, cron->record->uid) == 0;
}

/* The time of it counts as past, in the batch of the Job: a controller that is killed
 * has both or neither. One that is there already is this one. False: it was refused. */
static bool start_job(struct controller *ctl, struct workload *w,
                      struct ctl_object *cron, const struct zone *zone, int64_t time)
{
    cleanup(freep) char *name = cron_job_name(cron->record->name, time);
    struct ctl_object *job = NULL;
    size_t len;
    char *text = job_text(cron, name, time, zone, &len);
    int rc = workload_make(ctl, w, cron, text, len, &job);

    if (rc == 0)
        objects_event(ctl, cron, false, "SuccessfulCreate", "job %s", name);
    else if (rc == -EEXIST && !is_its_own(ctl, cron, name))
        objects_event(ctl, cron, true, "FailedCreate",
                      "there is a job %s that is none of its own", name);
    return rc == 0 || rc == -EEXIST;
}

/* ------------------------------------------------------------------ carrying out */

static void tell_omission(struct controller *ctl, const struct ctl_object *cron,
                          const struct cron_plan *plan, const struct zone *zone)
{
    char when[64];

    format_time(plan->due, zone, when, sizeof(when));
    switch (plan->omission) {
    case CRON_TOO_LATE:
        objects_event(ctl, cron, true, "MissSchedule",
                      "%s was missed by more than startingDeadlineSeconds", when);
        break;
    case CRON_IS_RUNNING:
        objects_event(ctl, cron, false, "JobAlreadyActive",
                      "%s waits: the last Job runs, and concurrencyPolicy is Forbid",
                      when);
        break;
    case CRON_STARTS:
        if (plan->missed > CRON_MISSED_MAX)
            objects_event(ctl, cron, true, "TooManyMissedTimes",
                          "more than %d times were missed; only %s is made up for",
                          CRON_MISSED_MAX, when);
        break;
    case CRON_SUSPENDED:
        break;
    }
}

/* Those that are neither over nor on their way out, by name. */
static void list_running(const struct ctl_object *cron, Berth__WorkloadStatus *status)
{
    struct children all = read_children(cron);

    for (size_t i = 0; i < status->n_running; i++)
        free(status->running[i]);
    free(status->running);
    status->running = xcalloc(all.n + 1, sizeof(*status->running));
    status->n_running = 0;
    for (size_t i = 0; i < all.n; i++)
        if (!all.jobs[i].is_over && !all.jobs[i].is_ending)
            status->running[status->n_running++] =
                xstrdup(all.objects[i]->record->name);
    status->active = (uint32_t)status->n_running;
    children_fini(&all);
}

static void save(struct controller *ctl, struct ctl_object *cron,
                 const struct cron_progress *progress)
{
    Berth__WorkloadStatus *status = cron->record->workload;
    uint8_t before[32], after[32];

    digest_message(&status->base, before);
    status->last_schedule = progress->last_schedule;
    status->last_success = progress->last_success;
    list_running(cron, status);
    digest_message(&status->base, after);
    if (memcmp(before, after, sizeof(after)) != 0)
        objects_changed(ctl, cron);
}

static void delete_jobs(struct controller *ctl, struct ctl_object *cron,
                        const struct children *all, const struct job_places *places,
                        const char *reason)
{
    cleanup(strv_freep) char **uids = NULL;

    for (size_t i = 0; i < places->n; i++)
        strv_add(&uids, all->objects[places->items[i]]->record->uid);
    strv_foreach (uid, uids) {
        struct ctl_object *job = objects_by_uid(ctl, *uid);

        if (!job)
            continue;
        objects_event(ctl, cron, false, reason, "job %s", job->record->name);
        objects_delete(ctl, job, -1, false);
    }
}

/* False: what is due could not be made, and is due still. */
static bool carry_out(struct controller *ctl, struct workload *w,
                      struct ctl_object *cron, const struct children *all,
                      const struct cron_plan *plan, const struct zone *zone)
{
    bool is_made = true;

    if (plan->due)
        tell_omission(ctl, cron, plan, zone);
    if (plan->start)
        is_made = workload_may_make(w) && start_job(ctl, w, cron, zone, plan->start);
    if (is_made)
        delete_jobs(ctl, cron, all, &plan->ends, "Replaced");
    delete_jobs(ctl, cron, all, &plan->passed, "SuccessfulDelete");
    workload_wait(ctl, w, plan->again);
    return is_made;
}

void workload_plan_cron(struct controller *ctl, struct workload *w,
                        struct ctl_object *cron)
{
    const struct mf_cron_spec *spec = spec_of(cron);
    struct cron_progress progress = {.made_at = cron->record->created_at};
    struct children all;
    struct cron_plan plan;
    struct cron_spec when;
    struct zone zone;
    struct err err;

    if (!spec)
        return;
    w->again = 0;
    if (cron_spec_parse(spec->schedule, &when, &err) ||
        zone_load(spec->time_zone, &zone, &err)) {
        objects_event(ctl, cron, true, "UnknownTimeZone", "%s", err.text);
        return;
    }
    if (!cron->record->workload)
        cron->record->workload = workload_status_new();
    progress.last_schedule = cron->record->workload->last_schedule;
    progress.last_success = cron->record->workload->last_success;
    all = read_children(cron);
    cron_plan_make(spec, &when, &zone, &progress, all.jobs, all.n, controller_now(),
                   &plan);
    if (!carry_out(ctl, w, cron, &all, &plan, &zone))
        progress.last_schedule = cron->record->workload->last_schedule;
    save(ctl, cron, &progress);
    cron_plan_fini(&plan);
    children_fini(&all);
    zone_fini(&zone);
}

/* ------------------------------------------------------------------ life */

static void touch(struct controller *ctl, struct ctl_object *cron)
{
    workload_touch(ctl, cron);
}

static void on_removed(struct controller *ctl, struct ctl_object *cron)
{
    workload_forget(ctl, cron);
}

const struct object_kind workload_cron_kind = {
    .kind = "CronJob",
    .admit = admit,
    .on_created = touch,
    .on_changed = touch,
    .on_removed = on_removed,
    .on_recovered = touch,
};
