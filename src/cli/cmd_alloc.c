/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_alloc.c - berth alloc: an allocation, and a shell that uses it
 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli/alloc_shell.h"
#include "options/components.h"
#include "options/job_env.h"

static void print_usage(void)
{
    printf("Usage: berth alloc [options] [command [argument...]]\n\n"
           "Wait for an allocation, then run a shell (or the command) here. Each\n"
           "'berth run' in it is a step on the allocation, which ends with the shell.\n"
           "\nOptions:\n");
    opts_print(job_options, FOR_ALLOC, stdout);
    printf("\nExamples:\n"
           "  berth alloc -N2 -t 1h\n"
           "  berth alloc -n8 --image hpcc berth run ./solver\n");
}

static int read_options(int argc, char **argv, struct job_args *args, int *ret_next)
{
    struct err err;
    int rc = job_env_read(environ, FOR_ALLOC, false, args, &err);

    if (rc == 0)
        rc = components_parse(FOR_ALLOC, argc, argv, args, ret_next, &err);
    if (rc == 0)
        rc = components_join(args, &err);
    if (rc == -ECANCELED) {
        print_usage();
        return STATUS_OK;
    }
    if (rc < 0) {
        say_error("%s", err.text);
        return STATUS_USAGE;
    }
    say_warnings(args->warnings, args->quiet);
    return -1;
}

int cmd_alloc(int argc, char **argv)
{
    struct job_args args;
    int next, status;

    job_args_init(&args, time(NULL));
    status = read_options(argc, argv, &args, &next);
    if (status < 0)
        status = alloc_shell(&args, argv, argv + next, &allocation_says);
    job_args_fini(&args);
    return status;
}
