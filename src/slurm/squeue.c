/* SPDX-License-Identifier: Apache-2.0
 *
 * squeue.c - squeue: jobs that wait and run
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/cluster_link.h"
#include "cli/say.h"
#include "slurm/ids.h"
#include "slurm/job_json.h"
#include "slurm/job_list.h"
#include "slurm/lines.h"
#include "slurm/load_error.h"
#include "slurm/repeat.h"
#include "slurm/rows.h"
#include "slurm/slurm.h"
#include "slurm/states.h"
#include "slurm/step_list.h"

#define FORMAT_SHORT "%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R"
#define FORMAT_LONG "%.18i %.9P %.8j %.8u %.8T %.10M %.9l %.6D %R"
#define FORMAT_STARTS "%.18i %.9P %.8j %.8u %.2t  %.19S %.6D %20Y %R"
#define ORDER "P,t,-p"
#define ORDER_STARTS "S"
/* Seconds for which a job that has ended is known to who asks for it alone, as
 * Slurm's MinJobAge: some take "Invalid job id" for the sign of its end. */
#define ENDED_KNOWN 300

struct squeue_args {
    struct slurm_common common;
    const char *format, *long_format, *ids, *users, *partitions, *states, *names;
    const char *accounts, *qos, *nodes, *order, *reservation, *licenses, *steps;
    bool bare, by_element, is_long, mine, starts, plain, state_only, ignored;
    enum json_form form;
    uint32_t iterate;
};

static const struct slurm_usage usage = {
    .synopsis =
        "squeue [-A account] [-i seconds] [-j job] [-n name] [-o format]\n"
        "              [-p partitions] [-q qos] [-S fields] [--start] [-t states]\n"
        "              [-u user] [-w nodes] [-ahlrs]",
    .about = "List the jobs that wait or run.",
};

/* -s alone lists all steps. */
static int set_steps(const struct opt *opt, const char *value, void *ctx,
                     struct err *err)
{
    return opt_string(opt, value ? value : "", ctx, err);
}

#define MEMBER(m) offsetof(struct squeue_args, m)
static const struct opt opts[] = {
    TEXT("account", 'A', "NAMES", accounts, "only of these accounts"),
    FLAG("all", 'a', ignored, "partitions are never hidden: no change"),
    FLAG("array", 'r', by_element, "each waiting element of an array on its line"),
    FLAG("array-unique", 0, by_element, NULL),
    FLAG("federation", 0, ignored, NULL),
    TEXT("format", 'o', "FORMAT", format, "columns: '%.18i %j %T'"),
    TEXT("Format", 'O', "FIELDS", long_format, "columns by name: jobid:8,state"),
    FLAG("hide", 0, ignored, NULL),
    {"iterate", 'i', OPT_NEEDED, "SECONDS", repeat_set, MEMBER(iterate), 0,
     "again and again", 0},
    TEXT("job", 0, "IDS", ids, NULL),
    TEXT("jobs", 'j', "IDS", ids, "only these: 12,13_4"),
    {"json", 0, OPT_NONE, NULL, json_set_form, MEMBER(form), 0, "print JSON", 0},
    TEXT("licenses", 'L', "NAMES", licenses, "only with one of these licences"),
    FLAG("local", 0, ignored, NULL),
    FLAG("long", 'l', is_long, "more columns"),
    FLAG("me", 0, mine, "only your own"),
    TEXT("name", 'n', "NAMES", names, "only with one of these names"),
    FLAG("noconvert", 0, plain, "sizes in the unit they were asked in"),
    TEXT("nodelist", 'w', "HOSTS", nodes, "only those on one of these nodes"),
    TEXT("nodes", 0, "HOSTS", nodes, NULL),
    FLAG("noheader", 'h', bare, "no first line"),
    FLAG("only-job-state", 0, state_only, "no more than id and state are needed"),
    TEXT("partition", 'p', "NAMES", partitions, "only in these partitions"),
    FLAG("priority", 'P', ignored, NULL),
    TEXT("qos", 'q', "NAMES", qos, "only of these QOS"),
    TEXT("reservation", 'R', "NAME", reservation, "only in this reservation"),
    FLAG("sibling", 0, ignored, NULL),
    TEXT("sort", 'S', "FIELDS", order, "by these letters, each downwards after -"),
    FLAG("start", 0, starts, "when waiting jobs will start, soonest first"),
    TEXT("states", 't', "STATES", states, "only in these: PD,RUNNING; all"),
    {"steps", 's', OPT_OPTIONAL, "IDS", set_steps, MEMBER(steps), 0,
     "steps instead of jobs", 0},
    TEXT("user", 'u', "NAMES", users, "only these users', by name or number"),
    TEXT("users", 0, "NAMES", users, NULL),
    {"yaml", 0, OPT_NONE, NULL, json_set_form, MEMBER(form), 0, "print YAML", 0},
    SLURM_OPTS(struct squeue_args, common, 0),
    OPTS_END,
};

/* What one run of it works with. */
struct squeue {
    const struct squeue_args *args;
    struct berth *berth;
    char *cluster; /* as --clusters named it, NULL: it did not */
    struct job_names ids;
    char **states, **users, **partitions, **names, **accounts, **qos, **nodes;
    bool all_states;
    struct format format;
    struct lines *lines;
    Berth__JobQuery query;
    size_t n_rows;
};

static void squeue_fini(struct squeue *q)
{
    char **lists[] = {q->states,   q->users, q->partitions, q->names,
                      q->accounts, q->qos,   q->nodes};

    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        strv_free(lists[i]);
    job_names_fini(&q->ids);
    format_fini(&q->format);
    lines_destroy(q->lines);
    berth_close(q->berth);
    free(q->cluster);
}

/* ------------------------------------------------------------------ what is meant */

/* Users by name, whatever they were given by. A number without an account stays. */
static int read_users(struct squeue *q, const char *text, struct err *err)
{
    cleanup(strv_freep) char **words = strv_split(text, ", ");

    strv_foreach (word, words) {
        bool is_number = (*word)[strspn(*word, "0123456789")] == '\0';
        const struct passwd *pw =
            is_number ? getpwuid((uid_t)strtoul(*word, NULL, 10)) : getpwnam(*word);

        if (!pw && !is_number)
            return err_set(err, EINVAL, "Invalid user: %.60s", *word);
        strv_add(&q->users, pw ? pw->pw_name : *word);
    }
    return 0;
}

static void read_me(struct squeue *q)
{
    const struct passwd *pw = getpwuid(getuid());

    strv_free(q->users);
    q->users = NULL;
    if (pw)
        strv_add(&q->users, pw->pw_name);
    else
        strv_take(&q->users, xasprintf("%u", getuid()));
}

static char **list_of(const char *text)
{
    return text ? strv_split(text, ", ") : NULL;
}

static int read_states(struct squeue *q)
{
    cleanup(freep) char *words = NULL;
    struct err err;

    if (!q->args->states ||
        states_parse(q->args->states, &q->states, &q->all_states, &err) == 0)
        return 0;
    words = states_words();
    say_error("%s", err.text);
    say_error("Valid job states include: %s\n", words);
    return -EINVAL;
}

/* Names that the option gave, as the query borrows them. */
static void borrow(char **list, size_t *ret_n, char ***ret_list)
{
    *ret_n = strv_len(list);
    *ret_list = list;
}

static void fill_query(struct squeue *q)
{
    Berth__JobQuery *query = &q->query;

    query->ids = q->ids.ids;
    query->n_ids = q->ids.n;
    query->elements = q->ids.elements;
    query->n_elements = q->ids.n;
    query->all = q->all_states;
    borrow(q->states, &query->n_states, &query->states);
    borrow(q->users, &query->n_users, &query->users);
    borrow(q->partitions, &query->n_partitions, &query->partitions);
    borrow(q->names, &query->n_names, &query->names);
    borrow(q->accounts, &query->n_accounts, &query->accounts);
    borrow(q->qos, &query->n_qos, &query->qos);
}

static int read_filters(struct squeue *q, struct err *err)
{
    const struct squeue_args *args = q->args;
    int rc = args->ids ? ids_parse(args->ids, &q->ids, err) : 0;

    if (rc == 0 && args->users)
        rc = read_users(q, args->users, err);
    if (rc == 0 && args->nodes)
        rc = hostlist_expand(args->nodes, &q->nodes, err);
    if (rc)
        return rc;
    if (args->mine)
        read_me(q);
    q->partitions = list_of(args->partitions);
    q->names = list_of(args->names);
    q->accounts = list_of(args->accounts);
    q->qos = list_of(args->qos);
    if (args->starts)
        strv_add(&q->states, "PENDING");
    fill_query(q);
    return 0;
}

/* The options', then the environment's, then the usual format. */
static int read_format(struct squeue *q, struct err *err)
{
    const struct squeue_args *args = q->args;
    const char *format = args->format, *fields = args->long_format;

    if (!format && !fields && !args->is_long && !args->starts) {
        format = getenv("SQUEUE_FORMAT");
        fields = format ? NULL : getenv("SQUEUE_FORMAT2");
    }
    if (fields && !args->format)
        return format_parse_long(&job_fields, fields, &q->format, err);
    if (!format)
        format = args->is_long ? FORMAT_LONG : FORMAT_SHORT;
    if (args->starts && !args->format)
        format = FORMAT_STARTS;
    format_parse(&job_fields, format, &q->format);
    if (q->format.unknown)
        say_error("Invalid job format specification: %s", q->format.unknown);
    return 0;
}

static int read_order(struct squeue *q, struct err *err)
{
    const char *order = q->args->order ? q->args->order : getenv("SQUEUE_SORT");

    if (!order)
        order = q->args->starts ? ORDER_STARTS : ORDER;
    return lines_create(&job_fields, order, &q->format, &q->lines, err);
}

/* ------------------------------------------------------------------ listing */

static bool is_on(const struct squeue *q, const struct job_row *row)
{
    cleanup(strv_freep) char **names = NULL;

    if (hostlist_expand(row->info->nodes, &names, NULL))
        return false;
    strv_foreach (name, names)
        if (strv_has(q->nodes, *name))
            return true;
    return false;
}

/* Slurm would have forgotten it, and says so to whom asks for it alone. */
static bool is_forgotten(const struct squeue *q, const struct job_row *row)
{
    return q->ids.n == 1 && !q->args->states && row->record->end_time &&
           row->record->end_time + ENDED_KNOWN < row->now;
}

/* Without -t only what has not ended is listed, whatever was asked for by its id. */
static bool is_listed(const struct squeue *q, const struct job_row *row)
{
    if (!q->args->states && row->record->end_time && !job_row_is_pending(row))
        return false;
    if (q->nodes && !is_on(q, row))
        return false;
    if (q->args->reservation && strcmp(row->spec->reservation, q->args->reservation))
        return false;
    return !q->args->licenses || strstr(row->spec->licences, q->args->licenses);
}

static void on_row(const struct job_row *row, void *ctx)
{
    struct squeue *q = ctx;

    q->n_rows += !is_forgotten(q, row);
    if (is_listed(q, row))
        lines_add(q->lines, row);
}

/* An unknown id is an error only to whom asks for one: Slurm's clients count on it. */
static int no_job(const struct squeue *q)
{
    if (q->ids.n != 1)
        return SLURM_OK;
    fprintf(stderr, "slurm_load_jobs error: Invalid job id specified\n");
    return SLURM_FAILED;
}

static void print_first_lines(struct squeue *q)
{
    struct strbuf line = STRBUF_INIT;

    if (q->cluster)
        printf("CLUSTER: %s\n", q->cluster);
    if (!q->args->bare) {
        format_header(&q->format, &line);
        printf("%s\n", line.s ? line.s : "");
    }
    strbuf_fini(&line);
}

static int list_jobs(struct squeue *q)
{
    const struct squeue_args *args = q->args;
    struct job_list list = {.berth = q->berth,
                            .query = &q->query,
                            .needs = lines_needs(q->lines),
                            .with_starts = args->starts,
                            .by_element = args->by_element,
                            .cluster = q->cluster ? q->cluster : "",
                            .is_plain = args->plain,
                            .each = on_row,
                            .ctx = q};
    struct berth_err err;
    int rc;

    if (args->reservation || args->licenses)
        list.needs |= JOB_NEEDS_SPEC;
    q->n_rows = 0;
    rc = job_list_run(&list, &err);
    if (rc < 0 && rc != -ESRCH)
        return load_error("slurm_load_jobs", &err);
    if (q->ids.n == 1 && q->n_rows == 0 && !q->ids.elements[0][0])
        return no_job(q);
    print_first_lines(q);
    lines_print(q->lines, stdout);
    return SLURM_OK;
}

static int print_once(void *ctx)
{
    struct squeue *q = ctx;

    if (q->args->form)
        return job_json_list(q->berth, &q->query, q->args->form);
    if (q->args->is_long || q->args->iterate)
        repeat_print_moment();
    if (q->args->steps)
        return step_list_print(q->berth, &q->query, q->args->steps, q->args->format,
                               !q->args->bare);
    return list_jobs(q);
}

static int run(struct squeue *q)
{
    struct err err;

    if (read_states(q) || slurm_open(&q->berth) ||
        slurm_cluster(q->berth, q->args->common.clusters, &q->cluster))
        return SLURM_FAILED;
    if (read_filters(q, &err) || read_format(q, &err) || read_order(q, &err)) {
        say_error("%s", err.text);
        return SLURM_FAILED;
    }
    return repeat(q->args->iterate, print_once, q);
}

int slurm_squeue(int argc, char **argv)
{
    struct squeue_args args = {.bare = false};
    struct squeue q = {.args = &args, .query = BERTH__JOB_QUERY__INIT};
    int next, status;

    status = slurm_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &args.common,
                         &next);
    if (status >= 0)
        return status;
    if (next < argc) {
        say_error("Unrecognized option: %s", argv[next]);
        return slurm_show("usage", &usage, opts, 0) + SLURM_FAILED;
    }
    status = run(&q);
    squeue_fini(&q);
    return status;
}
