/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_jobs.c - berth jobs: what waits and what runs
 */
#include "cli/command.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/job_columns.h"
#include "cli/job_names.h"
#include "cli/job_pods.h"
#include "cli/job_document.h"
#include "cli/job_starts.h"
#include "cli/job_steps.h"
#include "cli/job_watch.h"
#include "cli/table.h"

/* Of a table for people, who read no more; forms for programs are complete. */
#define DEFAULT_LIMIT 500

struct jobs_args {
    struct common common;
    const char *user, *states, *partition, *format;
    bool all, mine, is_long, no_header, starts, steps, pods, watches, has_since;
    uint64_t since; /* a revision */
    struct row_limit limit;
};

static const struct usage usage = {
    .synopsis = "berth jobs [options] [id...]",
    .about = "List the jobs that wait or run; with ids, these jobs.",
    .examples = "  berth jobs\n"
                "  berth jobs --me --all\n"
                "  berth jobs -t PENDING -o '%i %T %r'\n"
                "  berth jobs --start --me\n"
                "  berth jobs --steps 17\n"
                "  berth jobs --pods --me\n"
                "  berth jobs --json 17 18\n"
                "  berth jobs --watch --me\n",
};

static int set_since(const struct opt *opt, const char *value, void *ctx,
                     struct err *err)
{
    struct jobs_args *args = ctx;
    int64_t since;
    int rc = number_parse(value, 0, INT64_MAX, &since, err);

    (void)opt;
    if (rc == 0)
        args->since = (uint64_t)since;
    args->has_since = rc == 0;
    return rc;
}

#define MEMBER(m) offsetof(struct jobs_args, m)
static const struct opt opts[] = {
    {"user", 'u', OPT_NEEDED, "NAME", opt_string, MEMBER(user), 0, "only this user's",
     0},
    {"me", 0, OPT_NONE, NULL, opt_flag, MEMBER(mine), 0, "only your own", 0},
    {"states", 't', OPT_NEEDED, "LIST", opt_string, MEMBER(states), 0,
     "only in these states: PENDING,R,...; all", 0},
    {"partition", 'p', OPT_NEEDED, "NAME", opt_string, MEMBER(partition), 0,
     "only in this partition", 0},
    {"all", 'a', OPT_NONE, NULL, opt_flag, MEMBER(all), 0, "ended ones too", 0},
    {"long", 'l', OPT_NONE, NULL, opt_flag, MEMBER(is_long), 0, "more columns", 0},
    {"start", 0, OPT_NONE, NULL, opt_flag, MEMBER(starts), 0,
     "when waiting jobs will start, soonest first", 0},
    {"watch", 'w', OPT_NONE, NULL, opt_flag, MEMBER(watches), 0,
     "print changes as they come, instead of a list", 0},
    {"since", 0, OPT_NEEDED, "REVISION", set_since, 0, 0,
     "with --watch: changes after this one of an earlier --watch --json", 0},
    {"steps", 's', OPT_NONE, NULL, opt_flag, MEMBER(steps), 0,
     "the steps of your own jobs that run, and of these those that have ended", 0},
    {"pods", 0, OPT_NONE, NULL, opt_flag, MEMBER(pods), 0,
     "those of your jobs that are pods: how the pods stand", 0},
    {"limit", 0, OPT_NEEDED, "N", opt_limit, MEMBER(limit), 0,
     "at most N jobs, 0 for all (default: 500 in a table, else all)", 0},
    {"format", 'o', OPT_NEEDED, "FORMAT", opt_string, MEMBER(format), 0,
     "columns by squeue's letters: '%i %.8j %T'", 0},
    {"no-header", 0, OPT_NONE, NULL, opt_flag, MEMBER(no_header), 0, "no first line",
     0},
    {"noheader", 0, OPT_NONE, NULL, opt_flag, MEMBER(no_header), 0, NULL, 0},
    OPTS_COMMON(struct jobs_args, common),
    OPTS_END,
};

static int print_list(const struct jobs_args *args, const Berth__JobList *list)
{
    int64_t now = time(NULL);
    struct err err;

    if (args->common.json) {
        json_t *doc = json_object(), *jobs = json_array();

        for (size_t i = 0; i < list->n_jobs; i++)
            json_array_append_new(jobs, job_document_short(list->jobs[i]));
        json_object_set_new(doc, "jobs", jobs);
        document_print_json(doc, stdout);
        return STATUS_OK;
    }
    if (args->pods) {
        job_pods_print(list, now, !args->no_header, table_terminal_width(stdout),
                       stdout);
        return STATUS_OK;
    }
    if (!args->format) {
        job_columns_print(args->is_long ? JOB_COLUMNS_LONG : JOB_COLUMNS_DEFAULT, list,
                          now, !args->no_header, table_terminal_width(stdout), stdout);
        return STATUS_OK;
    }
    if (job_format_print(args->format, list, now, !args->no_header, stdout, &err) == 0)
        return STATUS_OK;
    say_error("--format: %s", err.text);
    return STATUS_USAGE;
}

static char *my_name(void)
{
    const struct passwd *pw = getpwuid(getuid());

    return pw ? xstrdup(pw->pw_name) : xasprintf("%u", getuid());
}

/* Ids name what is wanted, and programs want what there is. */
static uint32_t limit_of(const struct jobs_args *args, const Berth__JobQuery *query)
{
    if (args->limit.is_given)
        return args->limit.n;
    return args->common.json || args->format || query->n_ids ? 0 : DEFAULT_LIMIT;
}

/* Fill the query's borrowed members from 'args'; *ret_states owns the states. */
static void fill_query(const struct jobs_args *args, char *user, char ***ret_states,
                       Berth__JobQuery *query)
{
    bool all_states = args->states && strcasecmp(args->states, "all") == 0;

    query->all = args->all || all_states || args->states || query->n_ids > 0;
    if (args->states && !all_states)
        *ret_states = strv_split(args->states, ",");
    query->n_states = strv_len(*ret_states);
    query->states = *ret_states;
    query->user = user;
    query->with_spec = args->steps;
    query->with_pods = args->pods || args->common.json;
    query->limit = limit_of(args, query);
    query->active_first = query->limit && query->limit <= DEFAULT_LIMIT;
}

static bool is_user(const char *name)
{
    return name[strspn(name, "0123456789")] == '\0' || getpwnam(name);
}

/* An empty list is an answer, but not to a question about what does not exist. */
static bool found_any(const struct jobs_args *args, const Berth__JobQuery *query,
                      const Berth__JobList *list)
{
    if (list->n_jobs > 0)
        return true;
    if (query->n_ids == 1)
        say_error("there is no job %u", query->ids[0]);
    else if (args->user && !is_user(args->user))
        say_error("--user: there is no user '%s' here, and no job of theirs",
                  args->user);
    else
        return true;
    return false;
}

/* --start goes with what chooses jobs, not with what lists of all kinds show. */
static int check_starts(const struct jobs_args *args)
{
    const char *other = args->states    ? "states"
                        : args->format  ? "format"
                        : args->all     ? "all"
                        : args->is_long ? "long"
                                        : NULL;

    if (!other)
        return STATUS_OK;
    say_error("--start: lists waiting jobs in columns of its own, without --%s", other);
    return STATUS_USAGE;
}

static int list_starts(const struct jobs_args *args, const Berth__JobQuery *what)
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__StartList *list = NULL;
    Berth__StartQuery query = BERTH__START_QUERY__INIT;
    struct berth_err err;

    query.user = what->user;
    query.partition = what->partition;
    query.ids = what->ids;
    query.n_ids = what->n_ids;
    query.limit = args->limit.n;
    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    if (berth_starts(berth, &query, &list, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    if (args->common.json)
        document_print_json(job_starts_document(list), stdout);
    else
        job_starts_print(list, !args->no_header, table_terminal_width(stdout), stdout);
    if (list->more && !args->common.json)
        say_info("of %u waiting jobs only the first were planned", list->waiting);
    return STATUS_OK;
}

static int watch(const struct jobs_args *args, struct berth *berth,
                 const Berth__JobQuery *query)
{
    const struct job_watch what = {.query = query,
                                   .json = args->common.json,
                                   .has_since = args->has_since,
                                   .since = args->since};

    return job_watch_run(berth, &what);
}

int cmd_jobs(int argc, char **argv)
{
    struct jobs_args args = {.all = false};
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__JobList *list = NULL;
    cleanup(job_names_fini) struct job_names jobs = {0};
    cleanup(freep) char *user = NULL, *partition = NULL;
    cleanup(strv_freep) char **states = NULL;
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    struct berth_err err;
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (job_names_parse(argc - next, argv + next, &jobs) < 0)
        return STATUS_USAGE;
    query.ids = jobs.ids;
    query.n_ids = jobs.n;
    query.elements = jobs.elements;
    query.n_elements = jobs.n;
    user = args.mine ? my_name() : xstrdup(args.user ? args.user : "");
    partition = xstrdup(args.partition ? args.partition : "");
    query.partition = partition;
    fill_query(&args, user, &states, &query);
    if (args.starts) {
        status = check_starts(&args);
        return status == STATUS_OK ? list_starts(&args, &query) : status;
    }
    if (link_open(args.common.config, &berth) < 0)
        return STATUS_FAILED;
    if (args.watches || args.has_since)
        return watch(&args, berth, &query);
    if (berth_jobs(berth, &query, &list, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    if (!found_any(&args, &query, list))
        return STATUS_FAILED;
    if (args.steps)
        return job_steps_list(berth, list, args.common.json, !args.no_header);
    status = print_list(&args, list);
    if (query.limit && list->total > list->n_jobs)
        say_info("these are %zu of %u jobs: --limit 0 lists all", list->n_jobs,
                 list->total);
    return status;
}
