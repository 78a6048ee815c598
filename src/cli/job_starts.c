/* SPDX-License-Identifier: Apache-2.0
 *
 * job_starts.c - estimated starts, promised ones marked
 */
#include "cli/job_starts.h"

#include "base/mem.h"
#include "cli/job_columns.h"
#include "cli/job_document.h"
#include "cli/moment.h"
#include "cli/table.h"

static const struct column columns[] = {
    {"JOB", true, false},   {"PARTITION", false, true}, {"NAME", false, true},
    {"USER", false, true},  {"NODES", true, false},     {"CORES", true, false},
    {"LIMIT", true, false}, {"START", false, false},    {"IN", false, false},
    {"HOW", false, false},  {"REASON", false, true},
};

static void add_column(struct table *table, char letter, const Berth__JobInfo *job,
                       int64_t now)
{
    table_take(table, job_column(letter, job, now));
}

static void add_start(struct table *table, const Berth__StartInfo *info, int64_t now)
{
    if (info->start == 0) {
        table_add(table, "-");
        table_add(table, "-");
        table_add(table, "unknown");
        return;
    }
    if (info->start <= now) {
        table_add(table, "now");
        table_add(table, "-");
    } else {
        table_take(table, clock_words(info->start, now));
        table_take(table, span_words(info->start - now));
    }
    table_add(table, info->is_promised ? "promised" : "estimated");
}

void job_starts_print(const Berth__StartList *list, bool has_header, size_t width,
                      FILE *out)
{
    static const char before[] = {'i', 'P', 'j', 'u', 'D', 'C', 'l'};
    cleanup(table_destroyp) struct table *table =
        table_create(columns, ARRAY_SIZE(columns));

    for (size_t i = 0; i < list->n_starts; i++) {
        const Berth__StartInfo *info = list->starts[i];

        for (size_t k = 0; k < ARRAY_SIZE(before); k++)
            add_column(table, before[k], info->job, list->now);
        add_start(table, info, list->now);
        add_column(table, 'r', info->job, list->now);
    }
    table_print(table, has_header, width, out);
}

json_t *job_starts_document(const Berth__StartList *list)
{
    json_t *jobs = json_array();

    for (size_t i = 0; i < list->n_starts; i++) {
        const Berth__StartInfo *info = list->starts[i];
        json_t *job = job_document_short(info->job);

        json_object_set_new(job, "estimated_start",
                            info->start ? json_integer(info->start) : json_null());
        json_object_set_new(job, "promised", json_boolean(info->is_promised));
        json_array_append_new(jobs, job);
    }
    return json_pack("{s:o, s:I, s:I, s:b}", "jobs", jobs, "now", (json_int_t)list->now,
                     "waiting", (json_int_t)list->waiting, "more", (int)list->more);
}
