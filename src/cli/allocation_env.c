/* SPDX-License-Identifier: Apache-2.0
 *
 * allocation_env.c - what a program finds in its environment in an allocation
 *
 * The same facts as the shepherd gives to a batch script, for the shell that
 * 'berth alloc' starts where it was typed.
 */
#include "cli/allocation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>
#include <string.h>

#include "base/bitset.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "client/steps.h"

#define CORES_MAX 65536
/* Slurm's names: mpirun looks for an srun in PATH, and has to find ours first. */
#define NAMES_DIR BERTH_LIBEXECDIR "/slurm"

static void set(char ***env, const char *name, char *value)
{
    strv_setenv(env, name, value);
    free(value);
}

static void set_number(char ***env, const char *name, uint32_t n)
{
    set(env, name, xasprintf("%u", n));
}

static char *node_list(const Berth__Placement *placement)
{
    cleanup(strv_freep) char **names = NULL;

    for (size_t i = 0; i < placement->n_shares; i++)
        strv_add(&names, placement->shares[i]->node);
    return hostlist_compress(names);
}

static uint32_t core_count(const char *cores)
{
    cleanup(bitset_destroyp) struct bitset *set_of = NULL;

    if (bitset_parse(cores, CORES_MAX, &set_of, NULL) < 0)
        return 0;
    return (uint32_t)bitset_count(set_of);
}

static void set_counts(const Berth__Placement *placement, char ***env)
{
    size_t n = placement->n_shares;
    cleanup(freep) uint32_t *tasks = xcalloc(n, sizeof(*tasks));
    cleanup(freep) uint32_t *cores = xcalloc(n, sizeof(*cores));
    uint32_t total = 0;

    for (size_t i = 0; i < n; i++) {
        tasks[i] = placement->shares[i]->tasks;
        cores[i] = core_count(placement->shares[i]->cores);
        total += tasks[i];
    }
    set_number(env, "SLURM_NTASKS", total);
    set_number(env, "SLURM_NPROCS", total);
    set(env, "SLURM_TASKS_PER_NODE", counts_format(tasks, n));
    set(env, "SLURM_JOB_CPUS_PER_NODE", counts_format(cores, n));
}

static void set_if(char ***env, const char *name, const char *value)
{
    if (value[0] != '\0')
        strv_setenv(env, name, value);
}

/* Who it is for, since when and until when. */
static void set_owner(const Berth__JobInfo *job, const Berth__JobSpec *asked,
                      char ***env)
{
    const Berth__JobRecord *record = job->record;
    const Berth__JobSpec *spec = job->spec ? job->spec : asked;

    set_number(env, "SLURM_JOB_UID", getuid());
    set_number(env, "SLURM_JOB_GID", getgid());
    set_if(env, "SLURM_JOB_USER", spec->user);
    set_if(env, "SLURM_JOB_PARTITION", spec->partition);
    set_if(env, "SLURM_JOB_ACCOUNT", spec->account);
    set_if(env, "SLURM_JOB_QOS", spec->qos);
    set_if(env, "SLURM_JOB_RESERVATION", asked->reservation);
    set(env, "SLURM_JOB_START_TIME", xasprintf("%" PRId64, record->start_time));
    if (spec->time_limit > 0)
        set(env, "SLURM_JOB_END_TIME",
            xasprintf("%" PRId64, record->start_time + spec->time_limit));
}

/* Sizes that steps take up again. */
static void set_sizes(const Berth__JobSpec *asked, char ***env)
{
    if (asked->cpus_per_task)
        set_number(env, "SLURM_CPUS_PER_TASK", asked->cpus_per_task);
    if (asked->tasks_per_node)
        set_number(env, "SLURM_NTASKS_PER_NODE", asked->tasks_per_node);
    if (asked->mem_per_node)
        set(env, "SLURM_MEM_PER_NODE", xasprintf("%" PRIu64, asked->mem_per_node));
    if (asked->mem_per_cpu)
        set(env, "SLURM_MEM_PER_CPU", xasprintf("%" PRIu64, asked->mem_per_cpu));
    set_if(env, "SLURM_GPUS", asked->gpus);
    set_if(env, "SLURM_GPUS_PER_NODE", asked->gpus_per_node);
    set_if(env, "SLURM_DISTRIBUTION", asked->distribution);
}

static char *lead_of(const struct allocation *alloc)
{
    const Berth__NodeShare *lead = alloc->lead;
    char *here = steps_lead_here(alloc->berth, lead->node, alloc->job,
                                 alloc->list->jobs[0]->record->epoch);

    return here ? here
                : xasprintf("tcp:%s:%u:%u", lead->address, lead->port, alloc->job);
}

void allocation_env(const struct allocation *alloc, const struct job_args *args,
                    char ***env)
{
    const Berth__JobInfo *job = alloc->list->jobs[0];
    const Berth__Placement *placement = job->record->placement;
    const Berth__JobSpec *spec = args->spec;
    uint32_t n_nodes = (uint32_t)placement->n_shares;
    const char *path;

    set(env, "BERTH_LEAD", lead_of(alloc));
    set_number(env, "BERTH_JOB_ID", alloc->job);
    set_number(env, "SLURM_JOB_ID", alloc->job);
    set_number(env, "SLURM_JOBID", alloc->job);
    strv_setenv(env, "SLURM_JOB_NAME", spec->name);
    strv_setenv(env, "SLURM_SUBMIT_DIR", spec->cwd);
    strv_setenv(env, "SLURM_SUBMIT_HOST", spec->submit_host);
    set_owner(job, spec, env);
    set(env, "SLURM_JOB_NODELIST", node_list(placement));
    set(env, "SLURM_NODELIST", node_list(placement));
    set_number(env, "SLURM_JOB_NUM_NODES", n_nodes);
    set_number(env, "SLURM_NNODES", n_nodes);
    set_counts(placement, env);
    set_sizes(spec, env);
    set_if(env, "SLURM_CLUSTER_NAME", alloc->cluster ? alloc->cluster : "");
    path = strv_getenv(*env, "PATH");
    if (path && !strstr(path, NAMES_DIR))
        set(env, "PATH", xasprintf("%s:%s", NAMES_DIR, path));
    if (args->config)
        strv_setenv(env, "BERTH_CONF", args->config);
}
