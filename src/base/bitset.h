/* SPDX-License-Identifier: Apache-2.0
 *
 * bitset.h - a set of small numbers: nodes of a cluster, cores of a node
 *
 * The size is fixed at creation; operations on two sets need equal sizes.
 * Text form is a list of ranges, "0-3,8" (as in taskset -c and cpusets).
 */
#ifndef BERTH_BASE_BITSET_H
#define BERTH_BASE_BITSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct bitset {
    size_t nbits;
    uint64_t *words;
};

/* Empty. The caller destroys it. */
struct bitset *bitset_create(size_t nbits);
void bitset_destroy(struct bitset *set);
void bitset_destroyp(struct bitset **set);
struct bitset *bitset_dup(const struct bitset *set);

/* A bit beyond the set is a bug; to ask for it is not, it is not set. */
void bitset_set(struct bitset *set, size_t bit);
void bitset_clear(struct bitset *set, size_t bit);
void bitset_set_range(struct bitset *set, size_t first, size_t n);
void bitset_copy(struct bitset *to, const struct bitset *from);
bool bitset_test(const struct bitset *set, size_t bit);
void bitset_clear_all(struct bitset *set);

/* Keep only what is (not) in 'with' too. */
void bitset_and(struct bitset *set, const struct bitset *with);
void bitset_andnot(struct bitset *set, const struct bitset *with);
/* And what is in 'with'. */
void bitset_or(struct bitset *set, const struct bitset *with);
bool bitset_intersects(const struct bitset *a, const struct bitset *b);

size_t bitset_count(const struct bitset *set);
bool bitset_equals(const struct bitset *a, const struct bitset *b);
bool bitset_is_subset(const struct bitset *sub, const struct bitset *of);

/* The first set bit at or after 'from', or nbits when there is none:
 *     for (i = bitset_next(s, 0); i < s->nbits; i = bitset_next(s, i + 1)) */
size_t bitset_next(const struct bitset *set, size_t from);

/* "0-3,8"; empty string for the empty set. The caller frees it. */
char *bitset_format(const struct bitset *set);

/* How many numbers the text of a set has; one that cannot be read, those before the
 * mistake. */
size_t bitset_text_count(const char *text);

/* Parse into a new set of 'nbits'. Numbers at or past nbits, reversed ranges
 * and other characters give -EINVAL with words. */
int bitset_parse(const char *text, size_t nbits, struct bitset **ret_set,
                 struct err *err);

#endif
