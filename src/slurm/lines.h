/* SPDX-License-Identifier: Apache-2.0
 *
 * lines.h - the lines of a list, in order
 *
 * A list of very many jobs is kept as the text of its lines and what they are ordered
 * by, nothing else. Pure.
 */
#ifndef BERTH_SLURM_LINES_H
#define BERTH_SLURM_LINES_H

#include <stdio.h>

#include "slurm/fields.h"

struct lines;

/* 'order' is squeue's: letters of fields, each downwards after '-', "P,t,-p"; NULL: as
 * they come. -EINVAL when a letter has no field. Both are borrowed. */
int lines_create(const struct field_table *table, const char *order,
                 const struct format *format, struct lines **ret, struct err *err);
void lines_destroy(struct lines *lines);
void lines_destroyp(struct lines **lines);

/* What the fields of order and format need of a row. */
unsigned int lines_needs(const struct lines *lines);
void lines_add(struct lines *lines, const void *row);
/* Sort and print; equal ones stay as they came. */
void lines_print(struct lines *lines, FILE *out);

#endif
