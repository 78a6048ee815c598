/* SPDX-License-Identifier: Apache-2.0
 *
 * requests.c - one function a request: fill an envelope, call, hand the body over
 */
#include "client/handle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "client/deadline.h"
#include "wire/pack.h"

static int call_once(struct berth *berth, Berth__Envelope *request,
                     Berth__Envelope **ret_reply, bool *was_sent, struct err *err)
{
    int rc = handle_connect(berth, err);

    if (rc < 0)
        return rc;
    *was_sent = true;
    request->id = ++berth->last_id;
    rc = caller_call(berth->caller, request, ret_reply, err);
    if (!handle_is_lost(rc))
        return rc;
    handle_drop(berth);
    return handle_explain(berth, err);
}

/* Call once more on a new connection when the one at hand turns out to be lost, and
 * as long as the handle's patience lasts. Requests are safe to repeat: they only read,
 * or carry a key, or give an order that changes nothing the second time. */
static int call(struct berth *berth, Berth__Envelope *request,
                Berth__Envelope **ret_reply, struct err *err)
{
    int64_t deadline = deadline_in(berth->patience_ms);
    int pause_ms = RETRY_FIRST_MS;

    /* The answer to an open wait may come in between and be passed over. */
    berth->wait_id = 0;
    for (bool again = true;;) {
        bool was_sent = false;
        int rc = call_once(berth, request, ret_reply, &was_sent, err);

        if (!handle_is_lost(rc))
            return rc;
        if (was_sent && again)
            again = false;
        else if (!berth->was_connected || !deadline_pause(deadline, &pause_ms))
            return rc;
    }
}

int call_for(struct berth *berth, Berth__Envelope *request,
             Berth__Envelope__BodyCase want, void **ret_body, struct berth_err *err)
{
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    struct err words = {0};
    int rc = call(berth, request, &reply, &words);

    if (rc == 0 && reply->body_case != want)
        rc = err_set(&words, EPROTO, "the controller answers something else");
    if (rc < 0)
        return berth_err_take(err, &words);
    *ret_body = reply->ping; /* all members of the union are pointers */
    reply->ping = NULL;
    reply->body_case = BERTH__ENVELOPE__BODY__NOT_SET;
    return 0;
}

int berth_ping(struct berth *berth, Berth__Pong **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Ping ping = BERTH__PING__INIT;

    env.body_case = BERTH__ENVELOPE__BODY_PING;
    env.ping = &ping;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_PONG, (void **)ret, err);
}

static int jobs_page(struct berth *berth, Berth__JobQuery *query, Berth__JobList **ret,
                     struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    env.body_case = BERTH__ENVELOPE__BODY_JOB_QUERY;
    env.job_query = query;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_JOB_LIST, (void **)ret, err);
}

/* Behind the jobs of 'list', which takes them over. */
static void add_page(Berth__JobList *list, Berth__JobList *page)
{
    list->jobs = xrealloc(list->jobs, list->n_jobs + page->n_jobs, sizeof(*list->jobs));
    for (size_t i = 0; i < page->n_jobs; i++)
        list->jobs[list->n_jobs++] = page->jobs[i];
    page->n_jobs = 0;
    list->more = page->more;
    list->next = page->next;
    list->total = page->total;
    free_message(page);
}

/* The last page was full. Only pages in order of ids can be continued. */
static bool wants_more(const Berth__JobQuery *query, const Berth__JobList *list)
{
    return list->more && list->next > 0 && !query->active_first &&
           (query->limit == 0 || list->n_jobs < query->limit);
}

int berth_jobs(struct berth *berth, const Berth__JobQuery *query, Berth__JobList **ret,
               struct berth_err *err)
{
    cleanup(free_messagep) Berth__JobList *list = NULL;
    Berth__JobQuery next = *query;
    int rc = jobs_page(berth, &next, &list, err);

    while (rc == 0 && wants_more(query, list)) {
        Berth__JobList *page = NULL;

        next.after = list->next;
        if (query->limit)
            next.limit = query->limit - (uint32_t)list->n_jobs;
        rc = jobs_page(berth, &next, &page, err);
        if (rc == 0)
            add_page(list, page);
    }
    if (rc == 0)
        *ret = take(list);
    return rc;
}

int berth_job_tables(struct berth *berth, const Berth__JobQuery *query,
                     int (*each)(const Berth__JobTable *table, void *ctx), void *ctx,
                     struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__JobQuery next = *query;
    bool more = true;
    int rc = 0;

    env.body_case = BERTH__ENVELOPE__BODY_JOB_QUERY;
    env.job_query = &next;
    next.as_table = true;
    while (rc == 0 && more) {
        cleanup(free_messagep) Berth__JobTable *table = NULL;

        rc = call_for(berth, &env, BERTH__ENVELOPE__BODY_JOB_TABLE, (void **)&table,
                      err);
        if (rc < 0)
            return rc;
        more = table->more && table->next > next.after;
        next.after = table->next;
        rc = each(table, ctx);
    }
    return rc;
}

int berth_job_pages(struct berth *berth, const Berth__JobQuery *query,
                    int (*each)(const Berth__JobList *list, void *ctx), void *ctx,
                    struct berth_err *err)
{
    Berth__JobQuery next = *query;
    bool more = true;
    int rc = 0;

    while (rc == 0 && more) {
        cleanup(free_messagep) Berth__JobList *list = NULL;

        rc = jobs_page(berth, &next, &list, err);
        if (rc < 0)
            return rc;
        more = list->more && list->next > next.after;
        next.after = list->next;
        rc = each(list, ctx);
    }
    return rc;
}

int berth_control(struct berth *berth, const Berth__JobControl *control,
                  Berth__JobControlReply **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__JobControl shallow = *control;

    env.body_case = BERTH__ENVELOPE__BODY_JOB_CONTROL;
    env.job_control = &shallow;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_JOB_CONTROLLED, (void **)ret,
                    err);
}

int berth_update(struct berth *berth, const Berth__JobUpdate *update,
                 Berth__JobControlReply **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__JobUpdate shallow = *update;

    env.body_case = BERTH__ENVELOPE__BODY_JOB_UPDATE;
    env.job_update = &shallow;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_JOB_CONTROLLED, (void **)ret,
                    err);
}

int berth_diag(struct berth *berth, bool reset, Berth__Diag **ret,
               struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__DiagQuery query = BERTH__DIAG_QUERY__INIT;

    query.reset = reset;
    env.body_case = BERTH__ENVELOPE__BODY_DIAG_QUERY;
    env.diag_query = &query;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_DIAG, (void **)ret, err);
}

static int nodes_page(struct berth *berth, Berth__NodeQuery *query,
                      Berth__NodeList **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    env.body_case = BERTH__ENVELOPE__BODY_NODE_QUERY;
    env.node_query = query;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_NODE_LIST, (void **)ret, err);
}

static void add_nodes(Berth__NodeList *list, Berth__NodeList *page)
{
    list->nodes =
        xrealloc(list->nodes, list->n_nodes + page->n_nodes, sizeof(*list->nodes));
    for (size_t i = 0; i < page->n_nodes; i++)
        list->nodes[list->n_nodes++] = page->nodes[i];
    page->n_nodes = 0;
    list->more = page->more;
    free_message(page);
}

int berth_nodes(struct berth *berth, const Berth__NodeQuery *query,
                Berth__NodeList **ret, struct berth_err *err)
{
    cleanup(free_messagep) Berth__NodeList *list = NULL;
    Berth__NodeQuery next = *query;
    int rc = nodes_page(berth, &next, &list, err);

    while (rc == 0 && list->more) {
        Berth__NodeList *page = NULL;

        next.skip = query->skip + (uint32_t)list->n_nodes;
        rc = nodes_page(berth, &next, &page, err);
        if (rc == 0)
            add_nodes(list, page);
    }
    if (rc == 0)
        *ret = take(list);
    return rc;
}

/* Call for the status alone. */
static int call_plain(struct berth *berth, Berth__Envelope *request,
                      struct berth_err *err)
{
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    struct err words = {0};
    int rc = call(berth, request, &reply, &words);

    return rc < 0 ? berth_err_take(err, &words) : 0;
}

int berth_accounts(struct berth *berth, const Berth__AccountQuery *query,
                   Berth__AccountList **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__AccountQuery shallow = *query;

    env.body_case = BERTH__ENVELOPE__BODY_ACCOUNT_QUERY;
    env.account_query = &shallow;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_ACCOUNT_LIST, (void **)ret, err);
}

int berth_account_change(struct berth *berth, const Berth__AccountChange *change,
                         struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__AccountChange shallow = *change;

    env.body_case = BERTH__ENVELOPE__BODY_ACCOUNT_CHANGE;
    env.account_change = &shallow;
    return call_plain(berth, &env, err);
}

int berth_qos(struct berth *berth, const Berth__QosQuery *query, Berth__QosList **ret,
              struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__QosQuery shallow = *query;

    env.body_case = BERTH__ENVELOPE__BODY_QOS_QUERY;
    env.qos_query = &shallow;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_QOS_LIST, (void **)ret, err);
}

int berth_qos_change(struct berth *berth, const Berth__QosChange *change,
                     struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__QosChange shallow = *change;

    env.body_case = BERTH__ENVELOPE__BODY_QOS_CHANGE;
    env.qos_change = &shallow;
    return call_plain(berth, &env, err);
}

int berth_node_control(struct berth *berth, const Berth__NodeControl *control,
                       struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__NodeControl shallow = *control;

    env.body_case = BERTH__ENVELOPE__BODY_NODE_CONTROL;
    env.node_control = &shallow;
    return call_plain(berth, &env, err);
}
