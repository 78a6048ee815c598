/* SPDX-License-Identifier: Apache-2.0
 *
 * attach.h - watch a step of a job that runs
 */
#ifndef BERTH_CLI_ATTACH_H
#define BERTH_CLI_ATTACH_H

#include <stdbool.h>
#include <stdint.h>

#include "client/berth.h"

/* Show what 'step' (< 0: the oldest) of 'job' writes, until it ends; 'has_input': our
 * stdin goes to it. Returns the exit status of berth attach. */
int attach_to_step(struct berth *berth, const Berth__JobInfo *job, int64_t step,
                   bool has_labels, bool has_input);

#endif
