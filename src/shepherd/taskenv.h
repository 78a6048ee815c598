/* SPDX-License-Identifier: Apache-2.0
 *
 * taskenv.h - what a script or a task finds in its environment
 *
 * Pure. BERTH_* variables and their SLURM_* twins, as in srun(1) and
 * sbatch(1). An image's own variables win over those that came from a host,
 * but not over those that were set inside the same image.
 */
#ifndef BERTH_SHEPHERD_TASKENV_H
#define BERTH_SHEPHERD_TASKENV_H

#include <stdint.h>

#include "wire/messages.pb-c.h"

/* Lay an image's variables ('image_env', 'digest'; NULL: no image) over 'env', and
 * those that were asked for with --env ('spec' may be NULL) over these. Done once:
 * what a script in the image sets afterwards is kept by its steps. */
void taskenv_image(char ***env, char *const *image_env, const char *digest,
                   const Berth__ContainerSpec *spec);

/* Describe the allocation. 'node' is the local node's index in the grant;
 * 'job_dir' is the job's directory, 'tools' the one of Berth's programs there. */
void taskenv_job(char ***env, const Berth__Grant *grant, const char *cluster,
                 uint32_t node, const char *job_dir, const char *tools);

/* Describe what was asked for: known to the lead, and inherited by steps. */
void taskenv_spec(char ***env, const Berth__JobSpec *spec,
                  const Berth__Placement *placement);

/* One "NAME=VALUE"; a name and the value that is printed. */
void taskenv_set(char ***env, const char *pair);
void taskenv_put(char ***env, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Describe the step, then one of its tasks. */
void taskenv_step(char ***env, const Berth__LaunchStep *step);
void taskenv_task(char ***env, const Berth__LaunchStep *step, uint32_t local);

/* What Slurm promises beside (taskenv_slurm.c): to all, to scripts, to tasks of steps.
 * After the others. */
void taskenv_slurm_job(char ***env, const Berth__Grant *grant, uint32_t node);
void taskenv_slurm_script(char ***env, const Berth__Grant *grant,
                          const Berth__JobSpec *spec);
void taskenv_slurm_step(char ***env, const Berth__Grant *grant,
                        const Berth__LaunchStep *step);

#endif
