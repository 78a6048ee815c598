/* SPDX-License-Identifier: Apache-2.0
 *
 * sacctmgr.c - sacctmgr: accounts, users and QOS, as tools ask for them
 *
 * It shows. Changes are berth account's and berth qos', which the refusal names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/cluster_link.h"
#include "cli/say.h"
#include "slurm/load_error.h"
#include "slurm/sacctmgr_fields.h"
#include "slurm/slurm.h"

struct sacctmgr_args {
    struct slurm_common common;
    bool bare, bars, bars_between, with_assocs, ignored;
};

static const struct slurm_usage usage = {
    .synopsis = "sacctmgr [-npPs] show user|account|association|qos|cluster [NAME...]\n"
                "                [user=|account=|partition=|qos=|cluster=NAMES] "
                "[format=FIELDS]",
    .about = "Show accounts, their users, and QOS. 'berth account' and 'berth qos'\n"
             "change them.",
};

#define FLAG(name, letter, member, help)                       \
    {                                                          \
        name, letter, OPT_NONE, NULL, opt_flag,                \
            offsetof(struct sacctmgr_args, member), 0, help, 0 \
    }
static const struct opt opts[] = {
    FLAG("associations", 's', with_assocs, "a line for each account of a user"),
    FLAG("immediate", 'i', ignored, NULL),
    FLAG("noheader", 'n', bare, "no first lines"),
    FLAG("parsable", 'p', bars, "a bar behind each field"),
    FLAG("parsable2", 'P', bars_between, "a bar between fields"),
    FLAG("readonly", 'r', ignored, NULL),
    SLURM_OPTS(struct sacctmgr_args, common, 'h'),
    OPTS_END,
};

enum entity_kind { USERS, ACCOUNTS, ASSOCS, QOS, CLUSTERS };

#define LIMITS_LISTED                                                                  \
    "grpjobs,grptres,grpsubmit,grpwall,grptresmins,maxjobs,maxtres,maxsubmit,maxwall," \
    "maxtresmins"

static const struct entity {
    const char *name, *plural;
    enum entity_kind kind;
    const struct field_table *table;
    const char *usual, *with_assocs; /* fields */
} entities[] = {
    {"user", "users", USERS, &acct_fields, "user,defaultaccount,adminlevel",
     "user,defaultaccount,adminlevel,cluster,account,partition,share,priority,maxjobs,"
     "maxnodes,maxcpus,maxsubmit,maxwall,qos,defaultqos"},
    {"account", "accounts", ACCOUNTS, &acct_fields, "account,description,organization",
     "account,description,organization,cluster,parentname,user,share,"
     "priority," LIMITS_LISTED ",qos,defaultqos"},
    {"association", "associations", ASSOCS, &acct_fields,
     "cluster,account,user,partition,share,priority," LIMITS_LISTED ",qos,defaultqos",
     NULL},
    {"qos", "qos", QOS, &acct_qos_fields,
     "name,priority,gracetime,preempt,preemptmode,flags,usagefactor,grptres,"
     "grptresmins,"
     "grpjobs,grpsubmit,grpwall,maxtres,maxtresmins,maxwall,maxtrespu,maxjobspu,"
     "maxsubmitpu,maxtrespa,maxjobspa,maxsubmitpa,mintres",
     NULL},
    {"cluster", "clusters", CLUSTERS, &acct_cluster_fields, "cluster,share", NULL},
};

struct sacctmgr {
    struct sacctmgr_args *args;
    const struct entity *entity;
    const char *fields; /* NULL: the usual ones */
    char **names, **users, **accounts, **partitions, **qos, **clusters;
    struct format format;
    struct acct_site site;
};

static void sacctmgr_fini(struct sacctmgr *s)
{
    char **lists[] = {s->names,      s->users, s->accounts,
                      s->partitions, s->qos,   s->clusters};

    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        strv_free(lists[i]);
    format_fini(&s->format);
}

/* ------------------------------------------------------------------ what is meant */

/* As far as it is written, in any case: "assoc". */
static bool is_short_for(const char *word, const char *name, size_t min)
{
    size_t len = strlen(word);

    return len >= min && len <= strlen(name) && strncasecmp(word, name, len) == 0;
}

static int read_entity(struct sacctmgr *s, const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(entities); i++) {
        if (is_short_for(word, entities[i].name, 1 + (i == 1 || i == 2)) ||
            strcasecmp(word, entities[i].plural) == 0) {
            s->entity = &entities[i];
            return SLURM_OK;
        }
    }
    say_error("%s is not shown: user, account, association, qos and cluster are", word);
    return SLURM_FAILED;
}

static void add_names(char ***list, const char *text)
{
    cleanup(strv_freep) char **words = strv_split(text, ", '\"");

    strv_foreach (word, words)
        strv_add(list, *word);
}

/* Where the names go that 'key' asks for; NULL: there is no such condition. */
static char ***condition_of(struct sacctmgr *s, const char *key)
{
    struct {
        const char *name;
        char ***list;
    } known[] = {{"names", &s->names},           {"users", &s->users},
                 {"accounts", &s->accounts},     {"acct", &s->accounts},
                 {"partitions", &s->partitions}, {"qos", &s->qos},
                 {"clusters", &s->clusters}};

    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (is_short_for(key, known[i].name, 1))
            return known[i].list;
    return NULL;
}

/* "where", "withassoc" and the like. */
static bool is_keyword(struct sacctmgr *s, const char *word)
{
    static const char *const no_matter[] = {"where", "withdeleted", "wopinfo",
                                            "woplimits", "tree"};

    if (is_short_for(word, "withassoc", 5)) {
        s->args->with_assocs = true;
        return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(no_matter); i++)
        if (strcasecmp(word, no_matter[i]) == 0)
            return true;
    return false;
}

static int read_word(struct sacctmgr *s, const char *word)
{
    const char *equals = strchr(word, '=');
    cleanup(freep) char *key = xstrndup(word, strcspn(word, "="));
    char ***list;

    if (!equals && is_keyword(s, word))
        return SLURM_OK;
    if (equals && is_short_for(key, "format", 1)) {
        s->fields = equals + 1;
        return SLURM_OK;
    }
    list = equals ? condition_of(s, key) : s->entity->kind == ASSOCS ? NULL : &s->names;
    if (!list) {
        fprintf(stderr, " Unknown condition: %s\n", word);
        return SLURM_FAILED;
    }
    add_names(list, equals ? equals + 1 : word);
    return SLURM_OK;
}

/* What changes is done elsewhere. */
static int refuse_order(const char *order, const char *entity)
{
    static const char *const orders[] = {"add",     "create", "modify",     "delete",
                                         "remove",  "update", "load",       "dump",
                                         "archive", "clear",  "reconfigure"};
    bool is_qos = entity && strncasecmp(entity, "qos", strlen(entity)) == 0;
    bool is_user = entity && is_short_for(entity, "users", 1);

    for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
        if (strcasecmp(order, orders[i]) != 0)
            continue;
        say_error("%s: sacctmgr only shows here; 'berth %s --help' says how (%s)",
                  order, is_qos ? "qos" : "account",
                  is_qos    ? "berth qos add, modify, delete"
                  : is_user ? "berth account add-user, modify-user, delete-user"
                            : "berth account add, modify, delete, dump, load");
        return SLURM_FAILED;
    }
    say_error("%s is no command of sacctmgr: show and list are", order);
    return SLURM_FAILED;
}

static int read_words(struct sacctmgr *s, int argc, char **argv)
{
    int status = SLURM_OK;

    if (argc == 0)
        return slurm_bad_usage("what is to be shown?");
    if (!is_short_for(argv[0], "show", 2) && !is_short_for(argv[0], "list", 2))
        return refuse_order(argv[0], argv[1]);
    if (argc == 1)
        return slurm_bad_usage("show what: user, account, association, qos, cluster?");
    status = read_entity(s, argv[1]);
    for (int i = 2; i < argc && status == SLURM_OK; i++)
        status = read_word(s, argv[i]);
    return status;
}

static int read_format(struct sacctmgr *s)
{
    const struct entity *entity = s->entity;
    bool is_long = s->args->with_assocs && entity->with_assocs;
    const char *usual = is_long ? entity->with_assocs : entity->usual;
    struct err err;

    if (format_parse_list(entity->table, s->fields ? s->fields : usual, &s->format,
                          &err)) {
        say_error("%s", err.text);
        return SLURM_FAILED;
    }
    if (s->args->bars || s->args->bars_between)
        format_set_bars(&s->format, "|", s->args->bars);
    return SLURM_OK;
}

/* ------------------------------------------------------------------ listing */

static bool is_among(char **list, const char *name)
{
    return !list || strv_has(list, name);
}

static bool has_qos(const struct sacctmgr *s, const Berth__AccountRecord *record)
{
    for (size_t i = 0; i < record->n_qos; i++)
        if (is_among(s->qos, record->qos[i]))
            return true;
    return !s->qos;
}

static bool is_wanted(const struct sacctmgr *s, const Berth__AccountRecord *record)
{
    enum entity_kind kind = s->entity->kind;
    bool is_user = record->user[0];

    if (kind == USERS && (!is_user || !is_among(s->names, record->user)))
        return false;
    if (kind == ACCOUNTS &&
        ((is_user && !s->args->with_assocs) || !is_among(s->names, record->account)))
        return false;
    return is_among(s->users, record->user) && is_among(s->accounts, record->account) &&
           is_among(s->partitions, record->partition) && has_qos(s, record);
}

static void add_row(const struct sacctmgr *s, const struct acct_row *row,
                    struct strbuf *out)
{
    format_row(&s->format, row, out);
    strbuf_putc(out, '\n');
}

static void add_accounts(const struct sacctmgr *s, struct strbuf *out)
{
    const Berth__AccountList *all = s->site.accounts;
    /* Without -s, a user is one line. */
    bool is_folded = s->entity->kind == USERS && !s->args->with_assocs;
    cleanup(strv_freep) char **shown = NULL;

    for (size_t i = 0; i < all->n_accounts; i++) {
        struct acct_row row = {.site = &s->site, .account = all->accounts[i]->record};

        if (!is_wanted(s, row.account) ||
            (is_folded && strv_has(shown, row.account->user)))
            continue;
        if (is_folded)
            strv_add(&shown, row.account->user);
        add_row(s, &row, out);
    }
}

static void add_qos(const struct sacctmgr *s, struct strbuf *out)
{
    for (size_t i = 0; i < s->site.qos->n_qos; i++) {
        struct acct_row row = {.site = &s->site, .qos = s->site.qos->qos[i]->record};

        if (is_among(s->names, row.qos->name) && is_among(s->qos, row.qos->name))
            add_row(s, &row, out);
    }
}

static void add_header(const struct sacctmgr *s, struct strbuf *out)
{
    if (s->args->bare)
        return;
    format_header(&s->format, out);
    strbuf_putc(out, '\n');
    if (s->args->bars || s->args->bars_between)
        return;
    format_rule(&s->format, out);
    strbuf_putc(out, '\n');
}

static void add_rows(const struct sacctmgr *s, struct strbuf *out)
{
    struct acct_row whole = {.site = &s->site};

    if (s->entity->kind == QOS)
        add_qos(s, out);
    else if (s->entity->kind != CLUSTERS)
        add_accounts(s, out);
    else if (is_among(s->names, s->site.cluster))
        add_row(s, &whole, out);
}

static void print_list(const struct sacctmgr *s)
{
    struct strbuf out = STRBUF_INIT;

    add_header(s, &out);
    if (is_among(s->clusters, s->site.cluster))
        add_rows(s, &out);
    printf("%s", out.s ? out.s : "");
    strbuf_fini(&out);
}

static int show(struct sacctmgr *s)
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__AccountList *accounts = NULL;
    cleanup(reply_freep) Berth__QosList *qos = NULL;
    cleanup(freep) char *cluster = NULL;
    Berth__AccountQuery account_query = BERTH__ACCOUNT_QUERY__INIT;
    Berth__QosQuery qos_query = BERTH__QOS_QUERY__INIT;
    const char *named = s->args->common.clusters;
    struct berth_err err;

    if (slurm_open(&berth) || slurm_cluster(berth, named ? named : "all", &cluster))
        return SLURM_FAILED;
    if (berth_accounts(berth, &account_query, &accounts, &err) < 0 ||
        berth_qos(berth, &qos_query, &qos, &err) < 0)
        return load_error("sacctmgr: slurmdb_associations_get", &err);
    s->site = (struct acct_site){cluster, accounts, qos};
    print_list(s);
    s->site = (struct acct_site){0};
    return SLURM_OK;
}

int slurm_sacctmgr(int argc, char **argv)
{
    struct sacctmgr_args args = {.bare = false};
    struct sacctmgr s = {.args = &args};
    int next, status;

    status = slurm_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &args.common,
                         &next);
    if (status >= 0)
        return status;
    status = read_words(&s, argc - next, argv + next);
    if (status == SLURM_OK)
        status = read_format(&s);
    if (status == SLURM_OK)
        status = show(&s);
    sacctmgr_fini(&s);
    return status;
}
