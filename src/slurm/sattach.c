/* SPDX-License-Identifier: Apache-2.0
 *
 * sattach.c - watch a step of a job
 */
#include <errno.h>

#include "base/mem.h"
#include "cli/attach.h"
#include "cli/cluster_link.h"
#include "cli/job_target.h"
#include "cli/say.h"
#include "slurm/slurm.h"

struct attach_args {
    struct slurm_common common;
    bool has_labels, has_input;
};

static const struct slurm_usage usage = {
    .synopsis = "sattach [options] job.step",
    .about = "Show what a step writes from now on, until it ends.",
};

static int set_filter(const struct opt *opt, const char *value, void *ctx,
                      struct err *err)
{
    (void)opt;
    (void)value;
    (void)ctx;
    return err_set(err, ENOTSUP, "all tasks are shown; --label tells them apart");
}

static const struct opt opts[] = {
    {.name = "label",
     .letter = 'l',
     .set = opt_flag,
     .offset = offsetof(struct attach_args, has_labels),
     .help = "the task's number before each line"},
    {.name = "interactive",
     .letter = 'i',
     .set = opt_flag,
     .offset = offsetof(struct attach_args, has_input),
     .help = "our input is added to that of the tasks"},
    {.name = "input-filter", .arg = OPT_NEEDED, .meta = "TASK", .set = set_filter},
    {.name = "output-filter", .arg = OPT_NEEDED, .meta = "TASK", .set = set_filter},
    {.name = "error-filter", .arg = OPT_NEEDED, .meta = "TASK", .set = set_filter},
    {.name = "layout",
     .set = slurm_refused,
     .note = "berth show step JOB.STEP has its tasks and nodes"},
    {.name = "pty",
     .set = slurm_refused,
     .note = "srun --overlap --pty --jobid=JOB opens a terminal in a job"},
    SLURM_OPTS(struct attach_args, common, 'h'),
    OPTS_END,
};

static int attach(const struct attach_args *args, const char *word)
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(job_target_fini) struct job_target target = {0};
    cleanup(reply_freep) Berth__JobList *list = NULL;

    if (job_target_parse(word, &target) < 0)
        return SLURM_FAILED;
    if (target.step < 0) {
        say_error("Invalid job step id specified: %s: give JOB.STEP", word);
        return SLURM_FAILED;
    }
    if (slurm_open(&berth) < 0 || job_target_find(berth, &target, &list) < 0)
        return SLURM_FAILED;
    return attach_to_step(berth, list->jobs[0], target.step, args->has_labels,
                          args->has_input);
}

int slurm_sattach(int argc, char **argv)
{
    struct attach_args args = {.has_labels = false};
    int next, status;

    status = slurm_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &args.common,
                         &next);
    if (status >= 0)
        return status;
    if (next + 1 != argc)
        return slurm_bad_usage(next == argc ? "to which step? Give JOB.STEP"
                                            : "one step at a time");
    return attach(&args, argv[next]);
}
