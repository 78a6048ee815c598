/* SPDX-License-Identifier: Apache-2.0
 *
 * job_env.h - options that come from environment variables
 *
 * BERTH_SUBMIT_PARTITION is --partition of submit, BERTH_RUN_... of run,
 * BERTH_ALLOC_... of alloc; Slurm's SBATCH_, SLURM_ and SALLOC_ variables that
 * mean the same are read too. A variable beats the script and is beaten by the
 * command line; Berth's name beats Slurm's.
 */
#ifndef BERTH_OPTIONS_JOB_ENV_H
#define BERTH_OPTIONS_JOB_ENV_H

#include "options/job_args.h"

/* Apply the variables of 'env' that the command 'where' (one of FOR_SUBMIT,
 * FOR_RUN, FOR_ALLOC) knows; 'in_job' leaves out what the job's own environment
 * sets for its steps. -EINVAL with words that name the variable. */
int job_env_read(char *const *env, unsigned int where, bool in_job,
                 struct job_args *args, struct err *err);

#endif
