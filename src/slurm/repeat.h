/* SPDX-License-Identifier: Apache-2.0
 *
 * repeat.h - lists that --iterate prints again and again
 */
#ifndef BERTH_SLURM_REPEAT_H
#define BERTH_SLURM_REPEAT_H

#include <stdint.h>

#include "base/opts.h"

/* Setter: the seconds between, to the uint32_t at opt->offset. */
int repeat_set(const struct opt *opt, const char *value, void *ctx, struct err *err);

/* Print the list once and return its status; with 'seconds', for ever. */
int repeat(uint32_t seconds, int (*print)(void *ctx), void *ctx);

/* "Thu Nov 26 09:30:00 2026", over a list. */
void repeat_print_moment(void);

#endif
