/* SPDX-License-Identifier: Apache-2.0
 *
 * submit.c - from a JobSpec to a job in the queue, answered after the commit
 */
#include "base/mem.h"
#include "controller/accounts.h"
#include "controller/arrays.h"
#include "controller/dispatch.h"
#include "controller/handlers.h"
#include "controller/jobs.h"
#include "controller/request.h"
#include "controller/unhonoured.h"
#include "controller/users.h"
#include "state/job_spec.h"
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

/* Judge 'spec' and complete it. */
static int admit(struct conn *conn, Berth__JobSpec *spec, char **warning,
                 struct err *err)
{
    int rc = job_spec_check(spec, err);

    if (rc == 0)
        rc = set_owner(conn, spec, err);
    if (rc == 0)
        rc = request_defaults(conn->ctl, spec, warning, err);
    if (rc == 0)
        rc = unhonoured_check(spec, warning, err);
    if (rc == 0)
        rc = accounts_admit(conn->ctl, spec, err);
    if (rc == 0)
        rc = jobs_make_room(conn->ctl, err);
    if (rc == 0 && conn->ctl->next_job == UINT32_MAX)
        rc = err_set(err, EOVERFLOW, "job ids are used up");
    return rc;
}

/* Take over 'spec' as a new job, in memory and in the open batch. */
static int enter(struct controller *ctl, Berth__JobSpec **spec, const char *key,
                 uint32_t *ret_id, struct err *err)
{
    struct ctl_job *cj;
    struct job job;
    int rc;

    job_init(&job, ctl->next_job, *spec, key, controller_now());
    if (arrays_is_whole(&job))
        field_set(&job.record->array_left, job.spec->array);
    rc = check_cluster(ctl, &job, err);
    if (rc) {
        job.spec = NULL;
        job_fini(&job);
        return rc;
    }
    *spec = NULL;
    ctl->next_job++;
    cj = jobs_insert(ctl, job);
    jobs_save(ctl, cj);
    jobs_save_spec(ctl, cj);
    *ret_id = cj->id;
    rc = jobs_enqueue(ctl, cj, err);
    if (rc)
        (void)jobs_apply(ctl, cj, EV_REFUSE, controller_now(),
                         &(struct job_change){.words = err->text}, NULL);
    dispatch_want_pass(ctl);
    return 0;
}

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

static int submit(struct conn *conn, const Berth__SubmitRequest *request,
                  uint32_t *ret_id, char **warning, struct err *err)
{
    cleanup(free_messagep) Berth__JobSpec *spec = NULL;
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
    spec = copy_message(&request->spec->base);
    rc = admit(conn, spec, warning, err);
    return rc ? rc : enter(conn->ctl, &spec, request->key, ret_id, err);
}

void handle_submit(struct conn *conn, const Berth__Envelope *env)
{
    char *warning = NULL;
    struct err err;
    uint32_t job = 0;

    if (submit(conn, env->submit, &job, &warning, &err)) {
        free(warning);
        conn_reply_err(conn, env->id, &err);
        return;
    }
    reply(conn, env->id, job, warning);
}
