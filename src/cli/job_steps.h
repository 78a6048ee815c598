/* SPDX-License-Identifier: Apache-2.0
 *
 * job_steps.h - steps of jobs that run, for commands: listed, shown, waited for, ended
 *
 * Their jobs' leads know them, the controller does not: each job is called.
 */
#ifndef BERTH_CLI_JOB_STEPS_H
#define BERTH_CLI_JOB_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "client/berth.h"

/* "17.3", "18_4.0": whether a word names a step rather than a job. */
bool is_step_name(const char *word);

/* All return an exit status; what goes wrong is said. */
int job_steps_wait(const char *config, int n, char *const *words);
int job_steps_control(const char *config, int n, char *const *words, int signal);
int job_steps_show(const char *config, bool json, int n, char *const *words);
/* Of the jobs in 'list' that run. */
int job_steps_list(struct berth *berth, const Berth__JobList *list, bool json,
                   bool has_header);

#endif
