/* SPDX-License-Identifier: Apache-2.0
 *
 * settle.h - what follows from what has just changed
 */
#ifndef BERTH_POD_SETTLE_H
#define BERTH_POD_SETTLE_H

#include "pod/internal.h"

/* Containers that have become started, the pod's end, conditions and their times. May
 * be called again at any time. */
void pod_settle(struct pod *pod, int64_t now);

#endif
