/* SPDX-License-Identifier: Apache-2.0
 *
 * top_table.c - what jobs use now: rows from nodes' answers, and rates between two
 */
#include "cli/top_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/table.h"

void top_sample_fini(struct top_sample *sample)
{
    free(sample->rows);
    *sample = (struct top_sample){0};
}

static struct top_row *add_row(struct top_sample *sample, uint32_t job, int64_t step,
                               const char *node)
{
    struct top_row *row;

    sample->rows = xrealloc(sample->rows, sample->n + 1, sizeof(*sample->rows));
    row = &sample->rows[sample->n++];
    *row = (struct top_row){.job = job, .step = step, .cores = -1};
    (void)snprintf(row->node, sizeof(row->node), "%s", node);
    return row;
}

static void fill(struct top_row *row, const Berth__Usage *usage, int64_t usec)
{
    row->usec = usec;
    if (!usage)
        return;
    row->cpu_usec = usage->user_usec + usage->system_usec;
    row->memory = usage->memory;
    row->limit = usage->memory_limit;
    row->peak = usage->memory_peak;
    row->processes = usage->processes;
}

static bool is_wanted(uint32_t job, const uint32_t *jobs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (jobs[i] == job)
            return true;
    return false;
}

void top_add(struct top_sample *sample, const Berth__UsageList *usage,
             const uint32_t *jobs, size_t n)
{
    for (size_t i = 0; i < usage->n_jobs; i++) {
        const Berth__JobUsage *job = usage->jobs[i];

        if (!is_wanted(job->job_id, jobs, n))
            continue;
        fill(add_row(sample, job->job_id, TOP_WHOLE, usage->node), job->total,
             usage->usec);
        for (size_t s = 0; s < job->n_steps; s++)
            fill(add_row(sample, job->job_id, job->steps[s]->step_id, usage->node),
                 job->steps[s]->usage, usage->usec);
    }
}

static const struct top_row *same_row(const struct top_sample *sample,
                                      const struct top_row *like)
{
    for (size_t i = 0; i < sample->n; i++) {
        const struct top_row *row = &sample->rows[i];

        if (row->job == like->job && row->step == like->step &&
            strcmp(row->node, like->node) == 0)
            return row;
    }
    return NULL;
}

/* A sum that went back (living processes alone are seen) is no rate. */
void top_rate(struct top_sample *sample, const struct top_sample *before)
{
    for (size_t i = 0; i < sample->n; i++) {
        struct top_row *row = &sample->rows[i];
        const struct top_row *old = same_row(before, row);

        if (!old || row->usec <= old->usec)
            continue;
        row->cores = row->cpu_usec < old->cpu_usec
                         ? 0
                         : (double)(row->cpu_usec - old->cpu_usec) /
                               (double)(row->usec - old->usec);
    }
}

void top_fold(const struct top_sample *sample, struct top_sample *ret)
{
    *ret = (struct top_sample){0};
    for (size_t i = 0; i < sample->n; i++) {
        const struct top_row *row = &sample->rows[i];
        struct top_row *sum = NULL;

        if (row->step != TOP_WHOLE)
            continue;
        for (size_t s = 0; s < ret->n && !sum; s++)
            if (ret->rows[s].job == row->job)
                sum = &ret->rows[s];
        if (!sum)
            sum = add_row(ret, row->job, TOP_WHOLE, "");
        if (row->cores >= 0)
            sum->cores = (sum->cores < 0 ? 0 : sum->cores) + row->cores;
        sum->cpu_usec += row->cpu_usec;
        sum->memory += row->memory;
        sum->limit += row->limit;
        sum->peak += row->peak;
        sum->processes += row->processes;
    }
}

/* By job where all else is the same, so that rows stay where they are. */
static int by_job(const struct top_row *a, const struct top_row *b)
{
    if (a->job != b->job)
        return a->job < b->job ? -1 : 1;
    if (a->step != b->step)
        return a->step < b->step ? -1 : 1;
    return strcmp(a->node, b->node);
}

static int compare_jobs(const void *a, const void *b)
{
    return by_job(a, b);
}

static int compare_cpu(const void *pa, const void *pb)
{
    const struct top_row *a = pa, *b = pb;

    if (a->cores > b->cores || a->cores < b->cores)
        return a->cores > b->cores ? -1 : 1;
    return by_job(a, b);
}

static int compare_memory(const void *pa, const void *pb)
{
    const struct top_row *a = pa, *b = pb;

    if (a->memory != b->memory)
        return a->memory > b->memory ? -1 : 1;
    return by_job(a, b);
}

void top_sort(struct top_sample *sample, enum top_order order)
{
    int (*compare)(const void *, const void *) = order == TOP_BY_CPU ? compare_cpu
                                                 : order == TOP_BY_MEMORY
                                                     ? compare_memory
                                                     : compare_jobs;

    if (sample->n)
        qsort(sample->rows, sample->n, sizeof(*sample->rows), compare);
}

/* ------------------------------------------------------------------- shown */

static const struct column columns[] = {
    {"JOB", true, false},    {"USER", false, true},  {"NAME", false, true},
    {"NODES", false, true},  {"CORES", true, false}, {"CPU%", true, false},
    {"MEMORY", true, false}, {"LIMIT", true, false}, {"PEAK", true, false},
    {"PROCS", true, false},
};

static const Berth__JobInfo *job_of(const Berth__JobList *jobs, uint32_t id)
{
    for (size_t i = 0; i < jobs->n_jobs; i++)
        if (jobs->jobs[i]->record->id == id)
            return jobs->jobs[i];
    return NULL;
}

static char *name_of(const struct top_row *row)
{
    if (row->step == TOP_WHOLE)
        return xasprintf("%u", row->job);
    if (row->step < 0)
        return xasprintf("%u.batch", row->job);
    return xasprintf("%u.%u", row->job, (unsigned int)row->step);
}

static char *size_or_dash(uint64_t bytes)
{
    return bytes ? size_format(bytes) : xstrdup("-");
}

void top_print(const struct top_sample *sample, const Berth__JobList *jobs,
               size_t width, FILE *out)
{
    cleanup(table_destroyp) struct table *table =
        table_create(columns, ARRAY_SIZE(columns));

    for (size_t i = 0; i < sample->n; i++) {
        const struct top_row *row = &sample->rows[i];
        const Berth__JobInfo *job = job_of(jobs, row->job);
        const Berth__JobSpec *spec = job ? job->spec : NULL;

        table_take(table, name_of(row));
        table_add(table, spec ? spec->user : "");
        table_add(table, spec ? spec->name : "");
        table_add(table, row->node[0] ? row->node : job ? job->nodes : "");
        table_take(table,
                   row->node[0] || !job ? xstrdup("") : xasprintf("%u", job->cpus));
        table_take(table,
                   row->cores < 0 ? xstrdup("-") : xasprintf("%.1f", 100 * row->cores));
        table_take(table, size_or_dash(row->memory));
        table_take(table, size_or_dash(row->limit));
        table_take(table, size_or_dash(row->peak));
        table_take(table, xasprintf("%u", row->processes));
    }
    table_print(table, true, width, out);
}

static json_t *numbers_of(const struct top_row *row)
{
    json_t *o = json_object();

    (void)json_object_set_new(
        o, "cpu_percent", row->cores < 0 ? json_null() : json_real(100 * row->cores));
    (void)json_object_set_new(o, "cpu_usec", json_integer((json_int_t)row->cpu_usec));
    (void)json_object_set_new(o, "memory", json_integer((json_int_t)row->memory));
    (void)json_object_set_new(o, "memory_limit", json_integer((json_int_t)row->limit));
    (void)json_object_set_new(o, "memory_peak", json_integer((json_int_t)row->peak));
    (void)json_object_set_new(o, "processes", json_integer(row->processes));
    return o;
}

static json_t *steps_of(uint32_t job, const struct top_sample *sample)
{
    json_t *steps = json_array();

    for (size_t i = 0; i < sample->n; i++) {
        const struct top_row *row = &sample->rows[i];
        json_t *o;

        if (row->job != job || row->step == TOP_WHOLE)
            continue;
        o = numbers_of(row);
        (void)json_object_set_new(
            o, "step", row->step < 0 ? json_string("batch") : json_integer(row->step));
        (void)json_object_set_new(o, "node", json_string(row->node));
        (void)json_array_append_new(steps, o);
    }
    return steps;
}

json_t *top_document(const struct top_sample *folded, const struct top_sample *sample,
                     const Berth__JobList *jobs)
{
    json_t *list = json_array();

    for (size_t i = 0; i < folded->n; i++) {
        const struct top_row *row = &folded->rows[i];
        const Berth__JobInfo *job = job_of(jobs, row->job);
        json_t *o = numbers_of(row);

        (void)json_object_set_new(o, "job", json_integer(row->job));
        if (job) {
            (void)json_object_set_new(o, "user", json_string(job->spec->user));
            (void)json_object_set_new(o, "name", json_string(job->spec->name));
            (void)json_object_set_new(o, "nodes", json_string(job->nodes));
            (void)json_object_set_new(o, "cores", json_integer(job->cpus));
        }
        (void)json_object_set_new(o, "steps", steps_of(row->job, sample));
        (void)json_array_append_new(list, o);
    }
    return json_pack("{s:o}", "jobs", list);
}
