/* SPDX-License-Identifier: Apache-2.0
 *
 * units.h - times, sizes and counts as people and Slurm write them
 *
 * Parsers return 0 or -EINVAL/-ERANGE with words that quote the text.
 */
#ifndef BERTH_BASE_UNITS_H
#define BERTH_BASE_UNITS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define TIME_UNLIMITED (-1)

/* sbatch(1) --time: M, M:S, H:M:S, D-H, D-H:M, D-H:M:S, UNLIMITED/INFINITE;
 * also 90s, 10m, 2h, 3d, 1w and sums of them (1h30m). Seconds, or
 * TIME_UNLIMITED. */
int duration_parse(const char *text, int64_t *ret_seconds, struct err *err);

/* "[D-]HH:MM:SS", "UNLIMITED". */
char *duration_format(int64_t seconds);

/* A point in time: "now", "now+1hour" (any duration), "YYYY-MM-DD",
 * "YYYY-MM-DDTHH:MM[:SS]", "HH:MM[:SS]" (the next such), "today",
 * "tomorrow", "midnight", "noon". Local time zone; 'now' in epoch seconds. */
int when_parse(const char *text, int64_t now, int64_t *ret_when, struct err *err);
/* One that has been: "now-1day" (any duration), "yesterday"; "HH:MM[:SS]", "midnight"
 * and "noon" are the last such; the others as above. */
int past_parse(const char *text, int64_t now, int64_t *ret_when, struct err *err);

/* "YYYY-MM-DDTHH:MM:SS" in local time; "Unknown" for 0. */
char *when_format(int64_t when);

/* A size with suffix K M G T (1024; optional B or iB, any case), in bytes.
 * A bare number counts 'unit' bytes (Slurm's --mem: 1 MiB). */
int size_parse(const char *text, uint64_t unit, uint64_t *ret_bytes, struct err *err);

/* "1.5G", three figures at most. */
char *size_format(uint64_t bytes);

/* A whole number in [min, max]; no sign unless min < 0, no trailing text. */
int number_parse(const char *text, int64_t min, int64_t max, int64_t *ret_number,
                 struct err *err);

/* "4", "2-4", "2-": --nodes. max is UINT32_MAX when open. */
int count_range_parse(const char *text, uint32_t *ret_min, uint32_t *ret_max,
                      struct err *err);

/* Slurm's repeat form of counts: {4,4,4,2} -> "4(x3),2". */
char *counts_format(const uint32_t *counts, size_t n);

/* Signal names with or without SIG, any case, or a number 1..64. */
int signal_parse(const char *text, int *ret_signal, struct err *err);
/* "SIGTERM"; "signal 45" for those without a name (static or caller buffer). */
const char *signal_name(int signo);

#endif
