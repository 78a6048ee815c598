/* SPDX-License-Identifier: Apache-2.0
 *
 * journal.c - read the journal that store.c writes
 */
#include "state/journal.h"

#include "base/mem.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>

struct journal_reader {
    sqlite3 *db;
    sqlite3_stmt *read;
};

static int fail(const struct journal_reader *reader, struct err *err)
{
    return err_set(err, EIO, "journal: %s", sqlite3_errmsg(reader->db));
}

void journal_reader_close(struct journal_reader *reader)
{
    if (!reader)
        return;
    sqlite3_finalize(reader->read);
    sqlite3_close(reader->db);
    free(reader);
}

int journal_reader_open(const char *path, struct journal_reader **ret, struct err *err)
{
    static const char sql[] = "SELECT revision, event FROM journal WHERE revision > ?1 "
                              "ORDER BY revision LIMIT ?2";
    struct journal_reader *reader = xcalloc(1, sizeof(*reader));
    int rc = 0;

    if (sqlite3_open_v2(path, &reader->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK ||
        sqlite3_busy_timeout(reader->db, 5000) != SQLITE_OK ||
        sqlite3_prepare_v3(reader->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                           &reader->read, NULL) != SQLITE_OK)
        rc = fail(reader, err);
    if (rc)
        journal_reader_close(reader);
    else
        *ret = reader;
    return rc;
}

int journal_read(struct journal_reader *reader, uint64_t after, size_t max,
                 int (*each)(uint64_t revision, const void *event, size_t len,
                             void *ctx),
                 void *ctx, struct err *err)
{
    sqlite3_stmt *stmt = reader->read;
    int step, rc = 0, n = 0;

    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)after);
    sqlite3_bind_int64(stmt, 2, (sqlite3_int64)max);
    while ((step = sqlite3_step(stmt)) == SQLITE_ROW && rc == 0) {
        rc = each((uint64_t)sqlite3_column_int64(stmt, 0), sqlite3_column_blob(stmt, 1),
                  (size_t)sqlite3_column_bytes(stmt, 1), ctx);
        n++;
    }
    if (rc == 0 && step != SQLITE_DONE)
        rc = fail(reader, err);
    /* An open statement would hold back checkpoints. */
    sqlite3_reset(stmt);
    return rc ? rc : n;
}

int journal_bounds(struct journal_reader *reader, uint64_t *ret_first,
                   uint64_t *ret_last, struct err *err)
{
    /* Two questions: one with both functions would walk all of the table. */
    static const char sql[] = "SELECT (SELECT min(revision) FROM journal),"
                              " (SELECT max(revision) FROM journal)";
    sqlite3_stmt *stmt = NULL;
    int rc = 0;

    if (sqlite3_prepare_v2(reader->db, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        *ret_first = (uint64_t)sqlite3_column_int64(stmt, 0);
        *ret_last = (uint64_t)sqlite3_column_int64(stmt, 1);
    } else {
        rc = fail(reader, err);
    }
    sqlite3_finalize(stmt);
    return rc;
}
