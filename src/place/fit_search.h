/* SPDX-License-Identifier: Apache-2.0
 *
 * fit_search.h - look for a choice on one node that costs less than one at hand
 */
#ifndef BERTH_PLACE_FIT_SEARCH_H
#define BERTH_PLACE_FIT_SEARCH_H

#include "place/fit.h"

/* What no choice can cost less than. */
double fit_least_cost(const struct fit_place *place, const struct fit_shape *shape);

/* Compact placements whose groups do not overlap. true: one that costs less than
 * 'limit' is in counts[group * n_cells + cell]; the best one, unless the search
 * was given up for its length. */
bool fit_search(const struct fit_place *place, const struct fit_shape *shape,
                double limit, uint16_t *ret_counts);

#endif
