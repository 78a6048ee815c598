/* SPDX-License-Identifier: Apache-2.0
 *
 * query_accounts.c - accounts and QOS as clients see them, with usage and shares
 */
#include "base/mem.h"
#include "controller/accounts.h"
#include "controller/conn.h"
#include "controller/handlers.h"
#include "wire/pack.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One that is shown, and where it stands: names of all above it, for sorting. */
struct place {
    uint32_t index, depth;
    char *path;
};

struct list {
    const struct assoc *assoc;
    struct place *places;
    size_t n;
};

/* "root" NUL-like separators: users come before accounts, both by name. */
static char *path_of(const struct assoc *assoc, uint32_t index, uint32_t *ret_depth)
{
    struct assoc_object object;
    char *above, *path;

    BUG_ON(!assoc_get(assoc, index, &object));
    if (object.parent == ASSOC_NONE) {
        *ret_depth = 0;
        return xstrdup("");
    }
    above = path_of(assoc, object.parent, ret_depth);
    ++*ret_depth;
    path = object.user ? xasprintf("%s\001\001%s\001%s", above, object.user,
                                   object.partition ? object.partition : "")
                       : xasprintf("%s\001\002%s", above, object.account);
    free(above);
    return path;
}

static bool is_named(char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool is_below(const struct assoc *assoc, uint32_t index,
                     const Berth__AccountQuery *query)
{
    struct assoc_object object;

    for (; assoc_get(assoc, index, &object); index = object.parent)
        if (is_named(query->accounts, query->n_accounts, object.account))
            return true;
    return false;
}

static bool is_asked(const struct assoc *assoc, uint32_t index,
                     const Berth__AccountQuery *query)
{
    struct assoc_object object;

    if (!assoc_get(assoc, index, &object))
        return false;
    if (query->n_users &&
        !(object.user && is_named(query->users, query->n_users, object.user)))
        return false;
    return !query->n_accounts || is_below(assoc, index, query);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct place *)a)->path, ((const struct place *)b)->path);
}

static void list_init(struct list *list, const struct assoc *assoc,
                      const Berth__AccountQuery *query)
{
    *list = (struct list){.assoc = assoc};
    list->places = xcalloc(assoc_count(assoc), sizeof(*list->places));
    for (uint32_t i = 0; i < assoc_count(assoc); i++) {
        struct place *place = &list->places[list->n];

        if (!is_asked(assoc, i, query))
            continue;
        place->index = i;
        place->path = path_of(assoc, i, &place->depth);
        list->n++;
    }
    qsort(list->places, list->n, sizeof(*list->places), by_path);
}

static void list_fini(struct list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->places[i].path);
    free(list->places);
}

static Berth__AccountInfo *account_info(const struct assoc *assoc,
                                        const struct place *place)
{
    Berth__AccountInfo *info = xmalloc(sizeof(*info));
    struct assoc_object object;
    struct assoc_share share;
    struct assoc_usage used;

    assoc_get(assoc, place->index, &object);
    assoc_share_of(assoc, place->index, &share);
    assoc_usage_of(assoc, place->index, controller_now(), &used);
    berth__account_info__init(info);
    info->record = account_record(assoc, place->index);
    info->depth = place->depth;
    info->implicit = object.implicit;
    info->norm_shares = share.norm_shares;
    info->usage = share.usage;
    info->norm_usage = share.norm_usage;
    info->effective_usage = share.effective_usage;
    info->level_fs = isinf(share.level_fs) ? 0 : share.level_fs;
    info->fair_factor = share.factor;
    info->jobs = share.jobs;
    info->cores = share.in_use.cores;
    info->memory = share.in_use.mem_mb;
    info->nodes = share.in_use.nodes;
    info->gpus = share.in_use.gpus;
    info->used = usage_record(&used);
    return info;
}

static int check_names(const struct assoc *assoc, const Berth__AccountQuery *query,
                       struct err *err)
{
    uint32_t index;

    for (size_t i = 0; i < query->n_accounts; i++) {
        int rc = assoc_find_account(assoc, query->accounts[i], &index, err);

        if (rc)
            return rc;
    }
    return 0;
}

void handle_account_query(struct conn *conn, const Berth__Envelope *env)
{
    struct assoc *assoc = conn->ctl->assoc;
    cleanup(free_messagep) Berth__AccountList *reply = xmalloc(sizeof(*reply));
    Berth__Envelope answer = BERTH__ENVELOPE__INIT;
    struct list list;
    struct err err;

    berth__account_list__init(reply);
    if (check_names(assoc, env->account_query, &err)) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    assoc_refresh(assoc, controller_now());
    list_init(&list, assoc, env->account_query);
    reply->n_accounts = list.n;
    reply->accounts = xcalloc(list.n, sizeof(*reply->accounts));
    for (size_t i = 0; i < list.n; i++)
        reply->accounts[i] = account_info(assoc, &list.places[i]);
    list_fini(&list);
    answer.body_case = BERTH__ENVELOPE__BODY_ACCOUNT_LIST;
    answer.account_list = reply;
    conn_reply(conn, env->id, &answer);
}

static Berth__QosInfo *qos_info(const struct assoc *assoc, uint32_t index)
{
    Berth__QosInfo *info = xmalloc(sizeof(*info));
    struct assoc_usage used;
    struct tres held;

    assoc_qos_usage_of(assoc, index, controller_now(), &used);
    berth__qos_info__init(info);
    info->record = qos_record(assoc, index);
    info->jobs = assoc_qos_running(assoc, index, &held);
    info->cores = held.cores;
    info->memory = held.mem_mb;
    info->nodes = held.nodes;
    info->gpus = held.gpus;
    info->used = usage_record(&used);
    return info;
}

void handle_qos_query(struct conn *conn, const Berth__Envelope *env)
{
    const Berth__QosQuery *query = env->qos_query;
    const struct assoc *assoc = conn->ctl->assoc;
    cleanup(free_messagep) Berth__QosList *reply = xmalloc(sizeof(*reply));
    Berth__Envelope answer = BERTH__ENVELOPE__INIT;
    uint32_t found;
    struct err err;

    berth__qos_list__init(reply);
    reply->qos = xcalloc(assoc_qos_count(assoc), sizeof(*reply->qos));
    for (size_t i = 0; i < query->n_names; i++)
        if (assoc_qos_find(assoc, query->names[i], &found, &err)) {
            conn_reply_err(conn, env->id, &err);
            return;
        }
    for (uint32_t i = 0; i < assoc_qos_count(assoc); i++) {
        const struct qos *qos = assoc_qos(assoc, i);

        if (qos &&
            (!query->n_names || is_named(query->names, query->n_names, qos->name)))
            reply->qos[reply->n_qos++] = qos_info(assoc, i);
    }
    answer.body_case = BERTH__ENVELOPE__BODY_QOS_LIST;
    answer.qos_list = reply;
    conn_reply(conn, env->id, &answer);
}
