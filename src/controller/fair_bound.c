/* SPDX-License-Identifier: Apache-2.0
 *
 * fair_bound.c - divide a bound so that who has little keeps it
 */
#include "controller/fair_bound.h"

#include <stdlib.h>

#include "base/mem.h"

static int by_size(const void *pa, const void *pb)
{
    const size_t *a = pa, *b = pb;

    return (*a > *b) - (*a < *b);
}

/* From the smallest on: who has no more than an equal part of what is left leaves the
 * rest of it to those after him. */
size_t fair_bound(const size_t *has, size_t n, size_t each, size_t all)
{
    cleanup(freep) size_t *sorted = xmemdup(has, n * sizeof(*has));
    size_t left = all;

    qsort(sorted, n, sizeof(*sorted), by_size);
    for (size_t i = 0; i < n; i++) {
        size_t part = left / (n - i);

        if (sorted[i] > part)
            return part < each ? part : each;
        left -= sorted[i];
    }
    return each;
}
