/* SPDX-License-Identifier: Apache-2.0
 *
 * launcher.h - steps that are the daemons of an MPI's own launcher
 *
 * mpirun starts one daemon on each node through srun, and these start the ranks. So a
 * daemon needs what all ranks of its node need, not one core; and what ranks ask of a
 * server they ask the daemon.
 */
#ifndef BERTH_OPTIONS_LAUNCHER_H
#define BERTH_OPTIONS_LAUNCHER_H

#include <stdbool.h>

#include "options/job_args.h"

/* Whether 'program' is such a daemon by its name (OpenMPI 4 says it in no other way),
 * or 'env' says that this is what srun is wanted for (Hydra does). */
bool launcher_is_meant(const char *program, char *const *env);

/* Make 'step' one of daemons. What 'args' says of MPI and of bad exits stays. */
void launcher_fill(const struct job_args *args, Berth__StepSpec *step);

#endif
