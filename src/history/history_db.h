/* SPDX-License-Identifier: Apache-2.0
 *
 * history_db.h - the file of the history: its tables and their version
 */
#ifndef BERTH_HISTORY_HISTORY_DB_H
#define BERTH_HISTORY_HISTORY_DB_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/err.h"

/* Of the tables; a file of another version is refused, an older one brought up. */
#define HISTORY_VERSION 1

/* Open the file for its writer, and make it when it is not there. A commit survives
 * the end of the process, whatever ends it; history_db_sync makes it survive the
 * machine's. -EPROTO for a file of a later version. */
int history_db_open(const char *path, sqlite3 **ret, struct err *err);
/* For who reads, beside the writer. */
int history_db_open_reader(const char *path, sqlite3 **ret, struct err *err);

/* Words for the last failure of 'db'; -EIO or -ENOSPC. */
int history_db_fail(sqlite3 *db, const char *what, struct err *err);
int history_db_run(sqlite3 *db, const char *sql, struct err *err);
int history_db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret,
                       struct err *err);
/* Run a statement that gives no rows, and reset it. */
int history_db_step(sqlite3 *db, sqlite3_stmt *stmt, struct err *err);
/* The first number of the first row; 0 when there is none. */
int history_db_number(sqlite3 *db, const char *sql, int64_t *ret, struct err *err);

/* All that has been committed is on disk when it returns 0. */
int history_db_sync(sqlite3 *db, struct err *err);

#endif
