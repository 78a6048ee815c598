/* SPDX-License-Identifier: Apache-2.0
 *
 * control.c - cancel, hold, release and signal jobs, for those who may
 */
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"
#include "controller/arrays.h"
#include "controller/dispatch.h"
#include "controller/handlers.h"
#include "controller/pods/helpers.h"
#include "controller/hets.h"
#include "controller/jobs.h"
#include "controller/pods/pods.h"
#include "controller/query.h"
#include "controller/suspend.h"
#include "controller/users.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SIGNAL_MAX 64

/* ------------------------------------------------------------------- filter */

/* What a request names beside ids: each of these must hold, where it is given. */
struct filter {
    const Berth__JobControl *control;
    uint32_t states;
    char **nodes; /* strv */
};

static void filter_fini(struct filter *filter)
{
    strv_free(filter->nodes);
}

static int filter_init(struct filter *filter, const Berth__JobControl *control,
                       struct err *err)
{
    int rc;

    *filter = (struct filter){.control = control};
    rc = query_states(control->states, control->n_states, &filter->states, err);
    if (rc == 0 && control->nodelist[0])
        rc = hostlist_expand(control->nodelist, &filter->nodes, err);
    return rc;
}

static bool is_empty(const struct filter *filter)
{
    const Berth__JobControl *c = filter->control;

    return !c->user[0] && !c->name[0] && !filter->states && !c->account[0] &&
           !c->partition[0] && !c->qos[0] && !c->reservation[0] && !c->wckey[0] &&
           !filter->nodes;
}

static bool is_wanted(const char *wanted, const char *has)
{
    return !wanted[0] || strcmp(wanted, has) == 0;
}

static bool is_on(const struct filter *filter, const struct ctl_job *cj)
{
    const Berth__Placement *placement = cj->job.record->placement;

    if (!filter->nodes)
        return true;
    for (size_t i = 0; placement && i < placement->n_shares; i++)
        if (strv_has(filter->nodes, placement->shares[i]->node))
            return true;
    return false;
}

static bool is_match(const struct filter *filter, const struct ctl_job *cj)
{
    const Berth__JobControl *c = filter->control;
    const Berth__JobSpec *spec = cj->job.spec;
    enum job_state state = job_state_of(&cj->job);

    return !job_state_is_final(state) &&
           (!filter->states || filter->states & 1u << state) &&
           is_wanted(c->user, spec->user) && is_wanted(c->name, spec->name) &&
           is_wanted(c->account, spec->account) &&
           is_wanted(c->partition, spec->partition) && is_wanted(c->qos, spec->qos) &&
           is_wanted(c->reservation, spec->reservation) &&
           is_wanted(c->wckey, spec->wckey) && is_on(filter, cj);
}

/* ------------------------------------------------------------------ one job */

static int cancel(struct conn *conn, struct ctl_job *cj, struct err *err)
{
    struct controller *ctl = conn->ctl;
    uid_t uid = conn_uid(conn);
    const char *who = users_name(ctl, uid);
    cleanup(freep) char *words = xasprintf("cancelled by %s", who ? who : "root");
    struct job_change change = {.by_uid = uid, .words = words};
    int rc;

    if (job_state_is_final(job_state_of(&cj->job)))
        return err_set(err, EALREADY, "job %" PRIu32 " has ended already (%s)", cj->id,
                       job_state_name(job_state_of(&cj->job)));
    rc = jobs_apply(ctl, cj, EV_CANCEL, controller_now(), &change, err);
    if (rc == 0)
        dispatch_kill_committed(ctl, cj, "cancelled");
    return rc;
}

static int hold(struct conn *conn, struct ctl_job *cj, bool held, struct err *err)
{
    struct controller *ctl = conn->ctl;

    if (job_state_of(&cj->job) != JOB_PENDING)
        return err_set(
            err, EINVAL, "job %" PRIu32 " is %s: only a pending job can be %s", cj->id,
            job_state_name(job_state_of(&cj->job)), held ? "held" : "released");
    if (cj->job.record->held == held)
        return 0;
    job_set_held(&cj->job, held);
    sched_hold(ctl->sched, cj->id, held || pods_wait(cj));
    jobs_save_change(ctl, cj, held ? "hold" : "release");
    dispatch_want_pass(ctl);
    return 0;
}

static int signal_job(struct conn *conn, const Berth__JobControl *control,
                      struct ctl_job *cj, struct err *err)
{
    int32_t signo = control->signal;

    if (signo < 1 || signo > SIGNAL_MAX)
        return err_set(err, EINVAL, "--signal=%d: not a signal", signo);
    if (job_state_of(&cj->job) != JOB_RUNNING)
        return err_set(err, EINVAL,
                       "job %" PRIu32 " is %s: only a running job takes a signal",
                       cj->id, job_state_name(job_state_of(&cj->job)));
    return dispatch_signal(conn->ctl, cj, signo, control->scope, err);
}

static int requeue(struct conn *conn, struct ctl_job *cj, bool hold_then,
                   struct err *err)
{
    const char *who = users_name(conn->ctl, conn_uid(conn));
    cleanup(freep) char *words = xasprintf("queued again by %s", who ? who : "root");
    struct job_change change = {.then = THEN_REQUEUE, .words = words};
    struct ctl_job *leader = hets_member(conn->ctl, cj, 0);
    int rc;

    if (helpers_is_one(cj))
        return err_set(err, EINVAL,
                       "job %" PRIu32 " is a helper pod: it is run again with job "
                       "%" PRIu32,
                       cj->id, cj->job.record->het_leader);
    /* The others follow. */
    cj = leader ? leader : cj;
    if (cj->job.spec->interactive)
        return err_set(err, EINVAL, "job %" PRIu32 " cannot be run again", cj->id);
    rc = jobs_apply(conn->ctl, cj, EV_LEAVE, controller_now(), &change, err);
    if (rc)
        return rc;
    if (hold_then) {
        job_set_held(&cj->job, true);
        jobs_save_change(conn->ctl, cj, "hold");
    }
    dispatch_kill_committed(conn->ctl, cj, words);
    return 0;
}

/* Components are held and released together. */
static int hold_all(struct conn *conn, struct ctl_job *cj, bool held, struct err *err)
{
    struct ctl_job *member;
    int rc = hold(conn, cj, held, err);

    for (uint32_t i = 0; rc == 0 && i < cj->job.record->het_size; i++)
        if ((member = hets_member(conn->ctl, cj, i)) && member != cj)
            rc = hold(conn, member, held, err);
    return rc;
}

static int control_plain(struct conn *conn, const Berth__JobControl *control,
                         struct ctl_job *cj, struct err *err)
{
    switch (control->op) {
    case BERTH__JOB_CONTROL__OP__CANCEL:
        return cancel(conn, cj, err);
    case BERTH__JOB_CONTROL__OP__HOLD:
        return hold_all(conn, cj, true, err);
    case BERTH__JOB_CONTROL__OP__RELEASE:
        return hold_all(conn, cj, false, err);
    case BERTH__JOB_CONTROL__OP__SIGNAL:
        return signal_job(conn, control, cj, err);
    case BERTH__JOB_CONTROL__OP__REQUEUE:
        return requeue(conn, cj, control->hold_then, err);
    case BERTH__JOB_CONTROL__OP__SUSPEND:
        return suspend_job(conn, cj, err);
    case BERTH__JOB_CONTROL__OP__RESUME:
        return suspend_resume_job(conn, cj, err);
    case BERTH__JOB_CONTROL__OP__NONE:
    case _BERTH__JOB_CONTROL__OP_IS_INT_SIZE:
        break;
    }
    return err_set(err, EINVAL, "the controller does not know the order %d",
                   (int)control->op);
}

/* ------------------------------------------------------------------ arrays */

/* An order to elements of an array. */
struct elements {
    struct conn *conn;
    const struct filter *filter;
    struct ctl_job *whole;
    const struct array_spec *which; /* NULL: all of them */
    bool is_waiting_only;           /* those that have begun are asked for themselves */
    uint32_t n;                     /* that took it */
};

static bool is_meant(const struct elements *e, const struct ctl_job *element)
{
    enum job_state state = job_state_of(&element->job);
    Berth__JobControl__Op op = e->filter->control->op;

    if (!is_match(e->filter, element) ||
        (e->which && !array_spec_contains(e->which, element->index)))
        return false;
    if (op == BERTH__JOB_CONTROL__OP__HOLD || op == BERTH__JOB_CONTROL__OP__RELEASE)
        return state == JOB_PENDING;
    if (op == BERTH__JOB_CONTROL__OP__SIGNAL || op == BERTH__JOB_CONTROL__OP__SUSPEND)
        return state == JOB_RUNNING;
    if (op == BERTH__JOB_CONTROL__OP__RESUME)
        return state == JOB_SUSPENDED;
    return op == BERTH__JOB_CONTROL__OP__CANCEL || state != JOB_PENDING;
}

static int control_begun(struct elements *e, struct err *err)
{
    struct ctl_job *element, *next;
    int rc = 0;

    HASH_ITER(hh_index, e->whole->array->elements, element, next)
    {
        if (!is_meant(e, element))
            continue;
        e->n++;
        if (rc == 0)
            rc = control_plain(e->conn, e->filter->control, element, err);
    }
    return rc;
}

static uint32_t cancel_left(struct elements *e)
{
    struct controller *ctl = e->conn->ctl;
    uid_t uid = conn_uid(e->conn);
    const char *who = users_name(ctl, uid);
    cleanup(freep) char *words = xasprintf("cancelled by %s", who ? who : "root");
    struct job_change change = {.by_uid = uid, .words = words};

    return arrays_cancel_left(ctl, e->whole, e->which, &change, controller_now());
}

/* Those that have not begun are held and released together. */
static int control_left(struct elements *e, struct err *err)
{
    bool holds = e->filter->control->op == BERTH__JOB_CONTROL__OP__HOLD;

    if (!is_match(e->filter, e->whole))
        return 0;
    if (e->filter->control->op == BERTH__JOB_CONTROL__OP__CANCEL) {
        e->n += cancel_left(e);
        return 0;
    }
    if ((!holds && e->filter->control->op != BERTH__JOB_CONTROL__OP__RELEASE) ||
        array_spec_count(&e->whole->array->left) == 0)
        return 0;
    if (e->which && e->n == 0)
        return err_set(err, EINVAL,
                       "job %" PRIu32 ": elements that have not begun are held and "
                       "released together",
                       e->whole->id);
    if (e->which)
        return 0;
    e->n++;
    return hold(e->conn, e->whole, holds, err);
}

static int control_array(struct elements *e, struct err *err)
{
    int rc = e->is_waiting_only ? 0 : control_begun(e, err);

    if (rc == 0)
        rc = control_left(e, err);
    if (rc || e->n || e->is_waiting_only)
        return rc;
    return err_set(err, EALREADY,
                   "job %" PRIu32 ": none of these elements is in a state for that",
                   e->whole->id);
}

static int control_elements(struct conn *conn, const struct filter *filter,
                            struct ctl_job *cj, const char *text, struct err *err)
{
    cleanup(array_spec_fini) struct array_spec which = {0};
    struct elements e = {.conn = conn,
                         .filter = filter,
                         .whole = cj,
                         .which = *text ? &which : NULL,
                         .is_waiting_only = filter->control->n_ids == 0};
    int rc = *text ? array_spec_parse(text, &which, err) : 0;

    if (rc)
        return err_wrap(err, "job %" PRIu32 "_[%.60s]", cj->id, text);
    return control_array(&e, err);
}

static int control_one(struct conn *conn, const struct filter *filter,
                       struct ctl_job *cj, const char *elements, struct err *err)
{
    uid_t uid = conn_uid(conn);

    if (uid != cj->job.spec->uid && !controller_is_admin(uid))
        return err_set(err, EPERM,
                       "job %" PRIu32 ": Access/permission denied: it belongs to %s",
                       cj->id, cj->job.spec->user);
    if (cj->array)
        return control_elements(conn, filter, cj, elements, err);
    if (*elements)
        return err_set(err, EINVAL, "job %" PRIu32 " is no array", cj->id);
    return control_plain(conn, filter->control, cj, err);
}

/* ------------------------------------------------------------------ selection */

static bool is_selected(const struct conn *conn, const struct filter *filter,
                        const struct ctl_job *cj)
{
    const Berth__JobControl *c = filter->control;

    return is_match(filter, cj) &&
           (c->user[0] || c->everybody || conn_uid(conn) == cj->job.spec->uid);
}

static size_t select_jobs(struct conn *conn, const struct filter *filter,
                          uint32_t **ret_ids)
{
    struct controller *ctl = conn->ctl;
    uint32_t *ids = xcalloc(ctl->n_jobs, sizeof(*ids));
    struct ctl_job *cj, *next;
    size_t n = 0;

    HASH_ITER(hh, ctl->jobs, cj, next)
    if (is_selected(conn, filter, cj))
        ids[n++] = cj->id;
    *ret_ids = ids;
    return n;
}

Berth__Status *query_status(const struct err *err)
{
    Berth__Status *status = xmalloc(sizeof(*status));

    berth__status__init(status);
    status->code = err->code;
    status->text = xstrdup(err->text);
    return status;
}

static Berth__Status *control_id(struct conn *conn, const struct filter *filter,
                                 uint32_t id, const char *elements)
{
    struct ctl_job *cj = jobs_find(conn->ctl, id);
    struct err err = {0};

    if (!cj)
        (void)err_set(&err, ESRCH, "Invalid job id specified: %" PRIu32, id);
    else if (!is_empty(filter) && !cj->array && !is_match(filter, cj))
        (void)err_set(&err, ENOENT, "job %" PRIu32 " is none of those", id);
    else if (control_one(conn, filter, cj, elements, &err) == 0)
        err = (struct err){0};
    return query_status(&err);
}

/* Do it to each; takes over 'ids'. */
static void control_all(struct conn *conn, uint64_t request,
                        const struct filter *filter, uint32_t *ids, size_t n)
{
    const Berth__JobControl *control = filter->control;
    Berth__Envelope *env = xmalloc(sizeof(*env));
    Berth__JobControlReply *reply = xmalloc(sizeof(*reply));

    berth__envelope__init(env);
    berth__job_control_reply__init(reply);
    reply->ids = ids;
    reply->n_ids = n;
    reply->n_statuses = n;
    reply->statuses = xcalloc(n, sizeof(*reply->statuses));
    for (size_t i = 0; i < n; i++)
        reply->statuses[i] = control_id(
            conn, filter, ids[i], i < control->n_elements ? control->elements[i] : "");
    env->body_case = BERTH__ENVELOPE__BODY_JOB_CONTROLLED;
    env->job_controlled = reply;
    conn_reply_committed(conn, request, env);
}

void handle_job_control(struct conn *conn, const Berth__Envelope *env)
{
    const Berth__JobControl *control = env->job_control;
    cleanup(filter_fini) struct filter filter;
    struct err err;
    uint32_t *ids;
    size_t n = control->n_ids;
    int rc = filter_init(&filter, control, &err);

    if (rc == 0)
        rc = query_check_ids(n, &err);
    if (rc == 0 && n == 0 && is_empty(&filter))
        rc = err_set(&err, EINVAL, "no job was named");
    if (rc) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    if (n)
        ids = xmemdup(control->ids, n * sizeof(*ids));
    else
        n = select_jobs(conn, &filter, &ids);
    control_all(conn, env->id, &filter, ids, n);
}
