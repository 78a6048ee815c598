/* SPDX-License-Identifier: Apache-2.0
 *
 * query_plans.c - answer why a job waits, when jobs will start, who comes first
 */
#include "base/mem.h"
#include "controller/arrays.h"
#include "controller/handlers.h"
#include "controller/job_index.h"
#include "controller/jobs.h"
#include "controller/pods/pods.h"
#include "controller/query.h"
#include "controller/request.h"
#include "wire/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Jobs that are planned for one question: planning is the dearest of answers, and
 * others wait for it. */
#define STARTS_MAX 1000
#define PRIORITIES_PAGE 1000

/* ------------------------------------------------------------------ explain */

/* What the scheduler calls {array, index} is a job of its own here. */
static const struct ctl_job *job_of(const struct controller *ctl, struct sched_id id)
{
    const struct ctl_job *cj = jobs_find(ctl, id.job);

    if (cj && cj->array && id.task != SCHED_NO_TASK)
        return arrays_element(cj, id.task);
    return cj;
}

/* What has no limit ends when the scheduler's time does. */
static int64_t known_end(const struct ctl_job *cj, int64_t end)
{
    return cj && job_deadline(&cj->job) == INT64_MAX ? 0 : end;
}

static Berth__Blocker *blocker_of(const struct controller *ctl, struct sched_id id,
                                  int64_t end)
{
    const struct ctl_job *cj = job_of(ctl, id);
    Berth__Blocker *blocker = xmalloc(sizeof(*blocker));

    berth__blocker__init(blocker);
    blocker->job_id = cj ? cj->id : id.job;
    blocker->end = known_end(cj, end);
    blocker->user = xstrdup(cj ? cj->job.spec->user : "");
    blocker->name = xstrdup(cj ? cj->job.spec->name : "");
    blocker->nodes = xstrdup(cj && cj->nodes ? cj->nodes : "");
    blocker->cpus = cj ? cj->cpus : 0;
    return blocker;
}

static void fill_blockers(const struct controller *ctl,
                          const struct sched_explanation *e, Berth__Explanation *ret)
{
    ret->blockers = xcalloc(e->n_blockers, sizeof(*ret->blockers));
    for (size_t i = 0; i < e->n_blockers; i++)
        ret->blockers[ret->n_blockers++] =
            blocker_of(ctl, e->blockers[i], e->blocker_ends[i]);
}

static void fill_remedies(const struct sched_explanation *e, Berth__Explanation *ret)
{
    ret->remedies = xcalloc(e->n_remedies, sizeof(*ret->remedies));
    for (size_t i = 0; i < e->n_remedies; i++) {
        Berth__Remedy *remedy = xmalloc(sizeof(*remedy));

        berth__remedy__init(remedy);
        remedy->change = xstrdup(e->remedies[i].change);
        remedy->start = e->remedies[i].start;
        ret->remedies[ret->n_remedies++] = remedy;
    }
}

void query_explain_waiting(const struct controller *ctl, uint32_t job,
                           Berth__Explanation *ret)
{
    struct sched_explanation e;

    if (sched_explain(ctl->sched, job, ret->now, &e, NULL))
        return;
    ret->words = xstrdup(e.words.text);
    ret->start = e.start;
    ret->is_promised = e.is_promised;
    ret->ahead = e.ahead;
    ret->reservation = xstrdup(e.reservation ? e.reservation : "");
    if (e.where)
        ret->where = request_placement(ctl, e.where);
    fill_blockers(ctl, &e, ret);
    fill_remedies(&e, ret);
    sched_explanation_fini(&e);
}

void handle_explain(struct conn *conn, const Berth__Envelope *env)
{
    uint32_t id = env->explain->job_id;
    const struct ctl_job *cj = jobs_find(conn->ctl, id);
    cleanup(free_messagep) Berth__Explanation *explanation = NULL;
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;
    struct err err;

    if (!cj) {
        (void)err_set(&err, ESRCH, "Invalid job id specified: %" PRIu32, id);
        conn_reply_err(conn, env->id, &err);
        return;
    }
    explanation = xmalloc(sizeof(*explanation));
    berth__explanation__init(explanation);
    explanation->now = controller_now();
    explanation->job = query_job_info(conn, cj);
    if (pods_wait(cj))
        explanation->words = xstrdup(pods_wait(cj));
    else if (job_state_of(&cj->job) == JOB_PENDING)
        query_explain_waiting(conn->ctl, id, explanation);
    reply.body_case = BERTH__ENVELOPE__BODY_EXPLANATION;
    reply.explanation = explanation;
    conn_reply(conn, env->id, &reply);
}

/* ------------------------------------------------------------------ starts */

static bool is_wanted(const Berth__StartQuery *query, const struct ctl_job *cj)
{
    const Berth__JobSpec *spec = cj->job.spec;

    if (query->user[0] && strcmp(query->user, spec->user) != 0)
        return false;
    if (query->partition[0] && strcmp(query->partition, spec->partition) != 0)
        return false;
    for (size_t i = 0; i < query->n_ids; i++)
        if (query->ids[i] == cj->id)
            return true;
    return query->n_ids == 0;
}

static Berth__StartInfo *start_info(const struct conn *conn, const struct ctl_job *cj,
                                    const struct sched_estimate *estimate)
{
    Berth__StartInfo *info = xmalloc(sizeof(*info));

    berth__start_info__init(info);
    info->job = query_job_info(conn, cj);
    info->start = estimate->start;
    info->is_promised = estimate->is_promised;
    return info;
}

static int by_start(const void *pa, const void *pb)
{
    const struct sched_estimate *a = pa, *b = pb;

    if ((a->start == 0) != (b->start == 0))
        return a->start == 0 ? 1 : -1;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return (a->job > b->job) - (a->job < b->job);
}

static void fill_starts(const struct conn *conn, const Berth__StartQuery *query,
                        Berth__StartList *ret)
{
    const struct controller *ctl = conn->ctl;
    size_t most = query->limit && query->limit < STARTS_MAX ? query->limit : STARTS_MAX;
    cleanup(freep) struct sched_estimate *estimates = xcalloc(most, sizeof(*estimates));
    size_t n = sched_estimates(ctl->sched, ret->now, estimates, most);

    qsort(estimates, n, sizeof(*estimates), by_start);
    ret->starts = xcalloc(n, sizeof(*ret->starts));
    for (size_t i = 0; i < n; i++) {
        const struct ctl_job *cj = jobs_find(ctl, estimates[i].job);

        if (cj && is_wanted(query, cj))
            ret->starts[ret->n_starts++] = start_info(conn, cj, &estimates[i]);
    }
    ret->waiting = ctl->n_in_state[JOB_PENDING];
    ret->more = n == most && ret->waiting > n;
}

void handle_start_query(struct conn *conn, const Berth__Envelope *env)
{
    cleanup(free_messagep) Berth__StartList *list = xmalloc(sizeof(*list));
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;
    struct err err;

    berth__start_list__init(list);
    if (query_check_ids(env->start_query->n_ids, &err)) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    list->now = controller_now();
    fill_starts(conn, env->start_query, list);
    reply.body_case = BERTH__ENVELOPE__BODY_START_LIST;
    reply.start_list = list;
    conn_reply(conn, env->id, &reply);
}

/* ------------------------------------------------------------------ priorities */

static const char *order_word(enum sched_order order)
{
    switch (order) {
    case SCHED_BY_PRIORITY:
        return "priority";
    case SCHED_BY_SUBMIT:
        return "submit";
    case SCHED_BY_TIME:
        return "time";
    case SCHED_BY_F1:
        return "f1";
    case SCHED_BY_WFP3:
        return "wfp3";
    case SCHED_BY_SLOWDOWN:
        return "slowdown";
    }
    return "";
}

/* Age and size are in the slowdown, so one or the others count. */
static Berth__Factors *weights_of(const struct controller *ctl)
{
    const struct sched_options *options = sched_options_of(ctl->sched);
    const struct sched_weights *weights = &options->weights;
    bool by_slowdown = options->policy.order == SCHED_BY_SLOWDOWN;
    Berth__Factors *ret = xmalloc(sizeof(*ret));

    berth__factors__init(ret);
    ret->age = by_slowdown ? 0 : weights->age;
    ret->size = by_slowdown ? 0 : weights->size;
    ret->fairshare = weights->fairshare;
    ret->qos = weights->qos;
    ret->partition = weights->partition;
    ret->slowdown = by_slowdown ? weights->slowdown : 0;
    return ret;
}

static Berth__Factors *factors_message(const struct sched_factors *factors)
{
    Berth__Factors *ret = xmalloc(sizeof(*ret));

    berth__factors__init(ret);
    ret->age = factors->age;
    ret->size = factors->size;
    ret->fairshare = factors->fairshare;
    ret->qos = factors->qos;
    ret->partition = factors->partition;
    ret->slowdown = factors->slowdown;
    return ret;
}

static void add_priority(const struct controller *ctl, const struct ctl_job *cj,
                         Berth__PriorityList *list)
{
    const Berth__JobSpec *spec = cj->job.spec;
    struct sched_factors factors;
    Berth__PriorityInfo *info;

    if (!sched_factors(ctl->sched, cj->id, controller_now(), &factors))
        return;
    info = xmalloc(sizeof(*info));
    berth__priority_info__init(info);
    info->job_id = cj->id;
    info->user = xstrdup(spec->user);
    info->account = xstrdup(spec->account);
    info->partition = xstrdup(spec->partition);
    info->qos = xstrdup(spec->qos);
    info->factors = factors_message(&factors);
    info->nice = factors.nice;
    info->priority = factors.total;
    info->promised = sched_promised(ctl->sched, cj->id);
    list->jobs[list->n_jobs++] = info;
}

static void fill_named(const struct controller *ctl, const Berth__PriorityQuery *query,
                       Berth__PriorityList *list)
{
    list->jobs = xcalloc(query->n_ids, sizeof(*list->jobs));
    for (size_t i = 0; i < query->n_ids; i++) {
        const struct ctl_job *cj = jobs_find(ctl, query->ids[i]);

        if (cj)
            add_priority(ctl, cj, list);
    }
}

static void fill_page(const struct controller *ctl, const Berth__PriorityQuery *query,
                      Berth__PriorityList *list)
{
    struct job_filter filter = {.states = 1u << JOB_PENDING,
                                .user = query->user,
                                .partition = query->partition};
    size_t max =
        query->limit && query->limit < PRIORITIES_PAGE ? query->limit : PRIORITIES_PAGE;
    cleanup(freep) struct ctl_job **jobs = xcalloc(max + 1, sizeof(struct ctl_job *));
    size_t n = job_index_select(ctl->index, &filter, query->after, max + 1, jobs);

    list->jobs = xcalloc(max, sizeof(*list->jobs));
    list->more = n > max;
    for (size_t i = 0; i < n && i < max; i++)
        add_priority(ctl, jobs[i], list);
}

void handle_priority_query(struct conn *conn, const Berth__Envelope *env)
{
    const Berth__PriorityQuery *query = env->priority_query;
    cleanup(free_messagep) Berth__PriorityList *list = xmalloc(sizeof(*list));
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;
    struct err err;

    berth__priority_list__init(list);
    if (query_check_ids(query->n_ids, &err)) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    list->weights = weights_of(conn->ctl);
    list->order = xstrdup(order_word(sched_options_of(conn->ctl->sched)->policy.order));
    list->age_max = sched_options_of(conn->ctl->sched)->age_max;
    if (query->n_ids)
        fill_named(conn->ctl, query, list);
    else
        fill_page(conn->ctl, query, list);
    reply.body_case = BERTH__ENVELOPE__BODY_PRIORITY_LIST;
    reply.priority_list = list;
    conn_reply(conn, env->id, &reply);
}
