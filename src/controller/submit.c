/* SPDX-License-Identifier: Apache-2.0
 *
 * submit.c - from a JobSpec to a job in the queue, answered after the commit
 */
#include "base/mem.h"
#include "controller/accounts.h"
#include "controller/arrays.h"
#include "controller/changes.h"
#include "controller/diag.h"
#include "controller/dispatch.h"
#include "controller/handlers.h"
#include "controller/pods/helpers.h"
#include "controller/pods/pod_place.h"
#include "controller/hets.h"
#include "controller/jobs.h"
#include "controller/query.h"
#include "controller/objects/object_make.h"
#include "controller/request.h"
#include "controller/submit.h"
#include "controller/unhonoured.h"
#include "controller/users.h"
#include "state/job_spec.h"
#include "wire/job_component.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SUBMIT_KEY_MAX 128

/* Who submits comes from the connection alone. */
static int set_owner(struct conn *conn, Berth__JobSpec *spec, struct err *err)
{
    const struct peer *peer = channel_peer(conn->ch);
    const char *name = users_name(conn->ctl, peer->uid);

    if (!name)
        return err_set(err, EPERM, "uid %u has no account on the controller's machine",
                       peer->uid);
    spec->uid = peer->uid;
    spec->array_job = 0;
    spec->array_task = 0;
    spec->het_leader = 0;
    spec->gid = peer->gid;
    field_set(&spec->user, name);
    if (spec->nice < 0 && !controller_is_admin(peer->uid))
        return err_set(err, EPERM, "--nice=%d: only root may raise a job's priority",
                       spec->nice);
    if (spec->priority && !controller_is_admin(peer->uid))
        return err_set(err, EPERM, "--priority: only root may set a job's priority");
    return 0;
}

static int check_cluster(struct controller *ctl, const struct job *job, struct err *err)
{
    struct request request;
    int rc = request_init(ctl, job, &request, err);

    if (rc)
        return rc;
    rc = sched_check(ctl->sched, &request.sched, err);
    request_fini(&request);
    return rc;
}

/* The components of a job; a plain job is its only one. */
struct parts {
    Berth__JobSpec *specs[JOB_COMPONENTS_MAX];
    size_t n;
    struct helper_drafts helpers;
};

static void parts_fini(struct parts *parts)
{
    for (size_t i = 0; i < parts->n; i++)
        free_message(parts->specs[i]);
    helpers_fini(&parts->helpers);
}

/* Of one component: complete it, and judge it as part of the cluster. */
static int admit_part(struct conn *conn, Berth__JobSpec *spec, char **warning,
                      struct err *err)
{
    int rc = request_defaults(conn->ctl, spec, warning, err);

    if (rc)
        return rc;
    unhonoured_warn(spec, warning);
    return accounts_admit(conn->ctl, spec, err);
}

static int admit_parts(struct conn *conn, struct parts *parts, char **warning,
                       struct err *err)
{
    for (size_t i = 0; i < parts->n; i++) {
        cleanup(freep) char *other = NULL;
        int rc = admit_part(conn, parts->specs[i], i ? &other : warning, err);

        if (rc == 0)
            rc = jobs_make_room(conn->ctl, err);
        if (rc)
            return parts->n > 1 ? err_wrap(err, "component %zu", i) : rc;
    }
    if (conn->ctl->next_job > UINT32_MAX - parts->n)
        return err_set(err, EOVERFLOW, "job ids are used up");
    return 0;
}

/* Take 'spec' apart. */
static void take_parts(Berth__JobSpec *spec, struct parts *ret)
{
    *ret = (struct parts){.specs = {spec}, .n = 1};
    if (spec->n_components == 0)
        return;
    ret->n = job_component_count(spec);
    for (size_t i = 0; i < ret->n; i++)
        ret->specs[i] = hets_component(spec, i);
    free_message(spec);
}

/* Judge what 'request' asks for, which takes its spec, and complete its parts. */
static int admit(struct conn *conn, Berth__SubmitRequest *request, struct parts *parts,
                 char **warning, struct err *err)
{
    cleanup(free_messagep) Berth__PodWish *wish = take(request->spec->pod);
    int rc;

    if (wish && wish->n_helpers == 0)
        return err_set(err, EINVAL, "a pod is no job to submit: use 'berth apply'");
    rc = job_spec_check(request->spec, err);
    if (rc == 0)
        rc = set_owner(conn, request->spec, err);
    if (rc)
        return rc;
    take_parts(take(request->spec), parts);
    rc = admit_parts(conn, parts, warning, err);
    if (rc || !wish)
        return rc;
    if (parts->n + wish->n_helpers > SCHED_SET_MAX)
        return err_set(err, E2BIG,
                       "--pod: components and helper pods are %zu: more than %d in all",
                       parts->n + wish->n_helpers, SCHED_SET_MAX);
    return helpers_draft(conn->ctl, parts->specs[0], conn->ctl->next_job, wish,
                         &parts->helpers, warning, err);
}

static void init_part(const struct controller *ctl, const struct parts *parts, size_t i,
                      const char *key, struct job *job)
{
    job_init(job, ctl->next_job + (uint32_t)i, parts->specs[i], i ? NULL : key,
             controller_now());
    if (arrays_is_whole(job))
        field_set(&job->record->array_left, job->spec->array);
    if (parts->n + parts->helpers.n == 1)
        return;
    job->record->het_leader = ctl->next_job;
    job->record->het_size = (uint32_t)(parts->n + parts->helpers.n);
}

/* Could each of them run here? */
static int check_parts(struct controller *ctl, const struct parts *parts,
                       struct err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < parts->n; i++) {
        struct job job;

        init_part(ctl, parts, i, "", &job);
        rc = check_cluster(ctl, &job, err);
        job.spec = NULL;
        job_fini(&job);
        if (rc && parts->n > 1)
            (void)err_wrap(err, "component %zu", i);
    }
    return rc;
}

static void save_new(struct controller *ctl, const struct ctl_job *cj)
{
    static const struct change_note submitted = {.what = "submit", .with_spec = true};

    jobs_save(ctl, cj);
    jobs_save_spec(ctl, cj);
    changes_job(ctl, cj, &submitted);
}

static void enqueue_new(struct controller *ctl, struct ctl_job *cj)
{
    struct err err;

    if (!job_state_is_final(job_state_of(&cj->job)) && jobs_enqueue(ctl, cj, &err))
        (void)jobs_apply(ctl, cj, EV_REFUSE, controller_now(),
                         &(struct job_change){.words = err.text}, NULL);
}

/* Take over the specs as new jobs, in memory and in the open batch. */
static int enter(struct controller *ctl, struct parts *parts, const char *key,
                 uint32_t *ret_id, struct err *err)
{
    int rc = check_parts(ctl, parts, err);
    struct ctl_job *jobs[JOB_COMPONENTS_MAX] = {NULL};

    if (rc)
        return rc;
    for (size_t i = 0; i < parts->n; i++) {
        struct job job;

        init_part(ctl, parts, i, key, &job);
        parts->specs[i] = NULL;
        jobs[i] = jobs_insert(ctl, job);
        save_new(ctl, jobs[i]);
    }
    ctl->next_job += (uint32_t)parts->n;
    diag_submitted(ctl->diag, parts->n);
    *ret_id = jobs[0]->id;
    for (size_t i = 0; i < parts->n; i++)
        enqueue_new(ctl, jobs[i]);
    helpers_enter(ctl, &parts->helpers);
    dispatch_want_pass(ctl);
    return 0;
}

int submit_judge(struct controller *ctl, Berth__JobSpec *spec, char **warning,
                 struct err *err)
{
    struct parts parts = {.specs = {spec}, .n = 1};
    cleanup(freep) char *other = NULL;
    int rc = job_spec_check(spec, err);

    if (rc == 0)
        rc = pod_place_check(ctl, spec, err);
    if (rc == 0)
        rc = request_defaults(ctl, spec, &other, err);
    if (rc == 0)
        rc = accounts_admit(ctl, spec, err);
    if (rc == 0)
        rc = jobs_check_room(ctl, err);
    if (rc == 0 && ctl->next_job == UINT32_MAX)
        rc = err_set(err, EOVERFLOW, "job ids are used up");
    if (rc == 0)
        rc = check_parts(ctl, &parts, err);
    if (rc == 0 && other)
        words_add(warning, other);
    return rc;
}

struct ctl_job *submit_enter(struct controller *ctl, Berth__JobSpec *spec,
                             struct ctl_object *pod)
{
    uint32_t helps = spec->pod ? spec->pod->helps : 0;
    struct ctl_job *helped, *cj;
    struct job job;

    (void)jobs_make_room(ctl, NULL);
    helped = helps ? jobs_find(ctl, helps) : NULL;
    job_init(&job, ctl->next_job++, spec, NULL, controller_now());
    if (helped) {
        job.record->het_leader = helped->id;
        job.record->het_size = helped->job.record->het_size;
    }
    cj = jobs_insert(ctl, job);
    cj->pod = pod;
    pod->job = cj;
    save_new(ctl, cj);
    diag_submitted(ctl->diag, 1);
    enqueue_new(ctl, cj);
    /* It was refused before there was a set to end with it. */
    if (helped && job_state_is_final(job_state_of(&helped->job)))
        hets_settle(ctl, helped, controller_now());
    dispatch_want_pass(ctl);
    return cj;
}

/* ------------------------------------------------------------------ answers */

static void reply(struct conn *conn, uint64_t id, uint32_t job, char *warning)
{
    Berth__Envelope *env = xmalloc(sizeof(*env));
    Berth__SubmitReply *submitted = xmalloc(sizeof(*submitted));

    berth__envelope__init(env);
    berth__submit_reply__init(submitted);
    submitted->job_id = job;
    if (warning) {
        submitted->warnings = xcalloc(1, sizeof(char *));
        submitted->warnings[submitted->n_warnings++] = warning;
    }
    env->body_case = BERTH__ENVELOPE__BODY_SUBMITTED;
    env->submitted = submitted;
    conn_reply_committed(conn, id, env);
}

static int submit(struct conn *conn, Berth__SubmitRequest *request, uint32_t *ret_id,
                  char **warning, struct err *err)
{
    cleanup(parts_fini) struct parts parts = {.n = 0};
    const struct ctl_job *known;
    int rc;

    if (!request->spec)
        return err_set(err, EINVAL, "the submission has no job");
    if (strlen(request->key) > SUBMIT_KEY_MAX)
        return err_set(err, EINVAL, "the submission key is longer than %d characters",
                       SUBMIT_KEY_MAX);
    known = request->key[0] ? jobs_find_by_key(conn->ctl, conn_uid(conn), request->key)
                            : NULL;
    if (known) {
        *ret_id = known->id;
        return 0;
    }
    rc = admit(conn, request, &parts, warning, err);
    return rc ? rc : enter(conn->ctl, &parts, request->key, ret_id, err);
}

/* When would it start? The scheduler hears of the job and forgets it again: it is
 * in no list, and nothing of it is durable. Of several components, the first one. */
static int explain_trial(struct conn *conn, const struct parts *parts,
                         Berth__Explanation *ret, struct err *err)
{
    struct controller *ctl = conn->ctl;
    struct request request;
    struct job job;
    int rc = check_parts(ctl, parts, err);

    if (rc)
        return rc;
    job_init(&job, ctl->next_job, parts->specs[0], NULL, controller_now());
    rc = request_init(ctl, &job, &request, err);
    if (rc == 0) {
        rc = sched_add(ctl->sched, &request.sched, err);
        request_fini(&request);
    }
    if (rc == 0) {
        query_explain_waiting(ctl, ctl->next_job, ret);
        sched_remove(ctl->sched, ctl->next_job);
    }
    job.spec = NULL;
    job_fini(&job);
    return rc;
}

static void try_submit(struct conn *conn, const Berth__Envelope *env)
{
    cleanup(free_messagep) Berth__Explanation *explanation = NULL;
    cleanup(parts_fini) struct parts parts = {.n = 0};
    cleanup(freep) char *warning = NULL;
    Berth__Envelope answer = BERTH__ENVELOPE__INIT;
    struct err err;
    int rc;

    if (!env->submit->spec) {
        (void)err_set(&err, EINVAL, "the submission has no job");
        conn_reply_err(conn, env->id, &err);
        return;
    }
    explanation = xmalloc(sizeof(*explanation));
    berth__explanation__init(explanation);
    explanation->now = controller_now();
    rc = admit(conn, env->submit, &parts, &warning, &err);
    if (rc == 0)
        rc = explain_trial(conn, &parts, explanation, &err);
    if (rc) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    explanation->partition = xstrdup(parts.specs[0]->partition);
    answer.body_case = BERTH__ENVELOPE__BODY_EXPLANATION;
    answer.explanation = explanation;
    conn_reply(conn, env->id, &answer);
}

void handle_submit(struct conn *conn, const Berth__Envelope *env)
{
    char *warning = NULL;
    struct err err;
    uint32_t job = 0;

    if (env->submit->test_only) {
        try_submit(conn, env);
        return;
    }
    if (submit(conn, env->submit, &job, &warning, &err)) {
        free(warning);
        conn_reply_err(conn, env->id, &err);
        return;
    }
    reply(conn, env->id, job, warning);
}
