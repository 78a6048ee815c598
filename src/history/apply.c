/* SPDX-License-Identifier: Apache-2.0
 *
 * apply.c - from events of the journal to rows
 *
 *     submit, known ---> a row, with what was asked
 *     start         ---> what it was given; an element of an array gets its row
 *     any           ---> how it stands
 *     queue again   ---> this run's row ends, the next run gets one
 *     steps         ---> a row a step, and sums in the job's
 */
#include "history/apply.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "history/columns.h"
#include "history/history_db.h"
#include "history/tres.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define USEC 1000000

enum statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    APPLIED,    /* the revision */
    FIND,       /* the row of a run */
    FIND_EPOCH, /* the row of a start */
    INSERT,     /* a run of which all is known */
    COPY,       /* one that asked for the same as another row */
    ASK,        /* it asks for something else now */
    STAND,
    GIVE,
    CLOSE, /* a run after which it is queued again */
    STEP,
    SUM,
    GAP,
    STATEMENTS
};

struct applier {
    sqlite3 *db;
    sqlite3_stmt *stmts[STATEMENTS];
    uint64_t revision, committed;
};

/* ------------------------------------------------------------------ statements */

static char *insert_sql(void)
{
    static const struct columns *const parts[] = {&job_identity, &job_asked,
                                                  &job_standing, &job_given};
    struct strbuf sql = STRBUF_INIT;
    int number = 1;

    strbuf_puts(&sql, "INSERT INTO jobs(");
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        columns_names(&sql, parts[i]);
        strbuf_putc(&sql, ',');
    }
    strbuf_puts(&sql, "epoch,is_array) VALUES(");
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        columns_marks(&sql, parts[i], &number);
        strbuf_putc(&sql, ',');
    }
    strbuf_printf(&sql, "?%d,?%d)", number, number + 1);
    return strbuf_take(&sql);
}

static char *copy_sql(void)
{
    struct strbuf sql = STRBUF_INIT;
    int number = 1;

    strbuf_puts(&sql, "INSERT INTO jobs(");
    columns_names(&sql, &job_identity);
    strbuf_putc(&sql, ',');
    columns_names(&sql, &job_asked);
    strbuf_puts(&sql, ") SELECT ");
    columns_marks(&sql, &job_identity, &number);
    strbuf_putc(&sql, ',');
    columns_names(&sql, &job_asked);
    strbuf_printf(&sql, " FROM jobs WHERE id=?%d", number);
    return strbuf_take(&sql);
}

/* Of a run: its epoch, and a priority that is known stays (a controller that was
 * started again does not know it). Of a column that is set twice SQLite takes the last.
 */
static char *set_sql(const struct columns *columns, bool of_run)
{
    struct strbuf sql = STRBUF_INIT;
    int number = 1;

    strbuf_puts(&sql, "UPDATE jobs SET ");
    columns_sets(&sql, columns, &number);
    if (of_run)
        strbuf_printf(&sql, ",epoch=?%d,priority=coalesce(nullif(?%d,0),priority)",
                      number + 1, number + 2);
    strbuf_printf(&sql, " WHERE id=?%d", number);
    return strbuf_take(&sql);
}

static char *step_sql(void)
{
    struct strbuf sql = STRBUF_INIT;
    int number = 1;

    strbuf_puts(&sql, "INSERT OR REPLACE INTO steps(");
    columns_names(&sql, &step_columns);
    strbuf_puts(&sql, ",job_row) VALUES(");
    columns_marks(&sql, &step_columns, &number);
    strbuf_printf(&sql, ",?%d)", number);
    return strbuf_take(&sql);
}

static char *sql_of(enum statement which)
{
    switch (which) {
    case BEGIN:
        return xstrdup("BEGIN IMMEDIATE");
    case COMMIT:
        return xstrdup("COMMIT");
    case ROLLBACK:
        return xstrdup("ROLLBACK");
    case APPLIED:
        return xstrdup("UPDATE applied SET revision=?1");
    case FIND:
        return xstrdup("SELECT id FROM jobs WHERE job_id=?1 AND submit_time=?2 AND "
                       "run=?3");
    case FIND_EPOCH:
        return xstrdup("SELECT id FROM jobs WHERE job_id=?1 AND epoch=?2 "
                       "ORDER BY id DESC LIMIT 1");
    case INSERT:
        return insert_sql();
    case COPY:
        return copy_sql();
    case ASK:
        return set_sql(&job_asked, false);
    case STAND:
        return set_sql(&job_standing, false);
    case GIVE:
        return set_sql(&job_given, true);
    case CLOSE:
        return xstrdup("UPDATE jobs SET state=?1, words=?2, end_time=?3, exit_code=?4,"
                       "exit_signal=?5, user_usec=?6, system_usec=?7, max_rss=?8,"
                       "memory_peak=?9, read_bytes=?10, write_bytes=?11, suspended=?12,"
                       "steps_lost=?13 WHERE id=?14");
    case STEP:
        return step_sql();
    case SUM:
        return xstrdup(
            "UPDATE jobs SET steps_ended=steps_ended+?2, steps_failed=steps_failed+?3,"
            "steps_summed=steps_summed+?4, derived_code=max(derived_code,?5),"
            "derived_signal=max(derived_signal,?6) WHERE id=?1");
    case GAP:
        return xstrdup("INSERT INTO gaps VALUES(?1,?2,?3)");
    case STATEMENTS:
        break;
    }
    return NULL;
}

static int read_revision(struct applier *applier, struct err *err)
{
    int64_t revision;
    int rc =
        history_db_number(applier->db, "SELECT revision FROM applied", &revision, err);

    applier->revision = applier->committed = (uint64_t)revision;
    return rc;
}

int applier_create(sqlite3 *db, struct applier **ret, struct err *err)
{
    struct applier *applier = xcalloc(1, sizeof(*applier));
    int rc;

    applier->db = db;
    rc = read_revision(applier, err);
    for (int i = 0; rc == 0 && i < STATEMENTS; i++) {
        cleanup(freep) char *sql = sql_of((enum statement)i);

        rc = history_db_prepare(db, sql, &applier->stmts[i], err);
    }
    if (rc)
        applier_destroy(applier);
    else
        *ret = applier;
    return rc;
}

void applier_destroy(struct applier *applier)
{
    if (!applier)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(applier->stmts[i]);
    free(applier);
}

uint64_t applier_revision(const struct applier *applier)
{
    return applier->committed;
}

static int step(struct applier *applier, enum statement which, struct err *err)
{
    return history_db_step(applier->db, applier->stmts[which], err);
}

/* The id that a lookup finds, 0 when it finds none. */
static int find(struct applier *applier, enum statement which, int64_t *ret,
                struct err *err)
{
    sqlite3_stmt *stmt = applier->stmts[which];
    int code = sqlite3_step(stmt), rc = 0;

    *ret = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        rc = history_db_fail(applier->db, sqlite3_sql(stmt), err);
    sqlite3_reset(stmt);
    return rc;
}

static int find_run(struct applier *applier, const Berth__JobRecord *record,
                    uint32_t job, uint32_t run, int64_t *ret, struct err *err)
{
    sqlite3_stmt *stmt = applier->stmts[FIND];

    sqlite3_bind_int64(stmt, 1, job);
    sqlite3_bind_int64(stmt, 2, record->submit_time);
    sqlite3_bind_int64(stmt, 3, run);
    return find(applier, FIND, ret, err);
}

/* ------------------------------------------------------------------ new rows */

static void fill_identity(Berth__HistoryJob *row, const Berth__JobRecord *record)
{
    row->job_id = record->id;
    row->run = record->restarts;
    row->submit_time = record->submit_time;
    row->array_job = record->array_job;
    row->array_task = record->array_task;
    row->het_leader = record->het_leader;
    if (record->het_leader)
        row->het_offset = record->id - record->het_leader;
}

/* Without a spec: what every event says. */
static void fill_asked(Berth__HistoryJob *row, const Berth__JobEvent *event)
{
    const Berth__JobSpec *spec = event->spec;

    row->name = event->name;
    row->user = event->user;
    row->uid = event->uid;
    row->account = event->account;
    row->partition = event->partition;
    if (!spec)
        return;
    row->gid = spec->gid;
    row->qos = spec->qos;
    row->wckey = spec->wckey;
    row->comment = spec->comment;
    row->reservation = spec->reservation;
    row->constraint = spec->constraint;
    row->submit_line = spec->submit_line;
    row->submit_host = spec->submit_host;
    row->work_dir = spec->cwd;
    row->interactive = spec->interactive;
    row->tasks = spec->tasks;
    if (spec->container)
        row->image = spec->container->image;
}

/* The same with what it comes to; the caller frees *ret_tres, which the row borrows. */
static void fill_asked_whole(Berth__HistoryJob *row, const Berth__JobEvent *event,
                             char **ret_tres)
{
    struct tres_counts asked = {0};

    if (event->spec)
        asked = tres_asked(event->spec);
    fill_asked(row, event);
    row->req_nodes = asked.nodes;
    row->req_cpus = asked.cpus;
    row->req_memory = asked.memory;
    row->req_gpus = asked.gpus;
    row->tres_req = *ret_tres = tres_format(&asked);
}

/* A job that waits was changed. */
static int ask(struct applier *applier, const Berth__JobEvent *event, int64_t id,
               struct err *err)
{
    sqlite3_stmt *stmt = applier->stmts[ASK];
    Berth__HistoryJob row = BERTH__HISTORY_JOB__INIT;
    cleanup(freep) char *tres = NULL;
    int rc;

    fill_asked_whole(&row, event, &tres);
    sqlite3_bind_int64(stmt, columns_bind(stmt, 1, &job_asked, &row), id);
    rc = step(applier, ASK, err);
    sqlite3_clear_bindings(stmt);
    return rc;
}

/* It asked for what the run in row 'from' had asked for. */
static int copy(struct applier *applier, const Berth__JobRecord *record, int64_t from,
                int64_t *ret_row, struct err *err)
{
    sqlite3_stmt *stmt = applier->stmts[COPY];
    Berth__HistoryJob row = BERTH__HISTORY_JOB__INIT;
    int rc;

    fill_identity(&row, record);
    sqlite3_bind_int64(stmt, columns_bind(stmt, 1, &job_identity, &row), from);
    rc = step(applier, COPY, err);
    *ret_row = sqlite3_last_insert_rowid(applier->db);
    return rc;
}

/* ------------------------------------------------------------------ changes */

/* Of what stands for an array: the indexes that no element has. */
static char *left_of(const Berth__JobEvent *event)
{
    bool waits = strcmp(event->state, "PENDING") == 0;

    return waits ? event->record->array_left : event->record->array_cancelled;
}

static void fill_standing(Berth__HistoryJob *row, const Berth__JobEvent *event)
{
    const Berth__JobRecord *record = event->record;

    row->state = event->state;
    row->words = record->state_words;
    row->exit_code = record->exit_code;
    row->exit_signal = record->exit_signal;
    row->cancelled_by = record->cancelled_by;
    row->array = left_of(event);
    row->eligible_time = record->eligible_time;
    row->start_time = record->start_time;
    row->end_time = record->end_time;
    row->suspended = record->suspended_for;
    row->user_usec = record->user_usec;
    row->system_usec = record->system_usec;
    row->max_rss = record->max_rss;
    row->memory_peak = record->memory_peak;
    row->read_bytes = record->read_bytes;
    row->write_bytes = record->write_bytes;
    row->steps_lost = record->steps_lost;
}

static int stand(struct applier *applier, const Berth__JobEvent *event, int64_t id,
                 struct err *err)
{
    sqlite3_stmt *stmt = applier->stmts[STAND];
    Berth__HistoryJob row = BERTH__HISTORY_JOB__INIT;
    int rc;

    fill_standing(&row, event);
    sqlite3_bind_int64(stmt, columns_bind(stmt, 1, &job_standing, &row), id);
    rc = step(applier, STAND, err);
    sqlite3_clear_bindings(stmt);
    return rc;
}

/* What it had stays known after its end. */
static bool says_what_it_has(const Berth__JobEvent *event)
{
    return event->n_nodes || strcmp(event->state, "PENDING") == 0;
}

/* The caller frees *ret_tres, which the row borrows. */
static void fill_given(Berth__HistoryJob *row, const Berth__JobEvent *event,
                       char **ret_tres)
{
    struct tres_counts counts = {.cpus = event->n_nodes ? event->cpus : 0,
                                 .nodes = event->n_nodes,
                                 .gpus = event->gpus,
                                 .memory = event->memory};

    row->nodes = event->nodes;
    row->n_nodes = event->n_nodes;
    row->cpus = counts.cpus;
    row->memory = event->memory;
    row->gpus = event->gpus;
    row->time_limit = event->time_limit;
    row->priority = event->priority;
    row->tres_alloc = *ret_tres = tres_format(&counts);
}

static int give(struct applier *applier, const Berth__JobEvent *event, int64_t id,
                struct err *err)
{
    sqlite3_stmt *stmt = applier->stmts[GIVE];
    Berth__HistoryJob row = BERTH__HISTORY_JOB__INIT;
    cleanup(freep) char *tres = NULL;
    int number, rc;

    fill_given(&row, event, &tres);
    number = columns_bind(stmt, 1, &job_given, &row);
    sqlite3_bind_int64(stmt, number, id);
    sqlite3_bind_int64(stmt, number + 1, event->record->epoch);
    sqlite3_bind_int64(stmt, number + 2, event->priority);
    rc = step(applier, GIVE, err);
    sqlite3_clear_bindings(stmt);
    return rc;
}

/* ------------------------------------------------------------------ runs */

/* A row with all that the event says: most events are of jobs that are new. */
static int insert(struct applier *applier, const Berth__JobEvent *event,
                  struct err *err)
{
    sqlite3_stmt *stmt = applier->stmts[INSERT];
    Berth__HistoryJob row = BERTH__HISTORY_JOB__INIT;
    cleanup(freep) char *asked = NULL;
    cleanup(freep) char *given = NULL;
    bool has = says_what_it_has(event);
    int number, rc;

    fill_identity(&row, event->record);
    fill_asked_whole(&row, event, &asked);
    fill_standing(&row, event);
    if (has)
        fill_given(&row, event, &given);
    number = columns_bind(stmt, 1, &job_identity, &row);
    number = columns_bind(stmt, number, &job_asked, &row);
    number = columns_bind(stmt, number, &job_standing, &row);
    number = columns_bind(stmt, number, &job_given, &row);
    sqlite3_bind_int64(stmt, number, has ? event->record->epoch : 0);
    sqlite3_bind_int(stmt, number + 1,
                     event->spec && event->spec->array[0] && !row.array_job);
    rc = step(applier, INSERT, err);
    sqlite3_clear_bindings(stmt);
    return rc;
}

/* The run that the event is about; it gets a row when it has none. *ret_row is 0 when
 * that row has all already that the event says. */
static int row_of(struct applier *applier, const Berth__JobEvent *event,
                  int64_t *ret_row, struct err *err)
{
    const Berth__JobRecord *record = event->record;
    int64_t from = 0;
    int rc = find_run(applier, record, record->id, record->restarts, ret_row, err);

    if (rc)
        return rc;
    if (*ret_row)
        return event->spec ? ask(applier, event, *ret_row, err) : 0;
    if (!event->spec && record->restarts)
        rc = find_run(applier, record, record->id, record->restarts - 1, &from, err);
    else if (!event->spec && record->array_job)
        rc = find_run(applier, record, record->array_job, 0, &from, err);
    if (rc)
        return rc;
    return from ? copy(applier, record, from, ret_row, err)
                : insert(applier, event, err);
}

/* The run before the one that waits now is over. */
static int close_run(struct applier *applier, const Berth__Event *event,
                     struct err *err)
{
    static const Berth__JobEnded nothing = BERTH__JOB_ENDED__INIT;
    const Berth__JobRecord *record = event->job->record;
    const Berth__JobEnded *ended = event->job->ended ? event->job->ended : &nothing;
    sqlite3_stmt *stmt = applier->stmts[CLOSE];
    int64_t id;
    int rc;

    if (record->restarts == 0)
        return 0;
    rc = find_run(applier, record, record->id, record->restarts - 1, &id, err);
    if (rc || id == 0)
        return rc;
    sqlite3_bind_text(stmt, 1, "REQUEUED", -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, record->state_words, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, ended->time ? ended->time : event->usec / USEC);
    sqlite3_bind_int64(stmt, 4, ended->exit_code);
    sqlite3_bind_int64(stmt, 5, ended->exit_signal);
    sqlite3_bind_int64(stmt, 6, (int64_t)ended->user_usec);
    sqlite3_bind_int64(stmt, 7, (int64_t)ended->system_usec);
    sqlite3_bind_int64(stmt, 8, (int64_t)ended->max_rss);
    sqlite3_bind_int64(stmt, 9, (int64_t)ended->memory_peak);
    sqlite3_bind_int64(stmt, 10, (int64_t)ended->read_bytes);
    sqlite3_bind_int64(stmt, 11, (int64_t)ended->write_bytes);
    sqlite3_bind_int64(stmt, 12, record->suspended_for);
    sqlite3_bind_int64(stmt, 13, ended->steps_lost || !event->job->ended);
    sqlite3_bind_int64(stmt, 14, id);
    rc = step(applier, CLOSE, err);
    sqlite3_clear_bindings(stmt);
    return rc;
}

static int apply_job(struct applier *applier, const Berth__Event *event,
                     struct err *err)
{
    const Berth__JobEvent *job = event->job;
    int64_t id;
    int rc = 0;

    if (!job->record)
        return 0;
    if (strcmp(job->what, "queue again") == 0)
        rc = close_run(applier, event, err);
    if (rc == 0)
        rc = row_of(applier, job, &id, err);
    if (rc == 0 && id)
        rc = stand(applier, job, id, err);
    if (rc == 0 && id && says_what_it_has(job))
        rc = give(applier, job, id, err);
    return rc;
}

/* ------------------------------------------------------------------ steps */

static bool has_failed(const Berth__StepSummary *summary)
{
    return strcmp(summary->state, "COMPLETED") != 0;
}

static int add_step(struct applier *applier, const Berth__StepSummary *summary,
                    int64_t row, struct err *err)
{
    sqlite3_stmt *stmt = applier->stmts[STEP];
    int rc;

    sqlite3_bind_int64(stmt, columns_bind(stmt, 1, &step_columns, summary), row);
    rc = step(applier, STEP, err);
    sqlite3_clear_bindings(stmt);
    return rc;
}

static void add_to_sum(Berth__StepSum *sum, const Berth__StepSummary *summary)
{
    /* The script is a row like the others, and no step. */
    if (summary->step_id < 0)
        return;
    sum->steps++;
    sum->failed += has_failed(summary);
    if (summary->exit_code > sum->exit_code)
        sum->exit_code = summary->exit_code;
    if (summary->exit_signal > sum->exit_signal)
        sum->exit_signal = summary->exit_signal;
}

static int apply_steps(struct applier *applier, const Berth__StepReport *report,
                       struct err *err)
{
    Berth__StepSum sum = BERTH__STEP_SUM__INIT;
    sqlite3_stmt *stmt = applier->stmts[FIND_EPOCH];
    uint32_t summed = report->sum ? report->sum->steps : 0;
    int64_t row;
    int rc;

    sqlite3_bind_int64(stmt, 1, report->job_id);
    sqlite3_bind_int64(stmt, 2, report->epoch);
    rc = find(applier, FIND_EPOCH, &row, err);
    /* Its row has left by age. */
    if (rc || row == 0)
        return rc;
    if (report->sum)
        sum = *report->sum;
    for (size_t i = 0; rc == 0 && i < report->n_steps; i++) {
        rc = add_step(applier, report->steps[i], row, err);
        add_to_sum(&sum, report->steps[i]);
    }
    stmt = applier->stmts[SUM];
    sqlite3_bind_int64(stmt, 1, row);
    sqlite3_bind_int64(stmt, 2, sum.steps);
    sqlite3_bind_int64(stmt, 3, sum.failed);
    sqlite3_bind_int64(stmt, 4, summed);
    sqlite3_bind_int64(stmt, 5, sum.exit_code);
    sqlite3_bind_int64(stmt, 6, sum.exit_signal);
    return rc ? rc : step(applier, SUM, err);
}

/* ------------------------------------------------------------------ transactions */

int applier_begin(struct applier *applier, struct err *err)
{
    return step(applier, BEGIN, err);
}

int applier_apply(struct applier *applier, uint64_t revision, const Berth__Event *event,
                  struct err *err)
{
    int rc = 0;

    if (revision <= applier->revision)
        return 0;
    if (event->job)
        rc = apply_job(applier, event, err);
    if (rc == 0 && event->steps)
        rc = apply_steps(applier, event->steps, err);
    if (rc == 0)
        applier->revision = revision;
    return rc;
}

int applier_skip(struct applier *applier, uint64_t revision, int64_t now,
                 struct err *err)
{
    sqlite3_stmt *stmt = applier->stmts[GAP];

    sqlite3_bind_int64(stmt, 1, (int64_t)applier->revision + 1);
    sqlite3_bind_int64(stmt, 2, (int64_t)revision);
    sqlite3_bind_int64(stmt, 3, now);
    applier->revision = revision;
    return step(applier, GAP, err);
}

int applier_commit(struct applier *applier, struct err *err)
{
    int rc;

    sqlite3_bind_int64(applier->stmts[APPLIED], 1, (int64_t)applier->revision);
    rc = step(applier, APPLIED, err);
    if (rc == 0)
        rc = step(applier, COMMIT, err);
    if (rc)
        applier_rollback(applier);
    else
        applier->committed = applier->revision;
    return rc;
}

void applier_rollback(struct applier *applier)
{
    if (!sqlite3_get_autocommit(applier->db))
        (void)step(applier, ROLLBACK, NULL);
    applier->revision = applier->committed;
}
