/* SPDX-License-Identifier: Apache-2.0
 *
 * wait_job.h - wait for jobs, and leave with their exit status
 */
#ifndef BERTH_CLI_WAIT_JOB_H
#define BERTH_CLI_WAIT_JOB_H

#include <stddef.h>
#include <stdint.h>

#include "client/berth.h"

/* Wait for the end of all; the largest exit status of them. Says what failed. */
int wait_for_end(struct berth *berth, const uint32_t *ids, size_t n);
/* Wait until all run, or have ended; STATUS_FAILED when one ended without having run.
 */
int wait_for_start(struct berth *berth, const uint32_t *ids, size_t n);

#endif
