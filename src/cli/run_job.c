/* SPDX-License-Identifier: Apache-2.0
 *
 * run_job.c - a parallel program: in this job, in another one, or in a new one
 */
#include "cli/run_job.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/bag.h"
#include "cli/cluster_link.h"
#include "cli/command.h"
#include "cli/image_ref.h"
#include "cli/job_target.h"
#include "cli/lead_wait.h"
#include "cli/run_step.h"
#include "cli/step_signals.h"
#include "cli/test_only.h"
#include "mpi/mpi.h"
#include "options/inherit.h"

/* A job of its own that ends with the step. */
static int run_in_new_job(struct job_args *args, char **argv, char **command,
                          const struct allocation_sayings *says)
{
    const char *base = strrchr(command[0], '/');
    int signal_fd = step_signals_open(args->pty), status;
    struct allocation alloc;

    if (signal_fd < 0) {
        say_error("cannot watch for signals: %s", strerror(-signal_fd));
        return STATUS_FAILED;
    }
    status = allocation_open(args, argv, base ? base + 1 : command[0], signal_fd, says,
                             &alloc);
    if (status == 0) {
        cleanup(strv_freep) char **env = strv_dup(environ);
        char **own = environ;

        /* Tasks of a job without a script learn from us what it asked for. */
        allocation_env(&alloc, args, &env);
        strv_unsetenv(env, "BERTH_JOB_ID"); /* they are not made inside of it */
        strv_unsetenv(env, "BERTH_LEAD");
        environ = env;
        status = run_step_on(alloc.steps, args, false, alloc.job, signal_fd, command);
        environ = own;
    }
    allocation_close(&alloc);
    close(signal_fd);
    return status;
}

static int reach_far_lead(void *ctx, struct berth_steps **ret, struct berth_err *err)
{
    return berth_steps_connect_lead(ctx, ret, err);
}

/* In the shell of an allocation whose lead is on another machine. */
static int run_in_far_job(struct job_args *args, const char *lead, char **argv)
{
    cleanup(freep) char *where = xstrdup(lead);
    cleanup(closep) int signal_fd = step_signals_open(args->pty);
    struct lead_wait wait = {.config = args->config,
                             .signal_fd = signal_fd,
                             .reach = reach_far_lead,
                             .ctx = where};
    struct berth_steps *steps;
    struct berth_err err;
    int status;

    if (signal_fd < 0) {
        say_error("cannot watch for signals: %s", strerror(-signal_fd));
        return STATUS_FAILED;
    }
    status = lead_wait(&wait, &steps, &err);
    if (status) {
        if (err.text[0])
            say_error("%s", err.text);
        return status;
    }
    status = run_step_on(steps, args, true, run_job_here(), signal_fd, argv);
    berth_steps_close(steps);
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
    return strncmp(lead, "tcp:", 4) == 0 ? run_in_far_job(args, lead, argv)
                                         : run_step_in_job(args, lead, argv);
}

struct other_job {
    struct berth *berth;
    const struct job_target *target;
    const Berth__JobInfo *job;
};

static int reach_other_lead(void *ctx, struct berth_steps **ret, struct berth_err *err)
{
    const struct other_job *other = ctx;

    return job_target_reach_lead(other->berth, other->job, ret, err);
}

static bool other_has_ended(void *ctx)
{
    const struct other_job *other = ctx;
    cleanup(reply_freep) Berth__JobList *list = NULL;

    if (job_target_find(other->berth, other->target, &list) < 0)
        return true;
    if (job_target_has_nodes(list->jobs[0]))
        return false;
    job_target_say_state(list->jobs[0]);
    return true;
}

static int call_other_lead(const struct job_args *args, struct other_job *other,
                           int signal_fd, struct berth_steps **ret)
{
    const struct lead_wait wait = {.config = args->config,
                                   .signal_fd = signal_fd,
                                   .reach = reach_other_lead,
                                   .is_over = other_has_ended,
                                   .ctx = other};
    struct berth_err err;
    int status;

    if (!job_target_has_nodes(other->job)) {
        job_target_say_state(other->job);
        return STATUS_FAILED;
    }
    status = lead_wait(&wait, ret, &err);
    if (status && err.text[0])
        say_error("job %u: node %s: %s", other->job->record->id,
                  other->job->record->placement->shares[0]->node, err.text);
    return status;
}

/* Of a job that runs elsewhere: its lead is asked for the step. */
static int run_in_other_job(struct job_args *args, char **command)
{
    struct job_target target = {.id = args->jobid, .step = STEP_ANY};
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__JobList *list = NULL;
    cleanup(freep) char *element = xstrdup("");
    cleanup(closep) int signal_fd = -1;
    struct other_job other = {.target = &target};
    struct berth_steps *lead;
    int status;

    target.element = element;
    if (link_open(args->config, &berth) < 0 ||
        job_target_find(berth, &target, &list) < 0)
        return STATUS_FAILED;
    signal_fd = step_signals_open(args->pty);
    if (signal_fd < 0)
        return STATUS_FAILED;
    other.berth = berth;
    other.job = list->jobs[0];
    status = call_other_lead(args, &other, signal_fd, &lead);
    if (status)
        return status;
    status = run_step_on(lead, args, true, args->jobid, signal_fd, command);
    berth_steps_close(lead);
    return status;
}

/* Complete the job as allocation_get would, and ask. */
static int try_job(struct job_args *args, char **argv, const char *program,
                   const struct allocation_sayings *says)
{
    struct spec_source source = {
        .env = environ, .command = say_name(), .argv = argv, .script_name = program};
    struct err err;
    int rc;

    args->spec->interactive = 1;
    rc = image_ref_resolve(args->config, args->spec->container, &err);
    if (rc == 0)
        rc = spec_complete(args, &source, &err);
    if (rc < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    return test_only(args, says->refused);
}

static int run_command(struct job_args *args, const char *lead, char **argv,
                       char **command, const struct allocation_sayings *says)
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
    if (args->jobid && args->jobid != (lead ? run_job_here() : 0))
        return run_in_other_job(args, command);
    if (args->test_only && !lead)
        return try_job(args, argv, command[0], says);
    return lead ? run_in_this_job(args, lead, command)
                : run_in_new_job(args, argv, command, says);
}

/* What is wrong with a bag's input is said before nodes are asked for. */
int run_job(struct job_args *args, const char *lead, char **argv, char **command,
            const struct allocation_sayings *says)
{
    char *bag[] = {bag_name(args), NULL};
    int status;

    if (!bag_is_wanted(args))
        return run_command(args, lead, argv, command, says);
    status = bag_open(args, command);
    if (status < 0)
        status = run_command(args, lead, argv, bag, says);
    bag_close(args);
    return status;
}

void run_list_mpi(void)
{
    mpi_list(stdout);
}
