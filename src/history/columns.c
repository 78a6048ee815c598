/* SPDX-License-Identifier: Apache-2.0
 *
 * columns.c - between messages and rows
 */
#include "history/columns.h"

#include "base/mem.h"
#include "wire/messages.pb-c.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What a field is in C says what its column holds; flags are ints to protobuf-c. */
#define KIND_OF(field) \
    _Generic((field),  \
             char *: COLUMN_TEXT, uint32_t: COLUMN_U32, int32_t: COLUMN_I32, \
             int64_t: COLUMN_64, uint64_t: COLUMN_64)
#define COLUMN(type, field)                                        \
    {                                                              \
#field, offsetof(type, field), KIND_OF(((type *)0)->field) \
    }
#define OF_JOB(field) COLUMN(Berth__HistoryJob, field)
#define OF_STEP(field) COLUMN(Berth__StepSummary, field)

static const struct column identity[] = {
    OF_JOB(job_id),     OF_JOB(run),        OF_JOB(submit_time), OF_JOB(array_job),
    OF_JOB(array_task), OF_JOB(het_leader), OF_JOB(het_offset)};
static const struct column asked[] = {
    OF_JOB(name),        OF_JOB(user),        OF_JOB(uid),        OF_JOB(gid),
    OF_JOB(account),     OF_JOB(qos),         OF_JOB(partition),  OF_JOB(wckey),
    OF_JOB(comment),     OF_JOB(reservation), OF_JOB(constraint), OF_JOB(submit_line),
    OF_JOB(submit_host), OF_JOB(work_dir),    OF_JOB(image),      OF_JOB(interactive),
    OF_JOB(req_nodes),   OF_JOB(req_cpus),    OF_JOB(req_memory), OF_JOB(req_gpus),
    OF_JOB(tasks),       OF_JOB(tres_req)};
static const struct column standing[] = {
    OF_JOB(state),         OF_JOB(words),        OF_JOB(exit_code),
    OF_JOB(exit_signal),   OF_JOB(cancelled_by), OF_JOB(array),
    OF_JOB(eligible_time), OF_JOB(start_time),   OF_JOB(end_time),
    OF_JOB(suspended),     OF_JOB(user_usec),    OF_JOB(system_usec),
    OF_JOB(max_rss),       OF_JOB(memory_peak),  OF_JOB(read_bytes),
    OF_JOB(write_bytes),   OF_JOB(steps_lost)};
static const struct column given[] = {
    OF_JOB(nodes), OF_JOB(n_nodes),    OF_JOB(cpus),     OF_JOB(memory),
    OF_JOB(gpus),  OF_JOB(time_limit), OF_JOB(priority), OF_JOB(tres_alloc)};
static const struct column step[] = {
    OF_STEP(step_id),     OF_STEP(name),         OF_STEP(command),
    OF_STEP(state),       OF_STEP(start_usec),   OF_STEP(end_usec),
    OF_STEP(exit_code),   OF_STEP(exit_signal),  OF_STEP(words),
    OF_STEP(nodes),       OF_STEP(n_nodes),      OF_STEP(tasks),
    OF_STEP(cpus),        OF_STEP(user_usec),    OF_STEP(system_usec),
    OF_STEP(max_rss),     OF_STEP(memory_peak),  OF_STEP(read_bytes),
    OF_STEP(write_bytes), OF_STEP(bag_commands), OF_STEP(bag_failed),
    OF_STEP(image)};

#define COLUMNS(fields)                           \
    {                                             \
        .list = (fields), .n = ARRAY_SIZE(fields) \
    }
const struct columns job_identity = COLUMNS(identity);
const struct columns job_asked = COLUMNS(asked);
const struct columns job_standing = COLUMNS(standing);
const struct columns job_given = COLUMNS(given);
const struct columns step_columns = COLUMNS(step);

/* ------------------------------------------------------------------ SQL */

void columns_names(struct strbuf *sql, const struct columns *columns)
{
    for (size_t i = 0; i < columns->n; i++)
        strbuf_printf(sql, "%s\"%s\"", i ? "," : "", columns->list[i].name);
}

void columns_marks(struct strbuf *sql, const struct columns *columns, int *number)
{
    for (size_t i = 0; i < columns->n; i++)
        strbuf_printf(sql, "%s?%d", i ? "," : "", (*number)++);
}

void columns_sets(struct strbuf *sql, const struct columns *columns, int *number)
{
    for (size_t i = 0; i < columns->n; i++)
        strbuf_printf(sql, "%s\"%s\"=?%d", i ? "," : "", columns->list[i].name,
                      (*number)++);
}

void columns_declare(struct strbuf *sql, const struct columns *columns)
{
    for (size_t i = 0; i < columns->n; i++) {
        bool is_text = columns->list[i].kind == COLUMN_TEXT;

        strbuf_printf(sql, "%s\"%s\" %s", i ? "," : "", columns->list[i].name,
                      is_text ? "TEXT NOT NULL DEFAULT ''"
                              : "INTEGER NOT NULL DEFAULT 0");
    }
}

/* ------------------------------------------------------------------ values */

static void bind_column(sqlite3_stmt *stmt, int number, const struct column *column,
                        const void *msg)
{
    const void *at = (const char *)msg + column->offset;
    uint32_t u32;
    int32_t i32;
    int64_t i64;
    const char *text;

    switch (column->kind) {
    case COLUMN_TEXT:
        memcpy(&text, at, sizeof(text));
        sqlite3_bind_text(stmt, number, text ? text : "", -1, SQLITE_STATIC);
        break;
    case COLUMN_U32:
        memcpy(&u32, at, sizeof(u32));
        sqlite3_bind_int64(stmt, number, u32);
        break;
    case COLUMN_I32:
        memcpy(&i32, at, sizeof(i32));
        sqlite3_bind_int64(stmt, number, i32);
        break;
    case COLUMN_64:
        memcpy(&i64, at, sizeof(i64));
        sqlite3_bind_int64(stmt, number, i64);
        break;
    }
}

int columns_bind(sqlite3_stmt *stmt, int first, const struct columns *columns,
                 const void *msg)
{
    for (size_t i = 0; i < columns->n; i++)
        bind_column(stmt, first++, &columns->list[i], msg);
    return first;
}

static void read_column(sqlite3_stmt *stmt, int number, const struct column *column,
                        void *msg)
{
    void *at = (char *)msg + column->offset;
    int64_t value;
    uint32_t narrow;
    const char *text;
    char *copy;

    switch (column->kind) {
    case COLUMN_TEXT:
        text = (const char *)sqlite3_column_text(stmt, number);
        copy = xstrdup(text ? text : "");
        memcpy(at, &copy, sizeof(copy));
        break;
    case COLUMN_U32:
    case COLUMN_I32:
        narrow = (uint32_t)sqlite3_column_int64(stmt, number);
        memcpy(at, &narrow, sizeof(narrow));
        break;
    case COLUMN_64:
        value = sqlite3_column_int64(stmt, number);
        memcpy(at, &value, sizeof(value));
        break;
    }
}

int columns_read(sqlite3_stmt *stmt, int first, const struct columns *columns,
                 void *msg)
{
    for (size_t i = 0; i < columns->n; i++)
        read_column(stmt, first++, &columns->list[i], msg);
    return first;
}
