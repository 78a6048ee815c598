/* SPDX-License-Identifier: Apache-2.0
 *
 * moment.h - points in time as people say them: by the clock, and how far away
 */
#ifndef BERTH_CLI_MOMENT_H
#define BERTH_CLI_MOMENT_H

#include <stdint.h>

/* "45s", "12m", "2h 05m", "1d 3h", "12d". The caller frees it. */
char *span_words(int64_t seconds);

/* "14:05", with the day when it is another one than today, with the year when that
 * is another one: "Fri 27 Nov 14:05". Local time. The caller frees it. */
char *clock_words(int64_t when, int64_t now);

/* Both: "14:05 (in 2h 05m)", "14:05 (12m ago)". The caller frees it. */
char *moment_words(int64_t when, int64_t now);
/* The same of what is to come: "now" once it is due. */
char *future_words(int64_t when, int64_t now);

#endif
