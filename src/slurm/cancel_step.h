/* SPDX-License-Identifier: Apache-2.0
 *
 * cancel_step.h - end one step of a job, or send it a signal
 */
#ifndef BERTH_SLURM_CANCEL_STEP_H
#define BERTH_SLURM_CANCEL_STEP_H

#include <stdbool.h>

#include "client/berth.h"

/* 'word' is "17.0" or "17_3.1"; 'signal' a name or number, NULL to end it.
 * Returns 0, or -Exxx when the failure has been said; 'quiet': one that has ended
 * already is none. */
int slurm_cancel_step(struct berth *berth, const char *word, const char *signal,
                      bool quiet);

#endif
