/* SPDX-License-Identifier: Apache-2.0
 *
 * srun.c - run a parallel program: a step of this job, or a job of its own
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/run_job.h"
#include "cli/run_step.h"
#include "cli/say.h"
#include "slurm/sayings.h"
#include "slurm/slurm.h"

static const struct slurm_usage usage = {
    .synopsis = "srun [options] program [argument...]",
    .about =
        "Run a program as parallel tasks: in a job as a step of it, elsewhere in a "
        "job of its\nown. Output comes here, input goes to all tasks, the exit status "
        "is the largest of the\ntasks'.",
};

static int srun(int argc, char **argv, struct job_args *args)
{
    const char *lead = getenv("BERTH_LEAD");
    bool in_job = lead && lead[0] != '\0';
    struct err err;
    int next, rc = run_args_read(argc, argv, in_job, args, &next, &err);

    if (rc == -ECANCELED && !args->show)
        return SLURM_OK;
    if (rc == -ECANCELED)
        return slurm_show(args->show, &usage, job_options, FOR_RUN);
    if (rc < 0)
        return slurm_bad_usage(err.text);
    return run_job(args, in_job ? lead : NULL, argv, argv + next, &srun_says);
}

int slurm_srun(int argc, char **argv)
{
    struct job_args args;
    int status;

    job_args_init(&args, time(NULL));
    args.list_mpi = run_list_mpi;
    status = srun(argc, argv, &args);
    job_args_fini(&args);
    return status;
}
