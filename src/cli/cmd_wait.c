/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_wait.c - berth wait: until jobs have ended
 */
#include "cli/command.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"
#include "cli/cluster_link.h"
#include "cli/job_names.h"
#include "cli/job_steps.h"
#include "cli/job_watch.h"
#include "cli/say.h"
#include "cli/wait_job.h"

struct wait_args {
    struct common common;
    bool starts;
};

static const struct usage usage = {
    .synopsis = "berth wait [options] id[.step]...",
    .about =
        "Wait until the jobs or steps have ended, and exit as they did: with their\n"
        "exit code, the largest of several, 128 + the signal that killed one. With\n"
        "--for=running, until jobs run: exit 0, or 1 when one ended before it ran.\n"
        "Steps of a job that has ended are known as long as its history is kept.",
    .examples = "  berth wait 17 && echo good\n"
                "  berth wait $(berth submit --parsable job.sh)\n"
                "  berth wait --for=running 17 18_[3-9]\n"
                "  berth wait 17.0 17.1\n",
};

/* Numbers of jobs that are waited for; elements have theirs once they have begun. */
struct wanted {
    uint32_t *ids;
    size_t n, n_cancelled;
};

static void add_id(struct wanted *wanted, uint32_t id)
{
    wanted->ids = xrealloc(wanted->ids, wanted->n + 1, sizeof(*wanted->ids));
    wanted->ids[wanted->n++] = id;
}

static int add_elements(struct berth *berth, uint32_t id, const char *text,
                        struct wanted *wanted)
{
    cleanup(freep) uint32_t *ids = NULL;
    size_t n, n_cancelled;
    int rc = job_watch_elements(berth, id, text, &ids, &n, &n_cancelled);

    for (size_t i = 0; i < n; i++)
        add_id(wanted, ids[i]);
    wanted->n_cancelled += n_cancelled;
    return rc;
}

static int wait_for(struct berth *berth, const struct job_names *names, bool starts)
{
    struct wanted wanted = {.n = 0};
    int rc = 0, status;

    for (size_t i = 0; rc == 0 && i < names->n; i++) {
        if (names->elements[i][0])
            rc = add_elements(berth, names->ids[i], names->elements[i], &wanted);
        else
            add_id(&wanted, names->ids[i]);
    }
    status = rc < 0          ? STATUS_FAILED
             : wanted.n == 0 ? STATUS_OK
             : starts        ? wait_for_start(berth, wanted.ids, wanted.n)
                             : wait_for_end(berth, wanted.ids, wanted.n);
    free(wanted.ids);
    return status == STATUS_OK && wanted.n_cancelled ? STATUS_FAILED : status;
}

/* --for=running|ended */
static int set_for(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct wait_args *args = ctx;

    (void)opt;
    args->starts = strcasecmp(value, "running") == 0;
    if (args->starts || strcasecmp(value, "ended") == 0)
        return 0;
    return err_set(err, EINVAL, "'%.60s' is neither running nor ended", value);
}

static const struct opt opts[] = {
    {"for", 0, OPT_NEEDED, "STATE", set_for, 0, 0,
     "running or ended (default: ended); what has ended has run", 0},
    OPTS_CONFIG(struct wait_args, common),
    OPTS_HELP,
    OPTS_END,
};

int cmd_wait(int argc, char **argv)
{
    struct wait_args args = {.common = {0}};
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(job_names_fini) struct job_names names = {0};
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (next == argc) {
        say_error("which job? Give its number");
        return STATUS_USAGE;
    }
    if (is_step_name(argv[next]))
        return job_steps_wait(args.common.config, argc - next, argv + next);
    if (job_names_parse(argc - next, argv + next, &names) < 0)
        return STATUS_USAGE;
    if (link_open(args.common.config, &berth) < 0)
        return STATUS_FAILED;
    return wait_for(berth, &names, args.starts);
}
