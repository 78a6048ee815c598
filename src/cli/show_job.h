/* SPDX-License-Identifier: Apache-2.0
 *
 * show_job.h - all that is known about a job, for people
 */
#ifndef BERTH_CLI_SHOW_JOB_H
#define BERTH_CLI_SHOW_JOB_H

#include <stdint.h>
#include <stdio.h>

#include "client/berth.h"

/* Print 'job' as seen at 'now'. */
void show_job(const Berth__JobInfo *job, int64_t now, FILE *out);

/* The map of a placement: node, cores, tasks and the cores of each. */
void show_placement(const Berth__Placement *placement, FILE *out);

#endif
