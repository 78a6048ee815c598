/* SPDX-License-Identifier: Apache-2.0
 *
 * sacctmgr_fields.c - what sacctmgr lists: accounts and their users, QOS, the cluster
 */
#include "slurm/sacctmgr_fields.h"

#include <stdio.h>
#include <string.h>

#include "assoc/limits.h"
#include "base/mem.h"
#include "slurm/words.h"

#define PUT(name) static void put_##name(const void *p, struct strbuf *out)
#define ROW const struct acct_row *row = p
#define TEXT(name, expression)        \
    PUT(name)                         \
    {                                 \
        ROW;                          \
        strbuf_puts(out, expression); \
    }

PUT(nothing)
{
    (void)p;
    (void)out;
}

TEXT(cluster, row->site->cluster)

/* ------------------------------------------------------------------ limits */

static struct limits limits_of(const struct acct_row *row)
{
    Berth__LimitValue **values = row->qos ? row->qos->limits : row->account->limits;
    size_t n = row->qos ? row->qos->n_limits : row->account->n_limits;
    struct limits limits = {0};

    for (size_t i = 0; i < n; i++) {
        enum limit limit;

        if (limit_find(values[i]->name, &limit, NULL) == 0)
            limits_set(&limits, limit, values[i]->value);
    }
    return limits;
}

/* "cpu=64,mem=1T,node=2,gres/gpu=8" of the four limits from 'base' on. */
static void put_tres(const struct acct_row *row, enum limit base, struct strbuf *out)
{
    static const char *const names[] = {"cpu", "mem", "node", "gres/gpu"};
    struct limits limits = limits_of(row);
    size_t begin = out->len;

    for (int i = 0; i < (int)ARRAY_SIZE(names); i++) {
        enum limit limit = LIMIT_OF(base, i);
        cleanup(freep) char *value = NULL;

        if (!limits_has(&limits, limit))
            continue;
        value = limits_format(&limits, limit);
        strbuf_printf(out, "%s%s=%s", out->len > begin ? "," : "", names[i], value);
    }
}

static void put_one(const struct acct_row *row, enum limit limit, struct strbuf *out)
{
    struct limits limits = limits_of(row);

    if (limits_has(&limits, limit))
        put_number(out, (int64_t)limits.value[limit]);
}

static void put_wall(const struct acct_row *row, enum limit limit, struct strbuf *out)
{
    struct limits limits = limits_of(row);

    if (limits_has(&limits, limit))
        put_clock(out, (int64_t)limits.value[limit]);
}

#define LIMITS(name, how, limit)    \
    PUT(name)                       \
    {                               \
        how(p, LIMIT_##limit, out); \
    }
LIMITS(grp_jobs, put_one, GRP_JOBS)
LIMITS(grp_submit, put_one, GRP_SUBMIT)
LIMITS(grp_cpus, put_one, GRP_CORES)
LIMITS(grp_nodes, put_one, GRP_NODES)
LIMITS(grp_tres, put_tres, GRP_CORES)
LIMITS(grp_tres_mins, put_tres, GRP_CORE_MINS)
LIMITS(grp_tres_run_mins, put_tres, GRP_CORE_RUN_MINS)
LIMITS(grp_wall, put_wall, GRP_WALL)
LIMITS(max_jobs, put_one, MAX_JOBS)
LIMITS(max_submit, put_one, MAX_SUBMIT)
LIMITS(max_wall, put_wall, MAX_WALL)
LIMITS(max_cpus, put_one, JOB_CORES)
LIMITS(max_nodes, put_one, JOB_NODES)
LIMITS(max_tres, put_tres, JOB_CORES)
LIMITS(max_tres_mins, put_tres, JOB_CORE_MINS)
LIMITS(min_tres, put_tres, MIN_CORES)
LIMITS(user_tres, put_tres, USER_CORES)
LIMITS(account_tres, put_tres, ACCOUNT_CORES)
LIMITS(account_jobs, put_one, ACCOUNT_JOBS)
LIMITS(account_submit, put_one, ACCOUNT_SUBMIT)

#define LIMIT_FIELDS                                                                \
    {0, "GrpJobs", "GrpJobs", put_grp_jobs, NULL, 7, 0},                            \
        {0, "GrpSubmit", "GrpSubmit", put_grp_submit, NULL, 9, 0},                  \
        {0, "GrpSubmitJobs", "GrpSubmit", put_grp_submit, NULL, 9, 0},              \
        {0, "GrpCPUs", "GrpCPUs", put_grp_cpus, NULL, 8, 0},                        \
        {0, "GrpNodes", "GrpNodes", put_grp_nodes, NULL, 8, 0},                     \
        {0, "GrpTRES", "GrpTRES", put_grp_tres, NULL, 13, 0},                       \
        {0, "GrpTRESMins", "GrpTRESMins", put_grp_tres_mins, NULL, 13, 0},          \
        {0, "GrpTRESRunMins", "GrpTRESRunMin", put_grp_tres_run_mins, NULL, 13, 0}, \
        {0, "GrpWall", "GrpWall", put_grp_wall, NULL, 11, 0},                       \
        {0, "MaxWall", "MaxWall", put_max_wall, NULL, 11, 0},                       \
        {0, "MaxWallDurationPerJob", "MaxWall", put_max_wall, NULL, 11, 0},         \
        {0, "MaxCPUs", "MaxCPUs", put_max_cpus, NULL, 8, 0},                        \
        {0, "MaxCPUsPerJob", "MaxCPUs", put_max_cpus, NULL, 8, 0},                  \
        {0, "MaxNodes", "MaxNodes", put_max_nodes, NULL, 8, 0},                     \
        {0, "MaxNodesPerJob", "MaxNodes", put_max_nodes, NULL, 8, 0},               \
        {0, "MaxTRES", "MaxTRES", put_max_tres, NULL, 13, 0},                       \
        {0, "MaxTRESPerJob", "MaxTRES", put_max_tres, NULL, 13, 0},                 \
        {0, "MaxTRESMins", "MaxTRESMins", put_max_tres_mins, NULL, 13, 0},          \
    {                                                                               \
        0, "MaxTRESMinsPerJob", "MaxTRESMins", put_max_tres_mins, NULL, 13, 0       \
    }

/* ------------------------------------------------------------------ accounts */

TEXT(account, row->account->account)
TEXT(user, row->account->user)
TEXT(partition, row->account->partition)
TEXT(parent, row->account->parent)
TEXT(admin, strcmp(row->account->user, "root") == 0 ? "Administrator" : "None")

PUT(share)
{
    ROW;

    put_number(out, row->account->shares);
}

static const Berth__AccountRecord *account_of(const struct acct_row *row,
                                              const char *name)
{
    const Berth__AccountList *all = row->site->accounts;

    for (size_t i = 0; i < all->n_accounts; i++) {
        const Berth__AccountRecord *record = all->accounts[i]->record;

        if (!record->user[0] && strcmp(record->account, name) == 0)
            return record;
    }
    return NULL;
}

/* The account that a user is in, or the parent of an account; NULL above root. */
static const Berth__AccountRecord *above(const struct acct_row *row,
                                         const Berth__AccountRecord *record)
{
    const char *name = record->user[0] ? record->account : record->parent;

    return *name && (record->user[0] || strcmp(name, record->account) != 0)
               ? account_of(row, name)
               : NULL;
}

static void put_names(struct strbuf *out, char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        strbuf_printf(out, "%s%s", i ? "," : "", names[i]);
}

/* The nearest list counts; without any, all may be asked for. */
PUT(qos_list)
{
    ROW;
    const Berth__AccountRecord *record = row->account;

    while (record && record->n_qos == 0)
        record = above(row, record);
    if (record) {
        put_names(out, record->qos, record->n_qos);
        return;
    }
    for (size_t i = 0; i < row->site->qos->n_qos; i++)
        strbuf_printf(out, "%s%s", i ? "," : "", row->site->qos->qos[i]->record->name);
}

PUT(default_qos)
{
    ROW;
    const Berth__AccountRecord *record = row->account;

    while (record && !record->default_qos[0])
        record = above(row, record);
    if (record)
        strbuf_puts(out, record->default_qos);
}

/* The one that is marked, or else the user's first. */
PUT(default_account)
{
    ROW;
    const Berth__AccountList *all = row->site->accounts;
    const char *found = "";

    for (size_t i = 0; i < all->n_accounts; i++) {
        const Berth__AccountRecord *record = all->accounts[i]->record;

        if (!row->account->user[0] || strcmp(record->user, row->account->user) != 0)
            continue;
        if (!*found || record->is_default)
            found = record->account;
        if (record->is_default)
            break;
    }
    strbuf_puts(out, found);
}

static const struct field fields[] = {
    {0, "Cluster", "Cluster", put_cluster, NULL, 10, 0},
    {0, "Account", "Account", put_account, NULL, 10, 0},
    {0, "Acct", "Account", put_account, NULL, 10, 0},
    {0, "User", "User", put_user, NULL, 10, 0},
    {0, "Partition", "Partition", put_partition, NULL, 10, 0},
    {0, "Share", "Share", put_share, NULL, 9, 0},
    {0, "Fairshare", "Share", put_share, NULL, 9, 0},
    {0, "Priority", "Priority", put_nothing, NULL, 10, 0},
    {0, "ParentName", "Par Name", put_parent, NULL, 10, 0},
    {0, "MaxJobs", "MaxJobs", put_max_jobs, NULL, 7, 0},
    {0, "MaxSubmit", "MaxSubmit", put_max_submit, NULL, 9, 0},
    {0, "MaxSubmitJobs", "MaxSubmit", put_max_submit, NULL, 9, 0},
    {0, "QOS", "QOS", put_qos_list, NULL, 20, 0},
    {0, "QOSLevel", "QOS", put_qos_list, NULL, 20, 0},
    {0, "DefaultQOS", "Def QOS", put_default_qos, NULL, 9, 0},
    {0, "DefQOS", "Def QOS", put_default_qos, NULL, 9, 0},
    {0, "DefaultAccount", "Def Acct", put_default_account, NULL, 10, 0},
    {0, "DefAcct", "Def Acct", put_default_account, NULL, 10, 0},
    {0, "AdminLevel", "Admin", put_admin, NULL, 9, 0},
    {0, "Admin", "Admin", put_admin, NULL, 9, 0},
    {0, "Description", "Descr", put_account, NULL, 20, 0},
    {0, "Organization", "Org", put_parent, NULL, 20, 0},
    {0, "DefaultWCKey", "Def WCKey", put_nothing, NULL, 10, 0},
    LIMIT_FIELDS,
};

const struct field_table acct_fields = {
    .fields = fields, .n = ARRAY_SIZE(fields), .what = "account"};

/* ------------------------------------------------------------------ QOS */

TEXT(name, row->qos->name)

PUT(priority)
{
    ROW;

    put_number(out, row->qos->priority);
}

PUT(grace)
{
    ROW;

    put_clock(out, row->qos->grace);
}

PUT(preempts)
{
    ROW;

    put_names(out, row->qos->preempts, row->qos->n_preempts);
}

TEXT(preempt_mode,
     strcmp(row->qos->preempt_mode, "none") == 0 ? "off" : row->qos->preempt_mode)

PUT(factor)
{
    ROW;

    strbuf_printf(out, "%.6f", row->qos->usage_factor);
}

PUT(flags)
{
    ROW;

    for (size_t i = 0; i < row->qos->n_flags; i++)
        strbuf_printf(out, "%s%s", i ? "," : "",
                      strcmp(row->qos->flags[i], "no-reserve") == 0 ? "NoReserve"
                                                                    : "OverPartQOS");
}

static const struct field qos_fields[] = {
    {0, "Name", "Name", put_name, NULL, 10, 0},
    {0, "QOS", "Name", put_name, NULL, 10, 0},
    {0, "Priority", "Priority", put_priority, NULL, 10, 0},
    {0, "GraceTime", "GraceTime", put_grace, NULL, 10, 0},
    {0, "Preempt", "Preempt", put_preempts, NULL, 10, 0},
    {0, "PreemptMode", "PreemptMode", put_preempt_mode, NULL, 11, 0},
    {0, "Flags", "Flags", put_flags, NULL, 20, 0},
    {0, "UsageFactor", "UsageFactor", put_factor, NULL, 11, 0},
    {0, "UsageThreshold", "UsageThres", put_nothing, NULL, 10, 0},
    {0, "Description", "Descr", put_name, NULL, 20, 0},
    {0, "MaxTRESPerUser", "MaxTRESPU", put_user_tres, NULL, 13, 0},
    {0, "MaxTRESPU", "MaxTRESPU", put_user_tres, NULL, 13, 0},
    {0, "MaxJobsPerUser", "MaxJobsPU", put_max_jobs, NULL, 9, 0},
    {0, "MaxJobsPU", "MaxJobsPU", put_max_jobs, NULL, 9, 0},
    {0, "MaxSubmitJobsPerUser", "MaxSubmitPU", put_max_submit, NULL, 11, 0},
    {0, "MaxSubmitPU", "MaxSubmitPU", put_max_submit, NULL, 11, 0},
    {0, "MaxTRESPerAccount", "MaxTRESPA", put_account_tres, NULL, 13, 0},
    {0, "MaxTRESPA", "MaxTRESPA", put_account_tres, NULL, 13, 0},
    {0, "MaxJobsPerAccount", "MaxJobsPA", put_account_jobs, NULL, 9, 0},
    {0, "MaxJobsPA", "MaxJobsPA", put_account_jobs, NULL, 9, 0},
    {0, "MaxSubmitJobsPerAccount", "MaxSubmitPA", put_account_submit, NULL, 11, 0},
    {0, "MaxSubmitPA", "MaxSubmitPA", put_account_submit, NULL, 11, 0},
    {0, "MinTRES", "MinTRES", put_min_tres, NULL, 13, 0},
    {0, "MinTRESPerJob", "MinTRES", put_min_tres, NULL, 13, 0},
    LIMIT_FIELDS,
};

const struct field_table acct_qos_fields = {
    .fields = qos_fields, .n = ARRAY_SIZE(qos_fields), .what = "QOS"};

/* ------------------------------------------------------------------ the cluster */

PUT(shares)
{
    (void)p;
    strbuf_putc(out, '1');
}

static const struct field cluster_fields[] = {
    {0, "Cluster", "Cluster", put_cluster, NULL, 10, 0},
    {0, "Name", "Cluster", put_cluster, NULL, 10, 0},
    {0, "Share", "Share", put_shares, NULL, 9, 0},
};

const struct field_table acct_cluster_fields = {
    .fields = cluster_fields, .n = ARRAY_SIZE(cluster_fields), .what = "cluster"};
