/* SPDX-License-Identifier: Apache-2.0
 *
 * priority_show.c - a column for each factor of a priority
 */
#include "cli/priority_show.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/document.h"
#include "cli/table.h"

#define COLUMNS_MAX 16

static const struct factor {
    const char *key, *title;
    size_t offset;
} factors[] = {
    {"age", "AGE", offsetof(Berth__Factors, age)},
    {"size", "SIZE", offsetof(Berth__Factors, size)},
    {"fairshare", "FAIRSHARE", offsetof(Berth__Factors, fairshare)},
    {"qos", "QOS", offsetof(Berth__Factors, qos)},
    {"partition", "PARTITION", offsetof(Berth__Factors, partition)},
    {"slowdown", "SLOWDOWN", offsetof(Berth__Factors, slowdown)},
};

static double value_of(const Berth__Factors *all, const struct factor *factor)
{
    return all ? *(const double *)((const char *)all + factor->offset) : 0;
}

static int by_priority(const void *pa, const void *pb)
{
    const Berth__PriorityInfo *a = *(Berth__PriorityInfo *const *)pa;
    const Berth__PriorityInfo *b = *(Berth__PriorityInfo *const *)pb;

    if (a->priority < b->priority || a->priority > b->priority)
        return a->priority > b->priority ? -1 : 1;
    return (a->job_id > b->job_id) - (a->job_id < b->job_id);
}

void priority_sort(Berth__PriorityList *list)
{
    qsort(list->jobs, list->n_jobs, sizeof(Berth__PriorityInfo *), by_priority);
}

/* ------------------------------------------------------------------ table */

static bool is_shown(const Berth__PriorityList *list, const struct priority_view *view,
                     const struct factor *factor)
{
    return view->is_long || value_of(list->weights, factor) != 0;
}

struct columns {
    struct column list[COLUMNS_MAX];
    size_t n;
};

static void add_column(struct columns *columns, const char *title, bool is_number)
{
    BUG_ON(columns->n == COLUMNS_MAX);
    columns->list[columns->n++] =
        (struct column){.title = title, .is_right = is_number};
}

static void make_columns(const Berth__PriorityList *list,
                         const struct priority_view *view, struct columns *columns)
{
    add_column(columns, "JOB", true);
    add_column(columns, "USER", false);
    if (view->is_long) {
        add_column(columns, "ACCOUNT", false);
        add_column(columns, "OF QOS", false);
        add_column(columns, "IN PARTITION", false);
    }
    add_column(columns, "PRIORITY", true);
    for (size_t i = 0; i < ARRAY_SIZE(factors); i++)
        if (is_shown(list, view, &factors[i]))
            add_column(columns, factors[i].title, true);
    add_column(columns, "NICE", true);
    if (view->is_long)
        add_column(columns, "PROMISED", false);
}

static void add_text(struct table *table, const char *text)
{
    table_add(table, text && *text ? text : "-");
}

static void add_factors(struct table *table, const Berth__PriorityList *list,
                        const Berth__Factors *values, const struct priority_view *view)
{
    for (size_t i = 0; i < ARRAY_SIZE(factors); i++) {
        double value = value_of(values, &factors[i]);

        if (!is_shown(list, view, &factors[i]))
            continue;
        if (view->is_norm)
            table_take(table, xasprintf("%.6f", value));
        else
            table_take(table,
                       xasprintf("%.0f", value * value_of(list->weights, &factors[i])));
    }
}

static void add_job(struct table *table, const Berth__PriorityList *list,
                    const Berth__PriorityInfo *job, const struct priority_view *view)
{
    table_take(table, xasprintf("%u", job->job_id));
    add_text(table, job->user);
    if (view->is_long) {
        add_text(table, job->account);
        add_text(table, job->qos);
        add_text(table, job->partition);
    }
    table_take(table, xasprintf("%.0f", job->priority));
    add_factors(table, list, job->factors, view);
    table_take(table, xasprintf("%d", job->nice));
    if (view->is_long)
        table_take(table, job->promised ? when_format(job->promised) : xstrdup("-"));
}

static void show_weights(const Berth__PriorityList *list, FILE *out)
{
    cleanup(freep) char *full = duration_format(list->age_max);

    for (size_t i = 0; i < ARRAY_SIZE(factors); i++)
        fprintf(out, "%-11s %.0f\n", factors[i].key,
                value_of(list->weights, &factors[i]));
    fprintf(out, "%-11s %s\n%-11s %s\n", "order", list->order, "age in full", full);
}

void priority_show(const Berth__PriorityList *list, const struct priority_view *view,
                   FILE *out)
{
    cleanup(table_destroyp) struct table *table = NULL;
    struct columns columns = {.n = 0};

    if (view->only_weights) {
        show_weights(list, out);
        return;
    }
    make_columns(list, view, &columns);
    table = table_create(columns.list, columns.n);
    for (size_t i = 0; i < list->n_jobs; i++)
        add_job(table, list, list->jobs[i], view);
    table_print(table, view->has_header, view->width, out);
}

/* ------------------------------------------------------------------ document */

static json_t *numbers(const Berth__Factors *values, const Berth__Factors *weights)
{
    json_t *doc = json_object();

    for (size_t i = 0; i < ARRAY_SIZE(factors); i++) {
        double weight = weights ? value_of(weights, &factors[i]) : 1;

        json_object_set_new(doc, factors[i].key,
                            json_real(weight * value_of(values, &factors[i])));
    }
    return doc;
}

static json_t *job_of(const Berth__PriorityList *list, const Berth__PriorityInfo *job)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:f, s:o, s:o, s:i, s:o}", "job",
                     (json_int_t)job->job_id, "user", document_text(job->user),
                     "account", document_text(job->account), "partition",
                     document_text(job->partition), "qos", document_text(job->qos),
                     "priority", job->priority, "points",
                     numbers(job->factors, list->weights), "factors",
                     numbers(job->factors, NULL), "nice", (int)job->nice, "promised",
                     job->promised ? json_integer(job->promised) : json_null());
}

json_t *priority_document(const Berth__PriorityList *list)
{
    json_t *jobs = json_array();

    for (size_t i = 0; i < list->n_jobs; i++)
        json_array_append_new(jobs, job_of(list, list->jobs[i]));
    return json_pack("{s:o, s:o, s:I, s:o}", "order", document_text(list->order),
                     "weights", numbers(list->weights, NULL), "age_max",
                     (json_int_t)list->age_max, "jobs", jobs);
}
