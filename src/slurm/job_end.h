/* SPDX-License-Identifier: Apache-2.0
 *
 * job_end.h - how jobs ended, as the exit status of who waited for them
 */
#ifndef BERTH_SLURM_JOB_END_H
#define BERTH_SLURM_JOB_END_H

#include "client/berth.h"

/* The largest exit code of jobs that have ended, elements of an array among them; 1
 * where a job failed without one. */
int slurm_worst_status(const Berth__JobList *list);

#endif
