/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_attach.c - berth attach: watch a step of a job, from now on
 */
#include "cli/command.h"

#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "cli/attach.h"
#include "cli/cluster_link.h"
#include "cli/job_target.h"
#include "cli/logs.h"
#include "cli/step_session.h"

#define LINES_BEFORE 10 /* of a script's output: where one is */

struct attach_args {
    struct common common;
    bool has_input, has_labels;
};

static const struct usage usage = {
    .synopsis = "berth attach [options] job[.step]",
    .about =
        "Show what a step writes from now on, until it ends; without a step, what the\n"
        "job's script writes or, for an interactive job, its oldest step. Several may\n"
        "watch. Ctrl-C leaves, and does the step no harm.",
    .examples = "  berth attach 17.0\n"
                "  berth attach -l 17.2\n"
                "  echo quit | berth attach -i 17.0\n",
};

static const struct opt opts[] = {
    {"interactive", 'i', .set = opt_flag,
     .offset = offsetof(struct attach_args, has_input),
     .help = "our input is added to that of task 0"},
    {"label", 'l', .set = opt_flag, .offset = offsetof(struct attach_args, has_labels),
     .help = "the task's number before each line"},
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
        say_error(next == argc ? "to which job? Give its number" : "one job at a time");
        return STATUS_USAGE;
    }
    if (job_target_parse(argv[next], &target) < 0)
        return STATUS_USAGE;
    if (link_open(args.common.config, &berth) < 0)
        return STATUS_FAILED;
    return attach(berth, &target, &args);
}
