/* SPDX-License-Identifier: Apache-2.0
 *
 * cores.h - a good choice of cores on a node, at once
 */
#ifndef BERTH_PLACE_CORES_H
#define BERTH_PLACE_CORES_H

#include "place/fit.h"

/* shape->n_cores free cores into 'ret', packed or spread as the policy has it.
 * -EAGAIN: packages with room for so few groups do not hold them. */
int cores_take(const struct fit_place *place, const struct fit_shape *shape,
               uint16_t *ret);

/* counts[group * n_cells + cell] cores of each cell for each group, in the
 * shortest runs of neighbours that hold them. */
void cores_take_counts(const struct fit_place *place, const struct fit_shape *shape,
                       const uint16_t *counts, uint16_t *ret);

#endif
