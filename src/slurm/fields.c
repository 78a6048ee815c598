/* SPDX-License-Identifier: Apache-2.0
 *
 * fields.c - formats of the commands that list
 */
#include "slurm/fields.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"

#define LONG_WIDTH (-20)
#define HELP_COLUMNS 4
#define HELP_WIDTH 20

void format_fini(struct format *format)
{
    for (size_t i = 0; i < format->n; i++)
        free(format->items[i].after);
    free(format->items);
    free(format->before);
    free(format->unknown);
    *format = (struct format){0};
}

const struct field *field_by_letter(const struct field_table *table, char letter)
{
    for (size_t i = 0; letter && i < table->n; i++)
        if (table->fields[i].letter == letter)
            return &table->fields[i];
    return NULL;
}

const struct field *field_by_name(const struct field_table *table, const char *name)
{
    for (size_t i = 0; i < table->n; i++)
        if (table->fields[i].name && strcasecmp(table->fields[i].name, name) == 0)
            return &table->fields[i];
    return NULL;
}

/* ------------------------------------------------------------------ reading */

static struct format_item *add_item(struct format *format, const struct field *field,
                                    int width)
{
    struct format_item *item;

    format->items = xrealloc(format->items, format->n + 1, sizeof(*format->items));
    item = &format->items[format->n++];
    *item = (struct format_item){.field = field, .width = width};
    if (field)
        format->needs |= field->needs;
    return item;
}

static void start(struct format *ret, const char *mark)
{
    *ret = (struct format){.mark = mark};
}

/* "[.]width" at the beginning of 'p'; where it ends. */
static const char *read_width(const char *p, int *ret_width)
{
    bool is_right = *p == '.';
    int width = 0;

    for (p += is_right; isdigit((unsigned char)*p); p++)
        width = width < FIELD_WIDTH_MAX ? width * 10 + (*p - '0') : FIELD_WIDTH_MAX;
    if (width > FIELD_WIDTH_MAX)
        width = FIELD_WIDTH_MAX;
    *ret_width = is_right ? width : -width;
    return p;
}

static void add_all(const struct field_table *table, struct format *ret)
{
    for (size_t i = 0; i < table->n; i++)
        if (table->fields[i].letter)
            add_item(ret, &table->fields[i], 0)->after = xstrdup("|");
    if (ret->n) {
        free(ret->items[ret->n - 1].after);
        ret->items[ret->n - 1].after = NULL;
    }
}

/* What stands between two percent signs. */
static void add_letter(const struct field_table *table, const char *text, size_t len,
                       struct format *ret)
{
    const struct field *field;
    const char *p;
    int width;

    if (len == 3 && strncasecmp(text, "all", 3) == 0) {
        add_all(table, ret);
        return;
    }
    p = read_width(text, &width);
    field = p < text + len ? field_by_letter(table, *p) : NULL;
    if (field) {
        add_item(ret, field, width)->after =
            xstrndup(p + 1, len - (size_t)(p + 1 - text));
        return;
    }
    if (!ret->unknown)
        ret->unknown = p < text + len ? xstrndup(p, 1) : xstrdup("");
    add_item(ret, NULL, 0)->after = xasprintf("%%%.*s", (int)len, text);
}

void format_parse(const struct field_table *table, const char *text, struct format *ret)
{
    size_t len = strcspn(text, "%");

    start(ret, "");
    ret->before = xstrndup(text, len);
    for (text += len; *text; text += len) {
        text += strspn(text, "%");
        len = strcspn(text, "%");
        if (len)
            add_letter(table, text, len, ret);
    }
}

/* The words of a mistake, with the nearest name. */
static int unknown_name(const struct field_table *table, const char *name,
                        struct format *ret, struct err *err)
{
    cleanup(freep) const char **names = xcalloc(table->n, sizeof(*names));
    const char *near;
    size_t n = 0;

    for (size_t i = 0; i < table->n; i++)
        if (table->fields[i].name)
            names[n++] = table->fields[i].name;
    near = nearest_name(name, names, n);
    if (!ret->unknown)
        ret->unknown = xstrdup(name);
    return err_set(err, EINVAL, "Invalid %s format specification: %.80s%s%s%s",
                   table->what, name, near ? " (did you mean " : "", near ? near : "",
                   near ? "?)" : "");
}

int format_parse_long(const struct field_table *table, const char *text,
                      struct format *ret, struct err *err)
{
    cleanup(strv_freep) char **words = strv_split(text, ", ");

    start(ret, "");
    strv_foreach (word, words) {
        char *colon = strchr(*word, ':');
        const struct field *field;
        const char *after = "";
        int width = 0;

        if (colon) {
            *colon = '\0';
            after = read_width(colon + 1, &width);
        }
        field = field_by_name(table, *word);
        if (!field)
            return unknown_name(table, *word, ret, err);
        add_item(ret, field, width ? width : LONG_WIDTH)->after = xstrdup(after);
    }
    return 0;
}

/* "%20" as sacct means it: at the right, "%-20": at the left. */
static int read_list_width(const char *text, int *ret_width, struct err *err)
{
    const char *digits = *text == '-' ? text + 1 : text;
    char *end;
    long n = strtol(digits, &end, 10);

    if (!isdigit((unsigned char)*digits) || *end || n > FIELD_WIDTH_MAX)
        return err_set(err, EINVAL, "%%%.20s is no width: it is up to %d", text,
                       FIELD_WIDTH_MAX);
    *ret_width = (int)(*text == '-' ? -n : n);
    return 0;
}

int format_parse_list(const struct field_table *table, const char *text,
                      struct format *ret, struct err *err)
{
    cleanup(strv_freep) char **words = strv_split(text, ", \n\t");

    start(ret, "+");
    strv_foreach (word, words) {
        char *percent = strchr(*word, '%');
        const struct field *field;
        int width;

        if (percent)
            *percent = '\0';
        field = field_by_name(table, *word);
        if (!field)
            return unknown_name(table, *word, ret, err);
        width = field->width;
        if (percent && read_list_width(percent + 1, &width, err))
            return err_wrap(err, "%s", *word);
        add_item(ret, field, width)->after = xstrdup(" ");
    }
    return 0;
}

void format_set_bars(struct format *format, const char *bar, bool ends)
{
    for (size_t i = 0; i < format->n; i++) {
        struct format_item *item = &format->items[i];

        item->width = 0;
        free(item->after);
        item->after = xstrdup(ends || i + 1 < format->n ? bar : "");
    }
}

/* ------------------------------------------------------------------ printing */

/* Bytes of UTF-8 behind the first of a character. */
static bool is_tail(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The bytes that 'max' characters take, at most 'len'. */
static size_t bytes_of(const char *text, size_t len, size_t max)
{
    size_t i = 0;

    for (; i < len; i++)
        if (!is_tail(text[i]) && max-- == 0)
            break;
    return i;
}

static size_t characters_of(const char *text, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += !is_tail(text[i]);
    return n;
}

static void add_blanks(struct strbuf *out, size_t n)
{
    static const char blanks[] = "                                ";

    for (; n >= sizeof(blanks) - 1; n -= sizeof(blanks) - 1)
        strbuf_add(out, blanks, sizeof(blanks) - 1);
    strbuf_add(out, blanks, n);
}

void field_pad(struct strbuf *out, int width, const char *mark, const char *text,
               size_t len)
{
    size_t want = (size_t)abs(width), have = characters_of(text, len);

    if (width == 0) {
        strbuf_add(out, text, len);
    } else if (have > want) {
        size_t marks = strlen(mark) < want ? strlen(mark) : 0;

        strbuf_add(out, text, bytes_of(text, len, want - marks));
        strbuf_add(out, mark, marks);
    } else {
        if (width > 0)
            add_blanks(out, want - have);
        strbuf_add(out, text, len);
        if (width < 0)
            add_blanks(out, want - have);
    }
}

static void add_text(const char *text, struct strbuf *out)
{
    if (text)
        strbuf_puts(out, text);
}

void format_header(const struct format *format, struct strbuf *out)
{
    add_text(format->before, out);
    for (size_t i = 0; i < format->n; i++) {
        const struct format_item *item = &format->items[i];

        if (item->field)
            field_pad(out, item->width, format->mark, item->field->title,
                      strlen(item->field->title));
        add_text(item->after, out);
    }
}

/* What a person called something must not move the cursor of who lists it. */
static void replace_controls(struct strbuf *out, size_t from)
{
    for (size_t i = from; i < out->len; i++)
        if ((unsigned char)out->s[i] < ' ' || out->s[i] == 0x7f)
            out->s[i] = '?';
}

void format_row(const struct format *format, const void *row, struct strbuf *out)
{
    struct strbuf cell = STRBUF_INIT;

    add_text(format->before, out);
    for (size_t i = 0; i < format->n; i++) {
        const struct format_item *item = &format->items[i];

        strbuf_cut(&cell, 0);
        if (item->field)
            item->field->put(row, &cell);
        replace_controls(&cell, 0);
        if (cell.len || item->width)
            field_pad(out, item->width, format->mark, cell.s ? cell.s : "", cell.len);
        add_text(item->after, out);
    }
    strbuf_fini(&cell);
}

void format_rule(const struct format *format, struct strbuf *out)
{
    for (size_t i = 0; i < format->n; i++) {
        for (int n = abs(format->items[i].width); n > 0; n--)
            strbuf_putc(out, '-');
        strbuf_putc(out, ' ');
    }
}

char *fields_help(const struct field_table *table)
{
    struct strbuf out = STRBUF_INIT;
    size_t n = 0;

    for (size_t i = 0; i < table->n; i++) {
        const char *name = table->fields[i].name;

        if (!name)
            continue;
        field_pad(&out, -HELP_WIDTH + 1, "", name, strlen(name));
        strbuf_putc(&out, ++n % HELP_COLUMNS ? ' ' : '\n');
    }
    if (n % HELP_COLUMNS)
        strbuf_putc(&out, '\n');
    return strbuf_take(&out);
}
