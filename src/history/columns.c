/* SPDX-License-Identifier: Apache-2.0
 *
 * columns.c - between messages and rows, by reflection
 */
#include "history/columns.h"

#include "base/err.h"
#include "base/mem.h"
#include "wire/messages.pb-c.h"

#include <stdbool.h>
#include <string.h>

static const char *const identity_names[] = {"job_id",    "run",        "submit_time",
                                             "array_job", "array_task", "het_leader",
                                             "het_offset"};
static const char *const asked_names[] = {
    "name",        "user",     "uid",     "gid",         "account",    "qos",
    "partition",   "wckey",    "comment", "reservation", "constraint", "submit_line",
    "submit_host", "work_dir", "image",   "interactive", "req_nodes",  "req_cpus",
    "req_memory",  "req_gpus", "tasks",   "tres_req"};
static const char *const standing_names[] = {
    "state",       "words",         "exit_code",  "exit_signal", "cancelled_by",
    "array",       "eligible_time", "start_time", "end_time",    "suspended",
    "user_usec",   "system_usec",   "max_rss",    "memory_peak", "read_bytes",
    "write_bytes", "steps_lost"};
static const char *const given_names[] = {"nodes",    "n_nodes",   "cpus",
                                          "memory",   "gpus",      "time_limit",
                                          "priority", "tres_alloc"};
static const char *const step_names[] = {
    "step_id",    "name",        "command",     "state",       "start_usec",
    "end_usec",   "exit_code",   "exit_signal", "words",       "nodes",
    "n_nodes",    "tasks",       "cpus",        "user_usec",   "system_usec",
    "max_rss",    "memory_peak", "read_bytes",  "write_bytes", "bag_commands",
    "bag_failed", "image"};

#define JOB_COLUMNS(list)                                         \
    {                                                             \
        .type = &berth__history_job__descriptor, .names = (list), \
        .n = ARRAY_SIZE(list)                                     \
    }

const struct columns job_identity = JOB_COLUMNS(identity_names);
const struct columns job_asked = JOB_COLUMNS(asked_names);
const struct columns job_standing = JOB_COLUMNS(standing_names);
const struct columns job_given = JOB_COLUMNS(given_names);
const struct columns step_columns = {.type = &berth__step_summary__descriptor,
                                     .names = step_names,
                                     .n = ARRAY_SIZE(step_names)};

static const ProtobufCFieldDescriptor *field_of(const struct columns *columns, size_t i)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(columns->type,
                                                        columns->names[i]);

    BUG_ON(!field);
    return field;
}

/* ------------------------------------------------------------------ SQL */

void columns_names(struct strbuf *sql, const struct columns *columns)
{
    for (size_t i = 0; i < columns->n; i++)
        strbuf_printf(sql, "%s\"%s\"", i ? "," : "", columns->names[i]);
}

void columns_marks(struct strbuf *sql, const struct columns *columns, int *number)
{
    for (size_t i = 0; i < columns->n; i++)
        strbuf_printf(sql, "%s?%d", i ? "," : "", (*number)++);
}

void columns_sets(struct strbuf *sql, const struct columns *columns, int *number)
{
    for (size_t i = 0; i < columns->n; i++)
        strbuf_printf(sql, "%s\"%s\"=?%d", i ? "," : "", columns->names[i],
                      (*number)++);
}

void columns_declare(struct strbuf *sql, const struct columns *columns)
{
    for (size_t i = 0; i < columns->n; i++) {
        bool is_text = field_of(columns, i)->type == PROTOBUF_C_TYPE_STRING;

        strbuf_printf(sql, "%s\"%s\" %s", i ? "," : "", columns->names[i],
                      is_text ? "TEXT NOT NULL DEFAULT ''"
                              : "INTEGER NOT NULL DEFAULT 0");
    }
}

/* ------------------------------------------------------------------ values */

static void bind_field(sqlite3_stmt *stmt, int number,
                       const ProtobufCFieldDescriptor *field, const void *msg)
{
    const void *at = (const char *)msg + field->offset;
    uint32_t u32;
    int32_t i32;
    int64_t i64;
    protobuf_c_boolean flag;
    const char *text;

    if (field->type == PROTOBUF_C_TYPE_STRING) {
        memcpy(&text, at, sizeof(text));
        sqlite3_bind_text(stmt, number, text ? text : "", -1, SQLITE_STATIC);
    } else if (field->type == PROTOBUF_C_TYPE_UINT32) {
        memcpy(&u32, at, sizeof(u32));
        sqlite3_bind_int64(stmt, number, u32);
    } else if (field->type == PROTOBUF_C_TYPE_INT32) {
        memcpy(&i32, at, sizeof(i32));
        sqlite3_bind_int64(stmt, number, i32);
    } else if (field->type == PROTOBUF_C_TYPE_BOOL) {
        memcpy(&flag, at, sizeof(flag));
        sqlite3_bind_int(stmt, number, flag);
    } else {
        memcpy(&i64, at, sizeof(i64));
        sqlite3_bind_int64(stmt, number, i64);
    }
}

int columns_bind(sqlite3_stmt *stmt, int first, const struct columns *columns,
                 const void *msg)
{
    for (size_t i = 0; i < columns->n; i++)
        bind_field(stmt, first++, field_of(columns, i), msg);
    return first;
}

static void read_field(sqlite3_stmt *stmt, int column,
                       const ProtobufCFieldDescriptor *field, void *msg)
{
    void *at = (char *)msg + field->offset;
    int64_t value = sqlite3_column_int64(stmt, column);
    uint32_t narrow = (uint32_t)value;
    protobuf_c_boolean flag = value != 0;
    const char *text;
    char *copy;

    if (field->type == PROTOBUF_C_TYPE_STRING) {
        text = (const char *)sqlite3_column_text(stmt, column);
        copy = xstrdup(text ? text : "");
        memcpy(at, &copy, sizeof(copy));
    } else if (field->type == PROTOBUF_C_TYPE_UINT32 ||
               field->type == PROTOBUF_C_TYPE_INT32) {
        memcpy(at, &narrow, sizeof(narrow));
    } else if (field->type == PROTOBUF_C_TYPE_BOOL) {
        memcpy(at, &flag, sizeof(flag));
    } else {
        memcpy(at, &value, sizeof(value));
    }
}

int columns_read(sqlite3_stmt *stmt, int first, const struct columns *columns,
                 void *msg)
{
    for (size_t i = 0; i < columns->n; i++)
        read_field(stmt, first++, field_of(columns, i), msg);
    return first;
}
