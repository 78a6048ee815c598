/* SPDX-License-Identifier: Apache-2.0
 *
 * update.c - change what jobs ask for, for those who may
 *
 * A job that waits is judged again as a whole, as if it were submitted that way, and
 * keeps its place; nothing changes unless all of it may. Of one that runs only the
 * limit can be lowered: its nodes were given what they go by, so it is the controller
 * that keeps the new one (reconcile.h).
 */
#include "base/mem.h"
#include "base/units.h"
#include "controller/changes.h"
#include "controller/accounts.h"
#include "controller/dispatch.h"
#include "controller/handlers.h"
#include "controller/hets.h"
#include "controller/job_index.h"
#include "controller/jobs.h"
#include "controller/pods/helpers.h"
#include "controller/query.h"
#include "controller/reconcile.h"
#include "controller/request.h"
#include "state/job_spec.h"
#include "wire/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What one setting is applied to. */
struct change {
    Berth__JobSpec *spec;
    int64_t now;
    bool is_admin;
};

/* ------------------------------------------------------------------ settings */

/* "30:00", or by how much: "+10", "-1:00:00". */
static int read_time(const char *text, int64_t old, int64_t *ret_limit, struct err *err)
{
    bool is_change = text[0] == '+' || text[0] == '-';
    int64_t by;
    int rc;

    if (!is_change)
        return duration_parse(text, ret_limit, err);
    rc = duration_parse(text + 1, &by, err);
    if (rc)
        return rc;
    if (by == TIME_UNLIMITED || old <= 0)
        return err_set(err, EINVAL, "there is no limit to change by so much");
    if (text[0] == '-' && by >= old)
        return err_set(err, EINVAL, "nothing of the limit would be left");
    *ret_limit = text[0] == '-' ? old - by : old + by;
    return 0;
}

static int set_time(struct change *change, const char *text, struct err *err)
{
    return read_time(text, change->spec->time_limit, &change->spec->time_limit, err);
}

static int set_begin(struct change *change, const char *text, struct err *err)
{
    return when_parse(text, change->now, &change->spec->begin_time, err);
}

static int set_deadline(struct change *change, const char *text, struct err *err)
{
    return when_parse(text, change->now, &change->spec->deadline, err);
}

static int set_nice(struct change *change, const char *text, struct err *err)
{
    int64_t nice;
    int rc = number_parse(text, -2147483645, 2147483645, &nice, err);

    if (rc)
        return rc;
    if (nice < 0 && !change->is_admin)
        return err_set(err, EPERM, "only root may raise a job's priority");
    change->spec->nice = (int32_t)nice;
    return 0;
}

static int set_priority(struct change *change, const char *text, struct err *err)
{
    int64_t priority;
    int rc = number_parse(text, 0, UINT32_MAX, &priority, err);

    if (rc == 0 && !change->is_admin)
        return err_set(err, EPERM, "only root may set a job's priority");
    if (rc == 0)
        change->spec->priority = priority;
    return rc;
}

static int set_requeue(struct change *change, const char *text, struct err *err)
{
    bool is_yes = strcmp(text, "1") == 0 || strcmp(text, "yes") == 0;

    if (!is_yes && strcmp(text, "0") != 0 && strcmp(text, "no") != 0)
        return err_set(err, EINVAL, "'%.20s' is neither yes nor no", text);
    field_set(&change->spec->requeue, is_yes ? "yes" : "no");
    return 0;
}

static const struct setter {
    const char *name;
    int (*set)(struct change *change, const char *text, struct err *err);
    size_t offset; /* of the text, when there is no function */
} setters[] = {
#define TEXT(name, member)                           \
    {                                                \
        name, NULL, offsetof(Berth__JobSpec, member) \
    }
    TEXT("account", account),
    TEXT("comment", comment),
    TEXT("constraint", constraint),
    TEXT("dependency", dependency),
    TEXT("exclude", exclude),
    TEXT("licenses", licences),
    TEXT("name", name),
    TEXT("nodelist", nodelist),
    TEXT("partition", partition),
    TEXT("qos", qos),
    TEXT("reservation", reservation),
    TEXT("wckey", wckey),
#undef TEXT
    {"begin", set_begin, 0},
    {"deadline", set_deadline, 0},
    {"nice", set_nice, 0},
    {"priority", set_priority, 0},
    {"requeue", set_requeue, 0},
    {"time", set_time, 0},
};

static int apply_one(struct change *change, const Berth__Setting *setting,
                     struct err *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(setters); i++) {
        const struct setter *setter = &setters[i];
        int rc = 0;

        if (strcmp(setter->name, setting->name) != 0)
            continue;
        if (setter->set)
            rc = setter->set(change, setting->text, err);
        else
            field_set((char **)(void *)((char *)change->spec + setter->offset),
                      setting->text);
        return rc ? err_wrap(err, "--%s=%.80s", setting->name, setting->text) : 0;
    }
    return err_set(err, EINVAL, "--%.40s: it cannot be changed after submission",
                   setting->name);
}

static int apply(struct change *change, const Berth__JobUpdate *update, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < update->n_settings && rc == 0; i++)
        rc = apply_one(change, update->settings[i], err);
    return rc;
}

/* ------------------------------------------------------------------ one job */

/* Would it be taken if it were submitted now? */
static int judge(struct controller *ctl, Berth__JobSpec *spec, struct err *err)
{
    cleanup(freep) char *warning = NULL;
    int rc = job_spec_check(spec, err);

    if (rc == 0)
        rc = request_defaults(ctl, spec, &warning, err);
    return rc ? rc : accounts_admit(ctl, spec, err);
}

static int update_waiting(struct conn *conn, const Berth__JobUpdate *update,
                          struct ctl_job *cj, struct err *err)
{
    static const struct change_note updated = {
        .what = "update", .from = "PENDING", .with_spec = true};
    struct controller *ctl = conn->ctl;
    cleanup(free_messagep) Berth__JobSpec *spec = copy_message(&cj->job.spec->base);
    struct change change = {.spec = spec,
                            .now = controller_now(),
                            .is_admin = controller_is_admin(conn_uid(conn))};
    Berth__JobSpec *old = cj->job.spec;
    int rc = apply(&change, update, err);

    if (rc == 0)
        rc = judge(ctl, spec, err);
    if (rc)
        return rc;
    cj->job.spec = spec;
    rc = jobs_ask_anew(ctl, cj, err);
    if (rc) {
        cj->job.spec = old;
        return rc;
    }
    job_index_set_partition(ctl->index, cj->id, spec->partition);
    spec = old; /* freed when this returns */
    cj->job.record->revision++;
    jobs_save(ctl, cj);
    jobs_save_spec(ctl, cj);
    changes_job(ctl, cj, &updated);
    dispatch_want_pass(ctl);
    return 0;
}

static void lower_one(struct controller *ctl, struct ctl_job *cj, int64_t limit)
{
    int64_t old = job_time_limit(&cj->job);

    if (old > 0 && old <= limit)
        return;
    /* A helper ends with its job, and its node knows no limit of it. */
    if (!helpers_is_one(cj)) {
        reconcile_new_limit(cj, controller_now());
        cj->job.record->time_given = limit;
        cj->job.record->revision++;
        jobs_save_change(ctl, cj, "update");
    }
    sched_set_limit(ctl->sched, jobs_sched_id(cj), limit);
}

/* Components end together: none is expected to stay longer than another. */
static void lower_all(struct controller *ctl, struct ctl_job *cj, int64_t limit)
{
    struct ctl_job *member;

    lower_one(ctl, cj, limit);
    for (uint32_t i = 0; i < cj->job.record->het_size; i++)
        if ((member = hets_member(ctl, cj, i)) && member != cj &&
            job_state_is_active(job_state_of(&member->job)))
            lower_one(ctl, member, limit);
}

static int update_running(struct conn *conn, const Berth__JobUpdate *update,
                          struct ctl_job *cj, struct err *err)
{
    int64_t limit = 0, old = job_time_limit(&cj->job);
    const Berth__Setting *setting = update->n_settings ? update->settings[0] : NULL;
    int rc;

    if (update->n_settings != 1 || strcmp(setting->name, "time") != 0)
        return err_set(err, EINVAL,
                       "job %" PRIu32 " runs: only its time limit can be changed",
                       cj->id);
    rc = read_time(setting->text, old, &limit, err);
    if (rc)
        return err_wrap(err, "--time=%.80s", setting->text);
    if (limit == TIME_UNLIMITED || (old > 0 && limit > old))
        return err_set(err, EPERM,
                       "--time=%.80s: job %" PRIu32
                       " runs: its limit can be lowered, not raised",
                       setting->text, cj->id);
    lower_all(conn->ctl, cj, limit > 0 ? limit : 1);
    dispatch_want_pass(conn->ctl);
    return 0;
}

static int update_one(struct conn *conn, const Berth__JobUpdate *update, uint32_t id,
                      const char *elements, struct err *err)
{
    struct ctl_job *cj = jobs_find(conn->ctl, id);
    enum job_state state = cj ? job_state_of(&cj->job) : JOB_PENDING;
    uid_t uid = conn_uid(conn);

    if (!cj)
        return err_set(err, ESRCH, "Invalid job id specified: %" PRIu32, id);
    if (uid != cj->job.spec->uid && !controller_is_admin(uid))
        return err_set(err, EPERM,
                       "job %" PRIu32 ": Access/permission denied: it belongs to %s",
                       id, cj->job.spec->user);
    if (*elements)
        return err_set(err, EINVAL,
                       "job %" PRIu32 ": elements of an array are changed together",
                       id);
    if (state == JOB_PENDING && cj->job.record->het_size <= 1)
        return update_waiting(conn, update, cj, err);
    if (state == JOB_RUNNING)
        return update_running(conn, update, cj, err);
    return err_set(err, EINVAL, "job %" PRIu32 " is %s: it cannot be changed", id,
                   job_state_name(state));
}

/* ------------------------------------------------------------------ all of them */

void handle_job_update(struct conn *conn, const Berth__Envelope *env)
{
    const Berth__JobUpdate *update = env->job_update;
    Berth__JobControlReply *reply;
    Berth__Envelope *answer;
    struct err err = {0};

    if (query_check_ids(update->n_ids, &err)) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    answer = xmalloc(sizeof(*answer));
    reply = xmalloc(sizeof(*reply));
    berth__envelope__init(answer);
    berth__job_control_reply__init(reply);
    reply->ids = xmemdup(update->ids, update->n_ids * sizeof(*update->ids));
    reply->n_ids = reply->n_statuses = update->n_ids;
    reply->statuses = xcalloc(update->n_ids, sizeof(*reply->statuses));
    for (size_t i = 0; i < update->n_ids; i++) {
        const char *elements = i < update->n_elements ? update->elements[i] : "";

        err = (struct err){0};
        if (update_one(conn, update, update->ids[i], elements, &err) == 0)
            err = (struct err){0};
        reply->statuses[i] = query_status(&err);
    }
    answer->body_case = BERTH__ENVELOPE__BODY_JOB_CONTROLLED;
    answer->job_controlled = reply;
    conn_reply_committed(conn, env->id, answer);
}
