/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_run.c - berth run: a parallel program, here and now
 */
#include "cli/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/allocation.h"
#include "cli/image_ref.h"
#include "cli/run_step.h"
#include "cli/step_signals.h"
#include "mpi/mpi.h"

/* A job of its own that ends with the step. */
static int run_in_new_job(struct job_args *args, char **argv, char **command)
{
    const char *base = strrchr(command[0], '/');
    int signal_fd = step_signals_open(args->pty), status;
    struct allocation alloc;

    if (signal_fd < 0) {
        say_error("cannot watch for signals: %s", strerror(-signal_fd));
        return STATUS_FAILED;
    }
    status =
        allocation_open(args, argv, base ? base + 1 : command[0], signal_fd, &alloc);
    if (status == 0)
        status = run_step_on(alloc.steps, args, false, alloc.job, signal_fd, command);
    allocation_close(&alloc);
    close(signal_fd);
    return status;
}

static int run_in_this_job(struct job_args *args, const char *lead, char **argv)
{
    struct err err;

    if (args->has_container && args->spec->container->image[0] == '\0') {
        say_error("in a job, options of a container need --image: without it the step "
                  "uses the job's container");
        return STATUS_USAGE;
    }
    if (args->has_container &&
        image_ref_resolve(args->config, args->spec->container, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    return run_step_in_job(args, lead, argv);
}

/* Without a program it is the image's own. */
static int run(struct job_args *args, const char *lead, char **argv, char **command)
{
    cleanup(strv_freep) char **own = NULL;
    struct err err;

    if (!command[0]) {
        if (image_ref_command(args, &own, &err) < 0) {
            say_error("%s", err.text);
            return STATUS_USAGE;
        }
        command = own;
    }
    return lead ? run_in_this_job(args, lead, command)
                : run_in_new_job(args, argv, command);
}

static void list_mpi(void)
{
    mpi_list(stdout);
}

int cmd_run(int argc, char **argv)
{
    const char *lead = getenv("BERTH_LEAD");
    bool in_job = lead && lead[0] != '\0';
    struct job_args args;
    int next, status;

    job_args_init(&args, time(NULL));
    args.list_mpi = list_mpi;
    status = run_args_parse(argc, argv, in_job, &args, &next);
    if (status < 0)
        status = run(&args, in_job ? lead : NULL, argv, argv + next);
    job_args_fini(&args);
    return status;
}
