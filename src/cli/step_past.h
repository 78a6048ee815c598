/* SPDX-License-Identifier: Apache-2.0
 *
 * step_past.h - how a step ended, from the site's history
 */
#ifndef BERTH_CLI_STEP_PAST_H
#define BERTH_CLI_STEP_PAST_H

#include <stdint.h>

#include "client/berth.h"

/* The exit status of a step of a job that has ended, as step_wait gives it: the step's
 * code, or 128 + its signal. 1 when nothing is kept of it, which is said, as is why a
 * step failed. */
int step_past_status(struct berth *berth, uint32_t job, uint32_t step);

#endif
