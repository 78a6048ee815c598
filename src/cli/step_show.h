/* SPDX-License-Identifier: Apache-2.0
 *
 * step_show.h - steps of jobs for people: lists, and one in full
 */
#ifndef BERTH_CLI_STEP_SHOW_H
#define BERTH_CLI_STEP_SHOW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/table.h"
#include "client/berth.h"

/* A table for steps of several jobs; the caller destroys it. */
struct table *step_table_create(void);
void step_table_add(struct table *table, const Berth__StepList *list, uint32_t job,
                    int64_t now);

/* All that is known about one. */
void step_show(const Berth__StepInfo *step, uint32_t job, int64_t now, FILE *out);

/* "RUNNING", and so on: Slurm's words for jobs. */
const char *step_state(const Berth__StepInfo *step);

#endif
