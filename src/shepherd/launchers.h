/* SPDX-License-Identifier: Apache-2.0
 *
 * launchers.h - what OpenMPI's launchers need that do not know how to ask srun
 *
 * Where they were built without Slurm's support they start daemons by an agent in place
 * of ssh, on the nodes of a host file. An OpenMPI that does ask srun looks for an agent
 * all the same, and ends when there is none.
 */
#ifndef BERTH_SHEPHERD_LAUNCHERS_H
#define BERTH_SHEPHERD_LAUNCHERS_H

#include "shepherd/box.h"
#include "shepherd/shepherd.h"

/* On the lead's node: write the host file to the job's directory, and add to 'env' what
 * the user has not set. Elsewhere nothing is done: the agent asks the lead. */
void launchers_env(const struct shepherd *sh, const struct box *box, char ***env);

#endif
