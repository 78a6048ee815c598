/* SPDX-License-Identifier: Apache-2.0
 *
 * sprio.c - sprio: what the priorities of waiting jobs are made of
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/cluster_link.h"
#include "cli/say.h"
#include "slurm/ids.h"
#include "slurm/lines.h"
#include "slurm/load_error.h"
#include "slurm/rows.h"
#include "slurm/slurm.h"
#include "slurm/words.h"

#define PRIORITY_ONE 4294967296.0 /* Slurm's largest priority is called 1.0 by */
#define FORMAT_WHO "%.15i %9r %.8u "
#define FORMAT_POINTS "%.10S %.10A %.10F %.10J %.10P %.10Q"
#define FORMAT_FACTORS "%.10s %.10a %.10f %.10j %.10p %.10q"

struct sprio_args {
    struct slurm_common common;
    const char *jobs, *users, *partitions, *format, *order;
    bool bare, is_long, is_norm, only_weights, ignored;
};

static const struct slurm_usage usage = {
    .synopsis = "sprio [-hlnw] [-j jobs] [-o format] [-p partitions] [-S fields] [-u "
                "users]",
    .about = "Show the points that each factor gives to the jobs that wait.",
};

#define MEMBER(m) offsetof(struct sprio_args, m)
static const struct opt opts[] = {
    FLAG("federation", 0, ignored, NULL),
    TEXT("format", 'o', "FORMAT", format, "columns: \"%.15i %9r %.10Y\""),
    TEXT("jobs", 'j', "IDS", jobs, "only these"),
    FLAG("local", 0, ignored, NULL),
    FLAG("long", 'l', is_long, "more columns"),
    FLAG("noheader", 'h', bare, "no first line"),
    FLAG("norm", 'n', is_norm, "factors from 0 to 1, before their weights"),
    TEXT("partition", 'p', "NAMES", partitions, "only in these partitions"),
    FLAG("sibling", 0, ignored, NULL),
    TEXT("sort", 'S', "FIELDS", order, "by these letters, downwards after '-'"),
    TEXT("user", 'u', "NAMES", users, "only of these users"),
    FLAG("weights", 'w', only_weights, "the weights, and no jobs"),
    SLURM_OPTS(struct sprio_args, common, 0),
    OPTS_END,
};

/* ------------------------------------------------------------------ fields */

struct prio_row {
    const Berth__PriorityInfo *job; /* NULL: the weights */
    const Berth__Factors *weights;
    const char *cluster;
};

#define PUT(name) static void put_##name(const void *p, struct strbuf *out)
#define KEY(name) static double key_##name(const void *p)
#define ROW const struct prio_row *row = p
#define TEXT_FIELD(name, expression)      \
    PUT(name)                             \
    {                                     \
        ROW;                              \
        if (row->job)                     \
            strbuf_puts(out, expression); \
    }
/* Both shapes of a factor: its points, and from 0 to 1. */
#define FACTOR(name, member)                                                  \
    KEY(name)                                                                 \
    {                                                                         \
        ROW;                                                                  \
        return row->job && row->job->factors ? row->job->factors->member : 1; \
    }                                                                         \
    KEY(name##_points)                                                        \
    {                                                                         \
        ROW;                                                                  \
        return key_##name(p) * (row->weights ? row->weights->member : 0);     \
    }                                                                         \
    PUT(name)                                                                 \
    {                                                                         \
        ROW;                                                                  \
        if (row->job)                                                         \
            strbuf_printf(out, "%.7f", key_##name(p));                        \
        else                                                                  \
            strbuf_printf(out, "%.0f", key_##name##_points(p));               \
    }                                                                         \
    PUT(name##_points)                                                        \
    {                                                                         \
        strbuf_printf(out, "%.0f", key_##name##_points(p));                   \
    }

FACTOR(age, age)
FACTOR(fairshare, fairshare)
FACTOR(jobsize, size)
FACTOR(partition, partition)
FACTOR(qos, qos)
FACTOR(site, slowdown)
TEXT_FIELD(cluster, row->cluster)
TEXT_FIELD(user, row->job->user)
TEXT_FIELD(account, row->job->account)
TEXT_FIELD(qos_name, row->job->qos)
TEXT_FIELD(partition_name, row->job->partition)

KEY(id)
{
    ROW;

    return row->job ? row->job->job_id : 0;
}

PUT(id)
{
    ROW;

    if (row->job)
        put_number(out, row->job->job_id);
    else
        strbuf_puts(out, "Weights");
}

KEY(nice)
{
    ROW;

    return row->job ? row->job->nice : 0;
}

PUT(nice)
{
    ROW;

    if (row->job)
        put_number(out, row->job->nice);
}

/* 0 is what is held, and that is not listed. */
KEY(priority)
{
    ROW;

    if (!row->job)
        return 0;
    return row->job->priority < 1 ? 1 : row->job->priority;
}

PUT(priority)
{
    ROW;

    if (row->job)
        strbuf_printf(out, "%.0f", key_priority(p));
}

PUT(priority_norm)
{
    ROW;

    if (row->job)
        strbuf_printf(out, "%.14f", key_priority(p) / PRIORITY_ONE);
}

#define NUMBERS(letter, capital, title, name)                                \
    {letter, NULL, title, put_##name, key_##name, 0, 0},                     \
    {                                                                        \
        capital, NULL, title, put_##name##_points, key_##name##_points, 0, 0 \
    }
static const struct field fields[] = {
    {'i', NULL, "JOBID", put_id, key_id, 0, 0},
    {'c', NULL, "CLUSTER", put_cluster, NULL, 0, 0},
    {'r', NULL, "PARTITION", put_partition_name, NULL, 0, 0},
    {'u', NULL, "USER", put_user, NULL, 0, 0},
    {'o', NULL, "ACCOUNT", put_account, NULL, 0, 0},
    {'n', NULL, "QOSNAME", put_qos_name, NULL, 0, 0},
    {'Y', NULL, "PRIORITY", put_priority, key_priority, 0, 0},
    {'y', NULL, "PRIORITY", put_priority_norm, key_priority, 0, 0},
    {'N', NULL, "NICE", put_nice, key_nice, 0, 0},
    NUMBERS('s', 'S', "SITE", site),
    NUMBERS('a', 'A', "AGE", age),
    NUMBERS('f', 'F', "FAIRSHARE", fairshare),
    NUMBERS('j', 'J', "JOBSIZE", jobsize),
    NUMBERS('p', 'P', "PARTITION", partition),
    NUMBERS('q', 'Q', "QOS", qos),
};

static const struct field_table prio_fields = {
    .fields = fields, .n = ARRAY_SIZE(fields), .what = "priority"};

/* ------------------------------------------------------------------ asking */

struct sprio {
    const struct sprio_args *args;
    struct job_names ids;
    char **users, **partitions;
    char *cluster;
    struct format format;
    struct lines *lines;
    size_t n_found;
};

static void sprio_fini(struct sprio *s)
{
    job_names_fini(&s->ids);
    strv_free(s->users);
    strv_free(s->partitions);
    free(s->cluster);
    lines_destroy(s->lines);
    format_fini(&s->format);
}

static const char *format_of(const struct sprio_args *args)
{
    if (args->format)
        return args->format;
    if (args->is_norm)
        return args->is_long ? FORMAT_WHO "%.16y " FORMAT_FACTORS " %.10o %.10n %.6N"
                             : FORMAT_WHO "%.16y " FORMAT_FACTORS;
    return args->is_long ? FORMAT_WHO "%.10Y " FORMAT_POINTS " %.10o %.10n %.6N"
                         : FORMAT_WHO "%.10Y " FORMAT_POINTS;
}

static int read_args(struct sprio *s)
{
    const struct sprio_args *args = s->args;
    struct err err;

    if (args->jobs && ids_parse(args->jobs, &s->ids, &err)) {
        say_error("%s", err.text);
        return SLURM_FAILED;
    }
    s->users = args->users ? strv_split(args->users, ", ") : NULL;
    s->partitions = args->partitions ? strv_split(args->partitions, ", ") : NULL;
    format_parse(&prio_fields, format_of(args), &s->format);
    if (s->format.unknown) {
        say_error("Invalid job format specification: %s", s->format.unknown);
        return SLURM_FAILED;
    }
    if (lines_create(&prio_fields, args->order, &s->format, &s->lines, &err)) {
        say_error("%s", err.text);
        return SLURM_FAILED;
    }
    return SLURM_OK;
}

static bool is_among(char **list, const char *name)
{
    return !list || strv_has(list, name);
}

/* Users may be numbers. */
static bool is_users(const struct sprio *s, const char *name)
{
    const struct passwd *pw;
    char number[16];

    if (is_among(s->users, name))
        return true;
    pw = getpwnam(name);
    if (!pw)
        return false;
    (void)snprintf(number, sizeof(number), "%u", pw->pw_uid);
    return is_among(s->users, number);
}

static void take_page(struct sprio *s, const Berth__PriorityList *page)
{
    struct prio_row row = {.weights = page->weights, .cluster = s->cluster};

    for (size_t i = 0; i < page->n_jobs; i++) {
        row.job = page->jobs[i];
        if (!is_users(s, row.job->user) || !is_among(s->partitions, row.job->partition))
            continue;
        lines_add(s->lines, &row);
        s->n_found++;
    }
}

static int ask(struct sprio *s, struct berth *berth)
{
    Berth__PriorityQuery query = BERTH__PRIORITY_QUERY__INIT;
    struct berth_err err;
    bool more = true;

    query.ids = s->ids.ids;
    query.n_ids = s->ids.n;
    query.limit = s->args->only_weights;
    while (more) {
        cleanup(reply_freep) Berth__PriorityList *page = NULL;
        struct prio_row weights = {.job = NULL};

        if (berth_priorities(berth, &query, &page, &err) < 0)
            return load_error("slurm_load_job_prio", &err);
        weights.weights = page->weights;
        if (s->args->only_weights)
            lines_add(s->lines, &weights);
        else
            take_page(s, page);
        more = page->more && page->n_jobs && !s->args->only_weights;
        if (more)
            query.after = page->jobs[page->n_jobs - 1]->job_id;
    }
    return SLURM_OK;
}

static void print_list(struct sprio *s)
{
    struct strbuf header = STRBUF_INIT;
    bool is_narrowed = s->args->jobs || s->args->users;

    if (!s->args->only_weights && s->n_found == 0 && is_narrowed) {
        printf("Unable to find jobs matching user/id(s) specified\n");
        return;
    }
    format_header(&s->format, &header);
    if (!s->args->bare)
        printf("%s\n", header.s ? header.s : "");
    lines_print(s->lines, stdout);
    strbuf_fini(&header);
}

int slurm_sprio(int argc, char **argv)
{
    struct sprio_args args = {.bare = false};
    struct sprio s = {.args = &args};
    cleanup(link_closep) struct berth *berth = NULL;
    const char *named;
    int next, status;

    status = slurm_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &args.common,
                         &next);
    if (status >= 0)
        return status;
    named = args.common.clusters ? args.common.clusters : "all";
    status = read_args(&s);
    if (status == SLURM_OK &&
        (slurm_open(&berth) || slurm_cluster(berth, named, &s.cluster)))
        status = SLURM_FAILED;
    if (status == SLURM_OK)
        status = ask(&s, berth);
    if (status == SLURM_OK)
        print_list(&s);
    sprio_fini(&s);
    return status;
}
