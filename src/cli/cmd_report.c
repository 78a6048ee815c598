/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_report.c - berth report: sums over jobs that have ended
 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/history_args.h"
#include "cli/history_columns.h"
#include "cli/table.h"

#define DEFAULT_DAYS 30
#define DAY 86400
#define HOUR 3600.0
#define WASTERS 20 /* of --efficiency --by job */

struct args {
    struct common common;
    struct history_args which;
    const char *by, *sort;
    bool efficiency, no_header;
    struct row_limit limit;
};

static const struct usage usage = {
    .synopsis = "berth report [options]",
    .about =
        "Sum up jobs that ended in a time, the last 30 days unless said: how many,\n"
        "the hours of cores and GPUs that they had, how long they waited. With\n"
        "--efficiency: how much of what they had they used, worst first.",
    .examples = "  berth report\n"
                "  berth report --by account -S 2026-10-01 -E 2026-11-01\n"
                "  berth report --efficiency --by job --limit 10\n"
                "  berth report --by day --json | jq '.rows[].core_hours'\n",
};

#define MEMBER(m) offsetof(struct args, m)
static const struct opt opts[] = {
    {"by", 'b', OPT_NEEDED, "KEY", opt_string, MEMBER(by), 0,
     "user (default), account, partition, qos, day, job, all", 0},
    {"efficiency", 'e', OPT_NONE, NULL, opt_flag, MEMBER(efficiency), 0,
     "what was asked for and what was used; those who waste most first", 0},
    {"sort", 0, OPT_NEEDED, "ORDER", opt_string, MEMBER(sort), 0,
     "key, core-hours, waste (of cores) or memory-waste", 0},
    {"limit", 0, OPT_NEEDED, "N", opt_limit, MEMBER(limit), 0,
     "the first N rows; 0: all", 0},
    OPTS_HISTORY(struct args, which),
    {"no-header", 0, OPT_NONE, NULL, opt_flag, MEMBER(no_header), 0, "no first line",
     0},
    {"noheader", 0, OPT_NONE, NULL, opt_flag, MEMBER(no_header), 0, NULL, 0},
    OPTS_COMMON(struct args, common),
    OPTS_END,
};

/* ------------------------------------------------------------------ numbers */

static double core_waste(const Berth__ReportRow *row)
{
    return row->measured_core_seconds - row->cpu_seconds;
}

static double memory_waste(const Berth__ReportRow *row)
{
    return row->measured_memory_seconds - row->memory_used;
}

/* Below 0: not known. */
static double share(double part, double whole)
{
    return whole > 0 ? part / whole : -1;
}

static char *hours(double seconds)
{
    return xasprintf("%.2f", (seconds > 0 ? seconds : 0) / HOUR);
}

static char *percent(double part, double whole)
{
    double of = share(part, whole);

    return of < 0 ? xstrdup("-") : xasprintf("%.0f%%", 100 * of);
}

static char *mean_wait(const Berth__ReportRow *row)
{
    return duration_format(
        row->started ? (int64_t)(row->wait_seconds / (double)row->started) : 0);
}

/* ------------------------------------------------------------------ tables */

static const struct column sum_columns[] = {
    {"", false, true},           {"JOBS", true, false},      {"FAILED", true, false},
    {"CORE_HOURS", true, false}, {"GPU_HOURS", true, false}, {"CPU_HOURS", true, false},
    {"WAIT_MEAN", true, false},  {"WAIT_MAX", true, false},
};
static const struct column use_columns[] = {
    {"", false, true},        {"JOBS", true, false},   {"CORE_HOURS", true, false},
    {"CPU_EFF", true, false}, {"UNUSED", true, false}, {"GIB_HOURS", true, false},
    {"MEM_EFF", true, false}, {"UNUSED", true, false},
};
static const struct column job_columns[] = {
    {"USER", false, true},
    {"NAME", false, true},
};

static void add_sums(struct table *table, const Berth__ReportRow *row)
{
    table_take(table, xasprintf("%llu", (unsigned long long)row->jobs));
    table_take(table, xasprintf("%llu", (unsigned long long)row->failed));
    table_take(table, hours(row->core_seconds));
    table_take(table, hours(row->gpu_seconds));
    table_take(table, hours(row->cpu_seconds));
    table_take(table, mean_wait(row));
    table_take(table, duration_format((int64_t)row->wait_max));
}

static void add_use(struct table *table, const Berth__ReportRow *row)
{
    table_take(table, xasprintf("%llu", (unsigned long long)row->jobs));
    table_take(table, hours(row->core_seconds));
    table_take(table, percent(row->cpu_seconds, row->measured_core_seconds));
    table_take(table, hours(core_waste(row)));
    table_take(table, hours(row->memory_seconds / 1024));
    table_take(table, percent(row->memory_used, row->measured_memory_seconds));
    table_take(table, hours(memory_waste(row) / 1024));
}

static void add_row(struct table *table, const struct args *args, bool by_job,
                    const Berth__ReportRow *row)
{
    if (row->job)
        table_take(table, history_job_name(row->job));
    else
        table_add(table, row->key);
    if (args->efficiency)
        add_use(table, row);
    else
        add_sums(table, row);
    if (!by_job)
        return;
    table_add(table, row->job ? row->job->user : "");
    table_add(table, row->job ? row->job->name : "");
}

static char *key_title(const char *by)
{
    char *title = xstrdup(by);

    for (char *c = title; *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    return title;
}

static void print_table(const struct args *args, const char *by,
                        const Berth__ReportList *list)
{
    struct column columns[ARRAY_SIZE(sum_columns) + ARRAY_SIZE(job_columns)];
    cleanup(freep) char *title = key_title(by);
    bool by_job = strcmp(by, "job") == 0;
    size_t n = ARRAY_SIZE(sum_columns);
    struct table *table;

    memcpy(columns, args->efficiency ? use_columns : sum_columns, sizeof(sum_columns));
    columns[0].title = title;
    for (size_t i = 0; by_job && i < ARRAY_SIZE(job_columns); i++)
        columns[n++] = job_columns[i];
    table = table_create(columns, n);
    for (size_t i = 0; i < list->n_rows; i++)
        add_row(table, args, by_job, list->rows[i]);
    if (list->n_rows > 1 && list->total)
        add_row(table, args, by_job, list->total);
    table_print(table, !args->no_header, table_terminal_width(stdout), stdout);
    table_destroy(table);
}

/* ------------------------------------------------------------------ JSON */

static void set_share(json_t *doc, const char *name, double part, double whole)
{
    double of = share(part, whole);

    json_object_set_new(doc, name, of < 0 ? json_null() : json_real(of));
}

static json_t *row_document(const Berth__ReportRow *row)
{
    json_t *doc = json_object();

    json_object_set_new(doc, "key", document_text(row->key));
    json_object_set_new(doc, "jobs", json_integer((json_int_t)row->jobs));
    json_object_set_new(doc, "failed", json_integer((json_int_t)row->failed));
    json_object_set_new(doc, "started", json_integer((json_int_t)row->started));
    json_object_set_new(doc, "core_hours", json_real(row->core_seconds / HOUR));
    json_object_set_new(doc, "gpu_hours", json_real(row->gpu_seconds / HOUR));
    json_object_set_new(doc, "cpu_hours", json_real(row->cpu_seconds / HOUR));
    json_object_set_new(doc, "memory_gib_hours",
                        json_real(row->memory_seconds / 1024 / HOUR));
    json_object_set_new(doc, "wait_seconds", json_real(row->wait_seconds));
    json_object_set_new(doc, "wait_max", json_real(row->wait_max));
    json_object_set_new(doc, "elapsed", json_real(row->elapsed));
    set_share(doc, "cpu_efficiency", row->cpu_seconds, row->measured_core_seconds);
    set_share(doc, "memory_efficiency", row->memory_used, row->measured_memory_seconds);
    json_object_set_new(doc, "unused_core_hours", json_real(core_waste(row) / HOUR));
    json_object_set_new(doc, "unused_gib_hours",
                        json_real(memory_waste(row) / 1024 / HOUR));
    if (row->job)
        json_object_set_new(doc, "job", document_of(&row->job->base, true));
    return doc;
}

static void print_json(const Berth__ReportList *list)
{
    json_t *doc = json_object(), *rows = json_array();

    for (size_t i = 0; i < list->n_rows; i++)
        json_array_append_new(rows, row_document(list->rows[i]));
    json_object_set_new(doc, "rows", rows);
    if (list->total)
        json_object_set_new(doc, "total", row_document(list->total));
    document_print_json(doc, stdout);
}

/* ------------------------------------------------------------------ the command */

static int report(const struct args *args)
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__ReportList *list = NULL;
    cleanup(history_query_fini) Berth__HistoryQuery filter = BERTH__HISTORY_QUERY__INIT;
    cleanup(freep) char *by = xstrdup(args->by ? args->by : "user");
    cleanup(freep) char *sort = xstrdup(args->sort         ? args->sort
                                        : args->efficiency ? "waste"
                                                           : "");
    Berth__ReportQuery query = BERTH__REPORT_QUERY__INIT;
    struct job_names none = {.n = 0};
    struct berth_err err;

    history_query_init(&args->which, &none, &filter);
    if (!filter.since && !filter.until)
        filter.since = time(NULL) - DEFAULT_DAYS * DAY;
    query.filter = &filter;
    query.by = by;
    query.sort = sort;
    query.limit = args->limit.is_given     ? args->limit.n
                  : strcmp(by, "job") == 0 ? WASTERS
                                           : 0;
    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    if (berth_report(berth, &query, &list, &err) < 0) {
        say_error("%s", err.text);
        return err.code == EINVAL ? STATUS_USAGE : STATUS_FAILED;
    }
    if (args->common.json)
        print_json(list);
    else
        print_table(args, by, list);
    if (list->is_own_only)
        say_info("this site shows you your own jobs only");
    return STATUS_OK;
}

int cmd_report(int argc, char **argv)
{
    struct args args = {.by = NULL};
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (next < argc) {
        say_error("unexpected argument '%s'", argv[next]);
        return STATUS_USAGE;
    }
    return report(&args);
}
