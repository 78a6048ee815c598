/* SPDX-License-Identifier: Apache-2.0
 *
 * hostlist.c - expand and compress lists of host names
 *
 *     rack[0-1]n[01-03]s,login
 *         ^ ranges        ^ next item
 */
#include "base/hostlist.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 18
#define BRACKETS_MAX 8

struct expansion {
    const char *text; /* the whole list, for words */
    char **names;
    size_t n, cap;
    struct strbuf name; /* the name so far */
    unsigned depth;     /* brackets open on the way to here */
    const char *end;    /* where the item that was expanded last ends */
};

static int expand_from(struct expansion *x, const char *p, struct err *err);

static int spoilt(const struct expansion *x, const char *p, const char *what,
                  struct err *err)
{
    return err_set(err, EINVAL, "host list '%.200s': %s at character %td", x->text,
                   what, p - x->text + 1);
}

static int emit(struct expansion *x, const char *p, struct err *err)
{
    if (x->name.len == 0)
        return spoilt(x, p, "a name is missing", err);
    if (x->name.len > HOSTLIST_NAME_MAX)
        return spoilt(x, p, "a name is too long", err);
    if (x->n == HOSTLIST_MAX)
        return err_set(err, E2BIG, "host list '%.200s': more than %d names", x->text,
                       HOSTLIST_MAX);
    if (x->n + 1 >= x->cap) {
        x->cap = x->cap ? x->cap * 2 : 16;
        x->names = xrealloc(x->names, x->cap, sizeof(*x->names));
    }
    x->names[x->n++] = xstrndup(x->name.s, x->name.len);
    x->names[x->n] = NULL;
    x->end = p;
    return 0;
}

static int read_number(const struct expansion *x, const char **p, uint64_t *ret_number,
                       int *ret_width, struct err *err)
{
    const char *start = *p;
    uint64_t n = 0;

    while (isdigit((unsigned char)**p) && *p - start < DIGITS_MAX)
        n = n * 10 + (uint64_t)(*(*p)++ - '0');
    if (*p == start)
        return spoilt(x, start, "a number is missing", err);
    if (isdigit((unsigned char)**p))
        return spoilt(x, start, "a number is too long", err);
    *ret_number = n;
    *ret_width = (int)(*p - start);
    return 0;
}

/* Continue at 'rest' once for each number of the range at '*p'. */
static int expand_range(struct expansion *x, const char **p, const char *rest,
                        struct err *err)
{
    const char *start = *p;
    size_t len = x->name.len;
    uint64_t first, last;
    int width, ignored, rc;

    rc = read_number(x, p, &first, &width, err);
    if (rc < 0)
        return rc;
    last = first;
    if (**p == '-') {
        ++*p;
        rc = read_number(x, p, &last, &ignored, err);
        if (rc < 0)
            return rc;
    }
    if (last < first)
        return spoilt(x, start, "a range runs backwards", err);
    for (uint64_t i = first; i <= last; i++) {
        strbuf_printf(&x->name, "%0*" PRIu64, width, i);
        rc = expand_from(x, rest, err);
        strbuf_cut(&x->name, len);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* 'p' is after "[". */
static int expand_bracket(struct expansion *x, const char *p, struct err *err)
{
    const char *close = p + strcspn(p, "[]");
    int rc;

    if (*close != ']')
        return spoilt(x, close, "']' is missing", err);
    if (x->depth == BRACKETS_MAX)
        return spoilt(x, p, "too many brackets", err);
    x->depth++;
    for (;;) {
        rc = expand_range(x, &p, close + 1, err);
        if (rc < 0)
            return rc;
        if (p == close)
            break;
        if (*p != ',')
            return spoilt(x, p, "a comma is missing", err);
        p++;
    }
    x->depth--;
    return 0;
}

/* Expand the item from 'p' on, behind what x->name holds. */
static int expand_from(struct expansion *x, const char *p, struct err *err)
{
    size_t len = x->name.len;
    size_t plain = strcspn(p, "[],");
    int rc;

    for (size_t i = 0; i < plain; i++)
        if (!isgraph((unsigned char)p[i]))
            return spoilt(x, p + i, "a character that no name has", err);
    strbuf_add(&x->name, p, plain);
    p += plain;
    if (*p == '[')
        rc = expand_bracket(x, p + 1, err);
    else if (*p == ']')
        rc = spoilt(x, p, "']' without '['", err);
    else
        rc = emit(x, p, err);
    strbuf_cut(&x->name, len);
    return rc;
}

static int expand_all(struct expansion *x, struct err *err)
{
    const char *p = x->text;

    for (;;) {
        int rc = expand_from(x, p, err);

        if (rc < 0)
            return rc;
        if (!*x->end)
            return 0;
        p = x->end + 1;
    }
}

int hostlist_expand(const char *text, char ***ret_names, struct err *err)
{
    struct expansion x = {.text = text, .name = STRBUF_INIT};
    int rc = *text ? expand_all(&x, err) : 0;

    strbuf_fini(&x.name);
    if (rc < 0) {
        strv_free(x.names);
        return rc;
    }
    *ret_names = x.names ? x.names : xcalloc(1, sizeof(*x.names));
    return 0;
}

/* A name cut at its last digits: "rack1n|007|s". Borrows the name's bytes. */
struct parts {
    const char *name, *suffix;
    size_t prefix_len;
    size_t digits; /* 0: no number */
    uint64_t number;
};

static struct parts cut_name(const char *name)
{
    size_t end = strlen(name), start;
    struct parts parts = {.name = name, .prefix_len = end, .suffix = name + end};

    while (end > 0 && !isdigit((unsigned char)name[end - 1]))
        end--;
    start = end;
    while (start > 0 && isdigit((unsigned char)name[start - 1]))
        start--;
    if (start == end || end - start > DIGITS_MAX)
        return parts;
    parts.prefix_len = start;
    parts.digits = end - start;
    parts.suffix = name + end;
    for (; start < end; start++)
        parts.number = parts.number * 10 + (uint64_t)(name[start] - '0');
    return parts;
}

/* Order of prefix and suffix; 0 when both names fit in one bracket. */
static int compare_group(const struct parts *a, const struct parts *b)
{
    size_t shared = a->prefix_len < b->prefix_len ? a->prefix_len : b->prefix_len;
    int order = memcmp(a->name, b->name, shared);

    if (order == 0)
        order = (a->prefix_len > b->prefix_len) - (a->prefix_len < b->prefix_len);
    if (order == 0)
        order = (a->digits > 0) - (b->digits > 0);
    return order ? order : strcmp(a->suffix, b->suffix);
}

static int compare_parts(const void *left, const void *right)
{
    const struct parts *a = left, *b = right;
    int order = compare_group(a, b);

    if (order == 0)
        order = (a->number > b->number) - (a->number < b->number);
    return order ? order : (a->digits > b->digits) - (a->digits < b->digits);
}

/* Sort, and drop repeats. Returns how many are left. */
static size_t sort_parts(struct parts *parts, size_t n)
{
    size_t kept = 0;

    qsort(parts, n, sizeof(*parts), compare_parts);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || compare_parts(&parts[kept - 1], &parts[i]) != 0)
            parts[kept++] = parts[i];
    return kept;
}

static size_t digits_of(uint64_t number)
{
    size_t digits = 1;

    while (number /= 10)
        digits++;
    return digits;
}

/* True when 'next' is what counting on from 'last', with the padding of
 * 'first', gives. */
static bool continues(const struct parts *first, const struct parts *last,
                      const struct parts *next)
{
    size_t natural = digits_of(next->number);

    return next->number == last->number + 1 &&
           next->digits == (natural > first->digits ? natural : first->digits);
}

static void add_number(struct strbuf *sb, const struct parts *p)
{
    strbuf_add(sb, p->name + p->prefix_len, p->digits);
}

/* Append the ranges of one group. */
static void add_ranges(struct strbuf *sb, const struct parts *group, size_t n)
{
    for (size_t first = 0, last; first < n; first = last + 1) {
        last = first;
        while (last + 1 < n && continues(&group[first], &group[last], &group[last + 1]))
            last++;
        if (first)
            strbuf_putc(sb, ',');
        add_number(sb, &group[first]);
        if (last > first) {
            strbuf_putc(sb, '-');
            add_number(sb, &group[last]);
        }
    }
}

static void add_group(struct strbuf *sb, const struct parts *group, size_t n)
{
    if (sb->len)
        strbuf_putc(sb, ',');
    if (n == 1) {
        strbuf_puts(sb, group->name);
        return;
    }
    strbuf_add(sb, group->name, group->prefix_len);
    strbuf_putc(sb, '[');
    add_ranges(sb, group, n);
    strbuf_putc(sb, ']');
    strbuf_puts(sb, group->suffix);
}

char *hostlist_compress(char *const *names)
{
    size_t n = strv_len(names);
    cleanup(freep) struct parts *parts = xcalloc(n, sizeof(*parts));
    struct strbuf sb = STRBUF_INIT;

    for (size_t i = 0; i < n; i++)
        parts[i] = cut_name(names[i]);
    n = sort_parts(parts, n);
    for (size_t first = 0, end; first < n; first = end) {
        end = first + 1;
        while (end < n && compare_group(&parts[first], &parts[end]) == 0)
            end++;
        add_group(&sb, &parts[first], end - first);
    }
    return strbuf_take(&sb);
}
