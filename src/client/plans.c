/* SPDX-License-Identifier: Apache-2.0
 *
 * plans.c - requests about the future: explanations, starts, priorities,
 * reservations
 */
#include "client/handle.h"

#include <stdlib.h>

#include "base/mem.h"
#include "wire/pack.h"

int berth_explain(struct berth *berth, uint32_t job, Berth__Explanation **ret,
                  struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ExplainRequest request = BERTH__EXPLAIN_REQUEST__INIT;

    request.job_id = job;
    env.body_case = BERTH__ENVELOPE__BODY_EXPLAIN;
    env.explain = &request;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_EXPLANATION, (void **)ret, err);
}

int berth_starts(struct berth *berth, const Berth__StartQuery *query,
                 Berth__StartList **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StartQuery shallow = *query;

    env.body_case = BERTH__ENVELOPE__BODY_START_QUERY;
    env.start_query = &shallow;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_START_LIST, (void **)ret, err);
}

static int priorities_page(struct berth *berth, Berth__PriorityQuery *query,
                           Berth__PriorityList **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    env.body_case = BERTH__ENVELOPE__BODY_PRIORITY_QUERY;
    env.priority_query = query;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_PRIORITY_LIST, (void **)ret,
                    err);
}

static void add_page(Berth__PriorityList *list, Berth__PriorityList *page)
{
    list->jobs = xrealloc(list->jobs, list->n_jobs + page->n_jobs, sizeof(*list->jobs));
    for (size_t i = 0; i < page->n_jobs; i++)
        list->jobs[list->n_jobs++] = page->jobs[i];
    page->n_jobs = 0;
    list->more = page->more;
    free_message(page);
}

static bool wants_more(const Berth__PriorityQuery *query,
                       const Berth__PriorityList *list)
{
    return list->more && list->n_jobs > 0 &&
           (query->limit == 0 || list->n_jobs < query->limit);
}

int berth_priorities(struct berth *berth, const Berth__PriorityQuery *query,
                     Berth__PriorityList **ret, struct berth_err *err)
{
    cleanup(free_messagep) Berth__PriorityList *list = NULL;
    Berth__PriorityQuery next = *query;
    int rc = priorities_page(berth, &next, &list, err);

    while (rc == 0 && wants_more(query, list)) {
        Berth__PriorityList *page = NULL;

        next.after = list->jobs[list->n_jobs - 1]->job_id;
        if (query->limit)
            next.limit = query->limit - (uint32_t)list->n_jobs;
        rc = priorities_page(berth, &next, &page, err);
        if (rc == 0 && page->n_jobs == 0)
            page->more = false;
        if (rc == 0)
            add_page(list, page);
    }
    if (rc == 0)
        *ret = take(list);
    return rc;
}

int berth_reservations(struct berth *berth, const Berth__ReservationQuery *query,
                       Berth__ReservationList **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ReservationQuery shallow = *query;

    env.body_case = BERTH__ENVELOPE__BODY_RESERVATION_QUERY;
    env.reservation_query = &shallow;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_RESERVATION_LIST, (void **)ret,
                    err);
}

int berth_reserve(struct berth *berth, const Berth__ReservationChange *change,
                  Berth__ReservationList **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ReservationChange shallow = *change;

    env.body_case = BERTH__ENVELOPE__BODY_RESERVATION_CHANGE;
    env.reservation_change = &shallow;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_RESERVATION_LIST, (void **)ret,
                    err);
}
