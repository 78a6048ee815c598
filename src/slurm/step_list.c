/* SPDX-License-Identifier: Apache-2.0
 *
 * step_list.c - the steps that run, as their jobs' leads tell them
 */
#include "slurm/step_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/cluster_link.h"
#include "cli/job_target.h"
#include "cli/say.h"
#include "slurm/ids.h"
#include "slurm/lines.h"
#include "slurm/load_error.h"
#include "slurm/slurm.h"
#include "slurm/words.h"
#include "wire/pack.h"

#define ANSWER_MS 10000
#define FORMAT_STEPS "%.15i %.8j %.9P %.8u %.9M %N"

/* ------------------------------------------------------------------ rows */

void step_row_put_id(const struct step_row *row, struct strbuf *out)
{
    job_row_put_id(row->job, out);
    if (row->step)
        strbuf_printf(out, ".%u", row->step->step_id);
    else
        strbuf_puts(out, ".batch");
}

const char *step_row_name(const struct step_row *row)
{
    return row->step ? row->step->name : "batch";
}

int64_t step_row_start(const struct step_row *row)
{
    return row->step && row->step->start_time ? row->step->start_time
                                              : row->job->record->start_time;
}

uint32_t step_row_tasks(const struct step_row *row)
{
    size_t n = 0;

    for (size_t i = 0; row->step && i < row->step->n_nodes; i++)
        n += row->step->nodes[i]->n_ranks;
    return row->step ? (uint32_t)n : 1;
}

/* ------------------------------------------------------------------ asking */

static int ask(struct berth *berth, const Berth__JobInfo *job, Berth__Envelope **ret,
               struct berth_err *err)
{
    const Berth__NodeShare *lead = job->record->placement->shares[0];
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepQuery query = BERTH__STEP_QUERY__INIT;
    struct berth_steps *steps = NULL;
    int rc =
        berth_steps_connect_shepherd(berth, lead->address, (uint16_t)lead->port,
                                     job->record->id, -1, job->spec->uid, &steps, err);

    if (rc < 0)
        return rc;
    env.id = 1;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_QUERY;
    env.step_query = &query;
    rc = berth_steps_send(steps, &env, err);
    if (rc == 0)
        rc = berth_steps_recv(steps, ANSWER_MS, ret, err);
    berth_steps_close(steps);
    return rc;
}

static bool is_wanted(const struct step_list *list, const struct step_row *row)
{
    cleanup(strv_freep) char **words = list->only ? strv_split(list->only, ", ") : NULL;
    struct strbuf id = STRBUF_INIT;
    bool found = !list->only || !list->only[0];

    step_row_put_id(row, &id);
    strv_foreach (word, words) {
        size_t len = strlen(*word);

        found |= strncmp(id.s, *word, len) == 0 && (!id.s[len] || id.s[len] == '.');
    }
    strbuf_fini(&id);
    return found;
}

static char *nodes_of(const Berth__StepInfo *step)
{
    cleanup(freep) char **names = xcalloc(step->n_nodes + 1, sizeof(*names));

    for (size_t i = 0; i < step->n_nodes; i++)
        names[i] = step->nodes[i]->node;
    return hostlist_compress(names);
}

static void hand_over(const struct step_list *list, const struct job_row *job,
                      const Berth__StepList *steps)
{
    struct step_row row = {.job = job, .nodes = steps->node};

    if (steps->has_batch && is_wanted(list, &row))
        list->each(&row, list->ctx);
    for (size_t i = 0; i < steps->n_steps; i++) {
        cleanup(freep) char *nodes = nodes_of(steps->steps[i]);

        row.step = steps->steps[i];
        row.nodes = nodes;
        if (is_wanted(list, &row))
            list->each(&row, list->ctx);
    }
}

/* A job that ends meanwhile has no lead any more: that is no failure. */
static void ask_job(const struct step_list *list, const Berth__JobInfo *info)
{
    struct job_row row = job_row_of(info, time(NULL), list->cluster);
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    struct berth_err err;

    if (!info->record->placement || info->record->placement->n_shares == 0 ||
        info->record->end_time || (getuid() != 0 && getuid() != info->spec->uid))
        return;
    if (ask(list->berth, info, &reply, &err) == 0 &&
        reply->body_case == BERTH__ENVELOPE__BODY_STEP_LIST)
        hand_over(list, &row, reply->step_list);
}

/* ------------------------------------------------------------------ jobs */

static int on_table(const Berth__JobTable *table, void *ctx)
{
    struct strbuf *ids = ctx;

    strbuf_add(ids, table->id, table->n_id * sizeof(*table->id));
    return 0;
}

/* Lists leave out where jobs run; asked for by their ids, they have it. */
static int load_jobs(const struct step_list *list, Berth__JobList **ret,
                     struct berth_err *err)
{
    Berth__JobQuery query = *list->query, by_id = BERTH__JOB_QUERY__INIT;
    char running[] = "RUNNING", suspended[] = "SUSPENDED";
    char *states[] = {running, suspended};
    struct strbuf ids = STRBUF_INIT;
    int rc;

    query.states = states;
    query.n_states = ARRAY_SIZE(states);
    rc = berth_job_tables(list->berth, &query, on_table, &ids, err);
    by_id.n_ids = ids.len / sizeof(uint32_t);
    by_id.ids = (uint32_t *)(void *)ids.s;
    if (rc == 0 && by_id.n_ids)
        rc = berth_jobs(list->berth, &by_id, ret, err);
    strbuf_fini(&ids);
    return rc;
}

int step_list_run(const struct step_list *list, struct berth_err *err)
{
    cleanup(reply_freep) Berth__JobList *jobs = NULL;
    int rc = load_jobs(list, &jobs, err);

    for (size_t i = 0; rc == 0 && jobs && i < jobs->n_jobs; i++)
        ask_job(list, jobs->jobs[i]);
    return rc;
}

/* ------------------------------------------------------------------ squeue -s */

static void put_id(const void *p, struct strbuf *out)
{
    step_row_put_id(p, out);
}

static void put_name(const void *p, struct strbuf *out)
{
    strbuf_puts(out, step_row_name(p));
}

static void put_partition(const void *p, struct strbuf *out)
{
    const struct step_row *row = p;

    strbuf_puts(out, row->job->spec->partition);
}

static void put_user(const void *p, struct strbuf *out)
{
    const struct step_row *row = p;

    strbuf_puts(out, row->job->spec->user);
}

static void put_uid(const void *p, struct strbuf *out)
{
    const struct step_row *row = p;

    put_number(out, row->job->spec->uid);
}

static void put_elapsed_time(const void *p, struct strbuf *out)
{
    const struct step_row *row = p;

    put_elapsed(out, row->job->now - step_row_start(row));
}

static void put_nodes(const void *p, struct strbuf *out)
{
    const struct step_row *row = p;

    strbuf_puts(out, row->nodes);
}

static void put_limit_of_job(const void *p, struct strbuf *out)
{
    const struct step_row *row = p;

    put_limit(out, row->job->info->time_limit, "UNLIMITED");
}

static void put_start(const void *p, struct strbuf *out)
{
    put_time(out, step_row_start(p), "N/A");
}

static void put_tasks(const void *p, struct strbuf *out)
{
    put_number(out, step_row_tasks(p));
}

static void put_not_available(const void *p, struct strbuf *out)
{
    (void)p;
    strbuf_puts(out, "N/A");
}

static const struct field fields[] = {
    {'A', "numtasks", "TASKS", put_tasks, NULL, 0, 0},
    {'b', "tres-per-node", "TRES_PER_NODE", put_not_available, NULL, 0, 0},
    {'i', "stepid", "STEPID", put_id, NULL, 0, 0},
    {'j', "stepname", "NAME", put_name, NULL, 0, 0},
    {'l', "timelimit", "TIME_LIMIT", put_limit_of_job, NULL, 0, 0},
    {'M', "timeused", "TIME", put_elapsed_time, NULL, 0, 0},
    {'N', "nodelist", "NODELIST", put_nodes, NULL, 0, 0},
    {'P', "partition", "PARTITION", put_partition, NULL, 0, 0},
    {'S', "starttime", "START_TIME", put_start, NULL, 0, 0},
    {'u', "username", "USER", put_user, NULL, 0, 0},
    {'U', "userid", "UID", put_uid, NULL, 0, 0},
};

static const struct field_table step_fields = {
    .fields = fields, .n = ARRAY_SIZE(fields), .what = "job"};

static void on_step(const struct step_row *row, void *ctx)
{
    lines_add(ctx, row);
}

static void print_lines(const struct format *format, struct lines *lines,
                        bool has_header)
{
    struct strbuf header = STRBUF_INIT;

    format_header(format, &header);
    if (has_header)
        printf("%s\n", header.s ? header.s : "");
    strbuf_fini(&header);
    lines_print(lines, stdout);
}

int step_list_print(struct berth *berth, const Berth__JobQuery *query, const char *only,
                    const char *format, bool has_header)
{
    cleanup(lines_destroyp) struct lines *lines = NULL;
    cleanup(format_fini) struct format parsed = {0};
    struct step_list list = {
        .berth = berth, .query = query, .only = only, .each = on_step, .cluster = ""};
    struct berth_err err;

    format_parse(&step_fields, format ? format : FORMAT_STEPS, &parsed);
    if (parsed.unknown)
        say_error("Invalid job format specification: %s", parsed.unknown);
    BUG_ON(lines_create(&step_fields, NULL, &parsed, &lines, NULL));
    list.ctx = lines;
    if (step_list_run(&list, &err) < 0)
        return load_error("slurm_load_jobs", &err);
    print_lines(&parsed, lines, has_header);
    return SLURM_OK;
}
