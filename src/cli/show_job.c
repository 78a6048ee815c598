/* SPDX-License-Identifier: Apache-2.0
 *
 * show_job.c - all that is known about a job, for people
 */
#include "cli/show_job.h"

#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "cli/job_columns.h"
#include "cli/table.h"

static void line(FILE *out, const char *what, const char *value)
{
    if (value && value[0] != '\0')
        fprintf(out, "  %-12s %s\n", what, value);
}

static void line_of(FILE *out, const char *what, char letter, const Berth__JobInfo *job,
                    int64_t now)
{
    cleanup(freep) char *text = job_column(letter, job, now);

    line(out, what, text);
}

static void show_state(const Berth__JobInfo *job, int64_t now, FILE *out)
{
    const Berth__JobRecord *record = job->record;

    fprintf(out, "Job %u: %s", record->id, job->state);
    if (strcmp(job->state, "PENDING") == 0 && job->reason[0] != '\0')
        fprintf(out, " (%s)", job->reason);
    if (record->state_words[0] != '\0')
        fprintf(out, ": %s", record->state_words);
    fputc('\n', out);
    line_of(out, "name", 'j', job, now);
    line_of(out, "user", 'u', job, now);
    line_of(out, "partition", 'P', job, now);
    line_of(out, "account", 'a', job, now);
    line_of(out, "qos", 'q', job, now);
    line_of(out, "submitted", 'V', job, now);
    line_of(out, "started", 'S', job, now);
    line_of(out, "ended", 'e', job, now);
    line_of(out, "elapsed", 'M', job, now);
    line_of(out, "time limit", 'l', job, now);
    line_of(out, "priority", 'Q', job, now);
    if (record->end_time == 0 || record->start_time == 0)
        return; /* what never ran has no exit code */
    if (record->exit_signal)
        fprintf(out, "  %-12s killed by signal %d (%s)\n", "exit code",
                record->exit_signal, signal_name(record->exit_signal));
    else
        fprintf(out, "  %-12s %d\n", "exit code", record->exit_code);
}

static char *request_words(const Berth__JobSpec *spec)
{
    struct strbuf sb = STRBUF_INIT;

    if (spec->nodes_min)
        strbuf_printf(&sb, "nodes %u", spec->nodes_min);
    if (spec->nodes_max && spec->nodes_max != spec->nodes_min &&
        spec->nodes_max != UINT32_MAX)
        strbuf_printf(&sb, "-%u", spec->nodes_max);
    if (spec->tasks)
        strbuf_printf(&sb, "%stasks %u", sb.len ? ", " : "", spec->tasks);
    if (spec->tasks_per_node)
        strbuf_printf(&sb, "%stasks a node %u", sb.len ? ", " : "",
                      spec->tasks_per_node);
    if (spec->cpus_per_task)
        strbuf_printf(&sb, "%scores a task %u", sb.len ? ", " : "",
                      spec->cpus_per_task);
    if (spec->mem_per_node)
        strbuf_printf(&sb, "%smemory a node %llu MiB", sb.len ? ", " : "",
                      (unsigned long long)spec->mem_per_node);
    if (spec->mem_per_cpu)
        strbuf_printf(&sb, "%smemory a core %llu MiB", sb.len ? ", " : "",
                      (unsigned long long)spec->mem_per_cpu);
    if (spec->exclusive)
        strbuf_printf(&sb, "%swhole nodes", sb.len ? ", " : "");
    return strbuf_take(&sb);
}

static void show_mounts(const Berth__ContainerSpec *container, FILE *out)
{
    for (size_t i = 0; i < container->n_mounts; i++) {
        const Berth__Mount *mount = container->mounts[i];

        fprintf(out, "  %-12s %s at %s%s\n", "mount", mount->source, mount->target,
                mount->readonly ? ", read-only" : "");
    }
}

/* Where a batch script writes: as it was said, or the default's file. */
static void show_output(const Berth__JobSpec *spec, uint32_t id, FILE *out)
{
    cleanup(freep) char *file = NULL;

    if (spec->output[0] == '\0' && spec->script.len > 0)
        file = xasprintf("%s/slurm-%u.out", spec->cwd, id);
    line(out, "stdout", file ? file : spec->output);
    line(out, "stderr", spec->error);
}

static void show_spec(const Berth__JobSpec *spec, uint32_t id, FILE *out)
{
    cleanup(freep) char *request = request_words(spec);

    line(out, "asked for", request);
    line(out, "nodelist", spec->nodelist);
    line(out, "exclude", spec->exclude);
    line(out, "directory", spec->cwd);
    line(out, "stdin", spec->input);
    show_output(spec, id, out);
    line(out, "command", spec->submit_line);
    line(out, "from", spec->submit_host);
    line(out, "comment", spec->comment);
    if (!spec->container || spec->container->image[0] == '\0')
        return;
    line(out, "image", spec->container->image);
    line(out, "digest", spec->container->image_digest);
    show_mounts(spec->container, out);
}

/* "0:0-1 1:2-3": each task's rank and cores. */
static char *task_words(const Berth__NodeShare *share, uint32_t first)
{
    struct strbuf sb = STRBUF_INIT;

    if (share->n_task_cores == 0 && share->tasks > 0)
        strbuf_printf(&sb, "%u-%u", first, first + share->tasks - 1);
    for (size_t i = 0; i < share->n_task_cores; i++)
        strbuf_printf(&sb, "%s%u:%s", i ? " " : "", first + (uint32_t)i,
                      share->task_cores[i][0] ? share->task_cores[i] : "any");
    return strbuf_take(&sb);
}

/* The map of a placement: node, cores, tasks and the cores of each. */
static void show_placement(const Berth__Placement *placement, FILE *out)
{
    static const struct column columns[] = {
        {"NODE", false, false}, {"CORES", false, false},     {"MEMORY", true, false},
        {"TASKS", true, false}, {"RANK:CORES", false, true},
    };
    cleanup(table_destroyp) struct table *table =
        table_create(columns, ARRAY_SIZE(columns));
    uint32_t first = 0;

    for (size_t i = 0; i < placement->n_shares; i++) {
        const Berth__NodeShare *share = placement->shares[i];

        table_add(table, share->node);
        table_add(table, share->cores);
        table_take(table,
                   share->memory ? size_format(share->memory << 20) : xstrdup("-"));
        table_take(table, xasprintf("%u", share->tasks));
        table_take(table, task_words(share, first));
        first += share->tasks;
    }
    table_print(table, true, table_terminal_width(out), out);
}

void show_job(const Berth__JobInfo *job, int64_t now, FILE *out)
{
    if (!job->record)
        return;
    show_state(job, now, out);
    if (job->spec)
        show_spec(job->spec, job->record->id, out);
    if (!job->record->placement || job->record->placement->n_shares == 0)
        return;
    fprintf(out, "\nPlacement: score %.3g%s%s\n", job->record->placement->score,
            job->record->placement->why[0] ? ", " : "", job->record->placement->why);
    show_placement(job->record->placement, out);
}
