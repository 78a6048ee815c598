/* SPDX-License-Identifier: Apache-2.0
 *
 * report.c - sums over runs that have ended, made by SQLite
 */
#include "history/report.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "history/history_db.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define JOBS_DEFAULT 1000

static const struct {
    const char *name, *sql;
} keys[] = {{"user", "user"},
            {"account", "account"},
            {"partition", "partition"},
            {"qos", "qos"},
            {"day", "date(end_time,'unixepoch','localtime')"},
            {"all", "'all'"},
            {"job", "id"}};

#define CORE_WASTE "measured-cpu_s"
#define MEMORY_WASTE "measured_mem-mem_used"
static const struct {
    const char *name, *sql;
} orders[] = {{"key", "1"},
              {"core-hours", "core_s DESC,1"},
              {"waste", CORE_WASTE " DESC,1"},
              {"memory-waste", MEMORY_WASTE " DESC,1"}};

/* A run's own numbers. What it used is known when anything of it was measured. */
static const char runs[] =
    "SELECT *, CASE WHEN start_time>0 THEN max(0,end_time-start_time-suspended) "
    "ELSE 0 END AS span,"
    " CASE WHEN start_time>0 THEN max(0,start_time-eligible_time) ELSE 0 END AS wait,"
    " (user_usec+system_usec>0 OR memory_peak>0) AS known,"
    " min(memory,memory_peak/1024.0*max(1,n_nodes)) AS mem_peak FROM jobs";

static const char sums[] = "sum(state<>'REQUEUED') AS n_jobs,"
                           "sum(state NOT IN ('COMPLETED','REQUEUED')) AS n_failed,"
                           "total(cpus*span) AS core_s,"
                           "total(gpus*span) AS gpu_s,"
                           "total((user_usec+system_usec)/1e6) AS cpu_s,"
                           "total(memory*span) AS mem_s,"
                           "total(mem_peak*span) AS mem_used,"
                           "total(wait) AS waits,"
                           "max(wait) AS longest,"
                           "total(span) AS spans,"
                           "sum(start_time>0) AS n_started,"
                           "total(known*cpus*span) AS measured,"
                           "total((memory_peak>0)*memory*span) AS measured_mem";

static int find_key(const char *name, const char **ret, struct err *err)
{
    const char *names[ARRAY_SIZE(keys)];
    const char *near;

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        names[i] = keys[i].name;
        if (strcmp(*name ? name : "user", keys[i].name) == 0) {
            *ret = keys[i].sql;
            return 0;
        }
    }
    near = nearest_name(name, names, ARRAY_SIZE(names));
    return err_set(err, EINVAL, "--by: '%.60s' is no key of reports%s%s%s", name,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int find_order(const Berth__ReportQuery *query, const char **ret,
                      struct err *err)
{
    const char *name = query->sort;

    if (!*name && strcmp(query->by, "day") == 0)
        name = "key";
    else if (!*name)
        name = strcmp(query->by, "job") == 0 ? "waste" : "core-hours";
    for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
        if (strcmp(name, orders[i].name) == 0) {
            *ret = orders[i].sql;
            return 0;
        }
    }
    return err_set(err, EINVAL,
                   "--sort: '%.60s' is none of key, core-hours, waste, memory-waste",
                   name);
}

static void read_row(sqlite3_stmt *stmt, Berth__ReportRow *row)
{
    row->jobs = (uint64_t)sqlite3_column_int64(stmt, 1);
    row->failed = (uint64_t)sqlite3_column_int64(stmt, 2);
    row->core_seconds = sqlite3_column_double(stmt, 3);
    row->gpu_seconds = sqlite3_column_double(stmt, 4);
    row->cpu_seconds = sqlite3_column_double(stmt, 5);
    row->memory_seconds = sqlite3_column_double(stmt, 6);
    row->memory_used = sqlite3_column_double(stmt, 7);
    row->wait_seconds = sqlite3_column_double(stmt, 8);
    row->wait_max = sqlite3_column_double(stmt, 9);
    row->elapsed = sqlite3_column_double(stmt, 10);
    row->started = (uint64_t)sqlite3_column_int64(stmt, 11);
    row->measured_core_seconds = sqlite3_column_double(stmt, 12);
    row->measured_memory_seconds = sqlite3_column_double(stmt, 13);
}

static Berth__ReportRow *new_row(sqlite3_stmt *stmt)
{
    Berth__ReportRow *row = xmalloc(sizeof(*row));
    const char *key = (const char *)sqlite3_column_text(stmt, 0);

    berth__report_row__init(row);
    row->key = xstrdup(key ? key : "");
    read_row(stmt, row);
    return row;
}

static void add_row(Berth__ReportList *list, Berth__ReportRow *row)
{
    list->rows = xrealloc(list->rows, list->n_rows + 1, sizeof(*list->rows));
    list->rows[list->n_rows++] = row;
}

/* The runs that count, as a condition of table jobs. */
static void init_runs(struct condition *condition, const Berth__ReportQuery *query,
                      const struct viewer *viewer)
{
    static const Berth__HistoryQuery all = BERTH__HISTORY_QUERY__INIT;
    Berth__HistoryQuery filter = query->filter ? *query->filter : all;

    /* An attempt that was given up has used cores as well. */
    filter.all_runs = true;
    condition_init(condition, &filter, viewer);
    strbuf_puts(&condition->sql, " AND is_array=0 AND end_time>0");
    if (filter.since)
        condition_add(condition, "end_time>=", filter.since);
    if (filter.until)
        condition_add(condition, "end_time<", filter.until);
}

/* Rows of "SELECT key, sums ... tail". */
static int run_query(sqlite3 *db, const struct condition *condition, const char *key,
                     const char *tail, sqlite3_stmt **ret, struct err *err)
{
    cleanup(freep) char *sql = xasprintf("SELECT %s,%s FROM (%s) WHERE %s %s", key,
                                         sums, runs, condition->sql.s, tail);
    int rc = history_db_prepare(db, sql, ret, err);

    if (rc == 0)
        (void)condition_bind(condition, *ret);
    return rc;
}

static int fill_total(sqlite3 *db, const struct condition *condition,
                      Berth__ReportList *list, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = run_query(db, condition, "'total'", "", &stmt, err);

    if (rc == 0 && sqlite3_step(stmt) == SQLITE_ROW)
        list->total = new_row(stmt);
    else if (rc == 0)
        rc = history_db_fail(db, "report", err);
    sqlite3_finalize(stmt);
    return rc;
}

/* The run behind a row whose key is its number. */
static int attach_job(sqlite3 *db, Berth__ReportRow *row, struct err *err)
{
    struct strbuf sql = STRBUF_INIT;
    sqlite3_stmt *stmt = NULL;
    int rc;

    strbuf_puts(&sql, "SELECT ");
    select_columns(&sql);
    strbuf_puts(&sql, " FROM jobs WHERE id=?1");
    rc = history_db_prepare(db, sql.s, &stmt, err);
    strbuf_fini(&sql);
    if (rc)
        return rc;
    sqlite3_bind_int64(stmt, 1, strtoll(row->key, NULL, 10));
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        row->job = select_read(stmt, 0);
        free(row->key);
        row->key = xasprintf("%u", row->job->job_id);
    }
    sqlite3_finalize(stmt);
    return 0;
}

static int fill_rows(sqlite3 *db, const Berth__ReportQuery *query,
                     const struct condition *condition, Berth__ReportList *list,
                     struct err *err)
{
    const char *key = NULL, *order = NULL;
    cleanup(freep) char *tail = NULL;
    bool is_by_job = strcmp(query->by, "job") == 0;
    uint32_t limit = query->limit || !is_by_job ? query->limit : JOBS_DEFAULT;
    sqlite3_stmt *stmt = NULL;
    int code = SQLITE_DONE, rc = find_key(query->by, &key, err);

    if (rc == 0)
        rc = find_order(query, &order, err);
    if (rc)
        return rc;
    tail = xasprintf("GROUP BY 1 ORDER BY %s LIMIT %lld", order,
                     limit ? (long long)limit : -1);
    rc = run_query(db, condition, key, tail, &stmt, err);
    while (rc == 0 && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        add_row(list, new_row(stmt));
    if (rc == 0 && code != SQLITE_DONE)
        rc = history_db_fail(db, "report", err);
    sqlite3_finalize(stmt);
    for (size_t i = 0; rc == 0 && is_by_job && i < list->n_rows; i++)
        rc = attach_job(db, list->rows[i], err);
    return rc;
}

int report_make(sqlite3 *db, const Berth__ReportQuery *query,
                const struct viewer *viewer, Berth__ReportList **ret, struct err *err)
{
    cleanup(free_messagep) Berth__ReportList *list = xmalloc(sizeof(*list));
    cleanup(condition_fini) struct condition condition = {.n = 0};
    int rc;

    berth__report_list__init(list);
    list->is_own_only = viewer->is_own_only;
    init_runs(&condition, query, viewer);
    rc = fill_rows(db, query, &condition, list, err);
    if (rc == 0)
        rc = fill_total(db, &condition, list, err);
    if (rc == 0)
        *ret = take(list);
    return rc;
}
