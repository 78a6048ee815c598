/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_control.c - berth cancel, hold, release, requeue, suspend, resume: one order to
 * one or many jobs
 */
#include "cli/command.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/job_answers.h"
#include "cli/job_names.h"
#include "cli/job_steps.h"

struct control_args {
    struct common common;
    const char *user, *name, *states, *signal;
    bool mine, steps, batch;
};

#define MEMBER(m) offsetof(struct control_args, m)

static const struct opt plain_opts[] = {
    OPTS_COMMON(struct control_args, common),
    OPTS_END,
};

static const struct opt cancel_opts[] = {
    {"user", 'u', OPT_NEEDED, "NAME", opt_string, MEMBER(user), 0,
     "all jobs of this user", 0},
    {"me", 0, OPT_NONE, NULL, opt_flag, MEMBER(mine), 0, "all your own jobs", 0},
    {"name", 'n', OPT_NEEDED, "NAME", opt_string, MEMBER(name), 0,
     "only jobs with this name", 0},
    {"state", 't', OPT_NEEDED, "LIST", opt_string, MEMBER(states), 0,
     "only jobs in these states", 0},
    {"signal", 's', OPT_NEEDED, "SIGNAL", opt_string, MEMBER(signal), 0,
     "send this signal instead of ending the job", 0},
    {"steps", 0, OPT_NONE, NULL, opt_flag, MEMBER(steps), 0,
     "with --signal: to the steps, not to the script", 0},
    {"batch", 'b', OPT_NONE, NULL, opt_flag, MEMBER(batch), 0,
     "with --signal: to the script's shell alone", 0},
    OPTS_COMMON(struct control_args, common),
    OPTS_END,
};

static int send_control(const struct control_args *args,
                        const Berth__JobControl *control)
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__JobControlReply *reply = NULL;
    struct berth_err err;

    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    if (berth_control(berth, control, &reply, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    return job_answers_print(reply, args->common.json);
}

/* Whose jobs, when no ids are given: the named user's, or the caller's own for
 * --me, --name and --state. */
static char *whose(const struct control_args *args, bool has_ids)
{
    const struct passwd *pw;

    if (args->user)
        return xstrdup(args->user);
    if (has_ids && !args->mine)
        return xstrdup("");
    pw = getpwuid(getuid());
    return pw ? xstrdup(pw->pw_name) : xasprintf("%u", getuid());
}

static Berth__SignalJob__Scope scope_of(const struct control_args *args)
{
    return args->batch   ? BERTH__SIGNAL_JOB__SCOPE__SHELL
           : args->steps ? BERTH__SIGNAL_JOB__SCOPE__STEPS
                         : BERTH__SIGNAL_JOB__SCOPE__ALL;
}

static int control_steps(const struct control_args *args, int n, char *const *words)
{
    struct err err;
    int signal = 0;

    if (args->signal && signal_parse(args->signal, &signal, &err) < 0) {
        say_error("--signal: %s", err.text);
        return STATUS_USAGE;
    }
    return job_steps_control(args->common.config, n, words, signal);
}

static int control(const struct usage *usage, const struct opt *opts,
                   Berth__JobControl__Op op, int argc, char **argv)
{
    struct control_args args = {.mine = false};
    cleanup(job_names_fini) struct job_names jobs = {0};
    cleanup(freep) char *user = NULL, *name = NULL;
    cleanup(strv_freep) char **states = NULL;
    Berth__JobControl message = BERTH__JOB_CONTROL__INIT;
    struct err err;
    int next, status;

    status = command_parse(usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (next == argc && !args.user && !args.mine && !args.name && !args.states) {
        say_error("which job? Give its number");
        return STATUS_USAGE;
    }
    if (op == BERTH__JOB_CONTROL__OP__CANCEL && next < argc && is_step_name(argv[next]))
        return control_steps(&args, argc - next, argv + next);
    if (job_names_parse(argc - next, argv + next, &jobs) < 0)
        return STATUS_USAGE;
    message.op = args.signal ? BERTH__JOB_CONTROL__OP__SIGNAL : op;
    if (args.signal && signal_parse(args.signal, &message.signal, &err) < 0) {
        say_error("--signal: %s", err.text);
        return STATUS_USAGE;
    }
    if ((args.steps || args.batch) && !args.signal) {
        say_error("--%s goes with --signal", args.steps ? "steps" : "batch");
        return STATUS_USAGE;
    }
    message.scope = scope_of(&args);
    states = args.states ? strv_split(args.states, ",") : NULL;
    user = whose(&args, next < argc);
    name = xstrdup(args.name ? args.name : "");
    message.ids = jobs.ids;
    message.n_ids = jobs.n;
    message.elements = jobs.elements;
    message.n_elements = jobs.n;
    message.user = user;
    message.name = name;
    message.states = states;
    message.n_states = strv_len(states);
    return send_control(&args, &message);
}

int cmd_cancel(int argc, char **argv)
{
    static const struct usage usage = {
        .synopsis = "berth cancel [options] [id[.step]...]",
        .about = "End jobs or steps, waiting or running, or send them a signal.",
        .examples = "  berth cancel 17 18\n"
                    "  berth cancel --me --state PENDING\n"
                    "  berth cancel 18_3 18_[7-9]\n"
                    "  berth cancel 17.0\n"
                    "  berth cancel --signal USR1 17\n"
                    "  berth cancel --signal USR1 --batch 17\n",
    };

    return control(&usage, cancel_opts, BERTH__JOB_CONTROL__OP__CANCEL, argc, argv);
}

int cmd_hold(int argc, char **argv)
{
    static const struct usage usage = {
        .synopsis = "berth hold [options] id...",
        .about = "Keep waiting jobs from starting until they are released.",
        .examples = "  berth hold 17\n",
    };

    return control(&usage, plain_opts, BERTH__JOB_CONTROL__OP__HOLD, argc, argv);
}

int cmd_requeue(int argc, char **argv)
{
    static const struct usage usage = {
        .synopsis = "berth requeue [options] id...",
        .about = "End running jobs, and queue them again.",
        .examples = "  berth requeue 17 18_3\n",
    };

    return control(&usage, plain_opts, BERTH__JOB_CONTROL__OP__REQUEUE, argc, argv);
}

int cmd_release(int argc, char **argv)
{
    static const struct usage usage = {
        .synopsis = "berth release [options] id...",
        .about = "Let held jobs start.",
        .examples = "  berth release 17\n",
    };

    return control(&usage, plain_opts, BERTH__JOB_CONTROL__OP__RELEASE, argc, argv);
}

int cmd_suspend(int argc, char **argv)
{
    static const struct usage usage = {
        .synopsis = "berth suspend [options] id...",
        .about = "Stop running jobs (administrators): others may have their cores, "
                 "their memory stays\nheld, and their time limits stand still.",
        .examples = "  berth suspend 17 18_3\n",
    };

    return control(&usage, plain_opts, BERTH__JOB_CONTROL__OP__SUSPEND, argc, argv);
}

int cmd_resume(int argc, char **argv)
{
    static const struct usage usage = {
        .synopsis = "berth resume [options] id...",
        .about = "Let suspended jobs go on (administrators), as soon as their cores "
                 "are free.",
        .examples = "  berth resume 17\n",
    };

    return control(&usage, plain_opts, BERTH__JOB_CONTROL__OP__RESUME, argc, argv);
}
