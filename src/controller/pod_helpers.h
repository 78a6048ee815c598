/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_helpers.h - pods that a batch job brings along
 */
#ifndef BERTH_CONTROLLER_POD_HELPERS_H
#define BERTH_CONTROLLER_POD_HELPERS_H

#include "base/err.h"
#include "wire/messages.pb-c.h"

#define POD_HELPERS_MAX 16

/* Of what a client submits: the rest of PodWish is not its to say. Each helper becomes
 * JSON with its defaults. -EINVAL, -E2BIG with words. */
int pod_helpers_judge(Berth__JobSpec *spec, struct err *err);

#endif
