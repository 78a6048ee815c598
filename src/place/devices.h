/* SPDX-License-Identifier: Apache-2.0
 *
 * devices.h - which devices of one node, and which of them for each task
 */
#ifndef BERTH_PLACE_DEVICES_H
#define BERTH_PLACE_DEVICES_H

#include "place/fit.h"

/* Fewest steps from the cores of each task, and of the share, to each device. */
struct device_steps {
    uint32_t n_devices, n_tasks;
    uint8_t *of; /* [task * n_devices + device]; the share's are behind the last */
};
static inline uint8_t *device_steps_of(const struct device_steps *steps, uint32_t task)
{
    uint32_t row = task == FIT_SHARED ? steps->n_tasks : task;
    return &steps->of[(size_t)row * steps->n_devices];
}

/* Free devices for each demand: those whose steps add up to the least; of equal
 * ones the first, in the order of tasks. 'ret' has room for devices_wanted().
 * Returns the sum of steps; UINT32_MAX: there are not so many. */
uint32_t devices_choose(const struct fit_place *place, const struct fit_shape *shape,
                        const struct device_steps *steps, struct fit_device *ret);
uint32_t devices_wanted(const struct fit_shape *shape);

#endif
