/* SPDX-License-Identifier: Apache-2.0
 *
 * sstat.c - sstat: what the steps that run use now, asked of their nodes
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cluster_link.h"
#include "cli/say.h"
#include "slurm/fields.h"
#include "slurm/ids.h"
#include "slurm/load_error.h"
#include "slurm/rows.h"
#include "slurm/slurm.h"
#include "slurm/step_list.h"
#include "slurm/words.h"

#define FORMAT_USUAL \
    "jobid,maxvmsize,maxrss,maxrssnode,averss,avecpu,ntasks,maxdiskread,maxdiskwrite"

struct sstat_args {
    struct slurm_common common;
    const char *jobs, *format;
    bool all, bare, bars, bars_between, help_format, ignored;
};

static const struct slurm_usage usage = {
    .synopsis = "sstat [-aenpP] [-o fields] -j job[.step][,...]",
    .about = "Show what steps that run use now.",
};

#define MEMBER(m) offsetof(struct sstat_args, m)
static const struct opt opts[] = {
    FLAG("allsteps", 'a', all, "all steps of a job, not its first alone"),
    TEXT("format", 'o', "FIELDS", format, "columns: jobid,maxrss%12"),
    TEXT("fields", 0, "FIELDS", format, NULL),
    FLAG("helpformat", 'e', help_format, "the names of all fields"),
    TEXT("jobs", 'j', "IDS", jobs, "these: 12,13.0"),
    FLAG("noconvert", 0, ignored, NULL),
    FLAG("noheader", 'n', bare, "no first lines"),
    {"pidformat", 'i', OPT_NONE, NULL, slurm_refused, 0, 0, NULL,
     "scontrol listpids, on the node, has the processes"},
    FLAG("parsable", 'p', bars, "a bar behind each field"),
    FLAG("parsable2", 'P', bars_between, "a bar between fields"),
    SLURM_OPTS(struct sstat_args, common, 'h'),
    OPTS_END,
};

/* ------------------------------------------------------------------ fields */

struct use {
    const struct step_row *step;
    uint64_t cpu_usec, memory;              /* of all nodes */
    uint64_t peak, read_bytes, write_bytes; /* of the node with most */
    char peak_node[64], read_node[64], write_node[64];
};

#define PUT(name) static void put_##name(const void *p, struct strbuf *out)
#define ROW const struct use *row = p

PUT(id)
{
    ROW;

    step_row_put_id(row->step, out);
}

PUT(nothing)
{
    (void)p;
    (void)out;
}

PUT(tasks)
{
    ROW;

    put_number(out, step_row_tasks(row->step));
}

PUT(nodes)
{
    ROW;

    strbuf_puts(out, row->step->nodes);
}

static uint64_t per_task(const struct use *row, uint64_t n)
{
    uint32_t tasks = step_row_tasks(row->step);

    return tasks ? n / tasks : n;
}

PUT(ave_cpu)
{
    ROW;

    put_cpu_time(out, per_task(row, row->cpu_usec));
}

#define SIZE(name, bytes)                               \
    PUT(name)                                           \
    {                                                   \
        ROW;                                            \
        put_size(out, (bytes) / 1024, 'K', SIZE_PLAIN); \
    }
#define NODE(name, member)             \
    PUT(name)                          \
    {                                  \
        ROW;                           \
        strbuf_puts(out, row->member); \
    }
SIZE(max_rss, row->peak)
SIZE(ave_rss, per_task(row, row->memory))
SIZE(max_read, row->read_bytes)
SIZE(max_write, row->write_bytes)
NODE(rss_node, peak_node)
NODE(read_node, read_node)
NODE(write_node, write_node)

static const struct field fields[] = {
    {0, "JobID", "JobID", put_id, NULL, -12, 0},
    {0, "MaxRSS", "MaxRSS", put_max_rss, NULL, 10, 0},
    {0, "MaxRSSNode", "MaxRSSNode", put_rss_node, NULL, 10, 0},
    {0, "AveRSS", "AveRSS", put_ave_rss, NULL, 10, 0},
    {0, "AveCPU", "AveCPU", put_ave_cpu, NULL, 10, 0},
    {0, "MaxVMSize", "MaxVMSize", put_nothing, NULL, 10, 0},
    {0, "AveVMSize", "AveVMSize", put_nothing, NULL, 10, 0},
    {0, "NTasks", "NTasks", put_tasks, NULL, 8, 0},
    {0, "Nodelist", "Nodelist", put_nodes, NULL, 20, 0},
    {0, "MaxDiskRead", "MaxDiskRead", put_max_read, NULL, 12, 0},
    {0, "MaxDiskReadNode", "MaxDiskReadNode", put_read_node, NULL, 15, 0},
    {0, "MaxDiskWrite", "MaxDiskWrite", put_max_write, NULL, 12, 0},
    {0, "MaxDiskWriteNode", "MaxDiskWriteNode", put_write_node, NULL, 16, 0},
};

static const struct field_table stat_fields = {
    .fields = fields, .n = ARRAY_SIZE(fields), .what = "field"};

/* ------------------------------------------------------------------ asking */

struct sstat {
    const struct sstat_args *args;
    struct berth *berth;
    struct format format;
    struct strbuf text;    /* of what is to be shown */
    struct strbuf pending; /* the script's line: shown when no step comes */
    uint32_t job;          /* whose steps these are */
    bool has_step;         /* one of it has been shown */
};

static void raise_to(uint64_t *most, char *most_node, uint64_t n, const char *node)
{
    if (most_node[0] && n <= *most)
        return;
    *most = n;
    (void)snprintf(most_node, 64, "%s", node);
}

static void add_usage(struct use *use, const Berth__Usage *now, const char *node)
{
    use->cpu_usec += now->user_usec + now->system_usec;
    use->memory += now->memory;
    raise_to(&use->peak, use->peak_node, now->memory_peak, node);
    raise_to(&use->read_bytes, use->read_node, now->read_bytes, node);
    raise_to(&use->write_bytes, use->write_node, now->write_bytes, node);
}

/* A node that does not answer is left out, which is said. */
static void ask_node(const struct sstat *s, struct use *use, const char *address,
                     uint32_t port)
{
    cleanup(reply_freep) Berth__UsageList *list = NULL;
    Berth__UsageQuery query = BERTH__USAGE_QUERY__INIT;
    int64_t step = use->step->step ? (int64_t)use->step->step->step_id : -1;
    uint32_t job = use->step->job->record->id;
    struct berth_err err;

    query.jobs = &job;
    query.n_jobs = 1;
    if (berth_usage(s->berth, address, (uint16_t)port, &query, &list, &err) < 0) {
        say_error("%s", err.text);
        return;
    }
    for (size_t i = 0; i < list->n_jobs; i++)
        for (size_t k = 0; k < list->jobs[i]->n_steps; k++)
            if (list->jobs[i]->job_id == job &&
                list->jobs[i]->steps[k]->step_id == step &&
                list->jobs[i]->steps[k]->usage)
                add_usage(use, list->jobs[i]->steps[k]->usage, list->node);
}

static void ask_nodes(const struct sstat *s, struct use *use)
{
    const Berth__StepInfo *step = use->step->step;
    const Berth__NodeShare *lead = use->step->job->record->placement->shares[0];

    if (!step)
        ask_node(s, use, lead->address, lead->port);
    for (size_t i = 0; step && i < step->n_nodes; i++)
        ask_node(s, use, step->nodes[i]->address, step->nodes[i]->port);
}

static void flush_pending(struct sstat *s)
{
    if (!s->has_step && s->pending.len)
        strbuf_puts(&s->text, s->pending.s);
    strbuf_cut(&s->pending, 0);
    s->has_step = false;
}

/* Without -a or a step that was named: the first step, the script when there is none.
 */
static void on_step(const struct step_row *step, void *ctx)
{
    struct sstat *s = ctx;
    bool is_one = !s->args->all && !strchr(s->args->jobs, '.');
    struct use use = {.step = step};
    struct strbuf *out = is_one && !step->step ? &s->pending : &s->text;

    if (step->job->record->id != s->job)
        flush_pending(s);
    s->job = step->job->record->id;
    if (is_one && s->has_step)
        return;
    if (step->step && step->step->state != BERTH__STEP_INFO__STATE__RUNS)
        return;
    ask_nodes(s, &use);
    format_row(&s->format, &use, out);
    strbuf_putc(out, '\n');
    s->has_step |= step->step != NULL;
}

static void print_header(const struct sstat *s)
{
    struct strbuf out = STRBUF_INIT;

    if (s->args->bare)
        return;
    format_header(&s->format, &out);
    strbuf_putc(&out, '\n');
    if (!s->args->bars && !s->args->bars_between) {
        format_rule(&s->format, &out);
        strbuf_putc(&out, '\n');
    }
    printf("%s", out.s);
    strbuf_fini(&out);
}

static int show(struct sstat *s)
{
    cleanup(job_names_fini) struct job_names ids = {0};
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    struct step_list list = {.query = &query, .only = s->args->jobs, .cluster = ""};
    struct berth_err failed;
    struct err err;

    if (ids_parse(s->args->jobs, &ids, &err)) {
        say_error("%s", err.text);
        return SLURM_FAILED;
    }
    if (slurm_open(&s->berth) ||
        slurm_cluster(s->berth, s->args->common.clusters, NULL))
        return SLURM_FAILED;
    query.ids = ids.ids;
    query.elements = ids.elements;
    query.n_ids = query.n_elements = ids.n;
    list.berth = s->berth;
    list.each = on_step;
    list.ctx = s;
    if (step_list_run(&list, &failed) < 0)
        return load_error("slurm_job_step_stat", &failed);
    flush_pending(s);
    print_header(s);
    printf("%s", s->text.len ? s->text.s : "");
    if (s->text.len)
        return SLURM_OK;
    say_error("no steps running for job %s", s->args->jobs);
    return SLURM_FAILED;
}

static int run(struct sstat *s)
{
    const struct sstat_args *args = s->args;
    struct err err;

    if (args->help_format) {
        cleanup(freep) char *names = fields_help(&stat_fields);

        printf("%s", names);
        return SLURM_OK;
    }
    if (!args->jobs)
        return slurm_bad_usage("No job was named: -j JOB[.STEP]");
    if (format_parse_list(&stat_fields, args->format ? args->format : FORMAT_USUAL,
                          &s->format, &err)) {
        say_error("%s", err.text);
        return SLURM_FAILED;
    }
    if (args->bars || args->bars_between)
        format_set_bars(&s->format, "|", args->bars);
    return show(s);
}

int slurm_sstat(int argc, char **argv)
{
    struct sstat_args args = {.jobs = NULL};
    struct sstat s = {.args = &args, .text = STRBUF_INIT, .pending = STRBUF_INIT};
    int next, status;

    status = slurm_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &args.common,
                         &next);
    if (status < 0)
        status = run(&s);
    strbuf_fini(&s.text);
    strbuf_fini(&s.pending);
    format_fini(&s.format);
    link_closep(&s.berth);
    return status;
}
