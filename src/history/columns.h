/* SPDX-License-Identifier: Apache-2.0
 *
 * columns.h - columns of a table that are fields of a message, by their names
 *
 * A column "exit_code" holds the field exit_code: what is written and what is read
 * cannot drift apart, and a new field is one word in a list.
 */
#ifndef BERTH_HISTORY_COLUMNS_H
#define BERTH_HISTORY_COLUMNS_H

#include <sqlite3.h>
#include <stddef.h>

#include "base/strbuf.h"

enum column_kind { COLUMN_TEXT, COLUMN_U32, COLUMN_I32, COLUMN_64 };

struct column {
    const char *name; /* of the field, too */
    size_t offset;    /* of the field in its message */
    enum column_kind kind;
};

struct columns {
    const struct column *list;
    size_t n;
};

/* Fields of HistoryJob: who a run is; what was asked; how it stands; what it was
 * given. And all of a StepSummary. */
extern const struct columns job_identity, job_asked, job_standing, job_given;
extern const struct columns step_columns;

/* Append "a","b" with 'format' around each name: "\"%s\"" or "\"%s\"=?". A '?' gets a
 * number, from *number on. */
void columns_names(struct strbuf *sql, const struct columns *columns);
void columns_marks(struct strbuf *sql, const struct columns *columns, int *number);
void columns_sets(struct strbuf *sql, const struct columns *columns, int *number);
/* "\"a\" TEXT NOT NULL DEFAULT '', ..." for CREATE TABLE. */
void columns_declare(struct strbuf *sql, const struct columns *columns);

/* Bind the fields of 'msg' to ?first and on; texts are borrowed until the statement is
 * reset. Returns the next free number. */
int columns_bind(sqlite3_stmt *stmt, int first, const struct columns *columns,
                 const void *msg);
/* Columns from 'first' on into 'msg', a heap message that owns its texts. Returns the
 * next column. */
int columns_read(sqlite3_stmt *stmt, int first, const struct columns *columns,
                 void *msg);

#endif
