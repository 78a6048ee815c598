/* SPDX-License-Identifier: Apache-2.0
 *
 * clock.h - what time it is, for those who act
 *
 * What decides takes its clock as an argument.
 */
#ifndef BERTH_BASE_CLOCK_H
#define BERTH_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds of the monotonic clock, which nobody sets: for deadlines. */
int64_t clock_ms(void);

/* Microseconds since 1970. */
int64_t clock_epoch_usec(void);

#endif
