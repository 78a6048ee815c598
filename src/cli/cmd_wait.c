/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_wait.c - berth wait: until jobs have ended
 */
#include "cli/command.h"

#include "base/mem.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/wait_job.h"

struct wait_args {
    struct common common;
};

static const struct usage usage = {
    .synopsis = "berth wait [options] id...",
    .about =
        "Wait until the jobs have ended, and exit as they did: with the exit code\n"
        "of the job, the largest of several, 128 + the signal that killed it.",
    .examples = "  berth wait 17 && echo good\n"
                "  berth wait $(berth submit --parsable job.sh)\n",
};

static const struct opt opts[] = {
    OPTS_CONFIG(struct wait_args, common),
    OPTS_HELP,
    OPTS_END,
};

int cmd_wait(int argc, char **argv)
{
    struct wait_args args = {.common = {0}};
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(freep) uint32_t *ids = NULL;
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (next == argc) {
        say_error("which job? Give its number");
        return STATUS_USAGE;
    }
    if (parse_job_ids(argc - next, argv + next, &ids) < 0)
        return STATUS_USAGE;
    if (link_open(args.common.config, &berth) < 0)
        return STATUS_FAILED;
    return wait_for_end(berth, ids, (size_t)(argc - next));
}
