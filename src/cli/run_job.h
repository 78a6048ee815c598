/* SPDX-License-Identifier: Apache-2.0
 *
 * run_job.h - a parallel program: in this job, in another one, or in a new one
 */
#ifndef BERTH_CLI_RUN_JOB_H
#define BERTH_CLI_RUN_JOB_H

#include "cli/allocation.h"
#include "options/job_args.h"

/* Run 'command' (empty: the image's own) with 'args': as a step of the job whose lead
 * is at 'lead' ($BERTH_LEAD), or of args->jobid, or in a job of its own, which says
 * 'says' and remembers 'argv'. Returns the exit status of berth run. */
int run_job(struct job_args *args, const char *lead, char **argv, char **command,
            const struct allocation_sayings *says);

/* Print what --mpi=list asks for. */
void run_list_mpi(void);

#endif
