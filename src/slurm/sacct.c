/* SPDX-License-Identifier: Apache-2.0
 *
 * sacct.c - sacct: what has become of jobs, from the site's history
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/say.h"
#include "slurm/ids.h"
#include "slurm/load_error.h"
#include "slurm/json.h"
#include "slurm/rows.h"
#include "slurm/sacct_fields.h"
#include "slurm/sacct_json.h"
#include "slurm/sacct_select.h"
#include "slurm/slurm.h"
#include "slurm/states.h"

#define FORMAT_USUAL "jobid,jobname,partition,account,alloccpus,state,exitcode"
#define FORMAT_BRIEF "jobid,state,exitcode"

struct sacct_args {
    struct slurm_common common;
    const char *format, *users, *accounts, *partitions, *states, *names, *since, *until;
    const char *qos, *nodes, *wckeys, *unit;
    struct strbuf ids; /* -j may be given again and again */
    bool no_steps, bare, bars, bars_between, brief, is_long, all_users, help_format;
    bool all_runs, ignored;
    const char *bar;
    enum json_form form;
    struct sacct_select select;
};

static const struct slurm_usage usage = {
    .synopsis =
        "sacct [-abDlnpPX] [-j jobs] [-S time] [-E time] [-o fields] [-s states]\n"
        "             [-u users] [-A accounts] [-N nodes] [--name names]",
    .about = "List what has become of jobs, and of their steps.",
};

static int add_ids(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct sacct_args *args = ctx;

    (void)opt;
    (void)err;
    strbuf_printf(&args->ids, "%s,", value);
    return 0;
}

#define MEMBER(m) offsetof(struct sacct_args, m)
static const struct opt opts[] = {
    TEXT("accounts", 'A', "NAMES", accounts, "only of these accounts"),
    FLAG("allocations", 'X', no_steps, "jobs only, no steps"),
    FLAG("allusers", 'a', all_users, "everybody's, as far as you may see them"),
    FLAG("brief", 'b', brief, "job, state and exit code"),
    FLAG("duplicates", 'D', all_runs, "earlier runs too, of jobs queued again"),
    TEXT("endtime", 'E', "TIME", until, "only those that were there before this"),
    TEXT("format", 'o', "FIELDS", format, "columns: jobid,state%20"),
    FLAG("federation", 0, ignored, NULL),
    FLAG("helpformat", 'e', help_format, "the names of all fields"),
    {"jobs", 'j', OPT_NEEDED, "IDS", add_ids, 0, 0, "only these, from any time", 0},
    {"json", 0, OPT_NONE, NULL, json_set_form, MEMBER(form), 0, "print JSON", 0},
    FLAG("allclusters", 'L', ignored, NULL),
    FLAG("local", 0, ignored, NULL),
    FLAG("long", 'l', is_long, "more columns"),
    TEXT("name", 0, "NAMES", names, "only with one of these names"),
    FLAG("noconvert", 0, ignored, "sizes in the unit they were counted in"),
    TEXT("nodelist", 'N', "HOSTS", nodes, "only those on one of these nodes"),
    FLAG("noheader", 'n', bare, "no first lines"),
    FLAG("parsable", 'p', bars, "a bar behind each field"),
    FLAG("parsable2", 'P', bars_between, "a bar between fields"),
    TEXT("partition", 'r', "NAMES", partitions, "only in these partitions"),
    TEXT("qos", 'q', "NAMES", qos, "only of these QOS"),
    TEXT("starttime", 'S', "TIME", since, "only those that were there after this"),
    TEXT("state", 's', "STATES", states, "only in these states"),
    FLAG("truncate", 'T', ignored, NULL),
    TEXT("uid", 0, "NAMES", users, NULL),
    TEXT("units", 0, "UNIT", unit, "sizes in this unit: K, M, G, T or P"),
    TEXT("user", 'u', "NAMES", users, "only these users', by name or number"),
    TEXT("wckeys", 'W', "NAMES", wckeys, "only with one of these keys"),
    TEXT("constraints", 'C', "FEATURES", select.features, "only with one of these"),
    TEXT("delimiter", 0, "TEXT", bar,
         "between fields with -p and -P, instead of a bar"),
    TEXT("gid", 'g', "NAMES", select.groups, "only of these groups"),
    TEXT("group", 0, "NAMES", select.groups, NULL),
    TEXT("ncpus", 'I', "N[-M]", select.cpus, "only with so many cores"),
    TEXT("nnodes", 'i', "N[-M]", select.nodes, "only on so many nodes"),
    TEXT("reason", 'R', "REASONS", select.reasons, "only that wait for these"),
    TEXT("timelimit-max", 'K', "TIME", select.limit_most, "limits up to this"),
    TEXT("timelimit-min", 'k', "TIME", select.limit_least,
         "only with this limit, or from it on"),
    FLAG("use-local-uid", 0, ignored, NULL),
    {"whole-hetjob", 0, OPT_OPTIONAL, "yes|no", slurm_ignored, 0, 0, NULL, NULL},
    {"yaml", 0, OPT_NONE, NULL, json_set_form, MEMBER(form), 0, "print YAML", 0},
    {"associations", 'x', OPT_NEEDED, "IDS", slurm_refused, 0, 0, NULL,
     "associations have no numbers: use --accounts and --user"},
    {"batch-script", 'B', OPT_NONE, NULL, slurm_refused, 0, 0, NULL,
     "the history keeps no scripts: scontrol write batch_script gives those of jobs "
     "that the controller knows"},
    {"completion", 'c', OPT_NONE, NULL, slurm_refused, 0, 0, NULL,
     "there is one history, which is asked without it"},
    {"env-vars", 0, OPT_NONE, NULL, slurm_refused, 0, 0, NULL,
     "the history keeps no environments"},
    {"file", 'f', OPT_NEEDED, "FILE", slurm_refused, 0, 0, NULL,
     "it is for files of Slurm: berth history archive reads archives"},
    {"flags", 'F', OPT_NEEDED, "FLAGS", slurm_refused, 0, 0, NULL,
     "which part of the scheduler started a job is not kept"},
    SLURM_OPTS(struct sacct_args, common, 'h'),
    OPTS_END,
};

struct sacct {
    struct sacct_args *args;
    struct berth *berth;
    char *cluster;
    struct job_names ids;
    char **users, **accounts, **partitions, **qos, **states, **names, **wckeys;
    char *nodes;
    struct format format;
    struct sacct_choice choice;
    json_t *docs; /* of all jobs, with --json */
    Berth__HistoryQuery query;
};

static void sacct_fini(struct sacct *s)
{
    char **lists[] = {s->users,  s->accounts, s->partitions, s->qos,
                      s->states, s->names,    s->wckeys};

    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        strv_free(lists[i]);
    job_names_fini(&s->ids);
    format_fini(&s->format);
    sacct_choice_fini(&s->choice);
    json_decref(s->docs);
    strbuf_fini(&s->args->ids);
    berth_close(s->berth);
    free(s->nodes);
    free(s->cluster);
}

/* ------------------------------------------------------------------ what is meant */

static int read_users(struct sacct *s, struct err *err)
{
    cleanup(strv_freep) char **words = strv_split(s->args->users, ", ");

    strv_foreach (word, words) {
        bool is_number = (*word)[strspn(*word, "0123456789")] == '\0';
        const struct passwd *pw =
            is_number ? getpwuid((uid_t)strtoul(*word, NULL, 10)) : getpwnam(*word);

        if (!pw && !is_number)
            return err_set(err, EINVAL, "Invalid user id: %.60s", *word);
        strv_add(&s->users, pw ? pw->pw_name : *word);
    }
    return 0;
}

/* One's own unless it is said otherwise; root sees everybody's. */
static void read_me(struct sacct *s)
{
    const struct passwd *pw = getpwuid(getuid());

    if (getuid() == 0 || s->args->all_users || s->ids.n)
        return;
    if (pw)
        strv_add(&s->users, pw->pw_name);
}

/* Without ids and times: today. */
static int read_times(struct sacct *s, struct err *err)
{
    int64_t now = time(NULL);
    int rc = 0;

    if (s->args->since)
        rc = when_parse(s->args->since, now, &s->query.since, err);
    else if (s->ids.n == 0)
        rc = when_parse("00:00", now, &s->query.since, err);
    /* "00:00" is the next midnight. */
    if (rc == 0 && s->query.since > now)
        s->query.since -= 86400;
    if (rc == 0 && s->args->until)
        rc = when_parse(s->args->until, now, &s->query.until, err);
    return rc;
}

static void borrow(char **list, size_t *ret_n, char ***ret_list)
{
    *ret_n = strv_len(list);
    *ret_list = list;
}

static void fill_query(struct sacct *s)
{
    Berth__HistoryQuery *query = &s->query;

    query->ids = s->ids.ids;
    query->n_ids = s->ids.n;
    query->elements = s->ids.elements;
    query->n_elements = s->ids.n;
    borrow(s->users, &query->n_users, &query->users);
    borrow(s->accounts, &query->n_accounts, &query->accounts);
    borrow(s->partitions, &query->n_partitions, &query->partitions);
    borrow(s->qos, &query->n_qos, &query->qos);
    borrow(s->states, &query->n_states, &query->states);
    borrow(s->names, &query->n_names, &query->names);
    borrow(s->wckeys, &query->n_wckeys, &query->wckeys);
    query->nodes = s->nodes;
    query->with_steps = !s->args->no_steps;
    query->all_runs = s->args->all_runs;
}

static char **list_of(const char *text)
{
    return text ? strv_split(text, ", ") : NULL;
}

static int read_filters(struct sacct *s, struct err *err)
{
    const struct sacct_args *args = s->args;
    bool all;
    int rc = args->ids.len ? ids_parse(args->ids.s, &s->ids, err) : 0;

    if (rc == 0 && args->users)
        rc = read_users(s, err);
    else if (rc == 0)
        read_me(s);
    if (rc == 0 && args->states)
        rc = states_parse(args->states, &s->states, &all, err);
    if (rc == 0)
        rc = read_times(s, err);
    if (rc == 0)
        rc = sacct_choice_read(&args->select, &s->choice, err);
    s->accounts = list_of(args->accounts);
    s->partitions = list_of(args->partitions);
    s->qos = list_of(args->qos);
    s->names = list_of(args->names);
    s->wckeys = list_of(args->wckeys);
    s->nodes = xstrdup(args->nodes ? args->nodes : "");
    fill_query(s);
    return rc;
}

static int read_format(struct sacct *s, struct err *err)
{
    const struct sacct_args *args = s->args;
    const char *format = args->format;
    int rc;

    if (!format && args->brief)
        format = FORMAT_BRIEF;
    if (!format && args->is_long)
        format = FORMAT_USUAL ",start,end,elapsed,nnodes,nodelist,maxrss,totalcpu";
    if (!format)
        format = getenv("SACCT_FORMAT");
    rc = format_parse_list(&sacct_fields, format ? format : FORMAT_USUAL, &s->format,
                           err);
    if (rc == 0 && (args->bars || args->bars_between))
        format_set_bars(&s->format, args->bar ? args->bar : "|", args->bars);
    return rc;
}

/* ------------------------------------------------------------------ listing */

static void print_row(const struct sacct *s, const struct sacct_row *row)
{
    struct strbuf line = STRBUF_INIT;

    format_row(&s->format, row, &line);
    printf("%s\n", line.s ? line.s : "");
    strbuf_fini(&line);
}

static void print_job(const struct sacct *s, const Berth__HistoryJob *job, bool goes_on)
{
    struct sacct_row row = {.job = job,
                            .now = time(NULL),
                            .cluster = s->cluster ? s->cluster : "",
                            .unit = s->args->unit ? s->args->unit[0] : 0};

    if (!goes_on)
        print_row(s, &row);
    for (size_t i = 0; i < job->n_steps; i++) {
        row.step = job->steps[i];
        print_row(s, &row);
    }
}

static void take_job(struct sacct *s, const Berth__HistoryJob *job, bool goes_on)
{
    size_t n = json_array_size(s->docs);

    if (!sacct_is_chosen(&s->choice, job))
        return;
    if (!s->args->form)
        print_job(s, job, goes_on);
    else if (goes_on && n > 0)
        sacct_json_add_steps(json_array_get(s->docs, n - 1), job, time(NULL));
    else
        json_array_append_new(
            s->docs, sacct_json(job, s->cluster ? s->cluster : "", time(NULL)));
}

static void print_header(const struct sacct *s)
{
    struct strbuf line = STRBUF_INIT;

    if (s->args->bare || s->args->form)
        return;
    format_header(&s->format, &line);
    if (!s->args->bars && !s->args->bars_between) {
        strbuf_putc(&line, '\n');
        format_rule(&s->format, &line);
    }
    printf("%s\n", line.s ? line.s : "");
    strbuf_fini(&line);
}

static int no_history(const struct berth_err *err)
{
    if (err->code != ENOTSUP && err->code != EOPNOTSUPP && err->code != ENODATA)
        return load_error("sacct: slurmdb_jobs_get", err);
    fprintf(stderr, "Slurm accounting storage is disabled\n");
    return SLURM_FAILED;
}

static int list(struct sacct *s)
{
    bool more = true, is_first = true;
    int64_t step = 0;

    while (more) {
        cleanup(reply_freep) Berth__HistoryList *page = NULL;
        struct berth_err err;

        if (berth_history(s->berth, &s->query, &page, &err) < 0)
            return no_history(&err);
        if (is_first)
            print_header(s);
        is_first = false;
        for (size_t i = 0; i < page->n_jobs; i++)
            take_job(s, page->jobs[i], i == 0 && step != 0);
        more = page->more;
        step = page->after_step;
        s->query.after = page->after;
        s->query.after_step = page->after_step;
    }
    return SLURM_OK;
}

static int list_lines(struct sacct *s)
{
    if (slurm_cluster(s->berth, s->args->common.clusters, &s->cluster))
        return SLURM_FAILED;
    return list(s);
}

/* A document names its cluster, also when it was not asked for by name. */
static int list_document(struct sacct *s)
{
    const char *names = s->args->common.clusters;
    int status;

    if (slurm_cluster(s->berth, names ? names : "all", &s->cluster))
        return SLURM_FAILED;
    s->docs = json_array();
    status = list(s);
    if (status == SLURM_OK)
        json_print_framed("jobs", json_incref(s->docs), s->cluster, s->args->form);
    return status;
}

static int run(struct sacct *s)
{
    struct err err;

    if (s->args->help_format) {
        cleanup(freep) char *names = fields_help(&sacct_fields);

        printf("%s", names);
        return SLURM_OK;
    }
    if (read_filters(s, &err) || read_format(s, &err)) {
        say_error("%s", err.text);
        return SLURM_FAILED;
    }
    if (slurm_open(&s->berth))
        return SLURM_FAILED;
    return s->args->form ? list_document(s) : list_lines(s);
}

int slurm_sacct(int argc, char **argv)
{
    struct sacct_args args = {.ids = STRBUF_INIT};
    struct sacct s = {.args = &args, .query = BERTH__HISTORY_QUERY__INIT};
    int next, status;

    status = slurm_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &args.common,
                         &next);
    if (status < 0)
        status = run(&s);
    sacct_fini(&s);
    return status;
}
