/* SPDX-License-Identifier: Apache-2.0
 *
 * licence_spec.c - licences a job holds while it runs
 */
#include "spec/licence_spec.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "spec/scan.h"

#include <stdlib.h>
#include <string.h>

static bool is_licence_name(char c)
{
    return scan_is_name(c) || c == '@' || c == '/' || c == '+';
}

static int parse_item(struct scan *s, struct licence_item *item, struct err *err)
{
    uint64_t count = 1;
    int rc = scan_word(s, is_licence_name, "the name of a licence", &item->name, err);

    if (rc == 0 && (scan_char(s, ':') || scan_char(s, '=') || scan_char(s, '*'))) {
        const struct scan start = *s;

        rc = scan_number(s, LICENCE_COUNT_MAX, &count, err);
        if (rc == 0 && count == 0)
            rc = scan_fail(&start, err, "a count of zero");
    }
    item->count = (uint32_t)count;
    return rc;
}

static bool is_named(const struct licence_spec *spec, const char *name)
{
    for (size_t i = 0; i < spec->n; i++)
        if (strcmp(spec->items[i].name, name) == 0)
            return true;
    return false;
}

static int add_item(struct scan *s, struct licence_spec *spec, struct err *err)
{
    const struct scan start = *s;
    struct licence_item item = {0};
    int rc = parse_item(s, &item, err);

    if (rc == 0 && is_named(spec, item.name))
        rc = scan_fail(&start, err, "'%.40s' is named twice", item.name);
    if (rc == 0 && spec->n == LICENCE_ITEMS_MAX)
        rc = scan_fail(&start, err, "more than %d licences", LICENCE_ITEMS_MAX);
    if (rc) {
        free(item.name);
        return rc;
    }
    spec->items = xrealloc(spec->items, spec->n + 1, sizeof(*spec->items));
    spec->items[spec->n++] = item;
    return 0;
}

/* The mark between two items, ';' being another ','; '\0' at the end. */
static int parse_mark(struct scan *s, char *mark, struct err *err)
{
    char c = *s->at == ';' ? ',' : *s->at;

    if (c && c != ',' && c != '|')
        return scan_fail(s, err, "'%c' has no place", c);
    if (c && *mark && c != *mark)
        return scan_fail(s, err, "',' and '|' cannot be mixed: '%c'", c);
    *mark = c;
    s->at += c != '\0';
    return 0;
}

static int parse(struct scan *s, struct licence_spec *spec, struct err *err)
{
    char mark = '\0';

    do {
        int rc = add_item(s, spec, err);

        if (rc == 0)
            rc = parse_mark(s, &mark, err);
        if (rc)
            return rc;
        spec->any = spec->any || mark == '|';
    } while (mark);
    return 0;
}

int licence_spec_parse(const char *text, struct licence_spec *ret, struct err *err)
{
    cleanup(licence_spec_fini) struct licence_spec spec = {0};
    struct scan s = {text, text};
    int rc = *text ? parse(&s, &spec, err) : 0;

    if (rc)
        return rc;
    *ret = spec;
    spec = (struct licence_spec){0};
    return 0;
}

void licence_spec_fini(struct licence_spec *spec)
{
    for (size_t i = 0; i < spec->n; i++)
        free(spec->items[i].name);
    free(spec->items);
    *spec = (struct licence_spec){0};
}

char *licence_spec_format(const struct licence_spec *spec)
{
    struct strbuf sb = STRBUF_INIT;

    for (size_t i = 0; i < spec->n; i++)
        strbuf_printf(&sb, "%s%s:%u",
                      i == 0      ? ""
                      : spec->any ? "|"
                                  : ",",
                      spec->items[i].name, spec->items[i].count);
    return strbuf_take(&sb);
}
