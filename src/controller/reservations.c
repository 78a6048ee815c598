/* SPDX-License-Identifier: Apache-2.0
 *
 * reservations.c - keep the table of reservations, and answer what it holds
 */
#include "controller/reservations.h"

#include "base/hostlist.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "controller/dispatch.h"
#include "controller/handlers.h"
#include "controller/jobs.h"
#include "controller/nodes.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct ctl_reservation *reservations_find(const struct controller *ctl,
                                          const char *name)
{
    struct ctl_reservation *r;

    DL_FOREACH(ctl->reservations, r)
    if (strcmp(r->record->name, name) == 0)
        return r;
    return NULL;
}

/* ------------------------------------------------------------------ scheduler */

/* The nodes that are still there. */
static struct bitset *nodes_of(const struct controller *ctl, const char *list)
{
    cleanup(strv_freep) char **names = NULL;
    struct bitset *set = bitset_create(ctl->config->n_nodes);

    if (hostlist_expand(list, &names, NULL))
        return set;
    strv_foreach (name, names) {
        const struct ctl_node *node = nodes_find(ctl, *name);

        if (node)
            bitset_set(set, node->index);
    }
    return set;
}

int reservations_tell(struct controller *ctl, const Berth__ReservationRecord *record,
                      bool ignore_running, struct err *err)
{
    cleanup(bitset_destroyp) struct bitset *nodes = nodes_of(ctl, record->nodes);
    struct sched_reservation what = {.name = record->name,
                                     .nodes = nodes,
                                     .start = record->start,
                                     .end = record->end,
                                     .every = record->every,
                                     .floating = record->floating,
                                     .uids = record->uids,
                                     .n_uids = record->n_uids,
                                     .accounts = (const char *const *)record->accounts,
                                     .n_accounts = record->n_accounts,
                                     .maintenance = record->maintenance,
                                     .flexible = record->flexible};

    if (bitset_count(nodes) == 0)
        return err_set(err, ENOENT, "none of the nodes %s is in the configuration",
                       record->nodes);
    return sched_reserve(ctl->sched, &what, ignore_running, controller_now(), err);
}

/* ------------------------------------------------------------------ the table */

static char *key_of(const char *name)
{
    return xasprintf("reservation/%s", name);
}

static void save(struct controller *ctl, const Berth__ReservationRecord *record)
{
    cleanup(freep) char *key = key_of(record->name);
    size_t len;
    cleanup(freep) uint8_t *bytes = pack_message(&record->base, &len);

    store_put(ctl->store, key, bytes, len);
}

static struct ctl_reservation *insert(struct controller *ctl,
                                      Berth__ReservationRecord *record)
{
    struct ctl_reservation *r = xcalloc(1, sizeof(*r)), *next;

    r->record = record;
    DL_FOREACH(ctl->reservations, next)
    if (strcmp(next->record->name, record->name) > 0)
        break;
    if (next)
        DL_PREPEND_ELEM(ctl->reservations, next, r);
    else
        DL_APPEND(ctl->reservations, r);
    return r;
}

struct ctl_reservation *reservations_put(struct controller *ctl,
                                         Berth__ReservationRecord *record)
{
    struct ctl_reservation *r = reservations_find(ctl, record->name);

    save(ctl, record);
    if (!r)
        return insert(ctl, record);
    free_message(r->record);
    r->record = record;
    r->is_gone = false;
    return r;
}

static void forget(struct controller *ctl, struct ctl_reservation *r)
{
    DL_DELETE(ctl->reservations, r);
    free_message(r->record);
    free(r);
}

void reservations_remove(struct controller *ctl, struct ctl_reservation *r)
{
    cleanup(freep) char *key = key_of(r->record->name);

    sched_unreserve(ctl->sched, r->record->name);
    store_delete(ctl->store, key);
    forget(ctl, r);
    dispatch_want_pass(ctl);
}

void reservations_purge(struct controller *ctl, int64_t now)
{
    struct ctl_reservation *r, *next;

    DL_FOREACH_SAFE(ctl->reservations, r, next)
    {
        const Berth__ReservationRecord *record = r->record;

        if (record->every || record->floating || record->end > now)
            continue;
        log_info("reservation %s is over", record->name);
        reservations_remove(ctl, r);
    }
}

void reservations_clear(struct controller *ctl)
{
    struct ctl_reservation *r, *next;

    DL_FOREACH_SAFE(ctl->reservations, r, next)
    forget(ctl, r);
}

/* ------------------------------------------------------------------ recovery */

struct scan {
    struct controller *ctl;
    struct err *err;
};

static int each_record(const char *key, const void *value, size_t len, void *ctx)
{
    struct scan *scan = ctx;
    Berth__ReservationRecord *record =
        unpack_message(&berth__reservation_record__descriptor, value, len);
    struct ctl_reservation *r;
    struct err err;

    if (!record || strcmp(record->name, strchr(key, '/') + 1) != 0) {
        free_message(record);
        return err_set(scan->err, EBADMSG, "%s cannot be read", key);
    }
    r = insert(scan->ctl, record);
    /* Jobs that run were let in, or came to stay, when it was made. */
    if (reservations_tell(scan->ctl, record, true, &err)) {
        log_warn("reservation %s: %s", record->name, err.text);
        r->is_gone = true;
    }
    return 0;
}

int reservations_load(struct controller *ctl, struct err *err)
{
    struct scan scan = {.ctl = ctl, .err = err};

    return store_scan(ctl->store, "reservation/", each_record, &scan, err);
}

/* ------------------------------------------------------------------ answers */

void reservations_times(const Berth__ReservationRecord *record, int64_t now,
                        int64_t *ret_start, int64_t *ret_end)
{
    int64_t start = record->start, end = record->end;

    if (record->floating) {
        end = now + record->floating + (end - start);
        start = now + record->floating;
    } else if (record->every > 0 && end <= now) {
        int64_t times = (now - end) / record->every + 1;

        start += times * record->every;
        end += times * record->every;
    }
    *ret_start = start;
    *ret_end = end;
}

static const char *state_word(const struct ctl_reservation *r, int64_t now)
{
    int64_t start, end;

    if (r->is_gone)
        return "GONE";
    if (r->record->floating)
        return "FLOATING";
    reservations_times(r->record, now, &start, &end);
    return start <= now ? "ACTIVE" : "WAITING";
}

static void fill_jobs(const struct controller *ctl, Berth__ReservationInfo *info)
{
    const struct ctl_job *cj, *next;

    HASH_ITER(hh, ctl->jobs, cj, next)
    {
        if (job_state_is_final(job_state_of(&cj->job)) ||
            strcmp(cj->job.spec->reservation, info->record->name) != 0)
            continue;
        info->jobs = xrealloc(info->jobs, info->n_jobs + 1, sizeof(*info->jobs));
        info->jobs[info->n_jobs++] = cj->id;
    }
}

static Berth__ReservationInfo *reservation_info(const struct controller *ctl,
                                                const struct ctl_reservation *r,
                                                int64_t now)
{
    Berth__ReservationInfo *info = xmalloc(sizeof(*info));
    cleanup(bitset_destroyp) struct bitset *nodes = nodes_of(ctl, r->record->nodes);

    berth__reservation_info__init(info);
    info->record = copy_message(&r->record->base);
    info->state = xstrdup(state_word(r, now));
    reservations_times(r->record, now, &info->start, &info->end);
    info->n_nodes = (uint32_t)bitset_count(nodes);
    fill_jobs(ctl, info);
    return info;
}

static bool is_asked(const Berth__ReservationQuery *query, const char *name)
{
    for (size_t i = 0; i < query->n_names; i++)
        if (strcmp(query->names[i], name) == 0)
            return true;
    return query->n_names == 0;
}

static int unknown(const struct controller *ctl, const char *name, struct err *err)
{
    cleanup(freep) const char **names = NULL;
    const struct ctl_reservation *r;
    const char *near;
    size_t n = 0;

    DL_FOREACH(ctl->reservations, r)
    {
        names = xrealloc(names, n + 1, sizeof(*names));
        names[n++] = r->record->name;
    }
    near = nearest_name(name, names, n);
    return err_set(err, ENOENT, "there is no reservation '%.80s'%s%s%s", name,
                   near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

static Berth__ReservationList *list_of(const struct controller *ctl,
                                       const Berth__ReservationQuery *query)
{
    Berth__ReservationList *list = xmalloc(sizeof(*list));
    const struct ctl_reservation *r;
    size_t n;

    berth__reservation_list__init(list);
    DL_COUNT(ctl->reservations, r, n);
    list->now = controller_now();
    list->reservations = xcalloc(n, sizeof(*list->reservations));
    DL_FOREACH(ctl->reservations, r)
    if (is_asked(query, r->record->name))
        list->reservations[list->n_reservations++] =
            reservation_info(ctl, r, list->now);
    return list;
}

void handle_reservation_query(struct conn *conn, const Berth__Envelope *env)
{
    const Berth__ReservationQuery *query = env->reservation_query;
    cleanup(free_messagep) Berth__ReservationList *list = NULL;
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;
    struct err err;

    for (size_t i = 0; i < query->n_names; i++)
        if (!reservations_find(conn->ctl, query->names[i])) {
            (void)unknown(conn->ctl, query->names[i], &err);
            conn_reply_err(conn, env->id, &err);
            return;
        }
    list = list_of(conn->ctl, query);
    reply.body_case = BERTH__ENVELOPE__BODY_RESERVATION_LIST;
    reply.reservation_list = list;
    conn_reply(conn, env->id, &reply);
}

void handle_reservation_change(struct conn *conn, const Berth__Envelope *env)
{
    struct controller *ctl = conn->ctl;
    const Berth__ReservationChange *change = env->reservation_change;
    Berth__Envelope *reply;
    struct ctl_reservation *changed = NULL;
    Berth__ReservationQuery query = BERTH__RESERVATION_QUERY__INIT;
    struct err err;
    int rc = 0;

    if (change->op != BERTH__CHANGE_OP__CHANGE_ADD && change->record &&
        !reservations_find(ctl, change->record->name))
        rc = unknown(ctl, change->record->name, &err);
    if (rc == 0)
        rc = reservation_change_apply(ctl, conn_uid(conn), change, &changed, &err);
    if (rc) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    reply = xmalloc(sizeof(*reply));
    berth__envelope__init(reply);
    reply->body_case = BERTH__ENVELOPE__BODY_RESERVATION_LIST;
    query.names = changed ? &changed->record->name : NULL;
    query.n_names = changed ? 1 : 0;
    if (changed) {
        reply->reservation_list = list_of(ctl, &query);
    } else {
        reply->reservation_list = xmalloc(sizeof(*reply->reservation_list));
        berth__reservation_list__init(reply->reservation_list);
    }
    dispatch_want_pass(ctl);
    conn_reply_committed(conn, env->id, reply);
}
