/* SPDX-License-Identifier: Apache-2.0
 *
 * usage.c - ask a node what its jobs use
 *
 * Nodes are asked directly: what changes each second is nothing to pass through the
 * controller.
 */
#include "client/handle.h"

#include <errno.h>

#include "base/mem.h"
#include "wire/pack.h"

static int ask(struct berth *berth, const char *host, uint16_t port,
               const Berth__UsageQuery *query, Berth__UsageList **ret, struct err *err)
{
    cleanup(caller_destroyp) struct caller *caller = NULL;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    int rc = handle_connect_node(berth, host, port, &caller, err);

    if (rc < 0)
        return rc;
    env.id = 1;
    env.body_case = BERTH__ENVELOPE__BODY_USAGE_QUERY;
    env.usage_query = (Berth__UsageQuery *)(uintptr_t)query;
    rc = caller_call(caller, &env, &reply, err);
    if (rc == 0 && reply->body_case != BERTH__ENVELOPE__BODY_USAGE_LIST)
        rc = err_set(err, EPROTO, "it answers something else");
    if (rc < 0)
        return rc;
    *ret = take(reply->usage_list);
    reply->body_case = BERTH__ENVELOPE__BODY__NOT_SET;
    return 0;
}

int berth_usage(struct berth *berth, const char *host, uint16_t port,
                const Berth__UsageQuery *query, Berth__UsageList **ret,
                struct berth_err *err)
{
    struct err words = {0};

    if (ask(berth, host, port, query, ret, &words) == 0)
        return 0;
    (void)err_wrap(&words, "node at %.60s:%u", host, port);
    return berth_err_take(err, &words);
}
