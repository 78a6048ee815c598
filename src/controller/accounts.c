/* SPDX-License-Identifier: Apache-2.0
 *
 * accounts.c - keep the table's records, and read them at start
 */
#include "controller/accounts.h"

#include "base/mem.h"
#include "state/job.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct assoc *accounts_create(const struct config *config)
{
    struct assoc_options options = {
        .form = config->scheduling.fairshare == CONFIG_FAIR_CLASSIC ? FAIR_CLASSIC
                                                                    : FAIR_TREE,
        .half_life = config->scheduling.half_life,
        .weight = {[TRES_CORES] = config->scheduling.usage_cores,
                   [TRES_MEM] = config->scheduling.usage_memory / 1024,
                   [TRES_NODES] = config->scheduling.usage_nodes,
                   [TRES_GPUS] = config->scheduling.usage_gpus},
    };

    return assoc_create(&options, controller_now());
}

/* ------------------------------------------------------------------ saving */

static void put(struct controller *ctl, const char *key, const ProtobufCMessage *record)
{
    size_t len;
    cleanup(freep) uint8_t *bytes = pack_message(record, &len);

    store_put(ctl->store, key, bytes, len);
}

static char *object_key(const struct assoc_object *object)
{
    if (!object->user)
        return xasprintf("account/%s", object->account);
    return xasprintf("member/%s/%s/%s", object->account, object->user,
                     object->partition ? object->partition : "");
}

static char *usage_key(const struct assoc_object *object)
{
    return xasprintf("usage/account/%s/%s/%s", object->account,
                     object->user ? object->user : "",
                     object->partition ? object->partition : "");
}

void accounts_save(struct controller *ctl, uint32_t index)
{
    cleanup(free_messagep) Berth__AccountRecord *record =
        account_record(ctl->assoc, index);
    cleanup(freep) char *key = NULL;
    struct assoc_object object;

    assoc_get(ctl->assoc, index, &object);
    key = object_key(&object);
    put(ctl, key, &record->base);
}

void accounts_save_user(struct controller *ctl, const char *user)
{
    struct assoc_object object;

    for (uint32_t i = 0; i < assoc_count(ctl->assoc); i++)
        if (assoc_get(ctl->assoc, i, &object) && object.user && !object.implicit &&
            strcmp(object.user, user) == 0)
            accounts_save(ctl, i);
}

void accounts_erase(struct controller *ctl, const struct assoc_object *object)
{
    cleanup(freep) char *key = object_key(object);
    cleanup(freep) char *used = usage_key(object);

    store_delete(ctl->store, key);
    store_delete(ctl->store, used);
}

void accounts_save_qos(struct controller *ctl, uint32_t qos)
{
    cleanup(free_messagep) Berth__QosRecord *record = qos_record(ctl->assoc, qos);
    cleanup(freep) char *key = xasprintf("qos/%s", record->name);

    put(ctl, key, &record->base);
}

void accounts_erase_qos(struct controller *ctl, const char *name)
{
    cleanup(freep) char *key = xasprintf("qos/%s", name);
    cleanup(freep) char *used = xasprintf("usage/qos/%s", name);

    store_delete(ctl->store, key);
    store_delete(ctl->store, used);
}

static void save_account_usage(struct controller *ctl, uint32_t index)
{
    struct assoc_usage usage;
    struct assoc_object object;

    assoc_get(ctl->assoc, index, &object);
    assoc_settled(ctl->assoc, index, controller_now(), &usage);
    cleanup(free_messagep) Berth__UsageRecord *record = usage_record(&usage);
    cleanup(freep) char *key = usage_key(&object);
    field_set(&record->account, object.account);
    field_set(&record->user, object.user ? object.user : "");
    field_set(&record->partition, object.partition ? object.partition : "");
    put(ctl, key, &record->base);
}

static void save_qos_usage(struct controller *ctl, uint32_t qos)
{
    const char *name = assoc_qos(ctl->assoc, qos)->name;
    struct assoc_usage usage;

    assoc_qos_settled(ctl->assoc, qos, controller_now(), &usage);
    cleanup(free_messagep) Berth__UsageRecord *record = usage_record(&usage);
    cleanup(freep) char *key = xasprintf("usage/qos/%s", name);
    field_set(&record->qos, name);
    put(ctl, key, &record->base);
}

void accounts_save_usage(struct controller *ctl)
{
    bool is_qos;
    uint32_t index;

    while (assoc_next_unsaved(ctl->assoc, &is_qos, &index)) {
        if (is_qos)
            save_qos_usage(ctl, index);
        else
            save_account_usage(ctl, index);
    }
}

/* ------------------------------------------------------------------ reading */

/* Records of one kind, all of them before any is used. */
struct records {
    const ProtobufCMessageDescriptor *type;
    void **list;
    size_t n, cap;
    struct err *err;
};

static int each_record(const char *key, const void *value, size_t len, void *ctx)
{
    struct records *records = ctx;
    void *message = unpack_message(records->type, value, len);

    if (!message)
        return err_set(records->err, EBADMSG, "%s cannot be read", key);
    if (records->n == records->cap) {
        records->cap = records->cap ? 2 * records->cap : 64;
        records->list = xrealloc(records->list, records->cap, sizeof(*records->list));
    }
    records->list[records->n++] = message;
    return 0;
}

static int read_records(struct controller *ctl, const char *prefix,
                        const ProtobufCMessageDescriptor *type, struct records *ret,
                        struct err *err)
{
    *ret = (struct records){.type = type, .err = err};
    return store_scan(ctl->store, prefix, each_record, ret, err);
}

static void free_records(struct records *records)
{
    for (size_t i = 0; i < records->n; i++)
        free_message(records->list[i]);
    free(records->list);
}

static int read_limits(Berth__LimitValue *const *values, size_t n, struct limits *ret,
                       struct err *err)
{
    *ret = (struct limits){0};
    for (size_t i = 0; i < n; i++) {
        enum limit limit;
        int rc = limit_find(values[i]->name, &limit, err);

        if (rc)
            return rc;
        limits_set(ret, limit, values[i]->value);
    }
    return 0;
}

/* Names may be of QOS that come later: 'with_lists' says whether all are there. */
static int load_qos(struct controller *ctl, const Berth__QosRecord *record,
                    bool with_lists, struct err *err)
{
    size_t n = with_lists ? record->n_preempts : 0;
    cleanup(freep) uint32_t *preempts = n ? xcalloc(n, sizeof(*preempts)) : NULL;
    struct qos qos = {.priority = record->priority,
                      .grace = record->grace,
                      .usage_factor = record->usage_factor,
                      .preempts = preempts,
                      .n_preempts = n};
    int rc = qos_preempt_parse(record->preempt_mode, &qos.preempt_mode, err);

    if (strlen(record->name) > ASSOC_NAME_MAX)
        return err_set(err, EBADMSG, "its name is too long");
    memcpy(qos.name, record->name, strlen(record->name) + 1);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = assoc_qos_find(ctl->assoc, record->preempts[i], &preempts[i], err);
    for (size_t i = 0; i < record->n_flags; i++)
        qos.flags |= qos_flag_of(record->flags[i]);
    if (rc == 0)
        rc = read_limits(record->limits, record->n_limits, &qos.limits, err);
    return rc ? rc : assoc_qos_set(ctl->assoc, &qos, NULL, err);
}

static int load_all_qos(struct controller *ctl, struct err *err)
{
    struct records records;
    int rc = read_records(ctl, "qos/", &berth__qos_record__descriptor, &records, err);

    for (size_t i = 0; rc == 0 && i < 2 * records.n; i++) {
        const Berth__QosRecord *record = records.list[i % records.n];

        rc = load_qos(ctl, record, i >= records.n, err);
        if (rc)
            (void)err_wrap(err, "qos/%s", record->name);
    }
    free_records(&records);
    return rc;
}

static int fill_object(struct controller *ctl, uint32_t index,
                       const Berth__AccountRecord *record, struct err *err)
{
    struct limits limits;
    int rc = read_limits(record->limits, record->n_limits, &limits, err);

    if (rc)
        return rc;
    assoc_set_limits(ctl->assoc, index, &limits);
    assoc_set_shares(ctl->assoc, index, record->shares);
    rc = assoc_set_qos(ctl->assoc, index, (const char *const *)record->qos,
                       record->n_qos, err);
    if (rc == 0 && record->default_qos[0])
        rc = assoc_set_default_qos(ctl->assoc, index, record->default_qos, err);
    if (rc == 0 && record->user[0] && record->is_default)
        rc = assoc_set_default_account(ctl->assoc, record->user, record->account, err);
    return rc;
}

static int load_account(struct controller *ctl, const Berth__AccountRecord *record,
                        struct err *err)
{
    uint32_t index = ASSOC_ROOT;
    int rc = 0;

    if (strcmp(record->account, "root") != 0)
        rc =
            assoc_add_account(ctl->assoc, record->account, record->parent, &index, err);
    return rc ? rc : fill_object(ctl, index, record, err);
}

/* An account may stand before its parent: go round while some find theirs. */
static int load_accounts(struct controller *ctl, struct records *records,
                         struct err *err)
{
    size_t left = records->n, before;

    do {
        before = left;
        for (size_t i = 0; i < records->n; i++) {
            Berth__AccountRecord *record = records->list[i];
            int rc;

            if (!record)
                continue;
            if (record->parent[0] &&
                assoc_find(ctl->assoc, record->parent, NULL, NULL) == ASSOC_NONE)
                continue;
            rc = load_account(ctl, record, err);
            if (rc)
                return err_wrap(err, "account/%s", record->account);
            free_message(record);
            records->list[i] = NULL;
            left--;
        }
    } while (left && left < before);
    return left ? err_set(err, EBADMSG, "accounts without a parent") : 0;
}

static int load_member(struct controller *ctl, const Berth__AccountRecord *record,
                       struct err *err)
{
    const char *partition = record->partition[0] ? record->partition : NULL;
    uint32_t index;
    int rc = assoc_add_user(ctl->assoc, record->user, record->account, partition,
                            &index, err);

    if (rc == 0)
        rc = fill_object(ctl, index, record, err);
    return rc ? err_wrap(err, "member/%s/%s", record->account, record->user) : 0;
}

static int load_usage(struct controller *ctl, const Berth__UsageRecord *record,
                      struct err *err)
{
    struct assoc_usage usage = {.stamp = record->stamp};
    const char *user = record->user[0] ? record->user : NULL;
    const char *partition = record->partition[0] ? record->partition : NULL;
    int64_t now = controller_now();
    uint32_t qos;

    if (record->n_amounts != ARRAY_SIZE(usage.amount))
        return err_set(err, EBADMSG, "a usage record has %zu amounts",
                       record->n_amounts);
    memcpy(usage.amount, record->amounts, sizeof(usage.amount));
    if (record->qos[0] && assoc_qos_find(ctl->assoc, record->qos, &qos, NULL) == 0)
        assoc_qos_set_settled(ctl->assoc, qos, &usage, now);
    else if (!record->qos[0])
        (void)assoc_restore_usage(ctl->assoc, record->account, user, partition, &usage,
                                  now);
    return 0;
}

int accounts_load(struct controller *ctl, struct err *err)
{
    const ProtobufCMessageDescriptor *type = &berth__account_record__descriptor;
    struct records accounts = {0}, members = {0}, usage = {0};
    int rc = load_all_qos(ctl, err);

    if (rc == 0)
        rc = read_records(ctl, "account/", type, &accounts, err);
    if (rc == 0)
        rc = load_accounts(ctl, &accounts, err);
    if (rc == 0)
        rc = read_records(ctl, "member/", type, &members, err);
    for (size_t i = 0; rc == 0 && i < members.n; i++)
        rc = load_member(ctl, members.list[i], err);
    if (rc == 0)
        rc = read_records(ctl, "usage/", &berth__usage_record__descriptor, &usage, err);
    for (size_t i = 0; rc == 0 && i < usage.n; i++)
        rc = load_usage(ctl, usage.list[i], err);
    free_records(&accounts);
    free_records(&members);
    free_records(&usage);
    return rc;
}
