/* SPDX-License-Identifier: Apache-2.0
 *
 * array_spec.h - the indexes of a job array: "1-100000:2%50", "0,3,7-9:2"
 *
 * sbatch(1)'s --array: single indexes and ranges with a step, and how many
 * elements may run at once after '%'; also "[1-5%2]". Kept as ranges, never as
 * elements: a million indexes cost as much as one. Pending elements of an array are
 * such a set too, from which those that start are taken one by one.
 */
#ifndef BERTH_SPEC_ARRAY_SPEC_H
#define BERTH_SPEC_ARRAY_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define ARRAY_INDEX_MAX UINT32_C(4000000000)
#define ARRAY_COUNT_MAX 10000000 /* elements of one array */
#define ARRAY_RANGES_MAX 65536   /* of one text */

/* Stands for "no index" and "the whole array". */
#define ARRAY_NONE UINT32_MAX

/* first, first + step, ... last; 'last' is an element. A single one has
 * first == last and step 1. */
struct array_range {
    uint32_t first, last, step;
};

/* Ranges ascend and do not reach into each other. All zero is the empty set. */
struct array_spec {
    struct array_range *ranges;
    size_t n, cap;
    uint32_t limit; /* elements that may run at once; 0: any number */
};

/* Overwrites 'ret', which the caller ends with array_spec_fini. Indexes may be
 * written in any order and more than once. -EINVAL with the column, -E2BIG. */
int array_spec_parse(const char *text, struct array_spec *ret, struct err *err);
void array_spec_fini(struct array_spec *spec);
/* 'to' is overwritten, not freed. */
void array_spec_copy(const struct array_spec *from, struct array_spec *to);

/* The shortest text, with "%limit" if there is one: parsed, it is the same set.
 * The caller frees it. */
char *array_spec_format(const struct array_spec *spec);

uint32_t array_spec_count(const struct array_spec *spec);
bool array_spec_contains(const struct array_spec *spec, uint32_t index);

/* The lowest element at or above 'from', or ARRAY_NONE:
 *     for (i = array_spec_next(s, 0); i != ARRAY_NONE; i = array_spec_next(s, i + 1))
 */
uint32_t array_spec_next(const struct array_spec *spec, uint32_t from);
/* The highest element, or ARRAY_NONE. */
uint32_t array_spec_last(const struct array_spec *spec);
/* The step between all elements, or 1 when they have none in common. */
uint32_t array_spec_step(const struct array_spec *spec);

/* Take out or put in one element. Not there / there already: false, and nothing
 * changes. Cost: logarithmic in the ranges, and a memmove when one splits. */
bool array_spec_remove(struct array_spec *spec, uint32_t index);
bool array_spec_add(struct array_spec *spec, uint32_t index);

#endif
