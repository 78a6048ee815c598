/* SPDX-License-Identifier: Apache-2.0
 *
 * step_seats.h - where the tasks of a step are, and what they are bound to
 */
#ifndef BERTH_CLI_STEP_SEATS_H
#define BERTH_CLI_STEP_SEATS_H

#include <jansson.h>
#include <stdio.h>

#include "client/berth.h"

/* A table, one row a task in the order of their numbers; nothing when none has a
 * place. */
void step_seats_print(const Berth__StepInfo *step, FILE *out);

/* [{"task": 0, "node": ..., "cores": ..., "processors": ...}, ...]; the caller's. */
json_t *step_seats_document(const Berth__StepInfo *step);

#endif
