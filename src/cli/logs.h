/* SPDX-License-Identifier: Apache-2.0
 *
 * logs.h - what a job's script wrote
 */
#ifndef BERTH_CLI_LOGS_H
#define BERTH_CLI_LOGS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/job_target.h"

struct logs_wish {
    bool follow, is_error;
    int64_t tail;  /* so many of the last lines; -1: all */
    int64_t since; /* seconds since the epoch; 0: all */
};

/* Show it on stdout; the exit status. All that goes wrong is said. */
int logs_show(struct berth *berth, const struct job_target *target,
              const struct logs_wish *wish);

#endif
