/* SPDX-License-Identifier: Apache-2.0
 *
 * nearest.h - "did you mean --nodes?"
 */
#ifndef BERTH_BASE_NEAREST_H
#define BERTH_BASE_NEAREST_H

#include <stddef.h>

/* The entry of 'names' (n of them, NULL entries skipped) closest to 'word' by
 * edit distance with transpositions (Damerau, CACM 1964), or NULL when none
 * is within a third of the word's length (at least 1, at most 3; a prefix
 * counts as close). */
const char *nearest_name(const char *word, const char *const *names, size_t n);

#endif
