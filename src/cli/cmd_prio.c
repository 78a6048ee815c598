/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_prio.c - berth prio: what the priorities of waiting jobs are made of
 */
#include "cli/command.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/priority_show.h"
#include "cli/table.h"

struct prio_args {
    struct common common;
    const char *user, *partition;
    bool mine, no_header;
    struct priority_view view;
};

static const struct usage usage = {
    .synopsis = "berth prio [options] [id...]",
    .about =
        "List the priorities of waiting jobs, highest first, and the points that\n"
        "each factor gives: its weight times a number from 0 to 1. They add up to\n"
        "the priority; nice is taken away.",
    .examples = "  berth prio\n"
                "  berth prio --long 17 18\n"
                "  berth prio --weights\n",
};

#define MEMBER(m) offsetof(struct prio_args, m)
static const struct opt opts[] = {
    {"user", 'u', OPT_NEEDED, "NAME", opt_string, MEMBER(user), 0, "only this user's",
     0},
    {"me", 0, OPT_NONE, NULL, opt_flag, MEMBER(mine), 0, "only your own", 0},
    {"partition", 'p', OPT_NEEDED, "NAME", opt_string, MEMBER(partition), 0,
     "only in this partition", 0},
    {"long", 'l', OPT_NONE, NULL, opt_flag, MEMBER(view.is_long), 0,
     "all factors, account, QOS, and a promised start", 0},
    {"norm", 'n', OPT_NONE, NULL, opt_flag, MEMBER(view.is_norm), 0,
     "factors from 0 to 1, before their weights", 0},
    {"weights", 'w', OPT_NONE, NULL, opt_flag, MEMBER(view.only_weights), 0,
     "the weights, and no jobs", 0},
    {"no-header", 0, OPT_NONE, NULL, opt_flag, MEMBER(no_header), 0, "no first line",
     0},
    {"noheader", 0, OPT_NONE, NULL, opt_flag, MEMBER(no_header), 0, NULL, 0},
    OPTS_COMMON(struct prio_args, common),
    OPTS_END,
};

static char *asked_user(const struct prio_args *args)
{
    const struct passwd *pw;

    if (!args->mine)
        return xstrdup(args->user ? args->user : "");
    pw = getpwuid(getuid());
    return pw ? xstrdup(pw->pw_name) : xasprintf("%u", getuid());
}

/* Ids that are named must wait. */
static int check_found(const uint32_t *ids, size_t n, const Berth__PriorityList *list)
{
    for (size_t i = 0; i < n; i++) {
        bool is_found = false;

        for (size_t k = 0; k < list->n_jobs && !is_found; k++)
            is_found = list->jobs[k]->job_id == ids[i];
        if (is_found)
            continue;
        say_error("job %u does not wait", ids[i]);
        return STATUS_FAILED;
    }
    return STATUS_OK;
}

static void print(const struct prio_args *args, Berth__PriorityList *list)
{
    struct priority_view view = args->view;

    priority_sort(list);
    view.has_header = !args->no_header;
    view.width = table_terminal_width(stdout);
    if (args->common.json)
        document_print_json(priority_document(list), stdout);
    else
        priority_show(list, &view, stdout);
}

int cmd_prio(int argc, char **argv)
{
    struct prio_args args = {.mine = false};
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__PriorityList *list = NULL;
    cleanup(freep) uint32_t *ids = NULL;
    cleanup(freep) char *user = NULL, *partition = NULL;
    Berth__PriorityQuery query = BERTH__PRIORITY_QUERY__INIT;
    struct berth_err err;
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (parse_job_ids(argc - next, argv + next, &ids) < 0)
        return STATUS_USAGE;
    query.ids = ids;
    query.n_ids = (size_t)(argc - next);
    query.user = user = asked_user(&args);
    query.partition = partition = xstrdup(args.partition ? args.partition : "");
    query.limit = args.view.only_weights ? 1 : 0;
    if (link_open(args.common.config, &berth) < 0)
        return STATUS_FAILED;
    if (berth_priorities(berth, &query, &list, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    status = check_found(ids, query.n_ids, list);
    if (status == STATUS_OK)
        print(&args, list);
    return status;
}
