/* SPDX-License-Identifier: Apache-2.0
 *
 * show_job.c - all that is known about a job, for people
 */
#include "cli/show_job.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "cli/job_columns.h"
#include "cli/job_pods.h"
#include "cli/table.h"
#include "wire/job_component.h"
#include "wire/pack.h"

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

static void show_used(const Berth__JobRecord *record, FILE *out)
{
    uint64_t peak = record->memory_peak ? record->memory_peak : record->max_rss;
    cleanup(freep) char *memory = size_format(peak << 10);
    cleanup(freep) char *read = size_format(record->read_bytes);
    cleanup(freep) char *written = size_format(record->write_bytes);

    if (record->user_usec + record->system_usec)
        fprintf(out, "  %-12s %.2f s user, %.2f s system\n", "processors",
                (double)record->user_usec / 1e6, (double)record->system_usec / 1e6);
    if (peak)
        fprintf(out, "  %-12s %s at most%s\n", "memory used", memory,
                record->memory_peak ? "" : ", its largest process");
    if (record->read_bytes + record->write_bytes)
        fprintf(out, "  %-12s %s read, %s written\n", "files", read, written);
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
    if (strcmp(job->state, "OUT_OF_MEMORY") == 0)
        fprintf(out, "  %-12s %d:%d (out of memory)\n", "exit code", record->exit_code,
                record->exit_signal);
    else if (record->exit_signal)
        fprintf(out, "  %-12s killed by signal %d (%s)\n", "exit code",
                record->exit_signal, signal_name(record->exit_signal));
    else
        fprintf(out, "  %-12s %d\n", "exit code", record->exit_code);
    show_used(record, out);
}

/* ", " between parts, none before the first. */
static void part(struct strbuf *sb, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void part(struct strbuf *sb, const char *fmt, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    strbuf_printf(sb, "%s%s", sb->len ? ", " : "", text);
}

static void number_part(struct strbuf *sb, const char *what, uint32_t n)
{
    if (n)
        part(sb, "%s %u", what, n);
}

static void size_part(struct strbuf *sb, const char *what, uint64_t mebibytes)
{
    if (mebibytes)
        part(sb, "%s %llu MiB", what, (unsigned long long)mebibytes);
}

static void text_part(struct strbuf *sb, const char *what, const char *text)
{
    if (text[0] != '\0')
        part(sb, "%s %s", what, text);
}

static void flag_part(struct strbuf *sb, const char *what, protobuf_c_boolean is_set)
{
    if (is_set)
        part(sb, "%s", what);
}

/* How much: nodes, tasks, memory, devices. */
static char *request_words(const Berth__JobSpec *spec)
{
    struct strbuf sb = STRBUF_INIT;

    if (spec->nodes_min)
        part(&sb, "nodes %u", spec->nodes_min);
    if (spec->nodes_max && spec->nodes_max != spec->nodes_min &&
        spec->nodes_max != UINT32_MAX)
        strbuf_printf(&sb, "-%u", spec->nodes_max);
    number_part(&sb, "tasks", spec->tasks);
    number_part(&sb, "tasks a node", spec->tasks_per_node);
    number_part(&sb, "tasks a socket", spec->tasks_per_socket);
    number_part(&sb, "tasks a core", spec->tasks_per_core);
    number_part(&sb, "tasks a GPU", spec->tasks_per_gpu);
    number_part(&sb, "cores a task", spec->cpus_per_task);
    number_part(&sb, "cores a GPU", spec->cpus_per_gpu);
    size_part(&sb, "memory a node", spec->mem_per_node);
    size_part(&sb, "memory a core", spec->mem_per_cpu);
    size_part(&sb, "memory a GPU", spec->mem_per_gpu);
    flag_part(&sb, "all memory of a node", spec->mem_all);
    text_part(&sb, "GPUs", spec->gpus);
    text_part(&sb, "GPUs a node", spec->gpus_per_node);
    text_part(&sb, "GPUs a socket", spec->gpus_per_socket);
    text_part(&sb, "GPUs a task", spec->gpus_per_task);
    text_part(&sb, "on each node", spec->gres);
    flag_part(&sb, "whole nodes", spec->exclusive);
    flag_part(&sb, "nodes of this user's jobs only", spec->exclusive_user);
    flag_part(&sb, "shared cores", spec->oversubscribe);
    return strbuf_take(&sb);
}

/* Where: what the nodes and the way between them must be like. */
static void show_where(const Berth__JobSpec *spec, FILE *out)
{
    line(out, "nodelist", spec->nodelist);
    line(out, "exclude", spec->exclude);
    line(out, "constraint", spec->constraint);
    line(out, "prefer", spec->prefer);
    line(out, "switches", spec->switches);
    line(out, "contiguous", spec->contiguous ? "yes" : "");
    line(out, "licences", spec->licences);
    line(out, "reservation", spec->reservation);
}

static void show_when(const char *what, int64_t when, FILE *out)
{
    cleanup(freep) char *text = when ? when_format(when) : NULL;

    line(out, what, text);
}

/* When: what must be so before it may start. */
static void show_order(const Berth__JobSpec *spec, FILE *out)
{
    cleanup(freep) char *least =
        spec->time_min ? duration_format(spec->time_min) : NULL;

    line(out, "array", spec->array);
    line(out, "dependency", spec->dependency);
    show_when("begin", spec->begin_time, out);
    show_when("deadline", spec->deadline, out);
    line(out, "time min", least);
    line(out, "requeue", spec->requeue);
}

/* The further components of a heterogeneous job, each on its line. */
static void show_components(const Berth__JobSpec *spec, FILE *out)
{
    for (size_t i = 1; i < spec->n_components + 1; i++) {
        cleanup(freep) char *what = xasprintf("component %zu", i);
        cleanup(free_messagep) Berth__JobSpec *component = job_component(spec, i);
        cleanup(freep) char *request = request_words(component);

        line(out, what, request[0] ? request : "one task");
        line(out, "  partition", component->partition);
        show_where(component, out);
    }
}

static void show_mounts(const Berth__ContainerSpec *container, FILE *out)
{
    for (size_t i = 0; i < container->n_mounts; i++) {
        const Berth__Mount *mount = container->mounts[i];

        fprintf(out, "  %-12s %s at %s%s\n", "mount", mount->source, mount->target,
                mount->readonly ? ", read-only" : "");
    }
}

/* What was asked of the container besides its image. */
static void show_container(const Berth__ContainerSpec *container, FILE *out)
{
    show_mounts(container, out);
    for (size_t i = 0; i < container->n_tmpfs; i++)
        line(out, "tmpfs", container->tmpfs[i]);
    if (container->read_only)
        line(out, "root", "read-only");
    line(out, "overlay", container->overlay);
    line(out, "work dir", container->workdir);
    line(out, "host name", container->hostname);
    line(out, "network", container->network);
    if (container->seccomp[0])
        line(out, "seccomp",
             strcmp(container->seccomp, "unconfined") ? "a profile" : "unconfined");
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
    show_where(spec, out);
    show_components(spec, out);
    show_order(spec, out);
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
    show_container(spec->container, out);
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

void show_placement(const Berth__Placement *placement, FILE *out)
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
    job_pods_show(job->pods, now, out);
    if (job->spec)
        show_spec(job->spec, job->record->id, out);
    if (!job->record->placement || job->record->placement->n_shares == 0)
        return;
    fprintf(out, "\nPlacement: score %.3g%s%s\n", job->record->placement->score,
            job->record->placement->why[0] ? ", " : "", job->record->placement->why);
    show_placement(job->record->placement, out);
}
