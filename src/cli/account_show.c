/* SPDX-License-Identifier: Apache-2.0
 *
 * account_show.c - accounts and QOS for people
 */
#include "cli/account_show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "cli/settings.h"
#include "cli/table.h"

/* amounts[] of a UsageRecord */
enum { USED_CORES, USED_MEM, USED_NODES, USED_GPUS, USED_JOBS, USED_N };

static double hours(const Berth__UsageRecord *used, int which)
{
    if (!used || used->n_amounts != USED_N)
        return 0;
    return used->amounts[which] / 3600 / (which == USED_MEM ? 1024 : 1);
}

/* "a,b": a repeated field has no NULL at its end. */
static char *join(char *const *names, size_t n)
{
    struct strbuf sb = STRBUF_INIT;

    for (size_t i = 0; i < n; i++)
        strbuf_printf(&sb, "%s%s", i ? "," : "", names[i]);
    return strbuf_take(&sb);
}

/* Children stand in from their parent; the width stays readable when it is deep. */
static char *tree_name(const Berth__AccountInfo *info)
{
    unsigned int indent = info->depth < 16 ? info->depth : 16;

    return xasprintf("%*s%s", (int)indent, "", info->record->account);
}

static void print(struct table *table)
{
    table_print(table, true, table_terminal_width(stdout), stdout);
}

void accounts_print(const Berth__AccountList *list)
{
    static const struct column columns[] = {
        {"ACCOUNT", false, false},  {"USER", false, false},
        {"PARTITION", false, true}, {"SHARES", true, false},
        {"DEFAULT", false, false},  {"DEFAULT-QOS", false, false},
        {"QOS", false, true},       {"LIMITS", false, true},
    };
    cleanup(table_destroyp) struct table *table =
        table_create(columns, ARRAY_SIZE(columns));

    for (size_t i = 0; i < list->n_accounts; i++) {
        const Berth__AccountInfo *info = list->accounts[i];
        const Berth__AccountRecord *record = info->record;

        table_take(table, tree_name(info));
        table_add(table, record->user);
        table_add(table, record->partition);
        table_take(table, xasprintf("%u", record->shares));
        table_add(table, record->is_default ? "yes" : "");
        table_add(table, record->default_qos);
        table_take(table, join(record->qos, record->n_qos));
        table_take(table, settings_limits(record->limits, record->n_limits));
    }
    print(table);
}

void accounts_print_usage(const Berth__AccountList *list)
{
    static const struct column columns[] = {
        {"ACCOUNT", false, false},   {"USER", false, false},
        {"CORE-HOURS", true, false}, {"GIB-HOURS", true, false},
        {"NODE-HOURS", true, false}, {"GPU-HOURS", true, false},
        {"JOB-HOURS", true, false},  {"RUNNING", true, false},
        {"CORES", true, false},
    };
    cleanup(table_destroyp) struct table *table =
        table_create(columns, ARRAY_SIZE(columns));

    for (size_t i = 0; i < list->n_accounts; i++) {
        const Berth__AccountInfo *info = list->accounts[i];

        table_take(table, tree_name(info));
        table_add(table, info->record->user);
        for (int k = 0; k < USED_N; k++)
            table_take(table, xasprintf("%.1f", hours(info->used, k)));
        table_take(table, xasprintf("%u", info->jobs));
        table_take(table, xasprintf("%" PRIu64, info->cores));
    }
    print(table);
}

static char *level_words(const Berth__AccountInfo *info)
{
    if (info->depth == 0)
        return xstrdup("");
    if (info->norm_usage <= 0)
        return xstrdup(info->norm_shares > 0 ? "inf" : "0");
    return xasprintf("%.4g", info->level_fs);
}

void accounts_print_shares(const Berth__AccountList *list)
{
    static const struct column columns[] = {
        {"ACCOUNT", false, false},     {"USER", false, false},
        {"SHARES", true, false},       {"NORM-SHARES", true, false},
        {"CORE-HOURS", true, false},   {"NORM-USAGE", true, false},
        {"OF-ALL-USAGE", true, false}, {"LEVEL-FS", true, false},
        {"FAIRSHARE", true, false},
    };
    cleanup(table_destroyp) struct table *table =
        table_create(columns, ARRAY_SIZE(columns));

    for (size_t i = 0; i < list->n_accounts; i++) {
        const Berth__AccountInfo *info = list->accounts[i];
        bool is_user = info->record->user[0];

        table_take(table, tree_name(info));
        table_add(table, info->record->user);
        table_take(table, xasprintf("%u", info->record->shares));
        table_take(table, xasprintf("%.6f", info->norm_shares));
        table_take(table, xasprintf("%.1f", hours(info->used, USED_CORES)));
        table_take(table, xasprintf("%.6f", info->norm_usage));
        table_take(table, xasprintf("%.6f", info->effective_usage));
        table_take(table, level_words(info));
        table_take(table, is_user ? xasprintf("%.6f", info->fair_factor) : xstrdup(""));
    }
    print(table);
}

/* ------------------------------------------------------------------ in full */

static void line(const char *name, const char *value)
{
    if (*value)
        printf("  %-16s %s\n", name, value);
}

static void take_line(const char *name, char *value)
{
    line(name, value);
    free(value);
}

static void print_used(const Berth__UsageRecord *used, uint32_t jobs, uint64_t cores,
                       uint64_t memory, uint64_t nodes, uint64_t gpus)
{
    cleanup(freep) char *size = size_format(memory << 20);

    take_line("used",
              xasprintf("%.1f core-hours, %.1f GiB-hours, %.1f node-hours, %.1f "
                        "GPU-hours",
                        hours(used, USED_CORES), hours(used, USED_MEM),
                        hours(used, USED_NODES), hours(used, USED_GPUS)));
    take_line("in use", xasprintf("%u jobs, %" PRIu64 " cores, %s, %" PRIu64
                                  " nodes, %" PRIu64 " GPUs",
                                  jobs, cores, size, nodes, gpus));
}

static void print_limits(Berth__LimitValue *const *limits, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        cleanup(freep) char *text = settings_limits(limits + i, 1);
        char *equals = strchr(text, '=');

        if (!equals)
            continue;
        *equals = '\0';
        line(text, equals + 1);
    }
}

static void print_account(const Berth__AccountInfo *info)
{
    const Berth__AccountRecord *record = info->record;

    if (record->user[0])
        printf("user %s in account %s%s%s\n", record->user, record->account,
               record->partition[0] ? " for partition " : "", record->partition);
    else
        printf("account %s\n", record->account);
    line("parent", record->parent);
    take_line("shares",
              xasprintf("%u (%.4f of its level)", record->shares, info->norm_shares));
    line("default", record->is_default ? "yes" : "");
    line("default-qos", record->default_qos);
    take_line("qos", join(record->qos, record->n_qos));
    print_limits(record->limits, record->n_limits);
    print_used(info->used, info->jobs, info->cores, info->memory, info->nodes,
               info->gpus);
    take_line("level-fs", level_words(info));
    if (record->user[0])
        take_line("fairshare", xasprintf("%.6f", info->fair_factor));
}

void accounts_print_full(const Berth__AccountList *list)
{
    for (size_t i = 0; i < list->n_accounts; i++)
        print_account(list->accounts[i]);
}

void qos_print(const Berth__QosList *list)
{
    static const struct column columns[] = {
        {"QOS", false, false},  {"PRIORITY", true, false}, {"PREEMPTS", false, true},
        {"MODE", false, false}, {"GRACE", true, false},    {"FACTOR", true, false},
        {"FLAGS", false, true}, {"RUNNING", true, false},  {"LIMITS", false, true},
    };
    cleanup(table_destroyp) struct table *table =
        table_create(columns, ARRAY_SIZE(columns));

    for (size_t i = 0; i < list->n_qos; i++) {
        const Berth__QosRecord *record = list->qos[i]->record;

        table_add(table, record->name);
        table_take(table, xasprintf("%u", record->priority));
        table_take(table, join(record->preempts, record->n_preempts));
        table_add(table, record->preempt_mode);
        table_take(table, duration_format(record->grace));
        table_take(table, xasprintf("%g", record->usage_factor));
        table_take(table, join(record->flags, record->n_flags));
        table_take(table, xasprintf("%u", list->qos[i]->jobs));
        table_take(table, settings_limits(record->limits, record->n_limits));
    }
    print(table);
}

void qos_print_full(const Berth__QosList *list)
{
    for (size_t i = 0; i < list->n_qos; i++) {
        const Berth__QosInfo *info = list->qos[i];
        const Berth__QosRecord *record = info->record;

        printf("QOS %s\n", record->name);
        take_line("priority", xasprintf("%u", record->priority));
        take_line("preempts", join(record->preempts, record->n_preempts));
        line("preempt-mode", record->preempt_mode);
        take_line("grace", duration_format(record->grace));
        take_line("usage-factor", xasprintf("%g", record->usage_factor));
        take_line("flags", join(record->flags, record->n_flags));
        print_limits(record->limits, record->n_limits);
        print_used(info->used, info->jobs, info->cores, info->memory, info->nodes,
                   info->gpus);
    }
}

/* ------------------------------------------------------------------ as orders */

static void put_option(const char *name, const char *value)
{
    if (*value)
        printf(" --%s %s", name, value);
}

static void put_limits(Berth__LimitValue *const *limits, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        cleanup(freep) char *text = settings_limits(limits + i, 1);

        printf(" --%s", text);
    }
}

static void dump_qos(const Berth__QosRecord *record, bool with_preempts)
{
    cleanup(freep) char *preempts = join(record->preempts, record->n_preempts);
    cleanup(freep) char *flags = join(record->flags, record->n_flags);
    cleanup(freep) char *grace = duration_format(record->grace);

    if (with_preempts) {
        if (*preempts)
            printf("qos modify %s --preempts %s\n", record->name, preempts);
        return;
    }
    printf("qos add %s --priority %u --preempt-mode %s --grace %s --usage-factor %.10g",
           record->name, record->priority, record->preempt_mode, grace,
           record->usage_factor);
    put_option("flags", flags);
    put_limits(record->limits, record->n_limits);
    printf("\n");
}

static void dump_account(const Berth__AccountRecord *record)
{
    cleanup(freep) char *qos = join(record->qos, record->n_qos);

    if (record->user[0])
        printf("account add-user %s %s", record->user, record->account);
    else
        printf("account add %s", record->account);
    put_option("partition", record->partition);
    put_option("parent", record->parent);
    printf(" --shares %u", record->shares);
    if (record->is_default)
        printf(" --default");
    put_option("default-qos", record->default_qos);
    put_option("qos", qos);
    put_limits(record->limits, record->n_limits);
    printf("\n");
}

void accounts_dump(const Berth__AccountList *accounts, const Berth__QosList *qos)
{
    /* A QOS may preempt one that comes later. */
    for (size_t i = 0; i < 2 * qos->n_qos; i++)
        dump_qos(qos->qos[i % qos->n_qos]->record, i >= qos->n_qos);
    for (size_t i = 0; i < accounts->n_accounts; i++)
        if (!accounts->accounts[i]->implicit || !accounts->accounts[i]->record->user[0])
            dump_account(accounts->accounts[i]->record);
}
