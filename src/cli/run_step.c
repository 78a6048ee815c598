/* SPDX-License-Identifier: Apache-2.0
 *
 * run_step.c - berth run inside a job: options, one step, its exit status
 */
#include "cli/run_step.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "options/job_env.h"
#include "cli/bag.h"
#include "cli/say.h"
#include "options/hostfile.h"
#include "options/inherit.h"
#include "options/release.h"
#include "cli/step_orders.h"
#include "cli/step_session.h"
#include "cli/step_signals.h"

enum { RUN_FAILED = 1, RUN_USAGE = 2 };

static void print_usage(void)
{
    printf(
        "Usage: berth run [options] program [argument...]\n"
        "       berth run [options] --bag FILE|- [template...]\n"
        "       berth run [options] --bag-range RANGE -- template...\n\n"
        "Run a program as parallel tasks, in a container when there is an image. In a\n"
        "job it is a step of that job; elsewhere it waits for an allocation of its\n"
        "own. Output comes here, input goes to all tasks, the exit status is the\n"
        "largest of the tasks' (128 + the signal that killed one).\n\n"
        "With --bag many small commands run as one step, as many at once as it has\n"
        "tasks; without -n that is all cores. Each line is a command, or with a\n"
        "template the value of its {}. The exit status is 0 if all succeeded, else 1.\n"
        "\nOptions:\n");
    opts_print(job_options, FOR_RUN, stdout);
    printf(
        "\nExamples:\n"
        "  berth run -n4 hostname\n"
        "  berth run -N4 -n16 --image hpcc ./solver input.dat\n"
        "  berth run -l -n2 -o 'out-%%t.txt' ./solver\n"
        "  berth run --pty bash\n"
        "  berth run -n4 --input 0 ./solver < input.dat\n"
        "  berth wait $(berth run --async -n4 ./solver)\n"
        "  berth run --jobid=17 --overlap -n1 top -bn1\n"
        "  berth run -N4 --exclusive --bag commands.txt --retry 2\n"
        "  berth run -n64 --bag-range 0-99999 -o 'out.%%t' -- ./task --seed {}\n"
        "  ls *.dat | berth run -n8 --bag - --image tools --keep-order convert {}\n");
}

/* The static program cannot load a plugin and ask it what it is. */
static void print_kinds(const struct job_args *args)
{
    if (args->list_mpi)
        args->list_mpi();
    else
        printf("none\npmix\npmi2\n");
}

/* mpirun asks srun, also inside of containers. */
static void print_version(void)
{
    bool is_slurms = strcmp(say_name(), "srun") == 0;

    printf("%s\n", is_slurms ? SLURM_VERSION_LINE : "berth " PACKAGE_VERSION);
}

/* Options of a bag are for one. */
static int check_bag(const struct job_args *args, struct err *err)
{
    const struct bag_args *bag = &args->bag;
    const char *option = bag->log            ? "bag-log"
                         : bag->resume       ? "resume"
                         : bag->keep_order   ? "keep-order"
                         : bag->retry        ? "retry"
                         : bag->max_failures ? "max-failures"
                         : bag->timeout_ms   ? "timeout"
                         : args->json        ? "json"
                                             : NULL;

    if (bag->file && bag->range)
        return err_set(err, EINVAL, "--bag and --bag-range: one or the other");
    if (bag_is_wanted(args) && args->pty)
        return err_set(err, EINVAL, "--pty: commands of a bag have no terminal");
    if (!bag_is_wanted(args) && option)
        return err_set(err, EINVAL, "--%s is for a bag: add --bag or --bag-range",
                       option);
    return 0;
}

/* Before the options are read: they mean other things in a job. Words of the program's
 * may look the same, so this is a guess. */
static bool may_name_job(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--jobid", 7) == 0 || strncmp(argv[i], "-j", 2) == 0)
            return true;
    return false;
}

static int read_as(int argc, char **argv, bool in_job, struct job_args *args,
                   int *ret_next, struct err *err)
{
    int rc;

    args->in_job = in_job;
    rc = job_env_read(environ, FOR_RUN, in_job, args, err);
    if (rc == 0)
        rc = opts_parse(job_options, FOR_RUN, OPTS_STOP, argc, argv, args, ret_next,
                        err);
    if (rc == 0 && args->mpi && strcmp(args->mpi, "list") == 0) {
        print_kinds(args);
        return -ECANCELED;
    }
    if (rc == 0)
        rc = hostfile_apply(args, environ, in_job, err);
    if (rc == 0)
        rc = check_bag(args, err);
    if (rc == 0 && *ret_next == argc && !args->spec->container->image[0] &&
        !bag_is_wanted(args))
        rc = err_set(err, EINVAL, "run what? Give a program");
    if (rc < 0)
        return rc;
    if (args->async && bag_is_wanted(args))
        return err_set(err, EINVAL, "--async: a bag has its client to the end");
    if (args->async && !in_job)
        return err_set(err, EINVAL,
                       "--async is for steps of a job: 'berth submit' queues a job");
    if (in_job)
        step_warn_unheard(args);
    return 0;
}

int run_args_read(int argc, char **argv, bool in_job, struct job_args *args,
                  int *ret_next, struct err *err)
{
    bool guessed = !in_job && may_name_job(argc, argv);
    struct job_args fresh;
    int rc = read_as(argc, argv, in_job || guessed, args, ret_next, err);

    if (guessed && !args->jobid) {
        job_args_init(&fresh, args->now);
        fresh.list_mpi = args->list_mpi;
        job_args_fini(args);
        *args = fresh;
        rc = read_as(argc, argv, false, args, ret_next, err);
    }
    if (rc == 0)
        say_warnings(args->warnings, args->quiet);
    return rc;
}

int run_args_parse(int argc, char **argv, bool in_job, struct job_args *args,
                   int *ret_next)
{
    struct err err;
    int rc = run_args_read(argc, argv, in_job, args, ret_next, &err);

    if (rc == 0)
        return -1;
    if (rc == -ECANCELED) {
        if (args->show && strcmp(args->show, "version") == 0)
            print_version();
        else if (args->show)
            print_usage();
        return 0;
    }
    say_error("%s", err.text);
    return RUN_USAGE;
}

uint32_t run_job_here(void)
{
    const char *text = getenv("BERTH_JOB_ID");

    if (!text)
        text = getenv("SLURM_JOB_ID");
    return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

int run_step_on(struct berth_steps *steps, const struct job_args *args, bool in_job,
                uint32_t job, int signal_fd, char *const *argv)
{
    const struct step_options options = {
        .args = args,
        .job = job,
        .signal_fd = signal_fd,
        .joins = in_job && job != run_job_here(),
    };
    Berth__StepSpec *spec;
    struct err err;
    int status;

    if (step_spec_build(args, environ, argv, in_job, &spec, &err) < 0) {
        say_error("%s", err.text);
        return RUN_FAILED;
    }
    if (args->bag.opened)
        status = bag_run(args->bag.opened, steps, spec, job, signal_fd);
    else
        status = spec->files ? step_start_async(steps, job, spec, options.joins)
                             : step_session_run(steps, spec, &options);
    berth__step_spec__free_unpacked(spec, NULL);
    return status;
}

int run_step_in_job(const struct job_args *args, const char *lead, char *const *argv)
{
    struct berth_steps *steps;
    struct berth_err err;
    int signal_fd = step_signals_open(args->pty), status;

    if (signal_fd < 0) {
        say_error("cannot watch for signals: %s", strerror(-signal_fd));
        return RUN_FAILED;
    }
    if (berth_steps_connect_lead(lead, &steps, &err) < 0) {
        say_error("%s", err.text);
        close(signal_fd);
        return RUN_FAILED;
    }
    status = run_step_on(steps, args, true, run_job_here(), signal_fd, argv);
    berth_steps_close(steps);
    close(signal_fd);
    return status;
}
