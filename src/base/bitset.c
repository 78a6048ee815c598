/* SPDX-License-Identifier: Apache-2.0
 *
 * bitset.c - a set of small numbers
 *
 * Bits past 'nbits' in the last word are always zero, so whole words can be
 * compared and counted.
 */
#include "base/bitset.h"

#include "base/mem.h"
#include "base/strbuf.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BITS 64

static size_t nwords(const struct bitset *set)
{
    return (set->nbits + WORD_BITS - 1) / WORD_BITS;
}

static uint64_t mask_of(size_t bit)
{
    return (uint64_t)1 << (bit % WORD_BITS);
}

struct bitset *bitset_create(size_t nbits)
{
    struct bitset *set = xmalloc(sizeof(*set));

    set->nbits = nbits;
    set->words = xcalloc(nwords(set), sizeof(*set->words));
    return set;
}

void bitset_destroy(struct bitset *set)
{
    if (!set)
        return;
    free(set->words);
    free(set);
}

void bitset_destroyp(struct bitset **set)
{
    bitset_destroy(*set);
    *set = NULL;
}

void bitset_clear_all(struct bitset *set)
{
    memset(set->words, 0, nwords(set) * sizeof(*set->words));
}

void bitset_and(struct bitset *set, const struct bitset *with)
{
    for (size_t i = 0; i < nwords(set); i++)
        set->words[i] &= with->words[i];
}

void bitset_andnot(struct bitset *set, const struct bitset *with)
{
    for (size_t i = 0; i < nwords(set); i++)
        set->words[i] &= ~with->words[i];
}

void bitset_or(struct bitset *set, const struct bitset *with)
{
    for (size_t i = 0; i < nwords(set); i++)
        set->words[i] |= with->words[i];
}

bool bitset_intersects(const struct bitset *a, const struct bitset *b)
{
    for (size_t i = 0; i < nwords(a); i++)
        if (a->words[i] & b->words[i])
            return true;
    return false;
}

struct bitset *bitset_dup(const struct bitset *set)
{
    struct bitset *copy = bitset_create(set->nbits);

    bitset_copy(copy, set);
    return copy;
}

void bitset_set(struct bitset *set, size_t bit)
{
    BUG_ON(bit >= set->nbits);
    set->words[bit / WORD_BITS] |= mask_of(bit);
}

void bitset_clear(struct bitset *set, size_t bit)
{
    BUG_ON(bit >= set->nbits);
    set->words[bit / WORD_BITS] &= ~mask_of(bit);
}

void bitset_set_range(struct bitset *set, size_t first, size_t n)
{
    size_t end = first + n;

    BUG_ON(first > set->nbits || n > set->nbits - first);
    while (first < end && first % WORD_BITS)
        bitset_set(set, first++);
    for (; end - first >= WORD_BITS; first += WORD_BITS)
        set->words[first / WORD_BITS] = UINT64_MAX;
    while (first < end)
        bitset_set(set, first++);
}

void bitset_copy(struct bitset *to, const struct bitset *from)
{
    BUG_ON(to->nbits != from->nbits);
    memcpy(to->words, from->words, nwords(from) * sizeof(*from->words));
}

bool bitset_test(const struct bitset *set, size_t bit)
{
    return bit < set->nbits && (set->words[bit / WORD_BITS] & mask_of(bit));
}

size_t bitset_count(const struct bitset *set)
{
    size_t n = 0;

    for (size_t i = 0; i < nwords(set); i++)
        n += (size_t)__builtin_popcountll(set->words[i]);
    return n;
}

bool bitset_equals(const struct bitset *a, const struct bitset *b)
{
    BUG_ON(a->nbits != b->nbits);
    return memcmp(a->words, b->words, nwords(a) * sizeof(*a->words)) == 0;
}

bool bitset_is_subset(const struct bitset *sub, const struct bitset *of)
{
    BUG_ON(sub->nbits != of->nbits);
    for (size_t i = 0; i < nwords(sub); i++)
        if (sub->words[i] & ~of->words[i])
            return false;
    return true;
}

size_t bitset_next(const struct bitset *set, size_t from)
{
    size_t i = from / WORD_BITS;
    uint64_t word;

    if (from >= set->nbits)
        return set->nbits;
    word = set->words[i] & (UINT64_MAX << (from % WORD_BITS));
    while (!word) {
        if (++i == nwords(set))
            return set->nbits;
        word = set->words[i];
    }
    return i * WORD_BITS + (size_t)__builtin_ctzll(word);
}

char *bitset_format(const struct bitset *set)
{
    struct strbuf sb = STRBUF_INIT;
    size_t first = bitset_next(set, 0);

    while (first < set->nbits) {
        size_t last = first;

        while (bitset_test(set, last + 1))
            last++;
        strbuf_printf(&sb, sb.len ? ",%zu" : "%zu", first);
        if (last > first)
            strbuf_printf(&sb, "-%zu", last);
        first = bitset_next(set, last + 1);
    }
    return strbuf_take(&sb);
}

/* Read the number at '*p' and move '*p' past it. A number past any size of
 * set is cut there, so it cannot wrap round. */
static int read_bit(const char **p, size_t *ret)
{
    size_t n = 0;

    if (!isdigit((unsigned char)**p))
        return -EINVAL;
    for (; isdigit((unsigned char)**p); ++*p)
        if (n < SIZE_MAX / 100)
            n = n * 10 + (size_t)(**p - '0');
    *ret = n;
    return 0;
}

static int parse_range(const char **p, struct bitset *set, const char *text,
                       struct err *err)
{
    size_t first, last;

    if (read_bit(p, &first) < 0)
        goto no_number;
    last = first;
    if (**p == '-') {
        ++*p;
        if (read_bit(p, &last) < 0)
            goto no_number;
    }
    if (last < first)
        return err_set(err, EINVAL, "'%.200s': %zu-%zu runs backwards", text, first,
                       last);
    if (last >= set->nbits)
        return err_set(err, EINVAL, "'%.200s': %zu is too large, there are %zu", text,
                       last, set->nbits);
    bitset_set_range(set, first, last - first + 1);
    return 0;

no_number:
    return err_set(err, EINVAL, "'%.200s': a number is missing at character %td", text,
                   *p - text + 1);
}

int bitset_parse(const char *text, size_t nbits, struct bitset **ret_set,
                 struct err *err)
{
    cleanup(bitset_destroyp) struct bitset *set = bitset_create(nbits);
    const char *p = text;

    while (*p) {
        int rc = parse_range(&p, set, text, err);

        if (rc < 0)
            return rc;
        if (*p == ',' && p[1])
            p++;
        else if (*p)
            return err_set(err, EINVAL, "'%.200s': unexpected '%c' at character %td",
                           text, *p, p - text + 1);
    }
    *ret_set = take(set);
    return 0;
}

size_t bitset_text_count(const char *text)
{
    size_t count = 0;

    while (*text) {
        char *end;
        unsigned long first = strtoul(text, &end, 10), last = first;

        if (end == text)
            break;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        count += last - first + 1;
        if (*end != ',')
            break;
        text = end + 1;
    }
    return count;
}
