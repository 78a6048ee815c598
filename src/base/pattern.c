/* SPDX-License-Identifier: Apache-2.0
 *
 * pattern.c - expand the %-letters of an output file name
 */
#include "base/pattern.h"

#include "base/mem.h"
#include "base/strbuf.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#define WIDTH_MAX 10

/* One "%4t" in the text: its letter (0 when the text ends before one), width
 * and length in bytes. */
struct letter {
    char letter;
    unsigned width;
    size_t len;
};

static struct letter read_letter(const char *p)
{
    struct letter l = {.len = 1};

    while (p[l.len] >= '0' && p[l.len] <= '9' && l.len < 3)
        l.width = l.width * 10 + (unsigned)(p[l.len++] - '0');
    if (l.width > WIDTH_MAX)
        l.width = WIDTH_MAX;
    l.letter = p[l.len];
    if (l.letter)
        l.len++;
    return l;
}

static void add_number(struct strbuf *sb, uint32_t number, unsigned width)
{
    strbuf_printf(sb, "%0*" PRIu32, (int)width, number);
}

static void add_string(struct strbuf *sb, const char *s)
{
    strbuf_puts(sb, s ? s : "");
}

static void add_step(struct strbuf *sb, const struct pattern_values *v, unsigned width)
{
    if (v->step < 0)
        strbuf_puts(sb, "batch");
    else
        add_number(sb, (uint32_t)v->step, width);
}

/* Append what letter 'l' stands for; false when nobody knows it. */
static bool add_value(struct strbuf *sb, struct letter l,
                      const struct pattern_values *v)
{
    switch (l.letter) {
    case '%':
        strbuf_putc(sb, '%');
        return true;
    case 'A':
        add_number(sb, v->has_array ? v->array_job : v->job, l.width);
        return true;
    case 'a':
        add_number(sb, v->has_array ? v->array_task : UINT32_MAX - 1, l.width);
        return true;
    case 'b':
        add_number(sb, v->has_array ? v->array_task % 10 : UINT32_MAX - 1, l.width);
        return true;
    case 'J':
        add_number(sb, v->job, l.width);
        if (v->step >= 0)
            strbuf_printf(sb, ".%" PRId64, v->step);
        return true;
    case 'j':
        add_number(sb, v->job, l.width);
        return true;
    case 'N':
        add_string(sb, v->node_name);
        return true;
    case 'n':
        add_number(sb, v->node, l.width);
        return true;
    case 'r':
        add_number(sb, v->restarts, l.width);
        return true;
    case 'S':
    case 's':
        add_step(sb, v, l.width);
        return true;
    case 't':
        add_number(sb, v->task, l.width);
        return true;
    case 'u':
        add_string(sb, v->user);
        return true;
    case 'x':
        add_string(sb, v->job_name);
        return true;
    default:
        return false;
    }
}

/* The text without its backslashes: with one in it, nothing is a pattern. */
static char *plain_name(const char *text)
{
    struct strbuf sb = STRBUF_INIT;

    for (; *text; text++)
        if (*text != '\\')
            strbuf_putc(&sb, *text);
    return strbuf_take(&sb);
}

bool pattern_has(const char *text, const char *letters)
{
    if (strchr(text, '\\'))
        return false;
    for (const char *p = strchr(text, '%'); p; p = strchr(p, '%')) {
        struct letter l = read_letter(p);

        if (l.letter && strchr(letters, l.letter))
            return true;
        p += l.len;
    }
    return false;
}

char *pattern_expand(const char *text, const struct pattern_values *values)
{
    struct strbuf sb = STRBUF_INIT;

    if (strchr(text, '\\'))
        return plain_name(text);
    while (*text) {
        size_t plain = strcspn(text, "%");
        struct letter l;

        strbuf_add(&sb, text, plain);
        text += plain;
        if (!*text)
            break;
        l = read_letter(text);
        if (!add_value(&sb, l, values))
            strbuf_add(&sb, text, l.len);
        text += l.len;
    }
    return strbuf_take(&sb);
}
