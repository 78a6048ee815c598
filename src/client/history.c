/* SPDX-License-Identifier: Apache-2.0
 *
 * history.c - ask what has become of jobs
 */
#include "client/handle.h"

#include "wire/pack.h"

int berth_history(struct berth *berth, const Berth__HistoryQuery *query,
                  Berth__HistoryList **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__HistoryQuery shallow = *query;

    env.body_case = BERTH__ENVELOPE__BODY_HISTORY_QUERY;
    env.history_query = &shallow;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_HISTORY_LIST, (void **)ret, err);
}

int berth_report(struct berth *berth, const Berth__ReportQuery *query,
                 Berth__ReportList **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ReportQuery shallow = *query;

    env.body_case = BERTH__ENVELOPE__BODY_REPORT_QUERY;
    env.report_query = &shallow;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_REPORT_LIST, (void **)ret, err);
}

int berth_history_order(struct berth *berth, const Berth__HistoryOrder *order,
                        Berth__HistoryOrderReply **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__HistoryOrder shallow = *order;

    env.body_case = BERTH__ENVELOPE__BODY_HISTORY_ORDER;
    env.history_order = &shallow;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_HISTORY_ORDERED, (void **)ret,
                    err);
}
