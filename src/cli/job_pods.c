/* SPDX-License-Identifier: Apache-2.0
 *
 * job_pods.c - how the pods of jobs stand: the pod that a job is, its helper pods
 */
#include "cli/job_pods.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/document.h"
#include "cli/object_document.h"
#include "cli/pod_words.h"
#include "cli/table.h"

static const Berth__PodStatus *status_of(const Berth__ObjectRecord *record)
{
    static const Berth__PodStatus nothing = BERTH__POD_STATUS__INIT;

    return record->pod ? record->pod : &nothing;
}

/* "Job/solve", or NULL: a person made it. */
static char *owner_of(const Berth__ObjectRecord *record)
{
    if (!record->made_by_name[0])
        return NULL;
    return xasprintf("%s/%s", record->made_by_kind, record->made_by_name);
}

/* The words of a list of pods. */
struct words {
    char *status, *ready, *restarts, *owner;
};

static struct words words_of(const Berth__ObjectRecord *record, int64_t now)
{
    json_t *document = object_document_quick(record);
    struct words words = {
        .status = pod_words_status(record, document),
        .ready = pod_words_ready(record, document),
        .restarts = pod_words_restarts(record, now),
        .owner = owner_of(record),
    };

    json_decref(document);
    return words;
}

static void words_fini(struct words *words)
{
    free(words->status);
    free(words->ready);
    free(words->restarts);
    free(words->owner);
}

/* ------------------------------------------------------------------ JSON */

static int64_t restarts_of(const Berth__PodStatus *status)
{
    int64_t n = 0;

    for (size_t i = 0; i < status->n_containers; i++)
        n += status->containers[i]->restarts;
    return n;
}

static json_t *text_or_null(const char *text)
{
    return text && *text ? document_text(text) : json_null();
}

static json_t *pod_document(const Berth__ObjectRecord *record)
{
    const Berth__PodStatus *status = status_of(record);
    cleanup(words_fini) struct words words = words_of(record, 0);
    json_t *doc = json_pack(
        "{s:o, s:o, s:o, s:o, s:b, s:I, s:o, s:o, s:I}", "name",
        document_text(record->name), "namespace", document_text(record->name_space),
        "owner", text_or_null(words.owner), "phase", text_or_null(status->phase),
        "ready", status->ready, "restarts", (json_int_t)restarts_of(status), "ip",
        text_or_null(status->pod_ip), "node", text_or_null(status->node), "job",
        (json_int_t)record->job_id);

    if (record->manifest.len == 0)
        return doc;
    json_object_set_new(doc, "status", document_text(words.status));
    json_object_set_new(doc, "ready_containers", document_text(words.ready));
    return doc;
}

void job_pods_document(const Berth__JobPods *pods, json_t *doc)
{
    json_t *helpers = json_array();

    if (pods && pods->own)
        json_object_set_new(doc, "pod", pod_document(pods->own));
    if (pods && pods->helps)
        json_object_set_new(doc, "helps", json_integer(pods->helps));
    for (size_t i = 0; pods && i < pods->n_helpers; i++)
        json_array_append_new(helpers, pod_document(pods->helpers[i]));
    if (json_array_size(helpers))
        json_object_set_new(doc, "helpers", json_incref(helpers));
    json_decref(helpers);
}

/* ------------------------------------------------------------------ lines */

/* "default/web: Running, 1/1 ready, 2 restarts, 10.88.0.2 on n1, of Job/solve" */
static void show_line(const char *what, const Berth__ObjectRecord *record, int64_t now,
                      FILE *out)
{
    const Berth__PodStatus *status = status_of(record);
    cleanup(words_fini) struct words words = words_of(record, now);

    fprintf(out, "  %-12s %s/%s: %s, %s ready, restarts %s", what, record->name_space,
            record->name, words.status, words.ready, words.restarts);
    if (status->pod_ip[0])
        fprintf(out, ", %s", status->pod_ip);
    if (status->node[0])
        fprintf(out, " on %s", status->node);
    if (words.owner && strcmp(what, "pod") == 0)
        fprintf(out, ", of %s", words.owner);
    fputc('\n', out);
}

void job_pods_show(const Berth__JobPods *pods, int64_t now, FILE *out)
{
    if (!pods)
        return;
    if (pods->own)
        show_line("pod", pods->own, now, out);
    if (pods->helps)
        fprintf(out, "  %-12s job %u\n", "helps", pods->helps);
    for (size_t i = 0; i < pods->n_helpers; i++)
        show_line("helper pod", pods->helpers[i], now, out);
}

/* ------------------------------------------------------------------ a table */

static void add_row(struct table *table, const Berth__JobInfo *job,
                    const Berth__ObjectRecord *record, int64_t now)
{
    const Berth__PodStatus *status = status_of(record);
    cleanup(words_fini) struct words words = words_of(record, now);

    /* Without a manifest: what the status alone says. */
    table_take(table, xasprintf("%u", record->job_id));
    table_add(table, job->state_short);
    table_add(table, record->name_space);
    table_add(table, record->name);
    table_add(table, words.owner ? words.owner : "-");
    table_add(table, status->phase[0] ? status->phase : "Pending");
    table_add(table, status->ready ? "yes" : "no");
    table_add(table, words.restarts);
    table_add(table, status->pod_ip[0] ? status->pod_ip : "-");
    table_add(table, status->node[0] ? status->node : "-");
}

void job_pods_print(const Berth__JobList *list, int64_t now, bool has_header,
                    size_t width, FILE *out)
{
    static const struct column columns[] = {
        {"JOBID", true, false},  {"ST", false, false},       {"NAMESPACE", false, true},
        {"POD", false, true},    {"OWNER", false, true},     {"PHASE", false, false},
        {"READY", false, false}, {"RESTARTS", false, false}, {"IP", false, false},
        {"NODE", false, true},
    };
    cleanup(table_destroyp) struct table *table =
        table_create(columns, ARRAY_SIZE(columns));

    for (size_t i = 0; i < list->n_jobs; i++)
        if (list->jobs[i]->pods && list->jobs[i]->pods->own)
            add_row(table, list->jobs[i], list->jobs[i]->pods->own, now);
    table_print(table, has_header, width, out);
}
