/* SPDX-License-Identifier: Apache-2.0
 *
 * job_columns.c - what a list of jobs can show, by squeue(1)'s letters
 */
#include "cli/job_columns.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "cli/job_names.h"
#include "cli/table.h"

static const struct {
    char letter;
    struct column column;
} known[] = {
    {'i', {"JOBID", true, false}},
    {'A', {"JOBID", true, false}},
    {'P', {"PARTITION", false, true}},
    {'j', {"NAME", false, true}},
    {'u', {"USER", false, true}},
    {'U', {"UID", true, false}},
    {'a', {"ACCOUNT", false, true}},
    {'q', {"QOS", false, true}},
    {'t', {"ST", false, false}},
    {'T', {"STATE", false, false}},
    {'M', {"TIME", true, false}},
    {'l', {"TIME_LIMIT", true, false}},
    {'D', {"NODES", true, false}},
    {'C', {"CPUS", true, false}},
    {'Q', {"PRIORITY", true, false}},
    {'r', {"REASON", false, false}},
    {'R', {"NODELIST(REASON)", false, true}},
    {'N', {"NODELIST", false, true}},
    {'B', {"EXEC_HOST", false, true}},
    {'V', {"SUBMIT_TIME", false, false}},
    {'S', {"START_TIME", false, false}},
    {'e', {"END_TIME", false, false}},
    {'Z', {"WORK_DIR", false, true}},
    {'k', {"COMMENT", false, true}},
    {'I', {"IMAGE", false, true}},
    {'x', {"EXIT", true, false}},
};

static const struct column *column_of(char letter)
{
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (known[i].letter == letter)
            return &known[i].column;
    return NULL;
}

static char *elapsed(const Berth__JobRecord *record, int64_t now)
{
    int64_t end = record->end_time ? record->end_time : now;

    if (!record->start_time || end < record->start_time)
        return duration_format(0);
    return duration_format(end - record->start_time);
}

static unsigned int node_count(const Berth__JobInfo *job, const Berth__JobSpec *spec)
{
    if (job->n_nodes)
        return job->n_nodes;
    return spec->nodes_min ? spec->nodes_min : 1;
}

/* Where it runs, or why it does not. */
static char *nodes_or_reason(const Berth__JobInfo *job)
{
    if (job->nodes[0] != '\0')
        return xstrdup(job->nodes);
    if (job->reason[0] != '\0' && strcmp(job->reason, "None") != 0)
        return xasprintf("(%s)", job->reason);
    return xstrdup("");
}

static char *spec_column(char letter, const Berth__JobSpec *spec)
{
    switch (letter) {
    case 'P':
        return xstrdup(spec->partition);
    case 'j':
        return xstrdup(spec->name);
    case 'u':
        return spec->user[0] ? xstrdup(spec->user) : xasprintf("%u", spec->uid);
    case 'U':
        return xasprintf("%u", spec->uid);
    case 'a':
        return xstrdup(spec->account);
    case 'q':
        return xstrdup(spec->qos);
    case 'Z':
        return xstrdup(spec->cwd);
    case 'k':
        return xstrdup(spec->comment);
    case 'I':
        return xstrdup(spec->container ? spec->container->image : "");
    default:
        return NULL;
    }
}

static char *record_column(char letter, const Berth__JobRecord *record, int64_t now)
{
    switch (letter) {
    case 'i':
        return job_name_of(record);
    case 'A':
        return xasprintf("%u", record->id);
    case 'M':
        return elapsed(record, now);
    case 'V':
        return when_format(record->submit_time);
    case 'S':
        return when_format(record->start_time);
    case 'e':
        return when_format(record->end_time);
    case 'x':
        return xasprintf("%d:%d", record->exit_code, record->exit_signal);
    default:
        return NULL;
    }
}

static char *info_column(char letter, const Berth__JobInfo *job,
                         const Berth__JobSpec *spec)
{
    switch (letter) {
    case 't':
        return xstrdup(job->state_short);
    case 'T':
        return xstrdup(job->state);
    case 'l':
        return duration_format(job->time_limit);
    case 'D':
        return xasprintf("%u", node_count(job, spec));
    case 'C':
        return xasprintf("%u", job->cpus);
    case 'Q':
        return xasprintf("%lld", (long long)job->priority);
    case 'r':
        return xstrdup(job->reason[0] ? job->reason : "None");
    case 'R':
        return nodes_or_reason(job);
    case 'N':
        return xstrdup(job->nodes);
    case 'B':
        return xstrdup(job->lead[0] ? job->lead : "n/a");
    default:
        return NULL;
    }
}

char *job_column(char letter, const Berth__JobInfo *job, int64_t now)
{
    static const Berth__JobSpec no_spec = BERTH__JOB_SPEC__INIT;
    static const Berth__JobRecord no_record = BERTH__JOB_RECORD__INIT;
    const Berth__JobSpec *spec = job->spec ? job->spec : &no_spec;
    Berth__JobInfo whole = *job;
    Berth__JobRecord empty = no_record;
    char *text;

    if (!whole.record)
        whole.record = &empty;
    text = spec_column(letter, spec);
    if (!text)
        text = record_column(letter, whole.record, now);
    return text ? text : info_column(letter, &whole, spec);
}

void job_columns_print(const char *letters, const Berth__JobList *list, int64_t now,
                       int has_header, size_t width, FILE *out)
{
    struct column columns[ARRAY_SIZE(known)] = {0};
    cleanup(table_destroyp) struct table *table = NULL;
    size_t n = strlen(letters);

    for (size_t i = 0; i < n; i++)
        columns[i] = *column_of(letters[i]);
    table = table_create(columns, n);
    for (size_t i = 0; i < list->n_jobs; i++)
        for (size_t j = 0; j < n; j++)
            table_take(table, job_column(letters[j], list->jobs[i], now));
    table_print(table, has_header, width, out);
}

/* One field of a format: "%[.][width]letter". */
struct field {
    bool is_right;
    size_t width; /* 0: as long as it is */
    char letter;
};

/* Read the field after '%'; the position after it, or NULL. */
static const char *read_field(const char *p, struct field *field)
{
    *field = (struct field){.width = 0};
    if (*p == '.') {
        field->is_right = true;
        p++;
    }
    for (; isdigit((unsigned char)*p); p++)
        field->width =
            field->width < 1000 ? field->width * 10 + (size_t)(*p - '0') : 1000;
    field->letter = *p;
    return *p && column_of(*p) ? p + 1 : NULL;
}

static void add_field(struct strbuf *line, const struct field *field, const char *text)
{
    int width = (int)field->width;

    if (field->width == 0)
        strbuf_puts(line, text);
    else if (field->is_right)
        strbuf_printf(line, "%*.*s", width, width, text);
    else
        strbuf_printf(line, "%-*.*s", width, width, text);
}

/* One line; 'job' NULL makes the header. */
static int format_line(const char *format, const Berth__JobInfo *job, int64_t now,
                       struct strbuf *line, struct err *err)
{
    for (const char *p = format; *p;) {
        cleanup(freep) char *text = NULL;
        const char *after;
        struct field field;

        if (*p != '%') {
            strbuf_putc(line, *p++);
            continue;
        }
        after = read_field(p + 1, &field);
        if (!after)
            return err_set(err, EINVAL, "'%s' is no field of a job's format", p);
        p = after;
        text = job ? job_column(field.letter, job, now)
                   : xstrdup(column_of(field.letter)->title);
        add_field(line, &field, text);
    }
    return 0;
}

int job_format_print(const char *format, const Berth__JobList *list, int64_t now,
                     int has_header, FILE *out, struct err *err)
{
    for (size_t i = 0; i < list->n_jobs + 1; i++) {
        struct strbuf line = STRBUF_INIT;
        const Berth__JobInfo *job = i > 0 ? list->jobs[i - 1] : NULL;
        int rc = format_line(format, job, now, &line, err);

        if (rc == 0 && (job || has_header))
            fprintf(out, "%s\n", line.s ? line.s : "");
        strbuf_fini(&line);
        if (rc < 0)
            return rc;
    }
    return 0;
}
