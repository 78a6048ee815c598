/* SPDX-License-Identifier: Apache-2.0
 *
 * order.h - whose turn it is, at the beginning and at the end
 */
#ifndef BERTH_POD_ORDER_H
#define BERTH_POD_ORDER_H

#include "pod/internal.h"

/* It has ended for good, and well. */
bool container_succeeded(const struct container *c);
/* It runs now, or did. */
bool container_has_run(const struct container *c);

/* Regular init containers have succeeded, sidecars have been started. */
bool init_is_done(const struct pod *pod);
/* All that container 'i' has to wait for has been; its image and its back-off are
 * another matter. */
bool start_is_due(const struct pod *pod, size_t i);
/* All containers that are not init containers have ended for good. */
bool mains_are_done(const struct pod *pod);

/* Container 'i', being stopped, may be told to end: a sidecar outlives all who are no
 * sidecars, and the sidecars after it. */
bool stop_is_due(const struct pod *pod, size_t i);

/* A container that has just ended is to run again, now or after a back-off. */
bool runs_again(const struct pod *pod, const struct container *c);

#endif
