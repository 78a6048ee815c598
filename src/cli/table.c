/* SPDX-License-Identifier: Apache-2.0
 *
 * table.c - columns for people, as wide as the terminal allows
 */
#include "cli/table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"

#define GAP 2        /* spaces between columns */
#define SHRUNK_MIN 8 /* a column shrinks no further */

struct table {
    const struct column *columns;
    size_t n_columns;
    char **cells;
    size_t n_cells;
};

struct table *table_create(const struct column *columns, size_t n)
{
    struct table *table = xcalloc(1, sizeof(*table));

    table->columns = columns;
    table->n_columns = n;
    return table;
}

void table_destroy(struct table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->n_cells; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table);
}

void table_destroyp(struct table **table)
{
    table_destroy(*table);
}

void table_take(struct table *table, char *cell)
{
    for (char *p = cell; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    table->cells = xrealloc(table->cells, table->n_cells + 1, sizeof(*table->cells));
    table->cells[table->n_cells++] = cell;
}

void table_add(struct table *table, const char *cell)
{
    table_take(table, xstrdup(cell ? cell : ""));
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Characters of a UTF-8 string, taking each for one place. */
static size_t places(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += !is_continuation(*s);
    return n;
}

static size_t *measure(const struct table *table, bool has_header)
{
    size_t *widths = xcalloc(table->n_columns, sizeof(*widths));

    for (size_t i = 0; has_header && i < table->n_columns; i++)
        widths[i] = places(table->columns[i].title);
    for (size_t i = 0; i < table->n_cells; i++) {
        size_t n = places(table->cells[i]);

        if (n > widths[i % table->n_columns])
            widths[i % table->n_columns] = n;
    }
    return widths;
}

/* Take places from the widest column that may shrink until all fits. */
static void shrink(const struct table *table, size_t *widths, size_t width)
{
    size_t total = GAP * (table->n_columns - 1);

    for (size_t i = 0; i < table->n_columns; i++)
        total += widths[i];
    for (; total > width; total--) {
        size_t widest = table->n_columns;

        for (size_t i = 0; i < table->n_columns; i++)
            if (table->columns[i].may_shrink && widths[i] > SHRUNK_MIN &&
                (widest == table->n_columns || widths[i] > widths[widest]))
                widest = i;
        if (widest == table->n_columns)
            return;
        widths[widest]--;
    }
}

/* The first 'n' places of 's'. */
static void add_text(struct strbuf *line, const char *s, size_t n)
{
    for (; *s && (n > 0 || is_continuation(*s)); s++) {
        strbuf_putc(line, *s);
        if (!is_continuation(s[1]))
            n--;
    }
}

static void add_blanks(struct strbuf *line, size_t n)
{
    while (n-- > 0)
        strbuf_putc(line, ' ');
}

static void add_cell(struct strbuf *line, const char *s, const struct column *column,
                     size_t width)
{
    size_t n = places(s), pad = n < width ? width - n : 0;

    if (line->len > 0)
        add_blanks(line, GAP);
    if (column->is_right)
        add_blanks(line, pad);
    if (n > width) {
        add_text(line, s, width - 1);
        strbuf_putc(line, '+');
    } else {
        strbuf_puts(line, s);
    }
    if (!column->is_right)
        add_blanks(line, pad);
}

static void end_line(struct strbuf *line, FILE *out)
{
    while (line->len > 0 && line->s[line->len - 1] == ' ')
        strbuf_cut(line, line->len - 1);
    if (line->s)
        (void)fputs(line->s, out);
    (void)fputc('\n', out);
    strbuf_cut(line, 0);
}

static void print(const struct table *table, bool has_header, size_t first,
                  const size_t *widths, FILE *out)
{
    struct strbuf line = STRBUF_INIT;
    size_t n = table->n_columns;

    for (size_t i = 0; has_header && i < n; i++)
        add_cell(&line, table->columns[i].title, &table->columns[i], widths[i]);
    if (has_header)
        end_line(&line, out);
    for (size_t i = first * n; i < table->n_cells; i++) {
        add_cell(&line, table->cells[i], &table->columns[i % n], widths[i % n]);
        if (i % n + 1 == n)
            end_line(&line, out);
    }
    strbuf_fini(&line);
}

void table_print(const struct table *table, bool has_header, size_t width, FILE *out)
{
    cleanup(freep) size_t *widths = measure(table, has_header);

    if (width > 0)
        shrink(table, widths, width);
    print(table, has_header, 0, widths, out);
}

void table_print_rest(const struct table *table, size_t first, FILE *out)
{
    cleanup(freep) size_t *widths = measure(table, true);

    print(table, false, first, widths, out);
}

size_t table_terminal_width(FILE *out)
{
    struct winsize size;
    int fd = fileno(out);

    if (fd < 0 || !isatty(fd))
        return 0;
    if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}
