/* SPDX-License-Identifier: Apache-2.0
 *
 * job_env.c - options that come from environment variables
 */
#include "options/job_env.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"

/* A task has these as what it is bound to itself: no wish for what it starts. */
#define NOT_IN_TASK 0x100u
#define IN_TASK "SLURM_PROCID"

/* Suffix of the variable, the option it sets, and where it counts. FOR_STEP
 * marks those that are the user's also inside a job; the others would be the
 * job's own facts there. */
static const struct {
    const char *suffix, *option;
    unsigned int where;
} variables[] = {
    {"ACCOUNT", "account", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"PARTITION", "partition", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"QOS", "qos", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"TIMELIMIT", "time", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"JOB_NAME", "job-name", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"EXCLUSIVE", "exclusive", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"OPEN_MODE", "open-mode", FOR_SUBMIT | FOR_RUN | FOR_STEP},
    {"OVERCOMMIT", "overcommit", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"EXPORT", "export", FOR_SUBMIT},
    {"EXPORT_ENV", "export", FOR_RUN | FOR_STEP},
    {"INPUT", "input", FOR_SUBMIT},
    {"OUTPUT", "output", FOR_SUBMIT},
    {"ERROR", "error", FOR_SUBMIT},
    {"STDINMODE", "input", FOR_RUN | FOR_STEP},
    {"STDOUTMODE", "output", FOR_RUN | FOR_STEP},
    {"STDERRMODE", "error", FOR_RUN | FOR_STEP},
    {"MEM_PER_NODE", "mem", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"MEM_PER_CPU", "mem-per-cpu", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"NNODES", "nodes", FOR_RUN},
    {"NTASKS", "ntasks", FOR_RUN},
    {"CPUS_PER_TASK", "cpus-per-task", FOR_RUN},
    {"LABELIO", "label", FOR_RUN | FOR_STEP},
    {"UNBUFFEREDIO", "unbuffered", FOR_RUN | FOR_STEP},
    {"KILL_BAD_EXIT", "kill-on-bad-exit", FOR_RUN | FOR_STEP},
    {"MPI_TYPE", "mpi", FOR_RUN | FOR_STEP},
    {"OVERLAP", "overlap", FOR_RUN | FOR_STEP},
    {"WAIT", "wait", FOR_SUBMIT},
    {"IMAGE", "image", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"PLACEMENT", "placement", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"DISTRIBUTION", "distribution", FOR_SUBMIT | FOR_RUN | FOR_ALLOC | FOR_STEP},
    {"HINT", "hint", FOR_SUBMIT | FOR_RUN | FOR_ALLOC | FOR_STEP},
    {"THREADS_PER_CORE", "threads-per-core",
     FOR_SUBMIT | FOR_RUN | FOR_ALLOC | FOR_STEP},
    {"CPU_BIND", "cpu-bind", FOR_RUN | FOR_STEP | NOT_IN_TASK},
    {"MEM_BIND", "mem-bind", FOR_SUBMIT | FOR_RUN | FOR_STEP | NOT_IN_TASK},
    {"GPU_BIND", "gpu-bind", FOR_SUBMIT | FOR_RUN | FOR_ALLOC | FOR_STEP},
    {"CONSTRAINT", "constraint", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"GRES", "gres", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"GPUS", "gpus", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"GPUS_PER_NODE", "gpus-per-node", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"GPUS_PER_TASK", "gpus-per-task", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"GPUS_PER_SOCKET", "gpus-per-socket", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"NTASKS_PER_GPU", "ntasks-per-gpu", FOR_RUN},
    {"CPUS_PER_GPU", "cpus-per-gpu", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"MEM_PER_GPU", "mem-per-gpu", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"LICENSES", "licenses", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"DEPENDENCY", "dependency", FOR_RUN},
    {"REQ_SWITCH", "switches", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"REQUEUE", "requeue", FOR_SUBMIT},
    {"NO_REQUEUE", "no-requeue", FOR_SUBMIT},
    {"SPREAD_JOB", "spread-job", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"WCKEY", "wckey", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"RESERVATION", "reservation", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"SIGNAL", "signal", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"WAIT", "wait", FOR_RUN | FOR_STEP},
    {"TASK_PROLOG", "task-prolog", FOR_RUN | FOR_STEP},
    {"TASK_EPILOG", "task-epilog", FOR_RUN | FOR_STEP},
    {"ARRAY_INX", "array", FOR_SUBMIT},
    {"CLUSTERS", "clusters", FOR_SUBMIT | FOR_RUN | FOR_ALLOC},
    {"IMMEDIATE", "immediate", FOR_RUN | FOR_ALLOC},
    {"WORKING_DIR", "chdir", FOR_RUN | FOR_STEP},
    {"JOB_ID", "jobid", FOR_RUN},
};

static int read_one(char *const *env, const char *prefix, const char *suffix,
                    const char *option, unsigned int where, struct job_args *args,
                    struct err *err)
{
    const struct opt *opt;
    const char *value;
    char name[64];
    int rc;

    snprintf(name, sizeof(name), "%s_%s", prefix, suffix);
    value = strv_getenv(env, name);
    if (!value || value[0] == '\0')
        return 0;
    rc = opts_find(job_options, where, option, strlen(option), &opt, err);
    if (rc < 0)
        return rc;
    if (opt->arg == OPT_NONE && strcmp(value, "0") == 0)
        return 0;
    rc = opt->set(opt, opt->arg == OPT_NONE ? NULL : value, args, err);
    if (rc < 0)
        return err_wrap(err, "$%s", name);
    return 0;
}

int job_env_read(char *const *env, unsigned int where, bool in_job,
                 struct job_args *args, struct err *err)
{
    const char *slurm = where == FOR_SUBMIT  ? "SBATCH"
                        : where == FOR_ALLOC ? "SALLOC"
                                             : "SLURM";
    const char *berth = where == FOR_SUBMIT  ? "BERTH_SUBMIT"
                        : where == FOR_ALLOC ? "BERTH_ALLOC"
                                             : "BERTH_RUN";

    for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
        bool is_jobs_own = in_job && !(variables[i].where & FOR_STEP);
        int rc = 0;

        if (!(variables[i].where & where))
            continue;
        is_jobs_own |= (variables[i].where & NOT_IN_TASK) && strv_getenv(env, IN_TASK);
        if (!is_jobs_own)
            rc = read_one(env, slurm, variables[i].suffix, variables[i].option, where,
                          args, err);
        if (rc == 0)
            rc = read_one(env, berth, variables[i].suffix, variables[i].option, where,
                          args, err);
        if (rc < 0)
            return rc;
    }
    return where & FOR_RUN ? read_one(env, "BERTH", "MPI", "mpi", where, args, err) : 0;
}
