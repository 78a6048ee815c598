/* SPDX-License-Identifier: Apache-2.0
 *
 * trace.c - from lines to jobs, by the rules
 */
#include "sim/trace.h"

#include "base/mem.h"
#include "base/strv.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void trace_fini(struct trace *trace)
{
    for (size_t i = 0; i < trace->n_labels; i++)
        free(trace->labels[i]);
    free(trace->labels);
    free(trace->jobs);
    *trace = (struct trace){0};
}

static int32_t small_id(int64_t id)
{
    return id < 0 || id > INT32_MAX ? -1 : (int32_t)id;
}

static int64_t procs_of(const struct swf_record *record, enum trace_procs which)
{
    const int64_t allocated = record->field[SWF_ALLOCATED],
                  requested = record->field[SWF_REQUESTED];

    if (which == TRACE_PROCS_ALLOCATED && allocated > 0)
        return allocated;
    if (which == TRACE_PROCS_REQUESTED && requested > 0)
        return requested;
    return allocated > requested ? allocated : requested;
}

/* What a record counts as when it is no job; NULL: it is one. */
static size_t *reason_to_skip(struct trace_counts *counts,
                              const struct trace_rules *rules,
                              const struct swf_record *record)
{
    const int64_t run = record->field[SWF_RUN], status = record->field[SWF_STATUS];
    const int64_t procs = procs_of(record, rules->procs);

    if (status >= 2 && status <= 4)
        return &counts->pieces;
    if (record->field[SWF_SUBMIT] < 0)
        return &counts->no_submit;
    if (procs <= 0 || procs > TRACE_PROCS_MAX)
        return &counts->no_procs;
    if (run < 0 && rules->unknown_run < 0)
        return &counts->no_run;
    if (run == 0 && rules->drop_zero)
        return &counts->zero_run;
    return NULL;
}

static void settle_times(struct trace_job *job, int64_t requested,
                         const struct trace_rules *rules, struct trace_counts *counts)
{
    if (rules->exact || requested <= 0) {
        counts->no_request += requested <= 0;
        requested = job->run > 0 ? job->run : 1;
    }
    job->request = requested;
    if (job->run <= requested)
        return;
    counts->overrun++;
    if (!rules->keep_overrun)
        job->run = requested;
}

static void append(struct trace *trace, const struct trace_job *job)
{
    if (trace->n == trace->cap) {
        trace->cap = trace->cap ? 2 * trace->cap : 1024;
        trace->jobs = xrealloc(trace->jobs, trace->cap, sizeof(*trace->jobs));
    }
    if (trace->n > 0 && job->submit < trace->jobs[trace->n - 1].submit)
        trace->counts.out_of_order++;
    trace->jobs[trace->n++] = *job;
}

void trace_add(struct trace *trace, const struct trace_rules *rules,
               struct trace_job *job, int64_t requested)
{
    settle_times(job, requested, rules, &trace->counts);
    append(trace, job);
}

static void take_record(struct trace *trace, const struct trace_rules *rules,
                        const struct swf_record *record, const char *label)
{
    const int64_t *field = record->field;
    size_t *skipped = reason_to_skip(&trace->counts, rules, record);
    struct trace_job job = {
        .number = field[SWF_NUMBER],
        .label = label,
        .submit = field[SWF_SUBMIT],
        .run = field[SWF_RUN] < 0 ? rules->unknown_run : field[SWF_RUN],
        .wait = field[SWF_WAIT],
        .procs = (uint32_t)procs_of(record, rules->procs),
        .user = small_id(field[SWF_USER]),
        .group = small_id(field[SWF_GROUP]),
        .queue = small_id(field[SWF_QUEUE]),
    };

    trace->counts.lines++;
    if (skipped) {
        (*skipped)++;
        return;
    }
    trace_add(trace, rules, &job, field[SWF_REQUESTED_TIME]);
}

static const char *keep_label(struct trace *trace, const char *word, size_t len)
{
    if (trace->n_labels == trace->cap_labels) {
        trace->cap_labels = trace->cap_labels ? 2 * trace->cap_labels : 64;
        trace->labels =
            xrealloc(trace->labels, trace->cap_labels, sizeof(*trace->labels));
    }
    return trace->labels[trace->n_labels++] = xstrndup(word, len);
}

/* "uid_17" is user 17. */
static int64_t user_of(const char *word)
{
    const char *digits = word + strcspn(word, "0123456789");
    int64_t user = -1;

    return swf_number_read(&digits, &user, NULL) == 0 ? user : -1;
}

static int read_pyss(struct trace *trace, const struct trace_rules *rules,
                     const char *at, struct err *err)
{
    static const enum swf_field fields[] = {
        SWF_SUBMIT, SWF_NUMBER, SWF_REQUESTED_TIME, SWF_REQUESTED,
        SWF_RUN,    SWF_QUEUE,  SWF_QUEUE};
    struct swf_record record;
    const char *label = NULL;

    for (size_t i = 0; i < SWF_N_FIELDS; i++)
        record.field[i] = -1;
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        const char *word = at;
        const int rc = swf_number_read(&at, &record.field[fields[i]], err);

        if (rc == -ENODATA)
            return err_set(err, EINVAL, "a Pyss job has 8 fields, here are %zu", i);
        if (rc)
            return rc;
        if (fields[i] == SWF_NUMBER)
            label = keep_label(trace, word, strcspn(word, " \t\r"));
    }
    record.field[SWF_USER] = user_of(at);
    take_record(trace, rules, &record, label);
    return 0;
}

static int read_swf(struct trace *trace, const struct trace_rules *rules,
                    const char *line, struct err *err)
{
    struct swf_record record;
    const int rc = swf_record_read(line, &record, err);

    if (rc == 0)
        take_record(trace, rules, &record, NULL);
    return rc;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Only Pyss comments with '#' and ends a line with a user's name. */
static enum trace_format guess_format(const char *line)
{
    if (*line == ';')
        return TRACE_SWF;
    if (*line == '#')
        return TRACE_PYSS;
    for (; *line; line++)
        if (is_letter(*line))
            return TRACE_PYSS;
    return TRACE_SWF;
}

/* Some logs begin with a line that names the columns. */
static bool names_columns(const struct trace *trace, const char *line)
{
    return trace->counts.lines == 0 && is_letter(*line);
}

static int read_line(struct trace *trace, struct trace_rules *rules, const char *line,
                     struct err *err)
{
    line += strspn(line, " \t\r");
    if (*line == '\0' || names_columns(trace, line))
        return 0;
    if (rules->format == TRACE_AUTO)
        rules->format = guess_format(line);
    if (*line == ';')
        swf_header_read(&trace->header, line);
    if (*line == ';' || *line == '#')
        return 0;
    return rules->format == TRACE_PYSS ? read_pyss(trace, rules, line, err)
                                       : read_swf(trace, rules, line, err);
}

static int by_submit(const void *a, const void *b)
{
    const struct trace_job *x = a, *y = b;

    return (x->submit > y->submit) - (x->submit < y->submit);
}

static int by_number(const void *a, const void *b)
{
    const struct trace_job *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

/* Merge sort: equal ones stay as they came. */
static void sort_stable(struct trace_job *jobs, struct trace_job *spare, size_t n,
                        int (*compare)(const void *, const void *))
{
    const size_t half = n / 2;
    size_t i = 0, j = half, k = 0;

    if (n < 2)
        return;
    sort_stable(jobs, spare, half, compare);
    sort_stable(jobs + half, spare, n - half, compare);
    memcpy(spare, jobs, n * sizeof(*jobs));
    while (i < half || j < n)
        jobs[k++] = j == n || (i < half && compare(&spare[i], &spare[j]) <= 0)
                        ? spare[i++]
                        : spare[j++];
}

void trace_sort(struct trace *trace, const struct trace_rules *rules)
{
    cleanup(freep) struct trace_job *spare = NULL;

    if (!rules->by_number && trace->counts.out_of_order == 0)
        return;
    spare = xcalloc(trace->n + 1, sizeof(*spare));
    sort_stable(trace->jobs, spare, trace->n, rules->by_number ? by_number : by_submit);
}

int trace_read(struct lines *lines, const struct trace_rules *rules, struct trace *ret,
               struct err *err)
{
    const size_t most = rules->max_jobs ? rules->max_jobs : TRACE_JOBS_MAX;
    struct trace_rules settled = *rules;
    struct trace trace = {0};
    char *line;
    int rc;

    while ((rc = lines_next(lines, &line, err)) == 0 && line && trace.n < most) {
        rc = read_line(&trace, &settled, line, err);
        if (rc) {
            (void)err_wrap(err, "%s:%zu", lines_name(lines), lines_number(lines));
            break;
        }
    }
    if (rc) {
        trace_fini(&trace);
        return rc;
    }
    trace_sort(&trace, rules);
    *ret = trace;
    return 0;
}

void trace_drop_wide(struct trace *trace, uint32_t procs)
{
    size_t kept = 0;

    for (size_t i = 0; i < trace->n; i++)
        if (trace->jobs[i].procs <= procs)
            trace->jobs[kept++] = trace->jobs[i];
    trace->counts.too_wide += trace->n - kept;
    trace->n = kept;
}

void trace_scale_load(struct trace *trace, double factor)
{
    const int64_t first = trace->n ? trace->jobs[0].submit : 0;

    for (size_t i = 0; i < trace->n; i++)
        trace->jobs[i].submit =
            first + llround((double)(trace->jobs[i].submit - first) / factor);
}
