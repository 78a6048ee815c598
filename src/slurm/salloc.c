/* SPDX-License-Identifier: Apache-2.0
 *
 * salloc.c - get an allocation, and a shell in it
 */
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "cli/alloc_shell.h"
#include "cli/say.h"
#include "options/components.h"
#include "options/job_env.h"
#include "slurm/sayings.h"
#include "slurm/slurm.h"

static const struct slurm_usage usage = {
    .synopsis = "salloc [options] [command [argument...]]",
    .about =
        "Wait for an allocation, then run a shell (or the command) here. Each srun "
        "in it is\na step on the allocation, which ends with the shell.",
};

static int read_options(int argc, char **argv, struct job_args *args, int *ret_next,
                        struct err *err)
{
    int rc = job_env_read(environ, FOR_ALLOC, false, args, err);

    if (rc == 0)
        rc = components_parse(FOR_ALLOC, argc, argv, args, ret_next, err);
    return rc < 0 ? rc : components_join(args, err);
}

static int salloc(int argc, char **argv, struct job_args *args)
{
    struct err err;
    int next, rc = read_options(argc, argv, args, &next, &err);

    if (rc == -ECANCELED)
        return slurm_show(args->show, &usage, job_options, FOR_ALLOC);
    if (rc < 0)
        return slurm_bad_usage(err.text);
    say_warnings(args->warnings, args->quiet);
    return alloc_shell(args, argv, argv + next, &salloc_says);
}

int slurm_salloc(int argc, char **argv)
{
    struct job_args args;
    int status;

    job_args_init(&args, time(NULL));
    status = salloc(argc, argv, &args);
    job_args_fini(&args);
    return status;
}
