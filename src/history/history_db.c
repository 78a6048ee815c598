/* SPDX-License-Identifier: Apache-2.0
 *
 * history_db.c - open the file of the history, make its tables
 */
#include "history/history_db.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "history/columns.h"

#include <errno.h>
#include <stdlib.h>

int history_db_fail(sqlite3 *db, const char *what, struct err *err)
{
    int code = sqlite3_errcode(db);

    return err_set(err, code == SQLITE_FULL ? ENOSPC : EIO, "history: %.100s: %s", what,
                   sqlite3_errmsg(db));
}

int history_db_run(sqlite3 *db, const char *sql, struct err *err)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return history_db_fail(db, sql, err);
    return 0;
}

int history_db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret,
                       struct err *err)
{
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL) !=
        SQLITE_OK)
        return history_db_fail(db, sql, err);
    return 0;
}

int history_db_step(sqlite3 *db, sqlite3_stmt *stmt, struct err *err)
{
    int rc = 0;

    if (sqlite3_step(stmt) != SQLITE_DONE)
        rc = history_db_fail(db, sqlite3_sql(stmt), err);
    sqlite3_reset(stmt);
    return rc;
}

int history_db_number(sqlite3 *db, const char *sql, int64_t *ret, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = history_db_prepare(db, sql, &stmt, err);

    *ret = 0;
    if (rc == 0 && sqlite3_step(stmt) == SQLITE_ROW)
        *ret = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return rc;
}

/* ------------------------------------------------------------------ tables */

static char *tables(void)
{
    struct strbuf sql = STRBUF_INIT;

    strbuf_puts(&sql, "BEGIN IMMEDIATE;"
                      "CREATE TABLE applied(revision INTEGER NOT NULL);"
                      "INSERT INTO applied VALUES(0);"
                      /* What no journal told any more. */
                      "CREATE TABLE gaps(first INTEGER, last INTEGER, time INTEGER);"
                      "CREATE TABLE archives(id INTEGER PRIMARY KEY, file TEXT,"
                      " cutoff INTEGER, last INTEGER, jobs INTEGER, steps INTEGER,"
                      " done INTEGER NOT NULL DEFAULT 0);"
                      "CREATE TABLE jobs(id INTEGER PRIMARY KEY AUTOINCREMENT,"
                      " epoch INTEGER NOT NULL DEFAULT 0,"
                      " is_array INTEGER NOT NULL DEFAULT 0,"
                      " steps_ended INTEGER NOT NULL DEFAULT 0,"
                      " steps_failed INTEGER NOT NULL DEFAULT 0,"
                      " steps_summed INTEGER NOT NULL DEFAULT 0,"
                      " derived_code INTEGER NOT NULL DEFAULT 0,"
                      " derived_signal INTEGER NOT NULL DEFAULT 0,");
    columns_declare(&sql, &job_identity);
    strbuf_putc(&sql, ',');
    columns_declare(&sql, &job_asked);
    strbuf_putc(&sql, ',');
    columns_declare(&sql, &job_standing);
    strbuf_putc(&sql, ',');
    columns_declare(&sql, &job_given);
    strbuf_puts(&sql, ");"
                      "CREATE UNIQUE INDEX jobs_run ON jobs(job_id,submit_time,run);"
                      "CREATE INDEX jobs_end ON jobs(end_time);"
                      "CREATE INDEX jobs_user ON jobs(user);"
                      "CREATE INDEX jobs_array ON jobs(array_job) WHERE array_job>0;"
                      "CREATE INDEX jobs_het ON jobs(het_leader) WHERE het_leader>0;"
                      "CREATE TABLE steps(job_row INTEGER NOT NULL,");
    columns_declare(&sql, &step_columns);
    strbuf_printf(&sql,
                  ", PRIMARY KEY(job_row,step_id)) WITHOUT ROWID;"
                  "PRAGMA user_version=%d; COMMIT",
                  HISTORY_VERSION);
    return strbuf_take(&sql);
}

static int set_up(sqlite3 *db, const char *path, struct err *err)
{
    cleanup(freep) char *sql = NULL;
    int64_t version;
    int rc = history_db_number(db, "PRAGMA user_version", &version, err);

    if (rc)
        return rc;
    if (version > HISTORY_VERSION)
        return err_set(err, EPROTO,
                       "%s was written by a later version of Berth (tables %lld, "
                       "known here are %d)",
                       path, (long long)version, HISTORY_VERSION);
    if (version == HISTORY_VERSION)
        return 0;
    sql = tables();
    return history_db_run(db, sql, err);
}

static int open_file(const char *path, sqlite3 **ret, struct err *err)
{
    if (sqlite3_open_v2(
            path, ret, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
            NULL) != SQLITE_OK)
        return history_db_fail(*ret, path, err);
    sqlite3_busy_timeout(*ret, 5000);
    return 0;
}

int history_db_open(const char *path, sqlite3 **ret, struct err *err)
{
    sqlite3 *db = NULL;
    int rc = open_file(path, &db, err);

    /* The journal repeats what a crash of the machine takes away: no commit waits
     * for the disk. */
    if (rc == 0)
        rc = history_db_run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
                            err);
    if (rc == 0)
        rc = set_up(db, path, err);
    if (rc)
        sqlite3_close(db);
    else
        *ret = db;
    return rc;
}

int history_db_open_reader(const char *path, sqlite3 **ret, struct err *err)
{
    sqlite3 *db = NULL;
    int rc = open_file(path, &db, err);

    if (rc == 0)
        rc = history_db_run(db, "PRAGMA query_only=1", err);
    if (rc)
        sqlite3_close(db);
    else
        *ret = db;
    return rc;
}

int history_db_sync(sqlite3 *db, struct err *err)
{
    /* One full commit takes all that was written before it along. */
    int rc = history_db_run(db, "PRAGMA synchronous=FULL", err);

    if (rc == 0)
        rc = history_db_run(db, "UPDATE applied SET revision=revision", err);
    if (history_db_run(db, "PRAGMA synchronous=NORMAL", rc ? NULL : err))
        return -EIO;
    return rc;
}
