/* SPDX-License-Identifier: Apache-2.0
 *
 * job_row.c - a job as Slurm's commands speak of it
 */
#include "slurm/job_row.h"

#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "slurm/words.h"
#include "spec/gres_spec.h"
#include "wire/job_files.h"

#define INDEXES_MAX 64 /* characters of an array's indexes, as $SLURM_BITSTR_LEN */

struct job_row job_row_of(const Berth__JobInfo *info, int64_t now, const char *cluster)
{
    static const Berth__JobSpec no_spec = BERTH__JOB_SPEC__INIT;
    static const Berth__JobRecord no_record = BERTH__JOB_RECORD__INIT;

    return (struct job_row){.info = info,
                            .record = info->record ? info->record : &no_record,
                            .spec = info->spec ? info->spec : &no_spec,
                            .task = ARRAY_NONE,
                            .now = now,
                            .cluster = cluster};
}

/* ------------------------------------------------------------------ arrays */

bool job_row_is_array(const struct job_row *row)
{
    return row->record->array_job != 0 || row->spec->array[0] != '\0';
}

const char *job_row_indexes(const struct job_row *row)
{
    if (row->record->array_job)
        return NULL;
    if (row->record->array_left[0])
        return row->record->array_left;
    return row->record->array_cancelled[0] ? row->record->array_cancelled : NULL;
}

bool job_row_is_job(const struct job_row *row)
{
    if (row->record->array_job || !row->spec->array[0])
        return true;
    return job_row_indexes(row) && strcmp(row->info->state, "SPREAD") != 0;
}

/* "4-20:2%2", the end of a long one as "...%2". */
static void put_indexes(const char *indexes, struct strbuf *out)
{
    size_t len = strlen(indexes);

    if (len > INDEXES_MAX)
        strbuf_printf(out, "%.*s...", INDEXES_MAX - 3, indexes);
    else
        strbuf_add(out, indexes, len);
}

void job_row_put_id(const struct job_row *row, struct strbuf *out)
{
    const Berth__JobRecord *record = row->record;
    const char *indexes = job_row_indexes(row);

    if (record->array_job) {
        put_number(out, record->array_job);
        strbuf_putc(out, '_');
        put_number(out, record->array_task);
        return;
    }
    if (record->het_leader) {
        put_number(out, record->het_leader);
        strbuf_putc(out, '+');
        put_number(out, record->id - record->het_leader);
        return;
    }
    put_number(out, record->id);
    if (row->task != ARRAY_NONE) {
        strbuf_putc(out, '_');
        put_number(out, row->task);
    } else if (indexes) {
        strbuf_puts(out, "_[");
        put_indexes(indexes, out);
        strbuf_putc(out, ']');
    }
}

/* ------------------------------------------------------------------ states */

static bool is_in(const struct job_row *row, const char *state)
{
    return strcmp(row->info->state, state) == 0;
}

bool job_row_is_pending(const struct job_row *row)
{
    return is_in(row, "PENDING");
}

/* What Slurm gives as the reason of an end. */
static const char *end_reason(const struct job_row *row)
{
    static const struct {
        const char *state, *reason;
    } ends[] = {
        {"FAILED", "NonZeroExitCode"}, {"TIMEOUT", "TimeLimit"},
        {"NODE_FAIL", "NodeDown"},     {"OUT_OF_MEMORY", "OutOfMemory"},
        {"DEADLINE", "DeadLine"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
        if (is_in(row, ends[i].state))
            return ends[i].reason;
    return NULL;
}

const char *job_row_reason(const struct job_row *row)
{
    const char *end = end_reason(row);

    if (end)
        return end;
    return row->info->reason[0] ? row->info->reason : "None";
}

void job_row_put_nodes_or_reason(const struct job_row *row, struct strbuf *out)
{
    if (!job_row_is_pending(row) && !(end_reason(row) && !is_in(row, "NODE_FAIL"))) {
        strbuf_puts(out, row->info->nodes);
        return;
    }
    strbuf_putc(out, '(');
    strbuf_puts(out, job_row_reason(row));
    strbuf_putc(out, ')');
}

int64_t job_row_priority(const struct job_row *row)
{
    if (row->record->held)
        return 0;
    return row->info->priority > 0 ? row->info->priority : 1;
}

/* ------------------------------------------------------------------ times */

int64_t job_row_elapsed(const struct job_row *row)
{
    const Berth__JobRecord *record = row->record;
    int64_t end = record->end_time ? record->end_time : row->now;

    if (!record->start_time || job_row_is_pending(row))
        return 0;
    if (record->suspended_at && !record->end_time)
        end = record->suspended_at;
    return end - record->start_time - record->suspended_for;
}

int64_t job_row_end(const struct job_row *row)
{
    const Berth__JobRecord *record = row->record;
    int64_t limit = row->info->time_limit, start = record->start_time;

    if (record->end_time)
        return record->end_time;
    if (job_row_is_pending(row))
        start = row->start;
    return start && limit > 0 ? start + limit + record->suspended_for : 0;
}

/* ------------------------------------------------------------------ amounts */

uint32_t job_row_nodes(const struct job_row *row)
{
    if (row->info->n_nodes)
        return row->info->n_nodes;
    return row->spec->nodes_min ? row->spec->nodes_min : 1;
}

uint32_t job_row_tasks(const struct job_row *row)
{
    const Berth__JobSpec *spec = row->spec;

    if (spec->tasks)
        return spec->tasks;
    return job_row_nodes(row) * (spec->tasks_per_node ? spec->tasks_per_node : 1);
}

uint64_t job_row_memory(const struct job_row *row, bool *ret_is_per_cpu)
{
    *ret_is_per_cpu = row->spec->mem_per_node == 0 && row->spec->mem_per_cpu != 0;
    return *ret_is_per_cpu ? row->spec->mem_per_cpu : row->spec->mem_per_node;
}

/* MiB of all nodes; as asked for while it waits. */
static uint64_t memory_total(const struct job_row *row)
{
    const Berth__Placement *placement = row->record->placement;
    uint64_t sum = 0;
    bool is_per_cpu;

    if (!placement || placement->n_shares == 0) {
        sum = job_row_memory(row, &is_per_cpu);
        return sum * (is_per_cpu ? row->info->cpus : job_row_nodes(row));
    }
    for (size_t i = 0; i < placement->n_shares; i++)
        sum += placement->shares[i]->memory;
    return sum;
}

/* GPUs and other devices that were asked for, of all nodes. */
static void put_tres_devices(const struct job_row *row, struct strbuf *out)
{
    struct gres_spec spec = {0};
    struct err err;

    if (row->spec->gres[0] && gres_spec_parse(row->spec->gres, &spec, &err) == 0)
        for (size_t i = 0; i < spec.n; i++)
            strbuf_printf(out, ",gres/%s=%" PRIu64, spec.items[i].name,
                          spec.items[i].count * job_row_nodes(row));
    gres_spec_fini(&spec);
    spec = (struct gres_spec){0};
    if (row->spec->gpus[0] && gres_spec_parse_gpus(row->spec->gpus, &spec, &err) == 0)
        strbuf_printf(out, ",gres/gpu=%" PRIu64, gres_spec_count(&spec, "gpu"));
    gres_spec_fini(&spec);
}

void job_row_put_tres(const struct job_row *row, struct strbuf *out)
{
    uint64_t memory = memory_total(row);

    strbuf_printf(out, "cpu=%u", row->info->cpus);
    if (memory) {
        strbuf_puts(out, ",mem=");
        put_size(out, memory, 'M', SIZE_EXACT);
    }
    strbuf_printf(out, ",node=%u,billing=%u", job_row_nodes(row), row->info->cpus);
    put_tres_devices(row, out);
}

void job_row_put_tres_per_node(const struct job_row *row, struct strbuf *out)
{
    cleanup(strv_freep) char **words = strv_split(row->spec->gres, ",");
    const char *comma = "";

    strv_foreach (word, words) {
        strbuf_printf(out, "%sgres/%s", comma, *word);
        comma = ",";
    }
    if (row->spec->gpus_per_node[0])
        strbuf_printf(out, "%sgres/gpu:%s", comma, row->spec->gpus_per_node);
}

const char *job_row_sharing(const struct job_row *row)
{
    if (row->spec->exclusive)
        return "NO";
    if (row->spec->exclusive_user)
        return "USER";
    return row->spec->oversubscribe ? "YES" : "OK";
}

/* ------------------------------------------------------------------ files */

void job_row_put_command(const struct job_row *row, struct strbuf *out)
{
    cleanup(strv_freep) char **words = strv_split(row->spec->submit_line, " ");
    size_t n = strv_len(words), n_args = row->spec->n_args;
    const char *script;

    if (row->spec->interactive || strstr(row->spec->submit_line, "--wrap") ||
        n < n_args + 2)
        return;
    script = words[n - n_args - 1];
    if (script[0] == '-' || strcmp(script, "/dev/stdin") == 0 || strchr(script, '='))
        return;
    if (script[0] != '/')
        strbuf_printf(out, "%s/", row->spec->cwd);
    strbuf_puts(out, script);
}

/* An element's specification says what it is once it runs; its record always does. */
static void put_path(const struct job_row *row,
                     char *(*path_of)(const struct job_files *), struct strbuf *out)
{
    const Berth__JobRecord *record = row->record;
    Berth__JobSpec spec = *row->spec;
    struct job_files files = {.spec = &spec,
                              .job = record->id,
                              .epoch = record->epoch ? record->epoch : 1,
                              .lead = row->info->lead,
                              .user = spec.user};
    cleanup(freep) char *path = NULL;

    if (spec.interactive)
        return;
    spec.array_job = record->array_job;
    spec.array_task = record->array_task;
    path = path_of(&files);
    strbuf_puts(out, path);
}

void job_row_put_output(const struct job_row *row, struct strbuf *out)
{
    put_path(row, job_output_path, out);
}

void job_row_put_error(const struct job_row *row, struct strbuf *out)
{
    put_path(row, job_error_path, out);
}

const char *group_name(uint32_t gid)
{
    static uint32_t known_gid;
    static char known[64];

    if (!known[0] || known_gid != gid) {
        const struct group *group = getgrgid(gid);

        if (group)
            snprintf(known, sizeof(known), "%s", group->gr_name);
        else
            snprintf(known, sizeof(known), "%" PRIu32, gid);
        known_gid = gid;
    }
    return known;
}
