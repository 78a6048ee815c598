/* SPDX-License-Identifier: Apache-2.0
 *
 * query_history.c - answer what has become of jobs, from the history's own thread
 */
#include "base/mem.h"
#include "controller/changes.h"
#include "controller/handlers.h"
#include "controller/jobs.h"
#include "controller/query.h"
#include "controller/users.h"
#include "history/history.h"
#include "state/job.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LISTS_MAX 10000 /* entries of all lists of a question */

/* A question that is being answered elsewhere. */
struct asked {
    struct conn *conn;
    uint64_t id;
};

static void asked_free(struct asked *asked)
{
    conn_unref(asked->conn);
    free(asked);
}

void query_history_drop(void *ctx)
{
    asked_free(ctx);
}

/* ------------------------------------------------------------------ answers */

/* What only the living know: why a job waits, which elements of it have not begun. */
static void complete(struct controller *ctl, Berth__HistoryJob *job)
{
    const struct ctl_job *cj = jobs_find(ctl, job->job_id);

    if (job->cancelled_by)
        field_set(&job->cancelled_name,
                  query_field(users_name(ctl, job->cancelled_by - 1)));
    if (!cj || strcmp(job->state, "PENDING") != 0 ||
        cj->job.record->submit_time != job->submit_time)
        return;
    field_set(&job->reason, query_reason(ctl, cj));
    if (cj->array)
        field_set(&job->array, cj->job.record->array_left);
}

static void answer(struct asked *asked, Berth__Envelope__BodyCase body, void *message,
                   const struct err *err)
{
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;

    reply.body_case = body;
    reply.ping = message; /* all members of the union are pointers */
    if (err)
        conn_reply_err(asked->conn, asked->id, err);
    else
        conn_reply(asked->conn, asked->id, &reply);
    free_message(message);
    asked_free(asked);
}

static void on_list(void *message, const struct err *err, void *ctx)
{
    struct asked *asked = ctx;
    Berth__HistoryList *list = message;

    for (size_t i = 0; list && i < list->n_jobs; i++)
        complete(asked->conn->ctl, list->jobs[i]);
    answer(asked, BERTH__ENVELOPE__BODY_HISTORY_LIST, message, err);
}

static void on_report(void *message, const struct err *err, void *ctx)
{
    answer(ctx, BERTH__ENVELOPE__BODY_REPORT_LIST, message, err);
}

static void on_ordered(void *message, const struct err *err, void *ctx)
{
    answer(ctx, BERTH__ENVELOPE__BODY_HISTORY_ORDERED, message, err);
}

/* ------------------------------------------------------------------ questions */

static struct viewer viewer_of(const struct conn *conn)
{
    uid_t uid = conn_uid(conn);
    bool may_see_all =
        !conn->ctl->config->history.private_data || controller_is_admin(uid);

    return (struct viewer){.is_own_only = !may_see_all, .uid = uid};
}

/* States by their long names; "requeued" is one of the history's own. */
static int settle_states(Berth__HistoryQuery *query, struct err *err)
{
    for (size_t i = 0; i < query->n_states; i++) {
        enum job_state state;

        if (strcasecmp(query->states[i], "REQUEUED") == 0 ||
            strcasecmp(query->states[i], "RQ") == 0) {
            field_set(&query->states[i], "REQUEUED");
            query->all_runs = true;
        } else if (job_state_parse(query->states[i], &state, err)) {
            return -EINVAL;
        } else {
            field_set(&query->states[i], job_state_name(state));
        }
    }
    return 0;
}

static int check(const struct conn *conn, Berth__HistoryQuery *query, struct err *err)
{
    size_t n = 0;

    if (!changes_history(conn->ctl))
        return err_set(err, ENOTSUP, "this site keeps no history (history.enabled)");
    if (!query)
        return 0;
    n = query->n_ids + query->n_users + query->n_accounts + query->n_partitions +
        query->n_qos + query->n_states + query->n_names + query->n_wckeys;
    if (n > LISTS_MAX)
        return err_set(err, E2BIG, "more than %d jobs and names in one question",
                       LISTS_MAX);
    return settle_states(query, err);
}

static void ask(struct conn *conn, uint64_t id, struct history_question question,
                history_answer *fn)
{
    struct asked *asked = xcalloc(1, sizeof(*asked));
    struct viewer viewer = viewer_of(conn);

    asked->conn = conn_ref(conn);
    asked->id = id;
    history_ask(changes_history(conn->ctl), question, &viewer, fn, asked);
}

void handle_history_query(struct conn *conn, const Berth__Envelope *env)
{
    Berth__HistoryQuery *query = copy_message(&env->history_query->base);
    struct err err;

    if (check(conn, query, &err)) {
        free_message(query);
        conn_reply_err(conn, env->id, &err);
        return;
    }
    ask(conn, env->id, (struct history_question){.list = query}, on_list);
}

void handle_report_query(struct conn *conn, const Berth__Envelope *env)
{
    Berth__ReportQuery *query = copy_message(&env->report_query->base);
    struct err err;

    if (check(conn, query->filter, &err)) {
        free_message(query);
        conn_reply_err(conn, env->id, &err);
        return;
    }
    ask(conn, env->id, (struct history_question){.report = query}, on_report);
}

void handle_history_order(struct conn *conn, const Berth__Envelope *env)
{
    const Berth__HistoryOrder *order = env->history_order;
    struct err err;
    int rc = check(conn, NULL, &err);

    if (rc == 0 && order->op != BERTH__HISTORY_ORDER__OP__ARCHIVE)
        rc = err_set(&err, EINVAL, "the controller does not know the order %d",
                     (int)order->op);
    if (rc) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    ask(conn, env->id, (struct history_question){.order = copy_message(&order->base)},
        on_ordered);
}
