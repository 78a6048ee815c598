/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_history.c - berth history: what has become of jobs
 */
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/history_args.h"
#include "cli/history_columns.h"
#include "cli/table.h"

/* Of a table for people; forms for programs are complete. */
#define DEFAULT_LIMIT 500
#define DEFAULT_AGE 86400

struct args {
    struct common common;
    struct history_args which;
    const char *format;
    bool no_steps, all_runs, is_long, no_header, csv;
    struct row_limit limit;
};

static const struct usage usage = {
    .synopsis = "berth history [options] [id...]\n"
                "       berth history archive [--before TIME]",
    .about =
        "List what has become of jobs, oldest first: those of the last day unless\n"
        "ids or times are given, with their steps. 'archive' has what is old\n"
        "written to history.archive_dir and removed, as history.keep says.",
    .examples = "  berth history\n"
                "  berth history --me -S now-7days -s FAILED,TIMEOUT\n"
                "  berth history -X --format jobid,state,elapsed,cpueff 17 18_3\n"
                "  berth history --csv -S 2026-11-01 -E 2026-12-01 > november.csv\n",
};

#define MEMBER(m) offsetof(struct args, m)
static const struct opt opts[] = {
    OPTS_HISTORY(struct args, which),
    {"nodelist", 'N', OPT_NEEDED, "LIST", opt_string, MEMBER(which.nodes), 0,
     "that ran on any of these nodes", 0},
    {"jobs", 'j', OPT_NEEDED, "LIST", opt_string, MEMBER(which.jobs), 0,
     "these jobs, as operands", 0},
    {"allocations", 'X', OPT_NONE, NULL, opt_flag, MEMBER(no_steps), 0,
     "jobs only, no steps", 0},
    {"duplicates", 'D', OPT_NONE, NULL, opt_flag, MEMBER(all_runs), 0,
     "earlier runs too, of jobs that were queued again", 0},
    {"limit", 0, OPT_NEEDED, "N", opt_limit, MEMBER(limit), 0,
     "the newest N jobs, 0 for all (default: 500 in a table, else all)", 0},
    {"long", 'l', OPT_NONE, NULL, opt_flag, MEMBER(is_long), 0, "more columns", 0},
    {"format", 'o', OPT_NEEDED, "LIST", opt_string, MEMBER(format), 0,
     "these columns; 'help' names all", 0},
    {"csv", 0, OPT_NONE, NULL, opt_flag, MEMBER(csv), 0,
     "comma-separated values, all columns unless --format names some", 0},
    {"no-header", 0, OPT_NONE, NULL, opt_flag, MEMBER(no_header), 0, "no first line",
     0},
    {"noheader", 0, OPT_NONE, NULL, opt_flag, MEMBER(no_header), 0, NULL, 0},
    OPTS_COMMON(struct args, common),
    OPTS_END,
};

/* ------------------------------------------------------------------ output */

/* Where rows go, page by page. */
struct output {
    const struct args *args;
    const struct history_column **columns;
    size_t n_columns, n_jobs;
    bool is_empty;        /* the one job that was asked for is not there */
    struct table *table;  /* NULL: JSON or CSV, written at once */
    struct column *heads; /* of it */
    int64_t now;
};

static void print_csv(const char *cell, bool is_first)
{
    bool is_plain = cell[strcspn(cell, ",\"\r\n")] == '\0';

    if (!is_first)
        putchar(',');
    if (is_plain) {
        fputs(cell, stdout);
        return;
    }
    putchar('"');
    for (; *cell; cell++) {
        if (*cell == '"')
            putchar('"');
        putchar(*cell);
    }
    putchar('"');
}

static void put_row(struct output *out, const Berth__HistoryJob *job,
                    const Berth__StepSummary *step)
{
    for (size_t i = 0; i < out->n_columns; i++) {
        char *cell = step ? history_column_of_step(out->columns[i], job, step)
                          : history_column_of_job(out->columns[i], job, out->now);

        if (out->table) {
            table_take(out->table, cell);
            continue;
        }
        print_csv(cell, i == 0);
        free(cell);
    }
    if (!out->table)
        putchar('\n');
}

static void put_json(struct output *out, const Berth__HistoryJob *job)
{
    json_t *doc = document_of(&job->base, false);

    puts(out->n_jobs ? "," : "");
    json_dumpf(doc, stdout, JSON_INDENT(2));
    json_decref(doc);
}

/* A job with many steps goes on in the next page: then only these are new. */
static void put_job(struct output *out, const Berth__HistoryJob *job, bool goes_on)
{
    if (out->args->common.json) {
        put_json(out, job);
        return;
    }
    if (!goes_on)
        put_row(out, job, NULL);
    for (size_t i = 0; i < job->n_steps; i++)
        put_row(out, job, job->steps[i]);
}

static void begin_output(struct output *out)
{
    out->heads = xcalloc(out->n_columns, sizeof(*out->heads));
    for (size_t i = 0; i < out->n_columns; i++)
        out->heads[i] = *history_column_head(out->columns[i]);
    if (out->args->common.json) {
        fputs("{\"jobs\": [", stdout);
    } else if (!out->args->csv) {
        out->table = table_create(out->heads, out->n_columns);
    } else if (!out->args->no_header) {
        for (size_t i = 0; i < out->n_columns; i++)
            print_csv(history_column_name(out->columns[i]), i == 0);
        putchar('\n');
    }
}

static void end_output(struct output *out)
{
    if (out->args->common.json)
        puts("]}");
    else if (out->table && !out->is_empty)
        table_print(out->table, !out->args->no_header, table_terminal_width(stdout),
                    stdout);
    table_destroy(out->table);
    free(out->heads);
}

/* ------------------------------------------------------------------ pages */

/* A job whose steps do not fit on a page is put together again for JSON. */
static void join(Berth__HistoryJob *job, Berth__HistoryJob *part)
{
    job->steps =
        xrealloc(job->steps, job->n_steps + part->n_steps + 1, sizeof(*job->steps));
    for (size_t i = 0; i < part->n_steps; i++)
        job->steps[job->n_steps++] = part->steps[i];
    part->n_steps = 0;
}

static void put_page(struct output *out, Berth__HistoryList *list, bool goes_on,
                     Berth__HistoryJob **held)
{
    bool holds_last = out->args->common.json && list->more && list->after_step;

    for (size_t i = 0; i < list->n_jobs; i++) {
        Berth__HistoryJob *job = list->jobs[i];

        if (i == 0 && *held) {
            join(*held, job);
            if (list->n_jobs == 1 && holds_last)
                return;
            put_job(out, *held, false);
            out->n_jobs++;
            berth_free(take(*held));
            continue;
        }
        if (i + 1 == list->n_jobs && holds_last) {
            *held = job;
            list->n_jobs--;
            return;
        }
        put_job(out, job, i == 0 && goes_on);
        out->n_jobs += !(i == 0 && goes_on);
    }
}

static uint32_t limit_of(const struct args *args, const Berth__HistoryQuery *query)
{
    if (args->limit.is_given)
        return args->limit.n;
    return args->common.json || args->csv || query->n_ids ? 0 : DEFAULT_LIMIT;
}

static int put_all(struct berth *berth, const struct args *args,
                   Berth__HistoryQuery *query, struct output *out)
{
    Berth__HistoryJob *held = NULL;
    uint32_t limit = limit_of(args, query);
    bool more = true, goes_on = false;
    struct berth_err err;

    query->newest_first = limit > 0;
    query->limit = limit;
    while (more) {
        cleanup(reply_freep) Berth__HistoryList *list = NULL;

        if (berth_history(berth, query, &list, &err) < 0) {
            say_error("%s", err.text);
            return STATUS_FAILED;
        }
        if (query->after == 0)
            begin_output(out);
        more = list->more;
        put_page(out, list, goes_on, &held);
        query->after = list->after;
        query->after_step = list->after_step;
        goes_on = list->after_step != 0;
    }
    out->is_empty = out->n_jobs == 0 && query->n_ids == 1;
    end_output(out);
    if (limit && !args->limit.is_given && out->n_jobs == limit)
        say_info("these are the newest %u jobs: --limit 0 lists all", limit);
    if (out->is_empty) {
        say_error("there is no job %u in the history", query->ids[0]);
        return STATUS_FAILED;
    }
    return STATUS_OK;
}

/* ------------------------------------------------------------------ the command */

static int choose_columns(const struct args *args, struct output *out)
{
    cleanup(freep) char *all = history_columns_all();
    const char *text = args->format    ? args->format
                       : args->csv     ? all
                       : args->is_long ? HISTORY_LONG
                                       : HISTORY_DEFAULT;
    struct err err;

    if (history_columns_parse(text, &out->columns, &out->n_columns, &err) == 0)
        return 0;
    say_error("--format: %s", err.text);
    return -err.code;
}

/* Operands and --jobs mean the same. */
static int parse_jobs(const struct args *args, int n, char **words,
                      struct job_names *names)
{
    cleanup(freep) char **both = xcalloc((size_t)n + 1, sizeof(*both));
    cleanup(freep) char *more = xstrdup(args->which.jobs ? args->which.jobs : "");

    for (int i = 0; i < n; i++)
        both[i] = words[i];
    if (args->which.jobs)
        both[n++] = more;
    return job_names_parse(n, both, names);
}

static int list(const struct args *args, int n, char **words)
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(job_names_fini) struct job_names names = {0};
    cleanup(history_query_fini) Berth__HistoryQuery query = BERTH__HISTORY_QUERY__INIT;
    struct output out = {.args = args, .now = time(NULL)};
    int status;

    if (parse_jobs(args, n, words, &names) < 0 || choose_columns(args, &out) < 0)
        return STATUS_USAGE;
    history_query_init(&args->which, &names, &query);
    query.with_steps = !args->no_steps;
    query.all_runs = args->all_runs;
    if (!query.since && !query.until && names.n == 0)
        query.since = out.now - DEFAULT_AGE;
    status = link_open(args->common.config, &berth) < 0
                 ? STATUS_FAILED
                 : put_all(berth, args, &query, &out);
    free(out.columns);
    return status;
}

/* ------------------------------------------------------------------ archive */

struct archive_args {
    struct common common;
    int64_t before;
};

static const struct usage archive_usage = {
    .synopsis = "berth history archive [--before TIME]",
    .about = "Have runs that ended long ago written to history.archive_dir, and\n"
             "removed from the history. Without a directory they are only removed.\n"
             "For administrators; the controller does it by itself once a day.",
    .examples = "  berth history archive\n"
                "  berth history archive --before 2025-01-01\n",
};

static const struct opt archive_opts[] = {
    {"before", 0, OPT_NEEDED, "TIME", history_set_until,
     offsetof(struct archive_args, before), 0,
     "those that ended before this (default: as history.keep says)", 0},
    OPTS_COMMON(struct archive_args, common),
    OPTS_END,
};

static int order_archive(int argc, char **argv)
{
    struct archive_args args = {.before = 0};
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__HistoryOrderReply *reply = NULL;
    Berth__HistoryOrder order = BERTH__HISTORY_ORDER__INIT;
    struct berth_err err;
    int next, status;

    status = command_parse(&archive_usage, archive_opts, OPTS_ANYWHERE, argc, argv,
                           &args, &next);
    if (status >= 0)
        return status;
    order.op = BERTH__HISTORY_ORDER__OP__ARCHIVE;
    order.before = args.before;
    if (link_open(args.common.config, &berth) < 0)
        return STATUS_FAILED;
    if (berth_history_order(berth, &order, &reply, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    if (args.common.json) {
        document_print_json(document_of(&reply->base, false), stdout);
        return STATUS_OK;
    }
    for (size_t i = 0; i < reply->n_files; i++)
        puts(reply->files[i]);
    say_info("%llu jobs with %llu steps have left the history",
             (unsigned long long)reply->jobs, (unsigned long long)reply->steps);
    return STATUS_OK;
}

int cmd_history(int argc, char **argv)
{
    struct args args = {.no_steps = false};
    int next, status;

    if (argc > 1 && strcmp(argv[1], "archive") == 0)
        return order_archive(argc - 1, argv + 1);
    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (args.format && strcmp(args.format, "help") == 0) {
        cleanup(freep) char *all = history_columns_all();

        return puts(all) < 0;
    }
    return list(&args, argc - next, argv + next);
}
