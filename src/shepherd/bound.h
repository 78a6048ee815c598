/* SPDX-License-Identifier: Apache-2.0
 *
 * bound.h - telling what the tasks of a step are bound to here
 */
#ifndef BERTH_SHEPHERD_BOUND_H
#define BERTH_SHEPHERD_BOUND_H

#include "shepherd/step.h"

/* SLURM_CPU_BIND* and SLURM_MEM_BIND* of all tasks here. */
void bound_env(char ***env, const struct step *step);

/* What the step's user wants to read before the task's own words, a line each for
 * processors, memory and GPUs, '@' where the process's number belongs; NULL: nothing.
 * The caller frees it. */
char *bound_notice(const struct task *task);

/* Tell the lead. */
void bound_tell(struct step *step);

#endif
