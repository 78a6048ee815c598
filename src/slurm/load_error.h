/* SPDX-License-Identifier: Apache-2.0
 *
 * load_error.h - what the commands that ask say when they get no answer
 */
#ifndef BERTH_SLURM_LOAD_ERROR_H
#define BERTH_SLURM_LOAD_ERROR_H

#include "client/berth.h"

/* "slurm_load_jobs error: Unable to contact slurm controller (...)" on stderr. Returns
 * the exit status for it. */
int load_error(const char *call, const struct berth_err *err);

#endif
