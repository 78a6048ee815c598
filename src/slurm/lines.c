/* SPDX-License-Identifier: Apache-2.0
 *
 * lines.c - the lines of a list, in order
 *
 * Texts that lines are ordered by are few and come again and again (partitions,
 * users): each is kept once, and gets its rank when all are there.
 */
#include "slurm/lines.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/mem.h"

#define KEYS_MAX 8

struct text {
    char *text;
    size_t number, rank;
    UT_hash_handle hh;
};

struct key {
    const struct field *field;
    bool is_down;
};

struct line {
    size_t at, len, number;
    double keys[]; /* as many as there are; of texts their numbers, then their ranks */
};

struct lines {
    const struct format *format;
    struct key keys[KEYS_MAX];
    size_t n_keys, size; /* of a line */
    struct text *texts;
    size_t n_texts;
    struct strbuf arena, cell;
    char *lines;
    size_t n, cap;
};

static struct line *line_at(const struct lines *lines, size_t i)
{
    return (struct line *)(void *)(lines->lines + i * lines->size);
}

static int read_order(struct lines *lines, const struct field_table *table,
                      const char *order, struct err *err)
{
    bool is_down = false;

    for (const char *p = order; *p; p++) {
        if (*p == ',' || *p == '+' || isspace((unsigned char)*p))
            continue;
        if (*p == '-') {
            is_down = true;
            continue;
        }
        if (!field_by_letter(table, *p))
            return err_set(err, EINVAL, "Invalid sort specification: %s", p);
        if (lines->n_keys == KEYS_MAX)
            return err_set(err, EINVAL, "Invalid sort specification: %s: at most %d",
                           order, KEYS_MAX);
        lines->keys[lines->n_keys++] =
            (struct key){.field = field_by_letter(table, *p), .is_down = is_down};
        is_down = false;
    }
    return 0;
}

int lines_create(const struct field_table *table, const char *order,
                 const struct format *format, struct lines **ret, struct err *err)
{
    cleanup(lines_destroyp) struct lines *lines = xcalloc(1, sizeof(*lines));
    int rc = order ? read_order(lines, table, order, err) : 0;

    if (rc)
        return rc;
    lines->format = format;
    lines->size = sizeof(struct line) + lines->n_keys * sizeof(double);
    *ret = take(lines);
    return 0;
}

void lines_destroy(struct lines *lines)
{
    struct text *text, *next;

    if (!lines)
        return;
    HASH_ITER(hh, lines->texts, text, next)
    {
        HASH_DELETE(hh, lines->texts, text);
        free(text->text);
        free(text);
    }
    strbuf_fini(&lines->arena);
    strbuf_fini(&lines->cell);
    free(lines->lines);
    free(lines);
}

void lines_destroyp(struct lines **lines)
{
    lines_destroy(*lines);
}

unsigned int lines_needs(const struct lines *lines)
{
    unsigned int needs = lines->format->needs;

    for (size_t i = 0; i < lines->n_keys; i++)
        needs |= lines->keys[i].field->needs;
    return needs;
}

static size_t text_number(struct lines *lines, const char *s, size_t len)
{
    struct text *text;

    HASH_FIND(hh, lines->texts, s, len, text);
    if (text)
        return text->number;
    text = xcalloc(1, sizeof(*text));
    text->text = xstrndup(s, len);
    text->number = lines->n_texts++;
    HASH_ADD_KEYPTR(hh, lines->texts, text->text, len, text);
    return text->number;
}

static double key_of(struct lines *lines, const struct field *field, const void *row)
{
    if (field->key)
        return field->key(row);
    strbuf_cut(&lines->cell, 0);
    field->put(row, &lines->cell);
    return (double)text_number(lines, lines->cell.s ? lines->cell.s : "",
                               lines->cell.len);
}

void lines_add(struct lines *lines, const void *row)
{
    struct line *line;

    if (lines->n == lines->cap) {
        lines->cap = lines->cap ? lines->cap * 2 : 256;
        lines->lines = xrealloc(lines->lines, lines->cap, lines->size);
    }
    line = line_at(lines, lines->n);
    line->number = lines->n++;
    line->at = lines->arena.len;
    format_row(lines->format, row, &lines->arena);
    strbuf_putc(&lines->arena, '\n');
    line->len = lines->arena.len - line->at;
    for (size_t i = 0; i < lines->n_keys; i++)
        line->keys[i] = key_of(lines, lines->keys[i].field, row);
}

/* ------------------------------------------------------------------ sorting */

static int by_text(const void *a, const void *b)
{
    return strcmp((*(struct text *const *)a)->text, (*(struct text *const *)b)->text);
}

/* The rank of each text among all of them, by its number; the caller frees it. */
static double *rank_texts(struct lines *lines)
{
    cleanup(freep) struct text **sorted = xcalloc(lines->n_texts + 1, sizeof(*sorted));
    double *ranks = xcalloc(lines->n_texts + 1, sizeof(*ranks));
    struct text *text, *next;
    size_t n = 0;

    HASH_ITER(hh, lines->texts, text, next)
    sorted[n++] = text;
    qsort(sorted, n, sizeof(*sorted), by_text);
    for (size_t i = 0; i < n; i++)
        ranks[sorted[i]->number] = (double)i;
    return ranks;
}

/* Numbers of texts become their ranks, and what goes downwards changes its sign. */
static void settle_keys(struct lines *lines)
{
    cleanup(freep) double *ranks = rank_texts(lines);

    for (size_t i = 0; i < lines->n; i++) {
        struct line *line = line_at(lines, i);

        for (size_t k = 0; k < lines->n_keys; k++) {
            if (!lines->keys[k].field->key)
                line->keys[k] = ranks[(size_t)line->keys[k]];
            if (lines->keys[k].is_down)
                line->keys[k] = -line->keys[k];
        }
    }
}

static int by_keys(const void *a, const void *b, void *ctx)
{
    const struct line *x = a, *y = b;
    const struct lines *lines = ctx;

    for (size_t k = 0; k < lines->n_keys; k++)
        if (x->keys[k] != y->keys[k])
            return x->keys[k] < y->keys[k] ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

void lines_print(struct lines *lines, FILE *out)
{
    if (lines->n_keys) {
        settle_keys(lines);
        qsort_r(lines->lines, lines->n, lines->size, by_keys, lines);
    }
    for (size_t i = 0; i < lines->n; i++) {
        const struct line *line = line_at(lines, i);

        (void)fwrite(lines->arena.s + line->at, 1, line->len, out);
    }
    lines->n = 0;
    strbuf_cut(&lines->arena, 0);
}
