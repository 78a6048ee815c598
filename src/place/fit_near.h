/* SPDX-License-Identifier: Apache-2.0
 *
 * fit_near.h - a choice on one node that begins with the devices
 */
#ifndef BERTH_PLACE_FIT_NEAR_H
#define BERTH_PLACE_FIT_NEAR_H

#include "place/fit.h"

/* Each group gets its cores beside a free device that its tasks ask for, one group
 * after the other, the first devices first. counts[group * n_cells + cell]; false:
 * nothing is asked for by task, or some group finds no room so. */
bool fit_near_devices(const struct fit_place *place, const struct fit_shape *shape,
                      uint16_t *ret_counts);

#endif
