/* SPDX-License-Identifier: Apache-2.0
 *
 * object_columns.h - lists of objects, with kubectl's columns
 *
 * Pure: the time is an argument.
 */
#ifndef BERTH_CLI_OBJECT_COLUMNS_H
#define BERTH_CLI_OBJECT_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "wire/messages.pb-c.h"

struct object_view {
    bool is_wide;        /* more columns */
    bool has_name_space; /* NAMESPACE comes first */
    bool has_kind;       /* names are "pod/web" */
    bool has_labels;     /* LABELS come last */
    bool has_user;       /* USER after NAMESPACE */
};

/* Rows of one kind. */
struct object_table;

struct object_table *object_table_create(const char *kind,
                                         const struct object_view *view);
void object_table_destroy(struct object_table *table); /* NULL is fine */
void object_table_add(struct object_table *table, const Berth__ObjectRecord *record,
                      int64_t now);
/* All of them, or those since the last print, in the same columns. */
void object_table_print(struct object_table *table, bool has_header, FILE *out);
void object_table_print_new(struct object_table *table, FILE *out);

/* "pod/web", "job.batch/sweep"; the caller frees it. */
char *object_full_name(const char *kind, const char *name);
/* The same of a kind that the cluster does not keep. */
char *object_name_in(const char *api, const char *kind, const char *name);

#endif
