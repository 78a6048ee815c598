/* SPDX-License-Identifier: Apache-2.0
 *
 * age.h - how long ago, in as few characters as kubectl takes; times of documents
 */
#ifndef BERTH_CLI_AGE_H
#define BERTH_CLI_AGE_H

#include <stdint.h>

/* "45s", "3m20s", "25m", "3h10m", "30h", "5d3h", "40d", "2y30d". The caller frees
 * it. */
char *age_format(int64_t seconds);

/* RFC 3339 in UTC, "2026-11-26T11:40:00Z"; of microseconds since the epoch rounded
 * down to seconds. The caller frees it; "" for 0. */
char *age_stamp(int64_t seconds);
char *age_stamp_usec(int64_t usec);

#endif
