/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_reserve.c - berth reserve: set nodes aside, for some people or some time
 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/reserve_show.h"
#include "cli/table.h"

#define DAY 86400

/* Strings are borrowed from argv, lists are our own. */
struct reserve_args {
    struct common common;
    const char *nodes, *partition, *comment;
    char **users, **accounts, **fields;
    int64_t start, end, duration, every, floating;
    uint32_t count;
    bool maintenance, flex, ignore_running, force;
};

static const struct usage usage = {
    .synopsis = "berth reserve [list|show|create|update|delete] [options] [name...]",
    .about =
        "Set nodes aside for some people, or for nobody, for a time. Jobs use a\n"
        "reservation with --reservation=NAME; others keep off its nodes meanwhile.\n"
        "Everybody may look, administrators may change.\n"
        "\n"
        "  list [NAME...]    all of them, a line each\n"
        "  show NAME...      in full, with the jobs that ask for it\n"
        "  create NAME       a new one\n"
        "  update NAME       change what is given\n"
        "  delete NAME...    give the nodes back",
    .examples =
        "  berth reserve create course --nodes 4 --start 14:00 --duration 2h --users "
        "alice,bob\n"
        "  berth reserve create upgrade --nodes ALL --start tomorrow --duration 4h "
        "--maintenance\n"
        "  berth reserve create nightly --nodes n[1-8] --start 22:00 --duration 8h "
        "--every daily --accounts physics\n"
        "  berth reserve update course --end 17:00\n",
};

/* ------------------------------------------------------------------ options */

/* That it was given: the controller looks at these fields alone. */
static int note(struct reserve_args *args, const struct opt *opt)
{
    strv_add(&args->fields, opt->name);
    return 0;
}

/* A number is a count, all else names nodes. */
static int set_nodes(const struct opt *opt, const char *value, void *ctx,
                     struct err *err)
{
    struct reserve_args *args = ctx;
    cleanup(strv_freep) char **names = NULL;
    int64_t count = 0;
    int rc;

    args->nodes = NULL;
    if (value[0] && value[strspn(value, "0123456789")] == '\0')
        rc = number_parse(value, 1, UINT32_MAX, &count, err);
    else
        rc = hostlist_expand(value, &names, err);
    if (rc)
        return rc;
    args->count = (uint32_t)count;
    if (!count)
        args->nodes = value;
    return note(args, opt);
}

static int set_when(const struct opt *opt, const char *value, void *ctx,
                    struct err *err)
{
    int64_t *when = (int64_t *)(void *)((char *)ctx + opt->offset);
    int rc = when_parse(value, time(NULL), when, err);

    return rc ? rc : note(ctx, opt);
}

static int set_span(const struct opt *opt, const char *value, void *ctx,
                    struct err *err)
{
    int64_t *span = (int64_t *)(void *)((char *)ctx + opt->offset);
    int rc = duration_parse(value, span, err);

    if (rc == 0 && *span <= 0)
        return err_set(err, EINVAL, "'%s': takes a time that has an end", value);
    return rc ? rc : note(ctx, opt);
}

static int set_floating(const struct opt *opt, const char *value, void *ctx,
                        struct err *err)
{
    struct reserve_args *args = ctx;

    if (strcmp(value, "none") != 0)
        return set_span(opt, value, ctx, err);
    args->floating = 0;
    return note(args, opt);
}

static int set_every(const struct opt *opt, const char *value, void *ctx,
                     struct err *err)
{
    static const struct {
        const char *word;
        int64_t every;
    } words[] = {{"none", 0}, {"hourly", 3600}, {"daily", DAY}, {"weekly", 7 * DAY}};
    struct reserve_args *args = ctx;
    const char *names[ARRAY_SIZE(words)], *near;
    int rc;

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        names[i] = words[i].word;
        if (strcmp(value, words[i].word) != 0)
            continue;
        args->every = words[i].every;
        return note(args, opt);
    }
    rc = set_span(opt, value, ctx, err);
    near = rc ? nearest_name(value, names, ARRAY_SIZE(names)) : NULL;
    if (rc)
        return err_set(
            err, EINVAL, "'%s': takes hourly, daily, weekly, none or a time%s%s%s",
            value, near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
    return 0;
}

static int set_list(const struct opt *opt, const char *value, void *ctx,
                    struct err *err)
{
    char ***list = (char ***)(void *)((char *)ctx + opt->offset);

    (void)err;
    strv_free(*list);
    *list = strcmp(value, "none") == 0 ? NULL : strv_split(value, ",");
    return note(ctx, opt);
}

static int set_text(const struct opt *opt, const char *value, void *ctx,
                    struct err *err)
{
    int rc = opt_string(opt, value, ctx, err);

    return rc ? rc : note(ctx, opt);
}

/* --flex, --flex=no. */
static int set_yes(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    bool *flag = (bool *)((char *)ctx + opt->offset);

    if (value && strcmp(value, "no") != 0 && strcmp(value, "yes") != 0)
        return err_set(err, EINVAL, "'%s': takes yes or no", value);
    *flag = !value || strcmp(value, "yes") == 0;
    return note(ctx, opt);
}

#define MEMBER(m) offsetof(struct reserve_args, m)
static const struct opt opts[] = {
    {"nodes", 'N', OPT_NEEDED, "LIST|N", set_nodes, 0, 0,
     "these nodes, ALL, or N that are free by then", 0},
    {"partition", 'p', OPT_NEEDED, "NAME", opt_string, MEMBER(partition), 0,
     "where to take N or ALL from (N: the default partition)", 0},
    {"start", 0, OPT_NEEDED, "WHEN", set_when, MEMBER(start), 0,
     "when it begins (default: now)", 0},
    {"duration", 0, OPT_NEEDED, "TIME", set_span, MEMBER(duration), 0, "how long", 0},
    {"end", 0, OPT_NEEDED, "WHEN", set_when, MEMBER(end), 0, "or when it ends", 0},
    {"users", 'u', OPT_NEEDED, "LIST", set_list, MEMBER(users), 0,
     "who may use it; none", 0},
    {"accounts", 'A', OPT_NEEDED, "LIST", set_list, MEMBER(accounts), 0,
     "whose jobs may use it; none", 0},
    {"every", 0, OPT_NEEDED, "TIME", set_every, MEMBER(every), 0,
     "it recurs: hourly, daily, weekly, or so often; none", 0},
    {"maintenance", 0, OPT_OPTIONAL, "no", set_yes, MEMBER(maintenance), 0,
     "for nobody's jobs; may overlap others", 0},
    {"flex", 0, OPT_OPTIONAL, "no", set_yes, MEMBER(flex), 0,
     "its jobs may begin before it, end after it, and run elsewhere", 0},
    {"floating", 0, OPT_NEEDED, "TIME", set_floating, MEMBER(floating), 0,
     "always so far ahead of now, so that what starts is short; none", 0},
    {"comment", 0, OPT_NEEDED, "TEXT", set_text, MEMBER(comment), 0, "words on it", 0},
    {"ignore-running", 0, OPT_NONE, NULL, opt_flag, MEMBER(ignore_running), 0,
     "though jobs may still run there when it begins", 0},
    {"force", 0, OPT_NONE, NULL, opt_flag, MEMBER(force), 0,
     "delete it though jobs ask for it", 0},
    OPTS_COMMON(struct reserve_args, common),
    OPTS_END,
};

/* ------------------------------------------------------------------ looking */

static int fail(const struct berth_err *err)
{
    say_error("%s", err->text);
    return STATUS_FAILED;
}

static int print(const struct reserve_args *args, char **names, int n, bool in_full)
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__ReservationList *list = NULL;
    Berth__ReservationQuery query = BERTH__RESERVATION_QUERY__INIT;
    struct berth_err err;

    if (args->fields) {
        say_error("--%s: nothing is set here", args->fields[0]);
        return STATUS_USAGE;
    }
    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    query.names = names;
    query.n_names = (size_t)n;
    if (berth_reservations(berth, &query, &list, &err) < 0)
        return fail(&err);
    if (args->common.json)
        document_print_json(reserve_document(list), stdout);
    else if (in_full)
        reserve_show(list, stdout);
    else
        reserve_list(list, table_terminal_width(stdout), stdout);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ changing */

/* A string of the command line as a message's field, which is only read. */
static char *field(const char *text)
{
    static char empty[] = "";
    char *unconst = empty;

    if (text)
        memcpy(&unconst, &text, sizeof(unconst));
    return unconst;
}

static void fill_record(const struct reserve_args *args, char *name,
                        Berth__ReservationRecord *ret)
{
    berth__reservation_record__init(ret);
    ret->name = name;
    ret->nodes = field(args->nodes);
    ret->start = args->start;
    ret->end = args->end;
    ret->every = args->every;
    ret->floating = args->floating;
    ret->users = args->users;
    ret->n_users = strv_len(args->users);
    ret->accounts = args->accounts;
    ret->n_accounts = strv_len(args->accounts);
    ret->maintenance = args->maintenance;
    ret->flexible = args->flex;
    ret->comment = field(args->comment);
}

static int change(struct berth *berth, const struct reserve_args *args,
                  Berth__ChangeOp op, char *name)
{
    cleanup(reply_freep) Berth__ReservationList *list = NULL;
    Berth__ReservationChange order = BERTH__RESERVATION_CHANGE__INIT;
    Berth__ReservationRecord record;
    struct berth_err err;

    fill_record(args, name, &record);
    order.op = op;
    order.record = &record;
    order.fields = args->fields;
    order.n_fields = strv_len(args->fields);
    order.count = args->count;
    order.partition = field(args->partition);
    order.duration = args->duration;
    order.ignore_running = args->ignore_running;
    order.force = args->force;
    if (berth_reserve(berth, &order, &list, &err) < 0)
        return fail(&err);
    if (args->common.json)
        document_print_json(reserve_document(list), stdout);
    else
        reserve_show(list, stdout);
    return STATUS_OK;
}

static int change_all(const struct reserve_args *args, Berth__ChangeOp op, char **names,
                      int n)
{
    cleanup(link_closep) struct berth *berth = NULL;
    bool is_delete = op == BERTH__CHANGE_OP__CHANGE_DELETE;
    int status = STATUS_OK;

    if (n == 0) {
        say_error("which reservation? Give its name");
        return STATUS_USAGE;
    }
    if (n > 1 && !is_delete) {
        say_error("one reservation at a time: '%s' is one too many", names[1]);
        return STATUS_USAGE;
    }
    if (is_delete && args->fields) {
        say_error("--%s: nothing is set here", args->fields[0]);
        return STATUS_USAGE;
    }
    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    for (int i = 0; i < n && status == STATUS_OK; i++)
        status = change(berth, args, op, names[i]);
    return status;
}

static int run(const struct reserve_args *args, char **words, int n)
{
    static const char *const verbs[] = {"list", "show", "create", "update", "delete"};
    const char *verb = n ? words[0] : "list", *near;
    char **names = words + (n > 0);
    int n_names = n > 0 ? n - 1 : 0;

    if (strcmp(verb, "list") == 0)
        return print(args, names, n_names, false);
    if (strcmp(verb, "show") == 0)
        return print(args, names, n_names, true);
    if (strcmp(verb, "create") == 0)
        return change_all(args, BERTH__CHANGE_OP__CHANGE_ADD, names, n_names);
    if (strcmp(verb, "update") == 0)
        return change_all(args, BERTH__CHANGE_OP__CHANGE_MODIFY, names, n_names);
    if (strcmp(verb, "delete") == 0)
        return change_all(args, BERTH__CHANGE_OP__CHANGE_DELETE, names, n_names);
    near = nearest_name(verb, verbs, ARRAY_SIZE(verbs));
    say_error("cannot '%s': say list, show, create, update or delete%s%s%s", verb,
              near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
    return STATUS_USAGE;
}

int cmd_reserve(int argc, char **argv)
{
    struct reserve_args args = {.count = 0};
    int next,
        status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);

    if (status < 0)
        status = run(&args, argv + next, argc - next);
    strv_free(args.users);
    strv_free(args.accounts);
    strv_free(args.fields);
    return status;
}
