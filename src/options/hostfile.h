/* SPDX-License-Identifier: Apache-2.0
 *
 * hostfile.h - a node for each task: --distribution=arbitrary
 */
#ifndef BERTH_OPTIONS_HOSTFILE_H
#define BERTH_OPTIONS_HOSTFILE_H

#include "options/job_args.h"

/* With that distribution, read the file that $SLURM_HOSTFILE names: the nodes of the
 * tasks into args->task_nodes, and what follows for the job's size. A new allocation
 * has room on each node for as many tasks as the fullest gets. */
int hostfile_apply(struct job_args *args, char *const *env, bool in_job,
                   struct err *err);

#endif
