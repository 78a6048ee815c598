/* SPDX-License-Identifier: Apache-2.0
 *
 * index_set.h - completion indexes as intervals: "0-3,7"
 *
 * What a Job with 100,000 indexes has done is a handful of intervals most of the time.
 * The text is Kubernetes' 'status.completedIndexes': ascending, two neighbours too are
 * written as a range. All zero is the empty set.
 */
#ifndef BERTH_SPEC_INDEX_SET_H
#define BERTH_SPEC_INDEX_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct index_range {
    int64_t first, last;
};

/* Ranges ascend and do not touch. */
struct index_set {
    struct index_range *ranges;
    size_t n, cap;
};

void index_set_fini(struct index_set *set);
/* 'ret' is overwritten, not freed. */
void index_set_copy(const struct index_set *from, struct index_set *ret);

/* Overwrites 'ret'. Any order, "" is the empty set. -EINVAL with the part at fault. */
int index_set_parse(const char *text, struct index_set *ret, struct err *err);
/* The caller frees it. */
char *index_set_format(const struct index_set *set);

/* False when it was there. */
bool index_set_add(struct index_set *set, int64_t index);
void index_set_add_range(struct index_set *set, int64_t first, int64_t last);
/* Drop what is at or above 'end'. */
void index_set_cut(struct index_set *set, int64_t end);

bool index_set_has(const struct index_set *set, int64_t index);
int64_t index_set_count(const struct index_set *set);
/* How many are in both. */
int64_t index_set_common(const struct index_set *a, const struct index_set *b);
/* The lowest index at or above 'from' that is not there. */
int64_t index_set_gap(const struct index_set *set, int64_t from);

#endif
