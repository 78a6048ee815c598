/* SPDX-License-Identifier: Apache-2.0
 *
 * index_set.c - sets of completion indexes
 */
#include "spec/index_set.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"

#define INDEX_MAX INT64_C(0x7fffffff)

void index_set_fini(struct index_set *set)
{
    free(set->ranges);
    *set = (struct index_set){.n = 0};
}

void index_set_copy(const struct index_set *from, struct index_set *ret)
{
    *ret = (struct index_set){.n = from->n, .cap = from->n};
    if (from->n)
        ret->ranges = xmemdup(from->ranges, from->n * sizeof(*from->ranges));
}

/* The first range that ends at or above 'index'. */
static size_t range_at(const struct index_set *set, int64_t index)
{
    size_t low = 0, high = set->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (set->ranges[mid].last < index)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

bool index_set_has(const struct index_set *set, int64_t index)
{
    size_t i = range_at(set, index);

    return i < set->n && set->ranges[i].first <= index;
}

static void insert_at(struct index_set *set, size_t i, struct index_range range)
{
    if (set->n == set->cap) {
        set->cap = set->cap ? set->cap * 2 : 8;
        set->ranges = xrealloc(set->ranges, set->cap, sizeof(*set->ranges));
    }
    memmove(&set->ranges[i + 1], &set->ranges[i], (set->n - i) * sizeof(*set->ranges));
    set->ranges[i] = range;
    set->n++;
}

void index_set_add_range(struct index_set *set, int64_t first, int64_t last)
{
    size_t i = range_at(set, first - 1), end = i;
    struct index_range sum = {first, last};

    if (last < first)
        return;
    for (; end < set->n && set->ranges[end].first <= last + 1; end++) {
        if (set->ranges[end].first < sum.first)
            sum.first = set->ranges[end].first;
        if (set->ranges[end].last > sum.last)
            sum.last = set->ranges[end].last;
    }
    if (end == i) {
        insert_at(set, i, sum);
        return;
    }
    set->ranges[i] = sum;
    memmove(&set->ranges[i + 1], &set->ranges[end],
            (set->n - end) * sizeof(*set->ranges));
    set->n -= end - i - 1;
}

bool index_set_add(struct index_set *set, int64_t index)
{
    if (index_set_has(set, index))
        return false;
    index_set_add_range(set, index, index);
    return true;
}

void index_set_cut(struct index_set *set, int64_t end)
{
    while (set->n && set->ranges[set->n - 1].first >= end)
        set->n--;
    if (set->n && set->ranges[set->n - 1].last >= end)
        set->ranges[set->n - 1].last = end - 1;
}

int64_t index_set_count(const struct index_set *set)
{
    int64_t sum = 0;

    for (size_t i = 0; i < set->n; i++)
        sum += set->ranges[i].last - set->ranges[i].first + 1;
    return sum;
}

int64_t index_set_common(const struct index_set *a, const struct index_set *b)
{
    int64_t sum = 0;

    for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
        const struct index_range *x = &a->ranges[i], *y = &b->ranges[k];
        int64_t first = x->first > y->first ? x->first : y->first;
        int64_t last = x->last < y->last ? x->last : y->last;

        if (first <= last)
            sum += last - first + 1;
        if (x->last < y->last)
            i++;
        else
            k++;
    }
    return sum;
}

int64_t index_set_gap(const struct index_set *set, int64_t from)
{
    size_t i = range_at(set, from);

    /* Ranges do not touch: behind one there is always a gap. */
    return i < set->n && set->ranges[i].first <= from ? set->ranges[i].last + 1 : from;
}

char *index_set_format(const struct index_set *set)
{
    struct strbuf text = STRBUF_INIT;

    for (size_t i = 0; i < set->n; i++) {
        const struct index_range *range = &set->ranges[i];

        strbuf_printf(&text, "%s%lld", i ? "," : "", (long long)range->first);
        if (range->last > range->first)
            strbuf_printf(&text, "-%lld", (long long)range->last);
    }
    return strbuf_take(&text);
}

static bool read_index(const char **at, int64_t *ret)
{
    int64_t value = 0;

    if (!isdigit((unsigned char)**at))
        return false;
    for (; isdigit((unsigned char)**at); (*at)++) {
        value = value * 10 + (**at - '0');
        if (value > INDEX_MAX)
            return false;
    }
    *ret = value;
    return true;
}

int index_set_parse(const char *text, struct index_set *ret, struct err *err)
{
    const char *at = text;

    *ret = (struct index_set){.n = 0};
    while (*at) {
        const char *part = at;
        int64_t first, last;
        bool is_good = read_index(&at, &first);

        last = first;
        if (is_good && *at == '-') {
            at++;
            is_good = read_index(&at, &last);
        }
        if (is_good && *at == ',' && at[1])
            at++;
        else if (*at)
            is_good = false;
        if (!is_good || last < first) {
            index_set_fini(ret);
            return err_set(err, EINVAL, "'%.32s': numbers and ranges such as 0-3,7",
                           part);
        }
        index_set_add_range(ret, first, last);
    }
    return 0;
}
