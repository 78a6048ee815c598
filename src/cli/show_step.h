/* SPDX-License-Identifier: Apache-2.0
 *
 * show_step.h - berth show step: where the tasks of a step are, and bound to what
 */
#ifndef BERTH_CLI_SHOW_STEP_H
#define BERTH_CLI_SHOW_STEP_H

#include "client/berth.h"

/* Ask the lead of the job about the step that 'word' names ("17.0"; "17": the oldest),
 * and print. Returns the exit status; what goes wrong is said. */
int show_step(struct berth *berth, const char *word, bool as_json);

#endif
