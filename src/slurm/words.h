/* SPDX-License-Identifier: Apache-2.0
 *
 * words.h - times, durations, sizes and states as Slurm's commands write them
 *
 * All append to 'out'. Times go by $SLURM_TIME_FORMAT: "standard" (the default,
 * YYYY-MM-DDTHH:MM:SS), "relative" (05:07, Tomorr 05:07) or what strftime takes.
 */
#ifndef BERTH_SLURM_WORDS_H
#define BERTH_SLURM_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

/* A point in time, "none" for 0. */
void put_time(struct strbuf *out, int64_t when, const char *none);
/* As squeue writes what has passed: "0:05", "1:02:03", "2-01:02:03"; "INVALID" below 0.
 */
void put_elapsed(struct strbuf *out, int64_t seconds);
/* As sacct and scontrol do: "00:00:05", "2-01:02:03"; "INVALID" below 0. */
void put_clock(struct strbuf *out, int64_t seconds);
/* A limit like put_elapsed, or 'unlimited' for TIME_UNLIMITED, "NOT_SET" for 0. */
void put_limit(struct strbuf *out, int64_t seconds, const char *unlimited);
/* Processor time in microseconds: "00:01.234", "01:02:03", "1-02:03:04". */
void put_cpu_time(struct strbuf *out, uint64_t usec);

/* How sizes are written. */
enum size_form {
    SIZE_EXACT, /* the largest unit that says it exactly: 2048M is 2G */
    SIZE_PLAIN, /* in the unit that they are counted in: 2048M */
};
/* 'n' units: "2G", "500M"; 'unit' is one of "KMGTP", or 0 for bytes. */
void put_size(struct strbuf *out, uint64_t n, char unit, enum size_form form);
/* The same in the unit 'to', with two places when it must: "1.50G". */
void put_size_in(struct strbuf *out, uint64_t n, char unit, char to);

/* 'text', or "(null)" when it is empty. */
void put_or_null(struct strbuf *out, const char *text);
void put_number(struct strbuf *out, int64_t n);

#endif
