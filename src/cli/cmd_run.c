/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_run.c - berth run: a parallel program, here and now
 */
#include "cli/command.h"

#include <stdlib.h>
#include <time.h>

#include "cli/run_job.h"
#include "cli/run_step.h"

int cmd_run(int argc, char **argv)
{
    const char *lead = getenv("BERTH_LEAD");
    bool in_job = lead && lead[0] != '\0';
    struct job_args args;
    int next, status;

    job_args_init(&args, time(NULL));
    args.list_mpi = run_list_mpi;
    status = run_args_parse(argc, argv, in_job, &args, &next);
    if (status < 0)
        status =
            run_job(&args, in_job ? lead : NULL, argv, argv + next, &allocation_says);
    job_args_fini(&args);
    return status;
}
