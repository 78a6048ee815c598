/* SPDX-License-Identifier: Apache-2.0
 *
 * number.c - which of the job's tasks is which of a node's
 */
#include <stdlib.h>

#include "base/mem.h"
#include "place/place.h"

static uint32_t in_a_row(enum place_order order, uint32_t plane)
{
    switch (order) {
    case PLACE_CYCLIC:
        return 1;
    case PLACE_PLANE:
        return plane ? plane : 1;
    case PLACE_AS_IS:
    case PLACE_BLOCK:
        break;
    }
    return UINT32_MAX;
}

/* Round after round over the shares, so many of each, until none is left. */
void place_number_tasks(const struct place_result *result, enum place_order order,
                        uint32_t plane, uint32_t *ret_share, uint32_t *ret_local)
{
    cleanup(freep) uint32_t *given = xcalloc(result->n_shares + 1, sizeof(*given));
    uint32_t row = in_a_row(order, plane), task = 0;
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = 0; i < result->n_shares; i++) {
            uint32_t left = result->shares[i].tasks - given[i];
            uint32_t n = left < row ? left : row;
            for (uint32_t k = 0; k < n; k++, task++) {
                ret_share[task] = i;
                ret_local[task] = given[i]++;
            }
            more |= left > n;
        }
    }
}
