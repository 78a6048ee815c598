/* SPDX-License-Identifier: Apache-2.0
 *
 * deadline.h - until when a caller waits, and the pauses between attempts
 */
#ifndef BERTH_CLIENT_DEADLINE_H
#define BERTH_CLIENT_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/* What 'pause_ms' of deadline_pause begins with. */
#define RETRY_FIRST_MS 50

/* In 'timeout_ms' from now on the monotonic clock; < 0: never, which is -1. */
int64_t deadline_in(int timeout_ms);
/* Milliseconds until then, at least 0; -1 when it never comes: as poll(2) takes it. */
int deadline_left(int64_t deadline);
/* Sleep for '*pause_ms', at most until 'deadline', and make the next pause longer.
 * False, at once, when the time is over. */
bool deadline_pause(int64_t deadline, int *pause_ms);

#endif
