/* SPDX-License-Identifier: Apache-2.0
 *
 * taskenv_slurm.c - variables that sbatch(1) and srun(1) promise and Berth itself
 * has no use for
 */
#include "shepherd/taskenv.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"

static void set(char ***env, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void set(char ***env, const char *name, const char *fmt, ...)
{
    char *value = NULL;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&value, fmt, ap);
    va_end(ap);
    if (n >= 0)
        strv_setenv(env, name, value);
    free(value);
}

void taskenv_slurm_job(char ***env, const Berth__Grant *grant, uint32_t node)
{
    const Berth__Placement *placement = grant->placement;

    if (node < placement->n_shares) {
        set(env, "SLURM_TOPOLOGY_ADDR", "%s", placement->shares[node]->node);
        set(env, "SLURM_TOPOLOGY_ADDR_PATTERN", "node");
    }
    set(env, "SLURM_JOB_START_TIME", "%" PRId64, grant->issued_at);
    set(env, "SLURM_PRIO_PROCESS", "0");
    set(env, "SLURM_TASK_PID", "%010d", 0); /* the task's to know; see task.c */
}

void taskenv_slurm_script(char ***env, const Berth__Grant *grant,
                          const Berth__JobSpec *spec)
{
    if (spec->time_limit > 0)
        set(env, "SLURM_JOB_END_TIME", "%" PRId64, grant->issued_at + spec->time_limit);
    if (spec->components)
        set(env, "SLURM_HET_SIZE", "%zu", spec->n_components + 1);
    if (!strv_getenv(*env, "SLURM_EXPORT_ENV"))
        set(env, "SLURM_EXPORT_ENV", "ALL");
    set(env, "SLURM_PROCID", "0");
    set(env, "SLURM_LOCALID", "0");
    set(env, "SLURM_GTIDS", "0");
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
    set(env, "SLURM_GTIDS", "%s", text);
    set(env, "SLURM_UMASK", "%04o", step->spec->umask);
    set(env, "SLURM_LAUNCH_NODE_IPADDR", "%s", lead->address);
    set(env, "SLURM_SRUN_COMM_HOST", "%s", lead->address);
    set(env, "SLURM_SRUN_COMM_PORT", "%u", lead->port);
    set(env, "SLURM_STEP_LAUNCHER_PORT", "%u", lead->port);
}
