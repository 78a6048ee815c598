/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_attach.c - berth attach: watch a step of a job, from now on
 */
#include "cli/command.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/attach.h"
#include "cli/cluster_link.h"
#include "cli/exec_session.h"
#include "cli/job_target.h"
#include "cli/logs.h"
#include "cli/pod_target.h"
#include "cli/step_session.h"
#include "cli/step_signals.h"
#include "cli/tty.h"

#define START_SECONDS 60 /* that a container may take to start */
#define LINES_BEFORE 10  /* of a script's output: where one is */

struct attach_args {
    struct common common;
    bool has_input, has_labels, has_terminal;
    const char *container;
    struct object_scope scope;
};

static const struct usage usage = {
    .synopsis = "berth attach [options] job[.step]\n"
                "       berth attach [options] POD [-c CONTAINER]",
    .about =
        "Show what a step writes from now on, until it ends; without a step, what the\n"
        "job's script writes or, for an interactive job, its oldest step. Of a pod, "
        "what\n"
        "a container's program writes from now on, until it ends; its exit status is\n"
        "ours. Several may watch. Ctrl-C leaves, and does no harm; with a terminal "
        "(-t),\n"
        "where it is a key, closing ours does.",
    .examples = "  berth attach 17.0\n"
                "  berth attach -l 17.2\n"
                "  echo quit | berth attach -i 17.0\n"
                "  berth attach web -c db\n"
                "  berth attach -it shell\n",
};

static const struct opt opts[] = {
    {"interactive", 'i', .set = opt_flag,
     .offset = offsetof(struct attach_args, has_input),
     .help = "our input is added to that of task 0; of a container whose manifest has "
             "'stdin: true', to its own"},
    {"tty", 't', .set = opt_flag, .offset = offsetof(struct attach_args, has_terminal),
     .help = "our keys and screen are those of the container's terminal ('tty: true')"},
    {"label", 'l', .set = opt_flag, .offset = offsetof(struct attach_args, has_labels),
     .help = "the task's number before each line"},
    {"container", 'c', OPT_NEEDED, "NAME", .set = opt_string,
     .offset = offsetof(struct attach_args, container),
     .help = "this container of the pod"},
    OPTS_NAMESPACE(struct attach_args, scope),
    OPTS_CONFIG(struct attach_args, common),
    OPTS_HELP,
    OPTS_END,
};

int attach_to_step(struct berth *berth, const Berth__JobInfo *job, int64_t step,
                   bool has_labels, bool has_input)
{
    struct step_options options = {
        .job = job->record->id,
        .signal_fd = -1,
        .is_attached = true,
        .attach_to = step < 0 ? UINT32_MAX : (uint32_t)step,
        .has_stdin = has_input,
    };
    struct berth_steps *lead;
    struct job_args job_args;
    int status;

    if (job_target_call_lead(berth, job, &lead) < 0)
        return STATUS_FAILED;
    job_args_init(&job_args, time(NULL));
    job_args.label = has_labels;
    options.args = &job_args;
    status = step_session_run(lead, NULL, &options);
    job_args_fini(&job_args);
    berth_steps_close(lead);
    return status;
}

static int attach(struct berth *berth, const struct job_target *target,
                  const struct attach_args *args)
{
    struct logs_wish wish = {.follow = true, .tail = LINES_BEFORE};
    cleanup(reply_freep) Berth__JobList *list = NULL;

    if (job_target_find(berth, target, &list) < 0)
        return STATUS_FAILED;
    if (target->step >= 0 || list->jobs[0]->spec->interactive)
        return attach_to_step(berth, list->jobs[0], target->step, args->has_labels,
                              args->has_input);
    if (args->has_input) {
        say_error("--interactive: a script reads the file of --input; name a step");
        return STATUS_USAGE;
    }
    return logs_show(berth, target, &wish);
}

/* ------------------------------------------------------------------ pods */

static int check_pod(const struct attach_args *args)
{
    if (args->has_labels) {
        say_error("--label: a container has no tasks");
        return STATUS_USAGE;
    }
    if (args->has_terminal && !(args->has_input && isatty(STDIN_FILENO))) {
        say_error("--tty: %s", args->has_input
                                   ? "our input is not a terminal: leave -t out"
                                   : "it goes with --interactive: -it");
        return STATUS_USAGE;
    }
    return STATUS_OK;
}

static int attach_once(struct berth *berth, const char *word,
                       const struct attach_args *args, int signal_fd)
{
    Berth__AttachRequest attach = BERTH__ATTACH_REQUEST__INIT;
    Berth__WindowSize size = BERTH__WINDOW_SIZE__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    const struct exec_streams streams = {.in = args->has_input ? STDIN_FILENO : -1,
                                         .out = STDOUT_FILENO,
                                         .err = STDERR_FILENO,
                                         .signal_fd = signal_fd,
                                         .has_terminal = args->has_terminal};
    cleanup(freep) char *container = NULL;
    struct berth_steps *steps;
    int status;

    if (pod_target_open(berth, word, &args->scope, args->container, &steps,
                        &container) < 0)
        return STATUS_FAILED;
    if (container)
        attach.container = container;
    attach.has_stdin = args->has_input;
    if (args->has_terminal) {
        tty_size(STDOUT_FILENO, &size.rows, &size.columns);
        attach.terminal = &size;
    }
    env.body_case = BERTH__ENVELOPE__BODY_ATTACH;
    env.attach = &attach;
    status = exec_session_request(steps, &env, &streams);
    berth_steps_close(steps);
    return status;
}

/* Signals are the container's business only where keys are. */
static int attach_to_pod(struct berth *berth, const char *word,
                         const struct attach_args *args)
{
    int signal_fd = args->has_terminal ? step_signals_open(true) : -1;
    time_t until = time(NULL) + START_SECONDS;
    int status;

    while ((status = attach_once(berth, word, args, signal_fd)) == -EAGAIN) {
        struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};

        if (time(NULL) > until) {
            say_error("the container is still being started");
            return STATUS_FAILED;
        }
        (void)nanosleep(&pause, NULL);
    }
    return status;
}

int cmd_attach(int argc, char **argv)
{
    struct attach_args args = {.has_input = false};
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(job_target_fini) struct job_target target = {0};
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (next + 1 != argc) {
        say_error(next == argc ? "to which job or pod? Give its number or name"
                               : "one job or pod at a time");
        return STATUS_USAGE;
    }
    if (pod_target_is_meant(argv[next])) {
        status = check_pod(&args);
        if (status == STATUS_OK && link_open(args.common.config, &berth) < 0)
            status = STATUS_FAILED;
        return status == STATUS_OK ? attach_to_pod(berth, argv[next], &args) : status;
    }
    if (args.container || args.has_terminal) {
        say_error("--%s: of a pod alone", args.container ? "container" : "tty");
        return STATUS_USAGE;
    }
    if (job_target_parse(argv[next], &target) < 0)
        return STATUS_USAGE;
    if (link_open(args.common.config, &berth) < 0)
        return STATUS_FAILED;
    return attach(berth, &target, &args);
}
