/* SPDX-License-Identifier: Apache-2.0
 *
 * array_spec.c - the indexes of a job array, kept as ranges
 *
 * Ranges whose intervals do not meet are sorted and joined where one goes on
 * where the other ends. Those that reach into each other ("0-9:2,5-20:3") are
 * written out, sorted and taken together again: rare, and bounded by
 * ARRAY_COUNT_MAX.
 */
#include "spec/array_spec.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "spec/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t range_count(const struct array_range *r)
{
    return (r->last - r->first) / r->step + 1;
}

/* Put a range at 'at'; those from there on make room. */
static void insert(struct array_spec *spec, size_t at, struct array_range range)
{
    if (spec->n == spec->cap) {
        spec->cap = spec->cap ? spec->cap * 2 : 4;
        spec->ranges = xrealloc(spec->ranges, spec->cap, sizeof(*spec->ranges));
    }
    memmove(&spec->ranges[at + 1], &spec->ranges[at],
            (spec->n - at) * sizeof(*spec->ranges));
    spec->ranges[at] = range;
    spec->n++;
}

static void erase(struct array_spec *spec, size_t at)
{
    spec->n--;
    memmove(&spec->ranges[at], &spec->ranges[at + 1],
            (spec->n - at) * sizeof(*spec->ranges));
}

/* ------------------------------------------------------------------ one form */

/* Let 'a' go on into 'b' if that gives one range. */
static bool join(struct array_range *a, const struct array_range *b)
{
    uint32_t step = a->first == a->last ? 1 : a->step;

    if (b->first - a->last != step || (b->first != b->last && b->step != step))
        return false;
    a->last = b->last;
    a->step = step;
    return true;
}

static void join_neighbours(struct array_spec *spec)
{
    size_t n = 0;

    for (size_t i = 0; i < spec->n; i++)
        if (n == 0 || !join(&spec->ranges[n - 1], &spec->ranges[i]))
            spec->ranges[n++] = spec->ranges[i];
    spec->n = n;
}

static int by_first(const void *a, const void *b)
{
    const struct array_range *x = a, *y = b;

    return (x->first > y->first) - (x->first < y->first);
}

static int by_value(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static bool ranges_meet(const struct array_spec *spec)
{
    for (size_t i = 1; i < spec->n; i++)
        if (spec->ranges[i].first <= spec->ranges[i - 1].last)
            return true;
    return false;
}

/* How many of values[0..n) run on with the same step. */
static size_t run_length(const uint32_t *values, size_t n)
{
    size_t len = n > 1 ? 2 : 1;

    while (len < n && values[len] - values[len - 1] == values[1] - values[0])
        len++;
    return len;
}

/* Ranges for 'values', which ascend. Two that are not neighbours stay two. */
static void take_values(struct array_spec *spec, const uint32_t *values, size_t n)
{
    spec->n = 0;
    for (size_t i = 0, len; i < n; i += len) {
        uint32_t step = 1;

        len = run_length(values + i, n - i);
        if (len > 1)
            step = values[i + 1] - values[i];
        if (len == 2 && step > 1) {
            len = 1;
            step = 1;
        }
        insert(spec, spec->n,
               (struct array_range){values[i], values[i + len - 1], step});
    }
}

static void take_apart(struct array_spec *spec, size_t total)
{
    cleanup(freep) uint32_t *values = xcalloc(total, sizeof(*values));
    size_t n = 0, distinct = 0;

    for (size_t i = 0; i < spec->n; i++)
        for (uint64_t v = spec->ranges[i].first; v <= spec->ranges[i].last;
             v += spec->ranges[i].step)
            values[n++] = (uint32_t)v;
    qsort(values, n, sizeof(*values), by_value);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || values[i] != values[i - 1])
            values[distinct++] = values[i];
    take_values(spec, values, distinct);
}

static int normalise(struct array_spec *spec, struct err *err)
{
    uint64_t total = 0;

    for (size_t i = 0; i < spec->n; i++)
        total += range_count(&spec->ranges[i]);
    if (total > ARRAY_COUNT_MAX)
        return err_set(err, E2BIG, "more than %d elements", ARRAY_COUNT_MAX);
    qsort(spec->ranges, spec->n, sizeof(*spec->ranges), by_first);
    if (ranges_meet(spec))
        take_apart(spec, (size_t)total);
    join_neighbours(spec);
    if (spec->n > ARRAY_RANGES_MAX)
        return err_set(err, E2BIG, "more than %d ranges", ARRAY_RANGES_MAX);
    return 0;
}

/* ------------------------------------------------------------------ text */

static int parse_range(struct scan *s, struct array_range *ret, struct err *err)
{
    const struct scan start = *s;
    uint64_t first, last, step = 1;
    int rc = scan_number(s, ARRAY_INDEX_MAX, &first, err);

    if (rc)
        return rc;
    last = first;
    if (scan_char(s, '-')) {
        rc = scan_number(s, ARRAY_INDEX_MAX, &last, err);
        if (rc == 0 && scan_char(s, ':'))
            rc = scan_number(s, ARRAY_INDEX_MAX, &step, err);
        if (rc)
            return rc;
        if (last < first)
            return scan_fail(&start, err, "a range runs backwards");
        if (step == 0)
            return scan_fail(&start, err, "a step of zero");
    }
    last -= (last - first) % step;
    if (last == first)
        step = 1;
    *ret = (struct array_range){(uint32_t)first, (uint32_t)last, (uint32_t)step};
    return 0;
}

static int parse_limit(struct scan *s, struct array_spec *spec, struct err *err)
{
    uint64_t limit;
    int rc = scan_number(s, ARRAY_COUNT_MAX, &limit, err);

    if (rc)
        return rc;
    spec->limit = (uint32_t)limit; /* %0 is sbatch(1)'s way to lift it */
    return 0;
}

static int parse_ranges(struct scan *s, struct array_spec *spec, struct err *err)
{
    do {
        struct array_range range;
        int rc = parse_range(s, &range, err);

        if (rc)
            return rc;
        if (spec->n == ARRAY_RANGES_MAX)
            return err_set(err, E2BIG, "more than %d ranges", ARRAY_RANGES_MAX);
        insert(spec, spec->n, range);
    } while (scan_char(s, ','));
    return 0;
}

/* Brackets around the ranges, or around all, are how such sets are often shown. */
static int parse(struct scan *s, struct array_spec *spec, struct err *err)
{
    bool is_open = scan_char(s, '[');
    int rc = parse_ranges(s, spec, err);

    if (rc == 0 && is_open && scan_char(s, ']'))
        is_open = false;
    if (rc == 0 && scan_char(s, '%'))
        rc = parse_limit(s, spec, err);
    if (rc)
        return rc;
    if (is_open && !scan_char(s, ']'))
        return scan_fail(s, err, "']' is missing");
    if (*s->at)
        return scan_fail(s, err, "'%c' has no place", *s->at);
    return normalise(spec, err);
}

int array_spec_parse(const char *text, struct array_spec *ret, struct err *err)
{
    cleanup(array_spec_fini) struct array_spec spec = {0};
    struct scan s = {text, text};
    int rc = parse(&s, &spec, err);

    if (rc)
        return rc;
    *ret = spec;
    spec = (struct array_spec){0};
    return 0;
}

void array_spec_fini(struct array_spec *spec)
{
    free(spec->ranges);
    *spec = (struct array_spec){0};
}

void array_spec_copy(const struct array_spec *from, struct array_spec *to)
{
    *to = (struct array_spec){.n = from->n, .cap = from->n, .limit = from->limit};
    if (from->n)
        to->ranges = xmemdup(from->ranges, from->n * sizeof(*from->ranges));
}

char *array_spec_format(const struct array_spec *spec)
{
    struct strbuf sb = STRBUF_INIT;

    for (size_t i = 0; i < spec->n; i++) {
        const struct array_range *r = &spec->ranges[i];

        strbuf_printf(&sb, "%s%u", i ? "," : "", r->first);
        if (r->last != r->first)
            strbuf_printf(&sb, "-%u", r->last);
        if (r->step > 1)
            strbuf_printf(&sb, ":%u", r->step);
    }
    if (spec->limit)
        strbuf_printf(&sb, "%%%u", spec->limit);
    return strbuf_take(&sb);
}

/* ------------------------------------------------------------------ questions */

uint32_t array_spec_count(const struct array_spec *spec)
{
    uint32_t count = 0;

    for (size_t i = 0; i < spec->n; i++)
        count += range_count(&spec->ranges[i]);
    return count;
}

/* The first range that ends at or after 'index'; spec->n when none does. */
static size_t find(const struct array_spec *spec, uint32_t index)
{
    size_t low = 0, high = spec->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (spec->ranges[middle].last < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool range_holds(const struct array_range *r, uint32_t index)
{
    return index >= r->first && index <= r->last && (index - r->first) % r->step == 0;
}

bool array_spec_contains(const struct array_spec *spec, uint32_t index)
{
    size_t at = find(spec, index);

    return at < spec->n && range_holds(&spec->ranges[at], index);
}

uint32_t array_spec_next(const struct array_spec *spec, uint32_t from)
{
    size_t at = find(spec, from);
    const struct array_range *r;
    uint32_t past;

    if (at == spec->n)
        return ARRAY_NONE;
    r = &spec->ranges[at];
    if (from <= r->first)
        return r->first;
    past = (from - r->first) % r->step;
    return past ? from + (r->step - past) : from;
}

uint32_t array_spec_last(const struct array_spec *spec)
{
    return spec->n ? spec->ranges[spec->n - 1].last : ARRAY_NONE;
}

uint32_t array_spec_step(const struct array_spec *spec)
{
    return spec->n == 1 ? spec->ranges[0].step : 1;
}

/* ------------------------------------------------------------------ changes */

/* 'first'..'last' as a range, one element having no step of its own. */
static struct array_range part(uint32_t first, uint32_t last, uint32_t step)
{
    return (struct array_range){first, last, first == last ? 1 : step};
}

bool array_spec_remove(struct array_spec *spec, uint32_t index)
{
    size_t at = find(spec, index);
    struct array_range r;

    if (at == spec->n || !range_holds(&spec->ranges[at], index))
        return false;
    r = spec->ranges[at];
    if (r.first == r.last) {
        erase(spec, at);
    } else if (index == r.first) {
        spec->ranges[at] = part(r.first + r.step, r.last, r.step);
    } else if (index == r.last) {
        spec->ranges[at] = part(r.first, r.last - r.step, r.step);
    } else {
        spec->ranges[at] = part(r.first, index - r.step, r.step);
        insert(spec, at + 1, part(index + r.step, r.last, r.step));
    }
    return true;
}

/* Split the range at 'at' so that 'index', which is inside but no element of it,
 * falls between two; return where it belongs. */
static size_t split(struct array_spec *spec, size_t at, uint32_t index)
{
    struct array_range r = spec->ranges[at];
    uint32_t below = index - (index - r.first) % r.step;

    spec->ranges[at] = part(r.first, below, r.step);
    insert(spec, at + 1, part(below + r.step, r.last, r.step));
    return at + 1;
}

bool array_spec_add(struct array_spec *spec, uint32_t index)
{
    size_t at = find(spec, index);

    if (at < spec->n && range_holds(&spec->ranges[at], index))
        return false;
    if (at < spec->n && index > spec->ranges[at].first)
        at = split(spec, at, index);
    insert(spec, at, part(index, index, 1));
    if (at + 1 < spec->n && join(&spec->ranges[at], &spec->ranges[at + 1]))
        erase(spec, at + 1);
    if (at > 0 && join(&spec->ranges[at - 1], &spec->ranges[at]))
        erase(spec, at);
    return true;
}
