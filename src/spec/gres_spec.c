/* SPDX-License-Identifier: Apache-2.0
 *
 * gres_spec.c - generic resources and GPUs
 */
#include "spec/gres_spec.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "spec/scan.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void item_fini(struct gres_item *item)
{
    free(item->name);
    free(item->type);
    *item = (struct gres_item){0};
}

/* ------------------------------------------------------------------ counts */

/* "K" is 2^10 and so on; 0 when 'text' has no such suffix. */
static unsigned int shift_of(char c)
{
    static const char letters[] = "KMGT";
    const char *at = strchr(letters, toupper((unsigned char)c));

    return c && at ? 10 * (unsigned int)(at - letters + 1) : 0;
}

/* Does a count stand here, up to the end of this part? "2", "100G"; "3090ti" does
 * not, and is a type. */
static bool is_count(const char *at)
{
    size_t digits = strspn(at, "0123456789");

    if (digits == 0)
        return false;
    at += digits;
    at += shift_of(*at) != 0;
    return !scan_is_name(*at) && *at != ':';
}

static int parse_count(struct scan *s, uint64_t *ret, struct err *err)
{
    const struct scan start = *s;
    unsigned int shift;
    int rc = scan_number(s, GRES_COUNT_MAX, ret, err);

    if (rc)
        return rc;
    shift = shift_of(*s->at);
    if (*ret > GRES_COUNT_MAX >> shift) {
        (void)scan_fail(&start, err, "more than any cluster has");
        return -ERANGE;
    }
    s->at += shift != 0;
    *ret <<= shift;
    return 0;
}

/* "[type][:count]", after "name:" or as the value of an option for GPUs. */
static int parse_type(struct scan *s, struct gres_item *item, struct err *err)
{
    int rc;

    if (is_count(s->at))
        return parse_count(s, &item->count, err);
    rc = scan_word(s, scan_is_name, "a type or a count", &item->type, err);
    if (rc || !(scan_char(s, ':') || scan_char(s, '=')))
        return rc;
    if (!is_count(s->at))
        return scan_fail(s, err, "a count is missing");
    return parse_count(s, &item->count, err);
}

/* "name[:type][:count]"; "gres/" before it is how sums of resources write it. */
static int parse_named(struct scan *s, struct gres_item *item, struct err *err)
{
    int rc;

    if (strncmp(s->at, "gres/", 5) == 0)
        s->at += 5;
    rc = scan_word(s, scan_is_name, "the name of a resource", &item->name, err);
    if (rc || !(scan_char(s, ':') || scan_char(s, '=')))
        return rc;
    return parse_type(s, item, err);
}

static int parse_gpus(struct scan *s, struct gres_item *item, struct err *err)
{
    item->name = xstrdup("gpu");
    return parse_type(s, item, err);
}

/* ------------------------------------------------------------------ lists */

static bool is_same(const struct gres_item *a, const struct gres_item *b)
{
    return strcmp(a->name, b->name) == 0 &&
           strcmp(a->type ? a->type : "", b->type ? b->type : "") == 0;
}

/* Take 'item' over, unless it asks for nothing. */
static int add(struct gres_spec *spec, struct gres_item *item, const struct scan *start,
               struct err *err)
{
    if (item->count == 0)
        return 0;
    for (size_t i = 0; i < spec->n; i++)
        if (is_same(&spec->items[i], item))
            return scan_fail(start, err, "'%.40s' is named twice", item->name);
    if (spec->n == GRES_ITEMS_MAX)
        return scan_fail(start, err, "more than %d resources", GRES_ITEMS_MAX);
    spec->items = xrealloc(spec->items, spec->n + 1, sizeof(*spec->items));
    spec->items[spec->n++] = *item;
    *item = (struct gres_item){0};
    return 0;
}

typedef int parse_item(struct scan *s, struct gres_item *item, struct err *err);

static int parse_list(struct scan *s, parse_item *parse, struct gres_spec *spec,
                      struct err *err)
{
    do {
        cleanup(item_fini) struct gres_item item = {.count = 1};
        const struct scan start = *s;
        int rc = parse(s, &item, err);

        if (rc == 0)
            rc = add(spec, &item, &start, err);
        if (rc)
            return rc;
    } while (scan_char(s, ','));
    return *s->at ? scan_fail(s, err, "'%c' has no place", *s->at) : 0;
}

static int parse_text(const char *text, parse_item *parse, struct gres_spec *ret,
                      struct err *err)
{
    cleanup(gres_spec_fini) struct gres_spec spec = {0};
    struct scan s = {text, text};
    int rc = 0;

    if (*text && strcasecmp(text, "none") != 0)
        rc = parse_list(&s, parse, &spec, err);
    if (rc)
        return rc;
    *ret = spec;
    spec = (struct gres_spec){0};
    return 0;
}

int gres_spec_parse(const char *text, struct gres_spec *ret, struct err *err)
{
    return parse_text(text, parse_named, ret, err);
}

int gres_spec_parse_gpus(const char *text, struct gres_spec *ret, struct err *err)
{
    return parse_text(text, parse_gpus, ret, err);
}

void gres_spec_fini(struct gres_spec *spec)
{
    for (size_t i = 0; i < spec->n; i++)
        item_fini(&spec->items[i]);
    free(spec->items);
    *spec = (struct gres_spec){0};
}

char *gres_spec_format(const struct gres_spec *spec)
{
    struct strbuf sb = STRBUF_INIT;

    for (size_t i = 0; i < spec->n; i++) {
        const struct gres_item *item = &spec->items[i];

        strbuf_printf(&sb, "%s%s", i ? "," : "", item->name);
        if (item->type)
            strbuf_printf(&sb, ":%s", item->type);
        strbuf_printf(&sb, ":%" PRIu64, item->count);
    }
    return strbuf_take(&sb);
}

uint64_t gres_spec_count(const struct gres_spec *spec, const char *name)
{
    uint64_t count = 0;

    for (size_t i = 0; i < spec->n; i++)
        if (strcmp(spec->items[i].name, name) == 0)
            count += spec->items[i].count;
    return count;
}
