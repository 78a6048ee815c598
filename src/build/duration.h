/* SPDX-License-Identifier: Apache-2.0
 *
 * duration.h - times as Go writes them: "1m30s", "500ms", "1.5h"
 */
#ifndef BERTH_BUILD_DURATION_H
#define BERTH_BUILD_DURATION_H

#include <stdint.h>

/* Nanoseconds, at most a year; -EINVAL otherwise. */
int go_duration_parse(const char *text, int64_t *ret);

#endif
