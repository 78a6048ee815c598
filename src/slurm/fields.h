/* SPDX-License-Identifier: Apache-2.0
 *
 * fields.h - formats of the commands that list: which fields, how wide, in what order
 *
 * Three spellings of the same thing:
 *
 *     squeue -o "%.18i %20Y"        letters; the text between them is printed
 *     squeue -O jobid:.18,state     long names, 20 wide unless said
 *     sacct -o jobid,state%-20      long names, at the right unless the width is below
 * 0
 *
 * What can be listed stands in a table of 'struct field'; rows are whatever the
 * table's functions take. Pure.
 */
#ifndef BERTH_SLURM_FIELDS_H
#define BERTH_SLURM_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

#define FIELD_WIDTH_MAX 4096

struct field {
    char letter;       /* 0: it has none */
    const char *name;  /* in any case; NULL: it has none */
    const char *title; /* of its column */
    /* Append the text for 'row'. */
    void (*put)(const void *row, struct strbuf *out);
    /* What rows are ordered by when it is not the text; NULL: the text. */
    double (*key)(const void *row);
    int width;          /* usual width of sacct's and its like; below 0: at the left */
    unsigned int needs; /* what the row must hold for it: bits of the table's owner */
};

struct field_table {
    const struct field *fields;
    size_t n;
    const char *what; /* "job": what words call a format */
};

struct format_item {
    const struct field *field; /* NULL: only the text */
    int width;                 /* below 0: at the left; 0: as long as it is */
    char *after;               /* printed behind it */
};

struct format {
    struct format_item *items;
    size_t n;
    char *before;       /* printed before the first */
    char *unknown;      /* the first thing that is no field, NULL: all are */
    const char *mark;   /* put at the end of what was cut: "+"; "": nothing */
    unsigned int needs; /* of all its fields */
};

void format_fini(struct format *format);

/* "%.18i %j". As Slurm does, what is no field is printed as it stands, and named in
 * ret->unknown. "%all" is every letter with bars between. */
void format_parse(const struct field_table *table, const char *text,
                  struct format *ret);
/* "jobid:8,name:.20". Widths are 20 unless said. -EINVAL names what is no field; 'ret'
 * is to be ended in any case. */
int format_parse_long(const struct field_table *table, const char *text,
                      struct format *ret, struct err *err);
/* "jobid,state%20": the fields' own widths unless said, a blank between two, "+" where
 * something was cut. -EINVAL likewise. */
int format_parse_list(const struct field_table *table, const char *text,
                      struct format *ret, struct err *err);

/* Append the titles, or a row, without the end of the line. */
void format_header(const struct format *format, struct strbuf *out);
void format_row(const struct format *format, const void *row, struct strbuf *out);
/* Dashes below the titles of a list (format_parse_list). */
void format_rule(const struct format *format, struct strbuf *out);
/* Bars between the columns and no widths; with 'ends', a bar behind the last one too.
 */
void format_set_bars(struct format *format, const char *bar, bool ends);

/* NULL when there is none. */
const struct field *field_by_letter(const struct field_table *table, char letter);
const struct field *field_by_name(const struct field_table *table, const char *name);

/* Append 'text' in a field 'width' wide (below 0: at the left, 0: as it is), cut to
 * that width, the cut ending in 'mark'. */
void field_pad(struct strbuf *out, int width, const char *mark, const char *text,
               size_t len);

/* The names of a table's fields in four columns, as --helpformat shows them. */
char *fields_help(const struct field_table *table);

#endif
