/* SPDX-License-Identifier: Apache-2.0
 *
 * sshare.c - sshare: shares against usage
 */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/cluster_link.h"
#include "cli/say.h"
#include "slurm/fields.h"
#include "slurm/load_error.h"
#include "slurm/rows.h"
#include "slurm/slurm.h"
#include "slurm/words.h"

#define FORMAT_USUAL "account,user,rawshares,normshares,rawusage,effectvusage,fairshare"

struct sshare_args {
    struct slurm_common common;
    const char *format, *users, *accounts;
    bool bare, bars, bars_between, all, users_only, is_long, help_format;
};

static const struct slurm_usage usage = {
    .synopsis = "sshare [-alnpPU] [-A accounts] [-u users] [-o fields]",
    .about = "Show accounts and users: shares, usage, and the factor they give.",
};

#define MEMBER(m) offsetof(struct sshare_args, m)
static const struct opt opts[] = {
    TEXT("accounts", 'A', "NAMES", accounts, "only these accounts"),
    FLAG("all", 'a', all, "everybody, not you alone"),
    TEXT("format", 'o', "FIELDS", format, "columns: account,fairshare%12"),
    FLAG("helpformat", 'e', help_format, "the names of all fields"),
    FLAG("long", 'l', is_long, "more columns"),
    FLAG("noheader", 'n', bare, "no first lines"),
    FLAG("parsable", 'p', bars, "a bar behind each field"),
    FLAG("parsable2", 'P', bars_between, "a bar between fields"),
    {"partition", 'm', OPT_NONE, NULL, slurm_ignored, 0, 0, NULL, NULL},
    TEXT("users", 'u', "NAMES", users, "only these users"),
    FLAG("Users", 'U', users_only, "users only, no accounts"),
    SLURM_OPTS(struct sshare_args, common, 'h'),
    OPTS_END,
};

#define PUT(name) static void put_##name(const void *p, struct strbuf *out)
#define ROW const Berth__AccountInfo *row = p

PUT(account)
{
    ROW;

    for (uint32_t i = 0; i < row->depth && !row->record->user[0]; i++)
        strbuf_putc(out, ' ');
    strbuf_puts(out, row->record->account);
}

PUT(user)
{
    ROW;

    strbuf_puts(out, row->record->user);
}

PUT(raw_shares)
{
    ROW;

    put_number(out, row->record->shares);
}

PUT(partition)
{
    ROW;

    strbuf_puts(out, row->record->partition);
}

#define SHARE(name, form, expression)         \
    PUT(name)                                 \
    {                                         \
        ROW;                                  \
        strbuf_printf(out, form, expression); \
    }
SHARE(norm_shares, "%.6f", row->norm_shares)
SHARE(raw_usage, "%.0f", row->usage)
SHARE(norm_usage, "%.6f", row->norm_usage)
SHARE(effective, "%.6f", row->effective_usage)
SHARE(level_fs, "%.6f", row->level_fs)

PUT(fair_share)
{
    ROW;

    if (row->record->user[0])
        strbuf_printf(out, "%.6f", row->fair_factor);
}

static const struct field fields[] = {
    {0, "Account", "Account", put_account, NULL, -20, 0},
    {0, "User", "User", put_user, NULL, 10, 0},
    {0, "Partition", "Partition", put_partition, NULL, 12, 0},
    {0, "RawShares", "RawShares", put_raw_shares, NULL, 10, 0},
    {0, "NormShares", "NormShares", put_norm_shares, NULL, 11, 0},
    {0, "RawUsage", "RawUsage", put_raw_usage, NULL, 11, 0},
    {0, "NormUsage", "NormUsage", put_norm_usage, NULL, 11, 0},
    {0, "EffectvUsage", "EffectvUsage", put_effective, NULL, 13, 0},
    {0, "LevelFS", "LevelFS", put_level_fs, NULL, 10, 0},
    {0, "FairShare", "FairShare", put_fair_share, NULL, 10, 0},
};

static const struct field_table share_fields = {
    .fields = fields, .n = ARRAY_SIZE(fields), .what = "field"};

/* Only oneself, unless it is root or others were asked for. */
static char **users_of(const struct sshare_args *args)
{
    const struct passwd *pw = getpwuid(getuid());
    char **users = NULL;

    if (args->users)
        return strv_split(args->users, ", ");
    if (!args->all && !args->accounts && getuid() != 0 && pw)
        strv_add(&users, pw->pw_name);
    return users;
}

static void print_list(const struct sshare_args *args, const struct format *format,
                       const Berth__AccountList *list)
{
    struct strbuf out = STRBUF_INIT;

    if (!args->bare) {
        format_header(format, &out);
        strbuf_putc(&out, '\n');
        if (!args->bars && !args->bars_between) {
            format_rule(format, &out);
            strbuf_putc(&out, '\n');
        }
    }
    for (size_t i = 0; i < list->n_accounts; i++) {
        if (args->users_only && !list->accounts[i]->record->user[0])
            continue;
        format_row(format, list->accounts[i], &out);
        strbuf_putc(&out, '\n');
    }
    printf("%s", out.s ? out.s : "");
    strbuf_fini(&out);
}

int slurm_sshare(int argc, char **argv)
{
    struct sshare_args args = {.bare = false};
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__AccountList *list = NULL;
    cleanup(format_fini) struct format format = {0};
    cleanup(strv_freep) char **users = NULL, **accounts = NULL;
    Berth__AccountQuery query = BERTH__ACCOUNT_QUERY__INIT;
    struct berth_err failed;
    struct err err;
    int next, status;

    status = slurm_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &args.common,
                         &next);
    if (status >= 0)
        return status;
    if (format_parse_list(&share_fields, args.format ? args.format : FORMAT_USUAL,
                          &format, &err)) {
        say_error("%s", err.text);
        return SLURM_FAILED;
    }
    if (args.bars || args.bars_between)
        format_set_bars(&format, "|", args.bars);
    users = users_of(&args);
    accounts = args.accounts ? strv_split(args.accounts, ", ") : NULL;
    query.users = users;
    query.n_users = strv_len(users);
    query.accounts = accounts;
    query.n_accounts = strv_len(accounts);
    if (slurm_open(&berth))
        return SLURM_FAILED;
    if (berth_accounts(berth, &query, &list, &failed) < 0)
        return load_error("slurm_associations_get_shares", &failed);
    print_list(&args, &format, list);
    return SLURM_OK;
}
