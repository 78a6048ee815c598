/* SPDX-License-Identifier: Apache-2.0
 *
 * history_args.c - which runs are meant, from options
 */
#include "cli/history_args.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"

static int set_time(const struct opt *opt, const char *value, void *ctx,
                    struct err *err)
{
    int64_t when;
    int rc = past_parse(value, time(NULL), &when, err);

    if (rc == 0)
        memcpy((char *)ctx + opt->offset, &when, sizeof(when));
    return rc;
}

int history_set_since(const struct opt *opt, const char *value, void *ctx,
                      struct err *err)
{
    return set_time(opt, value, ctx, err);
}

int history_set_until(const struct opt *opt, const char *value, void *ctx,
                      struct err *err)
{
    return set_time(opt, value, ctx, err);
}

static void split(const char *text, char ***ret, size_t *ret_n)
{
    *ret = text ? strv_split(text, ",") : NULL;
    *ret_n = strv_len(*ret);
}

static void add_me(Berth__HistoryQuery *query)
{
    const struct passwd *pw = getpwuid(getuid());

    if (pw)
        strv_add(&query->users, pw->pw_name);
    else
        strv_take(&query->users, xasprintf("%u", getuid()));
    query->n_users = strv_len(query->users);
}

void history_query_init(const struct history_args *args, const struct job_names *jobs,
                        Berth__HistoryQuery *ret)
{
    berth__history_query__init(ret);
    split(args->users, &ret->users, &ret->n_users);
    split(args->accounts, &ret->accounts, &ret->n_accounts);
    split(args->partitions, &ret->partitions, &ret->n_partitions);
    split(args->qos, &ret->qos, &ret->n_qos);
    split(args->states, &ret->states, &ret->n_states);
    split(args->names, &ret->names, &ret->n_names);
    split(args->wckeys, &ret->wckeys, &ret->n_wckeys);
    if (args->mine)
        add_me(ret);
    ret->nodes = xstrdup(args->nodes ? args->nodes : "");
    ret->since = args->since;
    ret->until = args->until;
    ret->ids = jobs->ids;
    ret->n_ids = jobs->n;
    ret->elements = jobs->elements;
    ret->n_elements = jobs->n;
}

void history_query_fini(Berth__HistoryQuery *query)
{
    strv_free(query->users);
    strv_free(query->accounts);
    strv_free(query->partitions);
    strv_free(query->qos);
    strv_free(query->states);
    strv_free(query->names);
    strv_free(query->wckeys);
    if (query->nodes != protobuf_c_empty_string)
        free(query->nodes);
}
