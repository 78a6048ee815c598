/* SPDX-License-Identifier: Apache-2.0
 *
 * select.c - from a question to rows
 *
 * What an index or SQL can say stands in the statement; sets of elements and of
 * nodes are looked at row by row.
 */
#include "history/select.h"

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"
#include "history/columns.h"
#include "history/history_db.h"
#include "spec/array_spec.h"
#include "state/job_state.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ conditions */

static void add_value(struct condition *condition, const char *text, int64_t number)
{
    if (condition->n == condition->cap) {
        condition->cap = condition->cap ? condition->cap * 2 : 16;
        condition->values =
            xrealloc(condition->values, condition->cap, sizeof(*condition->values));
    }
    condition->values[condition->n++] = (struct condition_value){text, number};
}

void condition_add(struct condition *condition, const char *sql, int64_t number)
{
    strbuf_printf(&condition->sql, " AND %s?%zu", sql, condition->n + 1);
    add_value(condition, NULL, number);
}

/* "column" IN (texts), unless there are none. */
static void add_texts(struct condition *condition, const char *column,
                      char *const *texts, size_t n)
{
    if (n == 0)
        return;
    strbuf_printf(&condition->sql, " AND \"%s\" IN (", column);
    for (size_t i = 0; i < n; i++) {
        strbuf_printf(&condition->sql, "%s?%zu", i ? "," : "", condition->n + 1);
        add_value(condition, texts[i], 0);
    }
    strbuf_putc(&condition->sql, ')');
}

static void add_ids(struct condition *condition, const Berth__HistoryQuery *query)
{
    static const char *const columns[] = {"job_id", "array_job", "het_leader"};

    if (query->n_ids == 0)
        return;
    strbuf_puts(&condition->sql, " AND (0");
    for (size_t c = 0; c < ARRAY_SIZE(columns); c++) {
        strbuf_printf(&condition->sql, " OR (%s>0 AND %s IN (", columns[c], columns[c]);
        for (size_t i = 0; i < query->n_ids; i++)
            strbuf_printf(&condition->sql, "%s%u", i ? "," : "", query->ids[i]);
        strbuf_puts(&condition->sql, "))");
    }
    strbuf_putc(&condition->sql, ')');
}

void condition_init(struct condition *condition, const Berth__HistoryQuery *query,
                    const struct viewer *viewer)
{
    *condition = (struct condition){.n = 0};
    /* An array whose elements have all begun is its elements. */
    strbuf_puts(&condition->sql, "(is_array=0 OR \"array\"<>'')");
    if (viewer->is_own_only)
        condition_add(condition, "uid=", viewer->uid);
    add_ids(condition, query);
    add_texts(condition, "user", query->users, query->n_users);
    add_texts(condition, "account", query->accounts, query->n_accounts);
    add_texts(condition, "partition", query->partitions, query->n_partitions);
    add_texts(condition, "qos", query->qos, query->n_qos);
    add_texts(condition, "state", query->states, query->n_states);
    add_texts(condition, "name", query->names, query->n_names);
    add_texts(condition, "wckey", query->wckeys, query->n_wckeys);
    if (!query->all_runs)
        strbuf_puts(&condition->sql, " AND state<>'REQUEUED'");
}

void condition_fini(struct condition *condition)
{
    strbuf_fini(&condition->sql);
    free(condition->values);
}

int condition_bind(const struct condition *condition, sqlite3_stmt *stmt)
{
    for (size_t i = 0; i < condition->n; i++) {
        const struct condition_value *value = &condition->values[i];

        if (value->text)
            sqlite3_bind_text(stmt, (int)i + 1, value->text, -1, SQLITE_STATIC);
        else
            sqlite3_bind_int64(stmt, (int)i + 1, value->number);
    }
    return (int)condition->n + 1;
}

/* ------------------------------------------------------------------ rows */

static const char other_columns[] =
    "id,steps_ended,steps_failed,steps_summed,derived_code,derived_signal";

void select_columns(struct strbuf *sql)
{
    static const struct columns *const parts[] = {&job_identity, &job_asked,
                                                  &job_standing, &job_given};

    strbuf_puts(sql, other_columns);
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        strbuf_putc(sql, ',');
        columns_names(sql, parts[i]);
    }
}

static const char *short_state(const char *word)
{
    enum job_state state;

    if (strcmp(word, "REQUEUED") == 0)
        return "RQ";
    return job_state_parse(word, &state, NULL) ? "" : job_state_short(state);
}

Berth__HistoryJob *select_read(sqlite3_stmt *stmt, int first)
{
    Berth__HistoryJob *job = xmalloc(sizeof(*job));

    berth__history_job__init(job);
    job->row = (uint64_t)sqlite3_column_int64(stmt, first++);
    job->steps_ended = (uint32_t)sqlite3_column_int64(stmt, first++);
    job->steps_failed = (uint32_t)sqlite3_column_int64(stmt, first++);
    job->steps_summed = (uint32_t)sqlite3_column_int64(stmt, first++);
    job->derived_code = sqlite3_column_int(stmt, first++);
    job->derived_signal = sqlite3_column_int(stmt, first++);
    first = columns_read(stmt, first, &job_identity, job);
    first = columns_read(stmt, first, &job_asked, job);
    first = columns_read(stmt, first, &job_standing, job);
    (void)columns_read(stmt, first, &job_given, job);
    job->is_last = strcmp(job->state, "REQUEUED") != 0;
    job->state_short = xstrdup(short_state(job->state));
    return job;
}

/* ------------------------------------------------------------------ filters */

/* What SQL does not say. */
struct filter {
    const Berth__HistoryQuery *query;
    char **nodes;                /* NULL: any */
    struct array_spec *elements; /* of each of ids that names some */
};

static void filter_fini(struct filter *filter)
{
    for (size_t i = 0; filter->elements && i < filter->query->n_ids; i++)
        array_spec_fini(&filter->elements[i]);
    free(filter->elements);
    strv_free(filter->nodes);
}

static int filter_init(struct filter *filter, const Berth__HistoryQuery *query,
                       struct err *err)
{
    int rc = 0;

    *filter = (struct filter){.query = query};
    if (query->n_ids)
        filter->elements = xcalloc(query->n_ids, sizeof(*filter->elements));
    for (size_t i = 0; rc == 0 && i < query->n_elements && i < query->n_ids; i++)
        if (query->elements[i][0])
            rc = array_spec_parse(query->elements[i], &filter->elements[i], err);
    if (rc == 0 && query->nodes[0])
        rc = hostlist_expand(query->nodes, &filter->nodes, err);
    return rc;
}

static bool has_element(const struct filter *filter, size_t i,
                        const Berth__HistoryJob *job)
{
    const struct array_spec *which = &filter->elements[i];
    uint32_t id = filter->query->ids[i];

    if (array_spec_count(which) == 0)
        return job->job_id == id || job->array_job == id || job->het_leader == id;
    return job->array_job == id && array_spec_contains(which, job->array_task);
}

static bool matches_ids(const struct filter *filter, const Berth__HistoryJob *job)
{
    for (size_t i = 0; i < filter->query->n_ids; i++)
        if (has_element(filter, i, job))
            return true;
    return filter->query->n_ids == 0;
}

static bool matches_nodes(const struct filter *filter, const Berth__HistoryJob *job)
{
    cleanup(strv_freep) char **names = NULL;

    if (!filter->nodes)
        return true;
    if (!job->nodes[0] || hostlist_expand(job->nodes, &names, NULL))
        return false;
    strv_foreach (name, names)
        if (strv_has(filter->nodes, *name))
            return true;
    return false;
}

/* ------------------------------------------------------------------ pages */

struct page {
    sqlite3 *db;
    const Berth__HistoryQuery *query;
    Berth__HistoryList *list;
    size_t cap, max, steps;
};

static void page_add(struct page *page, Berth__HistoryJob *job)
{
    Berth__HistoryList *list = page->list;

    if (list->n_jobs == page->cap) {
        page->cap = page->cap ? page->cap * 2 : 16;
        list->jobs = xrealloc(list->jobs, page->cap, sizeof(*list->jobs));
    }
    list->jobs[list->n_jobs++] = job;
}

static Berth__StepSummary *read_step(sqlite3_stmt *stmt)
{
    Berth__StepSummary *summary = xmalloc(sizeof(*summary));

    berth__step_summary__init(summary);
    (void)columns_read(stmt, 0, &step_columns, summary);
    return summary;
}

/* A step's number as a cursor has it: never 0. */
#define CURSOR(step_id) ((step_id) + 2)

/* The steps of 'job' after cursor 'after', as many as the page has room for; the rest
 * is left to the next one. */
static int page_steps(struct page *page, Berth__HistoryJob *job, int64_t after,
                      struct err *err)
{
    struct strbuf sql = STRBUF_INIT;
    sqlite3_stmt *stmt = NULL;
    size_t room = SELECT_PAGE_STEPS - page->steps, n = 0;
    int rc, code = SQLITE_DONE;

    strbuf_puts(&sql, "SELECT ");
    columns_names(&sql, &step_columns);
    strbuf_puts(&sql, " FROM steps WHERE job_row=?1 AND step_id>?2 ORDER BY step_id "
                      "LIMIT ?3");
    rc = history_db_prepare(page->db, sql.s, &stmt, err);
    strbuf_fini(&sql);
    if (rc)
        return rc;
    sqlite3_bind_int64(stmt, 1, (int64_t)job->row);
    sqlite3_bind_int64(stmt, 2, after ? after - 2 : -2);
    sqlite3_bind_int64(stmt, 3, (int64_t)room + 1);
    job->steps = xcalloc(room + 1, sizeof(*job->steps));
    while (n < room && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        job->steps[n++] = read_step(stmt);
        job->n_steps = n;
    }
    page->steps += n;
    if (n == room && sqlite3_step(stmt) == SQLITE_ROW) {
        page->list->more = true;
        page->list->after_step =
            n ? CURSOR(job->steps[n - 1]->step_id) : (after ? after : 1);
    } else if (n < room && code != SQLITE_DONE) {
        rc = history_db_fail(page->db, "steps", err);
    }
    sqlite3_finalize(stmt);
    return rc;
}

/* Where a scan in order of rows may begin: rows come in the order of submissions, so
 * few that are older have ended later. */
static int first_row(sqlite3 *db, int64_t since, int64_t *ret, struct err *err)
{
    static const char sql[] =
        "SELECT min(id) FROM (SELECT min(id) AS id FROM jobs WHERE end_time=0"
        " UNION ALL SELECT min(id) FROM jobs WHERE end_time>=?1)";
    sqlite3_stmt *stmt = NULL;
    int rc = history_db_prepare(db, sql, &stmt, err);

    if (rc)
        return rc;
    sqlite3_bind_int64(stmt, 1, since);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        *ret = sqlite3_column_type(stmt, 0) == SQLITE_NULL
                   ? INT64_MAX
                   : sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return 0;
}

/* The row that the newest 'limit' rows begin with; 0: there are fewer. */
static int newest_row(sqlite3 *db, const struct condition *condition, uint32_t limit,
                      int64_t *ret, struct err *err)
{
    cleanup(freep) char *sql =
        xasprintf("SELECT id FROM jobs WHERE %s ORDER BY id DESC LIMIT 1 OFFSET %u",
                  condition->sql.s, limit - 1);
    sqlite3_stmt *stmt = NULL;
    int rc = history_db_prepare(db, sql, &stmt, err);

    if (rc)
        return rc;
    (void)condition_bind(condition, stmt);
    *ret = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_finalize(stmt);
    return 0;
}

static int page_statement(struct page *page, const struct viewer *viewer,
                          sqlite3_stmt **ret, struct condition *condition,
                          struct err *err)
{
    const Berth__HistoryQuery *query = page->query;
    struct strbuf sql = STRBUF_INIT;
    int64_t from = (int64_t)query->after + (query->after_step ? 0 : 1), first = 0;
    int rc = 0;

    condition_init(condition, query, viewer);
    if (query->since)
        rc = first_row(page->db, query->since, &first, err);
    condition_add(condition, "id>=", first > from ? first : from);
    if (query->since)
        condition_add(condition, "(end_time=0 OR end_time>=", query->since);
    if (query->since)
        strbuf_putc(&condition->sql, ')');
    if (query->until)
        condition_add(condition, "submit_time<=", query->until);
    if (rc == 0 && query->newest_first && query->limit && !query->after) {
        rc = newest_row(page->db, condition, query->limit, &first, err);
        condition_add(condition, "id>=", first);
    }
    strbuf_puts(&sql, "SELECT ");
    select_columns(&sql);
    strbuf_printf(&sql, " FROM jobs WHERE %s ORDER BY id", condition->sql.s);
    if (rc == 0)
        rc = history_db_prepare(page->db, sql.s, ret, err);
    strbuf_fini(&sql);
    if (rc == 0)
        (void)condition_bind(condition, *ret);
    return rc;
}

/* One row more; sets 'more' when there is no room for it. */
static int take_row(struct page *page, const struct filter *filter, sqlite3_stmt *stmt,
                    struct err *err)
{
    Berth__HistoryList *list = page->list;
    Berth__HistoryJob *job = select_read(stmt, 0);
    bool continues = page->query->after_step && job->row == page->query->after;

    if (!matches_ids(filter, job) || !matches_nodes(filter, job)) {
        free_message(job);
        return 0;
    }
    if (list->n_jobs == page->max || page->steps >= SELECT_PAGE_STEPS) {
        free_message(job);
        list->more = true;
        return 0;
    }
    page_add(page, job);
    list->after = job->row;
    list->after_step = 0;
    if (!page->query->with_steps)
        return 0;
    return page_steps(page, job, continues ? page->query->after_step : 0, err);
}

static int fill_page(struct page *page, const struct viewer *viewer, struct err *err)
{
    cleanup(condition_fini) struct condition condition;
    cleanup(filter_fini) struct filter filter;
    sqlite3_stmt *stmt = NULL;
    int code = SQLITE_DONE;
    int rc = filter_init(&filter, page->query, err);

    condition = (struct condition){.n = 0};
    if (rc == 0)
        rc = page_statement(page, viewer, &stmt, &condition, err);
    while (rc == 0 && !page->list->more && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        rc = take_row(page, &filter, stmt, err);
    if (rc == 0 && code != SQLITE_DONE && code != SQLITE_ROW)
        rc = history_db_fail(page->db, "jobs", err);
    sqlite3_finalize(stmt);
    return rc;
}

int select_jobs(sqlite3 *db, const Berth__HistoryQuery *query,
                const struct viewer *viewer, Berth__HistoryList **ret, struct err *err)
{
    cleanup(free_messagep) Berth__HistoryList *list = xmalloc(sizeof(*list));
    struct page page = {.db = db, .query = query, .list = list, .max = SELECT_PAGE};
    int rc;

    berth__history_list__init(list);
    /* Pages from a beginning that leaves as many. */
    if (query->limit && query->limit < page.max && !query->newest_first)
        page.max = query->limit;
    list->is_own_only = viewer->is_own_only;
    rc = fill_page(&page, viewer, err);
    if (rc == 0)
        rc = history_db_number(db, "SELECT min(end_time) FROM jobs WHERE end_time>0",
                               &list->oldest, err);
    if (rc)
        return rc;
    *ret = take(list);
    return 0;
}
