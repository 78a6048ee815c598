/* SPDX-License-Identifier: Apache-2.0
 *
 * table.h - columns for people, as wide as the terminal allows
 */
#ifndef BERTH_CLI_TABLE_H
#define BERTH_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct column {
    const char *title;
    bool is_right;   /* numbers stand at the right */
    bool may_shrink; /* when the terminal is narrow; a cut ends in '+' */
};

struct table;

struct table *table_create(const struct column *columns, size_t n);
void table_destroy(struct table *table);
void table_destroyp(struct table **table);

/* The next cell, row by row. Control characters print as '?'. table_take owns
 * the heap string. */
void table_add(struct table *table, const char *cell);
void table_take(struct table *table, char *cell);

/* Print within 'width' characters; 0 means any. */
void table_print(const struct table *table, bool has_header, size_t width, FILE *out);

/* Print rows from number 'first' on, below those that have been printed. */
void table_print_rest(const struct table *table, size_t first, FILE *out);

/* The width of the terminal that 'out' is, or 0 when it is none. */
size_t table_terminal_width(FILE *out);

#endif
