/* SPDX-License-Identifier: Apache-2.0
 *
 * nearest.c - the name that was probably meant
 */
#include "base/nearest.h"

#include <stdint.h>
#include <string.h>

#define WORD_MAX 63

static size_t min_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insertions, deletions, substitutions and swaps of
 * neighbours cost one each. Three rows of the table are kept. */
static size_t edit_distance(const char *a, size_t na, const char *b, size_t nb)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];

    for (size_t j = 0; j <= nb; j++)
        above[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *oldest = before;

        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t change = above[j - 1] + (a[i - 1] != b[j - 1]);

            row[j] = min_of(change, min_of(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min_of(row[j], before[j - 2] + 1);
        }
        before = above;
        above = row;
        row = oldest;
    }
    return above[nb];
}

static size_t allowed_distance(size_t len)
{
    size_t third = len / 3;

    return third < 1 ? 1 : min_of(third, 3);
}

const char *nearest_name(const char *word, const char *const *names, size_t n)
{
    size_t len = strlen(word);
    size_t best_distance = SIZE_MAX;
    const char *best = NULL;

    if (len == 0 || len > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t name_len = names[i] ? strlen(names[i]) : 0;
        size_t distance;

        if (name_len == 0 || name_len > WORD_MAX)
            continue;
        distance = edit_distance(word, len, names[i], name_len);
        if (strncmp(word, names[i], len) == 0)
            distance = min_of(distance, 1);
        if (distance <= allowed_distance(len) && distance < best_distance) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}
