/* SPDX-License-Identifier: Apache-2.0
 *
 * main_static.c - the berth that is found inside containers
 *
 * Images do not contain Berth, so a static program is put into each container.
 * It starts steps, waits for them and ends them over the lead's local socket, and is
 * the other end of commands that look inside (inside.h). It needs nothing else: no
 * libraries, no MUNGE, no configuration, no name service.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/bag.h"
#include "cli/inside.h"
#include "cli/rsh.h"
#include "cli/run_step.h"
#include "cli/say.h"
#include "cli/step_orders.h"

/* A program, or a bag of commands whose template 'words' are. */
static int run_in_job(struct job_args *args, const char *lead, char **words)
{
    char *bag[] = {bag_name(args), NULL};
    int status;

    if (!bag_is_wanted(args))
        return run_step_in_job(args, lead, words);
    status = bag_open(args, words);
    if (status < 0)
        status = run_step_in_job(args, lead, bag);
    bag_close(args);
    return status;
}

static int run(int argc, char **argv)
{
    const char *lead = getenv("BERTH_LEAD");
    struct job_args args;
    int next, status;

    job_args_init(&args, 0);
    status = run_args_parse(argc, argv, true, &args, &next);
    if (status < 0 && !lead) {
        say_error("$BERTH_LEAD is not set: this is not the inside of a job");
        status = 1;
    }
    if (status < 0 && args.has_container) {
        say_error("inside a container a step uses the job's container: leave out "
                  "--image, --mount, --no-home and --as-root");
        status = 2;
    }
    if (status < 0 && args.jobid && args.jobid != run_job_here()) {
        say_error("--jobid=%u: from inside a container only steps of its own job can "
                  "be started",
                  args.jobid);
        status = 2;
    }
    if (status < 0)
        status = run_in_job(&args, lead, argv + next);
    job_args_fini(&args);
    return status;
}

/* In place of ssh. */
static int rsh(int argc, char **argv)
{
    cleanup(strv_freep) char **command = rsh_command(argc, argv);

    say_set_name("berth-rsh");
    if (command)
        return run((int)strv_len(command), command);
    say_error("which host, and which command?");
    return 2;
}

/* wait STEP... and cancel STEP...: of this job. */
static int order(int argc, char **argv, bool waits)
{
    const char *lead = getenv("BERTH_LEAD");
    uint32_t own = run_job_here(), job, step;
    int status = 0;

    say_set_name(waits ? "berth wait" : "berth cancel");
    if (argc < 2) {
        say_error("which step? Give its number");
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        struct berth_steps *steps;
        struct berth_err err;
        int one;

        if (step_name_parse(argv[i], own, &job, &step) < 0)
            return 2;
        if (!lead || job != own) {
            say_error("'%s': inside a container only steps of its own job are known",
                      argv[i]);
            return 2;
        }
        if (berth_steps_connect_lead(lead, &steps, &err) < 0) {
            say_error("%s", err.text);
            return 1;
        }
        one =
            waits ? step_wait(steps, job, step) : step_control(steps, job, step, 0) < 0;
        berth_steps_close(steps);
        status = one > status ? one : status;
    }
    return status;
}

int main(int argc, char **argv)
{
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    int status;
    const char *name = slash ? slash + 1 : argc > 0 ? argv[0] : "berth";

    io_open_std();
    signal(SIGPIPE, SIG_IGN);
    say_set_name("berth run");
    status = inside_main(argc, argv);
    if (status >= 0)
        return status;
    if (strcmp(name, "berth-rsh") == 0)
        return rsh(argc, argv);
    if (strcmp(name, "srun") == 0) {
        say_set_name("srun");
        say_mark_errors();
        return run(argc, argv);
    }
    if (argc > 1 && strcmp(argv[1], "run") == 0)
        return run(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "wait") == 0)
        return order(argc - 1, argv + 1, true);
    if (argc > 1 && strcmp(argv[1], "cancel") == 0)
        return order(argc - 1, argv + 1, false);
    if (argc > 1 && strcmp(argv[1], "version") == 0) {
        printf("berth %s\n", PACKAGE_VERSION);
        return 0;
    }
    say_set_name("berth");
    say_error("inside a container only 'berth run', 'berth wait' and 'berth cancel' "
              "are available");
    return 2;
}
