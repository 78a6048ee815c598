/* SPDX-License-Identifier: Apache-2.0
 *
 * account_records.c - accounts, QOS and usage as messages
 */
#include "base/mem.h"
#include "controller/accounts.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum qos_flags flag;
} flags[] = {{"no-reserve", QOS_NO_RESERVE}, {"over-partition", QOS_OVER_PARTITION}};

uint32_t qos_flag_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
        if (strcmp(flags[i].name, name) == 0)
            return flags[i].flag;
    return 0;
}

static Berth__LimitValue **limit_values(const struct limits *limits, size_t *ret_n)
{
    Berth__LimitValue **values = xcalloc(LIMIT_N, sizeof(*values));
    size_t n = 0;

    for (int i = 0; i < LIMIT_N; i++) {
        if (!limits_has(limits, (enum limit)i))
            continue;
        values[n] = xmalloc(sizeof(*values[n]));
        berth__limit_value__init(values[n]);
        values[n]->name = xstrdup(limit_name((enum limit)i));
        values[n++]->value = limits->value[i];
    }
    *ret_n = n;
    return values;
}

static char *qos_name(const struct assoc *assoc, uint32_t qos)
{
    const struct qos *found = assoc_qos(assoc, qos);

    return xstrdup(found ? found->name : "");
}

static char **qos_names(const struct assoc *assoc, const uint32_t *list, size_t n)
{
    char **names = n ? xcalloc(n, sizeof(*names)) : NULL;

    for (size_t i = 0; i < n; i++)
        names[i] = qos_name(assoc, list[i]);
    return names;
}

static bool is_default_of(const struct assoc *assoc, const struct assoc_object *object)
{
    const char *name = assoc_default_account(assoc, object->user);

    return name && strcmp(name, object->account) == 0;
}

Berth__AccountRecord *account_record(const struct assoc *assoc, uint32_t index)
{
    Berth__AccountRecord *record = xmalloc(sizeof(*record));
    struct assoc_object object, parent;

    BUG_ON(!assoc_get(assoc, index, &object));
    berth__account_record__init(record);
    record->account = xstrdup(object.account);
    if (object.user) {
        record->user = xstrdup(object.user);
        record->is_default = is_default_of(assoc, &object);
    } else if (assoc_get(assoc, object.parent, &parent)) {
        record->parent = xstrdup(parent.account);
    }
    if (object.partition)
        record->partition = xstrdup(object.partition);
    record->shares = object.shares;
    record->limits = limit_values(object.limits, &record->n_limits);
    record->default_qos = qos_name(assoc, object.default_qos);
    record->qos = qos_names(assoc, object.qos, object.n_qos);
    record->n_qos = object.n_qos;
    return record;
}

static char **flag_names(uint32_t set, size_t *ret_n)
{
    char **names = xcalloc(ARRAY_SIZE(flags), sizeof(*names));

    *ret_n = 0;
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
        if (set & flags[i].flag)
            names[(*ret_n)++] = xstrdup(flags[i].name);
    return names;
}

Berth__QosRecord *qos_record(const struct assoc *assoc, uint32_t qos)
{
    Berth__QosRecord *record = xmalloc(sizeof(*record));
    const struct qos *from = assoc_qos(assoc, qos);

    BUG_ON(!from);
    berth__qos_record__init(record);
    record->name = xstrdup(from->name);
    record->priority = from->priority;
    record->preempt_mode = xstrdup(qos_preempt_name(from->preempt_mode));
    record->preempts = qos_names(assoc, from->preempts, from->n_preempts);
    record->n_preempts = from->n_preempts;
    record->grace = from->grace;
    record->usage_factor = from->usage_factor;
    record->flags = flag_names(from->flags, &record->n_flags);
    record->limits = limit_values(&from->limits, &record->n_limits);
    return record;
}

Berth__UsageRecord *usage_record(const struct assoc_usage *usage)
{
    Berth__UsageRecord *record = xmalloc(sizeof(*record));

    berth__usage_record__init(record);
    record->stamp = usage->stamp;
    record->n_amounts = ARRAY_SIZE(usage->amount);
    record->amounts = xmemdup(usage->amount, sizeof(usage->amount));
    return record;
}
