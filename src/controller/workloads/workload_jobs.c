/* SPDX-License-Identifier: Apache-2.0
 *
 * workload_jobs.c - carry out the plans of Jobs
 */
#include "controller/workloads/workloads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "controller/objects/object_make.h"
#include "controller/pods/pod_admit.h"
#include "controller/pods/pods.h"
#include "controller/submit.h"
#include "controller/workloads/workload_pods.h"
#include "controller/workloads/workload_status.h"
#include "wire/pack.h"
#include "workload/job_counts.h"

#define NAME_TRIES 8

static const struct mf_job_spec *spec_of(struct ctl_object *job)
{
    const struct mf_object *read = objects_read(job);

    return read ? ((const struct mf_job *)read->object)->spec : NULL;
}

/* ------------------------------------------------------------------ admission */

/* A Job whose pods would all be refused is refused itself. */
static int judge_template(struct controller *ctl, struct ctl_object *job,
                          char **warning, struct err *err)
{
    const struct mf_job_spec *spec = spec_of(job);
    const struct job_start first = {
        .index = spec->completion == MF_COMPLETE_INDEXED ? 0 : JOB_NO_INDEX};
    const struct manifest_rules rules = {
        .name_space = *job->record->name_space ? job->record->name_space : NULL};
    cleanup(freep) char *name = workload_pod_name(job->record->name, first.index);
    cleanup(free_messagep) Berth__JobSpec *draft = NULL;
    cleanup(freep) char *text = NULL;
    struct manifest manifest;
    size_t len;
    int rc;

    text = workload_pod_text(job, &first, name, &len);
    rc = manifest_read("pod", text, len, &rules, &manifest, err);
    if (rc)
        return rc;
    if (manifest.n != 1 || !manifest.objects[0].object)
        rc = manifest.n ? object_tell_errors(&manifest.objects[0].report, "pod", err)
                        : err_set(err, EINVAL, "its template cannot be read");
    else
        rc = pod_admit(ctl, job->record, manifest.objects[0].object, NULL, &draft,
                       warning, err);
    if (rc == 0)
        rc = pods_judge(ctl, draft, warning, err);
    manifest_fini(&manifest);
    return rc ? err_wrap(err, "job %s: spec.template", job->record->name) : 0;
}

static int admit(struct controller *ctl, struct ctl_object *job,
                 const struct ctl_object *old, char **warning, struct err *err)
{
    if (!spec_of(job))
        return err_set(err, EINVAL, "%s cannot be read", job->path);
    /* What may change of it changes nothing of its pods (object_changes.h). */
    return old ? 0 : judge_template(ctl, job, warning, err);
}

/* ------------------------------------------------------------------ carrying out */

static void tell_outcome(struct controller *ctl, const struct ctl_object *job,
                         enum job_outcome before, const struct job_progress *progress)
{
    const char *words = progress->words ? progress->words : "";
    bool was_failing = before == WORK_FAILS;

    if (progress->outcome == before)
        return;
    switch (progress->outcome) {
    case WORK_RUNS:
        objects_event(ctl, job, false, "Resumed", "%s", words);
        break;
    case WORK_SUSPENDED:
        objects_event(ctl, job, false, "Suspended", "%s", words);
        break;
    case WORK_FAILS:
    case WORK_FAILED:
        if (!was_failing)
            objects_event(ctl, job, true, progress->reason, "%s", words);
        break;
    case WORK_COMPLETE:
        objects_event(ctl, job, false, "Completed", "%s", words);
        break;
    case WORK_SUCCEEDS:
        break;
    }
}

static void mark_counted(struct controller *ctl, const struct workload_pods *pods,
                         const struct job_plan *plan)
{
    for (size_t i = 0; i < plan->counted.n; i++) {
        struct ctl_object *pod = pods->objects[plan->counted.items[i]];

        pod->record->counted = true;
        objects_changed(ctl, pod);
    }
}

/* Whoever made it hears of its end. */
static void save(struct controller *ctl, struct ctl_object *job,
                 const struct job_progress *progress)
{
    struct ctl_object *maker = objects_maker(ctl, job);

    if (!workload_progress_write(&job->record->workload, progress))
        return;
    objects_changed(ctl, job);
    if (maker && maker->kind == &workload_cron_kind && job_is_over(progress))
        workload_touch(ctl, maker);
}

static int start_pod(struct controller *ctl, struct workload *w, struct ctl_object *job,
                     const struct job_start *start)
{
    struct ctl_object *pod = NULL;
    int rc = -EEXIST;

    for (int i = 0; rc == -EEXIST && i < NAME_TRIES; i++) {
        cleanup(freep) char *name = workload_pod_name(job->record->name, start->index);
        size_t len;
        char *text = workload_pod_text(job, start, name, &len);

        rc = workload_make(ctl, w, job, text, len, &pod);
    }
    if (rc)
        return rc;
    job->record->workload->made++;
    if (start->index != JOB_NO_INDEX) {
        pod->record->index = (uint32_t)start->index + 1;
        objects_changed(ctl, pod);
    }
    objects_event(ctl, job, false, "SuccessfulCreate", "pod %s", pod->record->name);
    return 0;
}

static void start_pods(struct controller *ctl, struct workload *w,
                       struct ctl_object *job, const struct job_plan *plan)
{
    size_t i = 0;

    /* After a refusal nothing is made before workload_may_make says so. */
    if (!workload_may_make(w))
        return;
    while (i < plan->starts.n && start_pod(ctl, w, job, &plan->starts.items[i]) == 0)
        i++;
    if (i)
        objects_changed(ctl, job);
}

static char **uids_of(const struct workload_pods *pods, const struct job_places *places)
{
    char **uids = xcalloc(places->n + 1, sizeof(*uids));

    for (size_t i = 0; i < places->n; i++)
        uids[i] = xstrdup(pods->objects[places->items[i]]->record->uid);
    return uids;
}

/* One that goes may take others along. */
static void delete_pods(struct controller *ctl, char **uids)
{
    strv_foreach (uid, uids) {
        struct ctl_object *pod = objects_by_uid(ctl, *uid);

        if (pod)
            objects_delete(ctl, pod, -1, false);
    }
}

static void carry_out(struct controller *ctl, struct workload *w,
                      struct ctl_object *job, const struct job_progress *progress,
                      const struct workload_pods *pods, const struct job_plan *plan)
{
    cleanup(strv_freep) char **ends = uids_of(pods, &plan->ends);
    cleanup(strv_freep) char **forgotten = uids_of(pods, &plan->forgotten);

    start_pods(ctl, w, job, plan);
    workload_wait(ctl, w, plan->again);
    for (size_t i = 0; i < plan->ends.n; i++)
        objects_event(ctl, job, false, "SuccessfulDelete", "pod %s",
                      pods->objects[plan->ends.items[i]]->record->name);
    delete_pods(ctl, ends);
    delete_pods(ctl, forgotten);
    if (plan->is_expired)
        objects_delete(ctl, job, -1, false);
    else if (job_is_over(progress))
        objects_forget_read(job);
}

void workload_plan_job(struct controller *ctl, struct workload *w,
                       struct ctl_object *job)
{
    const struct mf_job_spec *spec = spec_of(job);
    struct job_progress progress;
    struct workload_pods pods;
    enum job_outcome before;
    struct job_plan plan;

    if (!spec)
        return;
    workload_progress_read(job->record->workload, &progress);
    workload_pods_read(job, &pods);
    before = progress.outcome;
    job_plan_make(spec, &progress, pods.pods, pods.n, controller_now(), &plan);
    mark_counted(ctl, &pods, &plan);
    save(ctl, job, &progress);
    tell_outcome(ctl, job, before, &progress);
    carry_out(ctl, w, job, &progress, &pods, &plan);
    job_plan_fini(&plan);
    workload_pods_fini(&pods);
    job_progress_fini(&progress);
}

/* ------------------------------------------------------------------ its pods */

/* A pod that leaves without an end has failed. Counted in the batch that takes its
 * record away. */
static void count_leaving(struct controller *ctl, struct ctl_object *job,
                          const struct ctl_object *pod)
{
    const struct mf_job_spec *spec = spec_of(job);
    struct job_progress progress;
    struct job_plan plan = {.again = 0};
    struct job_pod one;

    if (pod->record->counted || !spec)
        return;
    workload_progress_read(job->record->workload, &progress);
    workload_pod_read(pod, &one);
    if (one.phase != JOB_POD_SUCCEEDED)
        one.phase = JOB_POD_FAILED;
    if (!job_is_over(&progress))
        job_count_ends(spec, &progress, &one, 1, controller_now(), &plan);
    save(ctl, job, &progress);
    workload_pod_fini(&one);
    job_plan_fini(&plan);
    job_progress_fini(&progress);
}

static void on_pod(struct controller *ctl, struct ctl_object *job,
                   struct ctl_object *pod, bool is_leaving)
{
    if (job->record->deleted_at)
        return;
    if (is_leaving)
        count_leaving(ctl, job, pod);
    workload_touch(ctl, job);
}

static void touch(struct controller *ctl, struct ctl_object *job)
{
    workload_touch(ctl, job);
}

static void on_removed(struct controller *ctl, struct ctl_object *job)
{
    workload_forget(ctl, job);
}

const struct object_kind workload_job_kind = {
    .kind = "Job",
    .admit = admit,
    .on_created = touch,
    .on_changed = touch,
    .on_removed = on_removed,
    .on_pod = on_pod,
    .on_recovered = touch,
};
