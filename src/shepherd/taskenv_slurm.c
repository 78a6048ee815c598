/* SPDX-License-Identifier: Apache-2.0
 *
 * taskenv_slurm.c - variables that sbatch(1) and srun(1) promise and Berth itself
 * has no use for
 */
#include "shepherd/taskenv.h"

#include <inttypes.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"

void taskenv_slurm_job(char ***env, const Berth__Grant *grant, uint32_t node)
{
    const Berth__Placement *placement = grant->placement;

    if (node < placement->n_shares) {
        taskenv_put(env, "SLURM_TOPOLOGY_ADDR", "%s", placement->shares[node]->node);
        taskenv_put(env, "SLURM_TOPOLOGY_ADDR_PATTERN", "node");
    }
    taskenv_put(env, "SLURM_JOB_START_TIME", "%" PRId64, grant->issued_at);
    taskenv_put(env, "SLURM_PRIO_PROCESS", "0");
    taskenv_put(env, "SLURM_TASK_PID", "%010d", 0); /* the task's to know; see task.c */
}

void taskenv_slurm_script(char ***env, const Berth__Grant *grant,
                          const Berth__JobSpec *spec)
{
    if (spec->time_limit > 0)
        taskenv_put(env, "SLURM_JOB_END_TIME", "%" PRId64,
                    grant->issued_at + spec->time_limit);
    if (spec->components)
        taskenv_put(env, "SLURM_HET_SIZE", "%zu", spec->n_components + 1);
    if (!strv_getenv(*env, "SLURM_EXPORT_ENV"))
        taskenv_put(env, "SLURM_EXPORT_ENV", "ALL");
    taskenv_put(env, "SLURM_PROCID", "0");
    taskenv_put(env, "SLURM_LOCALID", "0");
    taskenv_put(env, "SLURM_GTIDS", "0");
}

void taskenv_slurm_step(char ***env, const Berth__Grant *grant,
                        const Berth__LaunchStep *step)
{
    const Berth__StepNode *own = step->nodes[step->index];
    const Berth__NodeShare *lead = grant->placement->shares[0];
    struct strbuf ranks = STRBUF_INIT;
    cleanup(freep) char *text = NULL;

    for (size_t i = 0; i < own->n_ranks; i++)
        strbuf_printf(&ranks, "%s%u", i ? "," : "", own->ranks[i]);
    text = strbuf_take(&ranks);
    taskenv_put(env, "SLURM_GTIDS", "%s", text);
    taskenv_put(env, "SLURM_UMASK", "%04o", step->spec->umask);
    taskenv_put(env, "SLURM_LAUNCH_NODE_IPADDR", "%s", lead->address);
    taskenv_put(env, "SLURM_SRUN_COMM_HOST", "%s", lead->address);
    taskenv_put(env, "SLURM_SRUN_COMM_PORT", "%u", lead->port);
    taskenv_put(env, "SLURM_STEP_LAUNCHER_PORT", "%u", lead->port);
}
