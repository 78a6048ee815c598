/* SPDX-License-Identifier: Apache-2.0
 *
 * db.c - two tables, prepared statements, WAL with full synchronisation
 */
#include "state/db.h"

#include "base/mem.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct db {
    char *path;
    sqlite3 *writer, *reader;
    sqlite3_stmt *put, *del, *get;
    sqlite3_stmt *append, *trim; /* of the journal */
};

static int fail(const struct db *db, sqlite3 *handle, const char *what, struct err *err)
{
    int code = sqlite3_errcode(handle);

    return err_set(err, code == SQLITE_FULL ? ENOSPC : EIO, "store %s: %s: %s",
                   db->path, what, sqlite3_errmsg(handle));
}

static int run(const struct db *db, sqlite3 *handle, const char *sql, struct err *err)
{
    if (sqlite3_exec(handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        return fail(db, handle, sql, err);
    return 0;
}

static int open_connection(struct db *db, sqlite3 **ret_handle, struct err *err)
{
    int rc = sqlite3_open_v2(
        db->path, ret_handle,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc != SQLITE_OK)
        return fail(db, *ret_handle, "cannot open", err);
    sqlite3_busy_timeout(*ret_handle, 5000);
    return 0;
}

static int prepare_statement(struct db *db, sqlite3 *handle, const char *sql,
                             sqlite3_stmt **ret, struct err *err)
{
    if (sqlite3_prepare_v3(handle, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL) !=
        SQLITE_OK)
        return fail(db, handle, "cannot prepare", err);
    return 0;
}

static int open_all(struct db *db, struct err *err)
{
    static const char setup[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                "CREATE TABLE IF NOT EXISTS kv(key TEXT PRIMARY KEY,"
                                " value BLOB NOT NULL) WITHOUT ROWID;"
                                "CREATE TABLE IF NOT EXISTS journal("
                                "revision INTEGER PRIMARY KEY, event BLOB NOT NULL);"
                                /* Fails now, not at the first job, when the
                                 * file cannot be written. */
                                "BEGIN IMMEDIATE; DELETE FROM kv WHERE key='';"
                                "COMMIT";
    int rc = open_connection(db, &db->writer, err);

    if (rc == 0 && sqlite3_exec(db->writer, setup, NULL, NULL, NULL) != SQLITE_OK)
        rc = fail(db, db->writer, "cannot set up", err);
    if (rc == 0)
        rc = prepare_statement(
            db, db->writer, "INSERT OR REPLACE INTO kv VALUES(?1,?2)", &db->put, err);
    if (rc == 0)
        rc = prepare_statement(db, db->writer, "DELETE FROM kv WHERE key=?1", &db->del,
                               err);
    if (rc == 0)
        rc = prepare_statement(db, db->writer, "INSERT INTO journal VALUES(?1,?2)",
                               &db->append, err);
    /* The last one stays: it says where to go on. */
    if (rc == 0)
        rc = prepare_statement(db, db->writer,
                               "DELETE FROM journal WHERE revision <= ?1 AND revision "
                               "< (SELECT max(revision) FROM journal)",
                               &db->trim, err);
    if (rc == 0)
        rc = open_connection(db, &db->reader, err);
    if (rc == 0)
        rc = prepare_statement(db, db->reader, "SELECT value FROM kv WHERE key=?1",
                               &db->get, err);
    return rc;
}

void db_close(struct db *db)
{
    sqlite3_finalize(db->put);
    sqlite3_finalize(db->del);
    sqlite3_finalize(db->get);
    sqlite3_finalize(db->append);
    sqlite3_finalize(db->trim);
    sqlite3_close(db->reader);
    sqlite3_close(db->writer);
    free(db->path);
    free(db);
}

int db_open(const char *path, struct db **ret, struct err *err)
{
    struct db *db = xcalloc(1, sizeof(*db));
    int rc;

    /* Nobody asks how much memory SQLite has, and counting it takes a lock that this
     * thread and those of the history would share. Too late is no harm. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    db->path = xstrdup(path);
    rc = open_all(db, err);
    if (rc) {
        db_close(db);
        return rc;
    }
    *ret = db;
    return 0;
}

static sqlite3_stmt *statement_for(const struct db *db, const struct db_change *change)
{
    if (change->key)
        return change->value ? db->put : db->del;
    return change->value ? db->append : db->trim;
}

static int write_change(struct db *db, const struct db_change *change, struct err *err)
{
    sqlite3_stmt *stmt = statement_for(db, change);
    int rc;

    if (change->key)
        sqlite3_bind_text(stmt, 1, change->key, -1, SQLITE_STATIC);
    else
        sqlite3_bind_int64(stmt, 1, (sqlite3_int64)change->revision);
    if (change->value)
        sqlite3_bind_blob64(stmt, 2, change->value, change->len, SQLITE_STATIC);
    rc = sqlite3_step(stmt);
    if (rc != SQLITE_DONE)
        (void)fail(db, db->writer, change->key ? change->key : "journal", err);
    sqlite3_reset(stmt);
    return rc == SQLITE_DONE ? 0 : -EIO;
}

int db_write(struct db *db, const struct db_change *changes, size_t n, struct err *err)
{
    int rc = run(db, db->writer, "BEGIN IMMEDIATE", err);

    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = write_change(db, &changes[i], err);
    if (rc == 0)
        rc = run(db, db->writer, "COMMIT", err);
    /* Some failures have rolled back by themselves. */
    if (rc && !sqlite3_get_autocommit(db->writer))
        (void)run(db, db->writer, "ROLLBACK", NULL);
    return rc;
}

int db_scan(struct db *db, const char *prefix,
            int (*each)(const char *key, const void *value, size_t len, void *ctx),
            void *ctx, struct err *err)
{
    static const char sql[] = "SELECT key, value FROM kv WHERE key >= ?1 ORDER BY key";
    sqlite3_stmt *stmt = NULL;
    int step = SQLITE_DONE, rc = 0;

    if (sqlite3_prepare_v2(db->reader, sql, -1, &stmt, NULL) != SQLITE_OK)
        return fail(db, db->reader, "cannot read", err);
    sqlite3_bind_text(stmt, 1, prefix, -1, SQLITE_STATIC);
    while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *key = (const char *)sqlite3_column_text(stmt, 0);

        if (strncmp(key, prefix, strlen(prefix)) != 0)
            break;
        rc = each(key, sqlite3_column_blob(stmt, 1),
                  (size_t)sqlite3_column_bytes(stmt, 1), ctx);
    }
    if (rc == 0 && step != SQLITE_DONE && step != SQLITE_ROW)
        rc = fail(db, db->reader, "cannot read", err);
    sqlite3_finalize(stmt);
    return rc;
}

int db_get(struct db *db, const char *key, void **ret_value, size_t *ret_len,
           struct err *err)
{
    int step, rc = 0;

    sqlite3_bind_text(db->get, 1, key, -1, SQLITE_STATIC);
    step = sqlite3_step(db->get);
    if (step == SQLITE_ROW) {
        *ret_len = (size_t)sqlite3_column_bytes(db->get, 0);
        *ret_value = xmemdup(sqlite3_column_blob(db->get, 0), *ret_len);
    } else if (step == SQLITE_DONE) {
        rc = err_set(err, ENOENT, "store %s: no key %s", db->path, key);
    } else {
        rc = fail(db, db->reader, "cannot read", err);
    }
    /* An open statement would hold back checkpoints. */
    sqlite3_reset(db->get);
    return rc;
}

int db_last_revision(struct db *db, uint64_t *ret, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = 0;

    if (sqlite3_prepare_v2(db->reader, "SELECT max(revision) FROM journal", -1, &stmt,
                           NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        *ret = (uint64_t)sqlite3_column_int64(stmt, 0);
    else
        rc = fail(db, db->reader, "cannot read the journal", err);
    sqlite3_finalize(stmt);
    return rc;
}
