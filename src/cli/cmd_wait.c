/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_wait.c - berth wait: until jobs have ended
 */
#include "cli/command.h"

#include <errno.h>

#include "base/mem.h"
#include "cli/cluster_link.h"
#include "cli/job_names.h"
#include "cli/say.h"
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

/* An element that has begun is a job with a number of its own. */
static int element_ids(struct berth *berth, const struct job_names *names, size_t i,
                       uint32_t **ids, size_t *n)
{
    cleanup(reply_freep) Berth__JobList *list = NULL;
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    struct berth_err err;
    int rc;

    query.ids = &names->ids[i];
    query.elements = &names->elements[i];
    query.n_ids = query.n_elements = 1;
    rc = berth_jobs(berth, &query, &list, &err);
    if (rc < 0) {
        say_error("%s", err.text);
        return rc;
    }
    *ids = xrealloc(*ids, *n + list->n_jobs + 1, sizeof(**ids));
    for (size_t j = 0; j < list->n_jobs; j++) {
        if (list->jobs[j]->record->array_job == 0) {
            say_error("%u_[%s] has not begun: wait for all of job %u", names->ids[i],
                      names->elements[i], names->ids[i]);
            return -EAGAIN;
        }
        (*ids)[(*n)++] = list->jobs[j]->record->id;
    }
    if (list->n_jobs == 0)
        say_error("there is no %u_[%s]", names->ids[i], names->elements[i]);
    return list->n_jobs ? 0 : -ESRCH;
}

static int wait_for(struct berth *berth, const struct job_names *names)
{
    cleanup(freep) uint32_t *ids = NULL;
    size_t n = 0;

    for (size_t i = 0; i < names->n; i++) {
        if (names->elements[i][0]) {
            if (element_ids(berth, names, i, &ids, &n) < 0)
                return STATUS_FAILED;
            continue;
        }
        ids = xrealloc(ids, n + 1, sizeof(*ids));
        ids[n++] = names->ids[i];
    }
    return wait_for_end(berth, ids, n);
}

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
    if (job_names_parse(argc - next, argv + next, &names) < 0)
        return STATUS_USAGE;
    if (link_open(args.common.config, &berth) < 0)
        return STATUS_FAILED;
    return wait_for(berth, &names);
}
