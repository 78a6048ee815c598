/* SPDX-License-Identifier: Apache-2.0
 *
 * select.h - from a question to rows
 */
#ifndef BERTH_HISTORY_SELECT_H
#define BERTH_HISTORY_SELECT_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "wire/messages.pb-c.h"

#define SELECT_PAGE 500        /* jobs in an answer */
#define SELECT_PAGE_STEPS 5000 /* steps in an answer */

/* Whose runs the caller may see. */
struct viewer {
    bool is_own_only;
    uint32_t uid;
};

/* A condition in SQL, and the values of its marks, borrowed from the query. */
struct condition {
    struct strbuf sql; /* of table jobs */
    struct condition_value {
        const char *text; /* NULL: a number */
        int64_t number;
    } * values;
    size_t n, cap;
};

/* What 'query' asks but for node and element lists, times and pages. */
void condition_init(struct condition *condition, const Berth__HistoryQuery *query,
                    const struct viewer *viewer);
void condition_fini(struct condition *condition);
void condition_add(struct condition *condition, const char *sql, int64_t number);
/* Bind all to ?1 and on; returns the next number. */
int condition_bind(const struct condition *condition, sqlite3_stmt *stmt);

/* Columns that select_read takes, in its order. */
void select_columns(struct strbuf *sql);
/* The row that 'stmt' stands on, from column 'first'; the caller frees it. */
Berth__HistoryJob *select_read(sqlite3_stmt *stmt, int first);

/* One page (free_message). States are words of job_state.def or "REQUEUED". -EINVAL for
 * lists that cannot be read. */
int select_jobs(sqlite3 *db, const Berth__HistoryQuery *query,
                const struct viewer *viewer, Berth__HistoryList **ret, struct err *err);

#endif
