/* SPDX-License-Identifier: Apache-2.0
 *
 * object_describe.c - an object in full, for people
 */
#include "cli/object_describe.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "cli/age.h"
#include "cli/object_document.h"
#include "cli/pod_words.h"

void describe_line(FILE *out, int indent, const char *what, const char *fmt, ...)
{
    cleanup(freep) char *title = xasprintf("%s:", what);
    va_list ap;

    fprintf(out, "%*s%-*s ", 2 * indent, "", 20 - 2 * indent, title);
    va_start(ap, fmt);
    vfprintf(out, fmt, ap);
    va_end(ap);
    fputc('\n', out);
}

static void pair_line(FILE *out, int indent, const char *what, const char *key,
                      json_t *value)
{
    cleanup(freep) char *text = json_is_string(value)
                                    ? xstrdup(json_string_value(value))
                                    : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

    if (what)
        describe_line(out, indent, what, "%s=%s", key, text ? text : "");
    else
        fprintf(out, "%21s%s=%s\n", "", key, text ? text : "");
}

void describe_map(FILE *out, int indent, const char *what, json_t *map)
{
    const char *key;
    json_t *value;

    if (!json_object_size(map))
        describe_line(out, indent, what, "<none>");
    json_object_foreach(map, key, value)
    {
        pair_line(out, indent, what, key, value);
        what = NULL;
    }
}

/* ------------------------------------------------------------------- all kinds */

static void describe_time(FILE *out, const char *what, int64_t when, int64_t now)
{
    cleanup(freep) char *stamp = age_stamp(when);
    cleanup(freep) char *age = age_format(now - when);

    if (when)
        describe_line(out, 0, what, "%s (%s ago)", stamp, age);
}

static void describe_head(const Berth__ObjectRecord *record, json_t *document,
                          int64_t now, FILE *out)
{
    describe_line(out, 0, "Name", "%s", record->name);
    if (record->name_space[0])
        describe_line(out, 0, "Namespace", "%s", record->name_space);
    if (record->owner_user[0])
        describe_line(out, 0, "User", "%s", record->owner_user);
    describe_map(out, 0, "Labels", object_at(document, "metadata", "labels", NULL));
    describe_map(out, 0, "Annotations",
                 object_at(document, "metadata", "annotations", NULL));
    if (record->made_by_name[0])
        describe_line(out, 0, "Controlled By", "%s/%s", record->made_by_kind,
                      record->made_by_name);
    describe_time(out, "Created", record->created_at, now);
    describe_time(out, "Terminating", record->deleted_at, now);
}

/* A member of 'from' as it is, when it is there. */
static void describe_member(FILE *out, const char *what, json_t *value)
{
    cleanup(freep) char *text = NULL;

    if (!value)
        return;
    text = json_is_string(value) ? xstrdup(json_string_value(value))
                                 : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    describe_line(out, 0, what, "%s", text ? text : "");
}

static void describe_members(FILE *out, json_t *from, const char *const (*rows)[2],
                             size_t n)
{
    for (size_t i = 0; i < n; i++)
        describe_member(out, rows[i][0], json_object_get(from, rows[i][1]));
}

/* ------------------------------------------------------------------------ pods */

static void describe_pod_head(const Berth__ObjectRecord *record, json_t *document,
                              FILE *out)
{
    static const char *const rows[][2] = {{"Reason", "reason"},
                                          {"Message", "message"},
                                          {"Start Time", "startTime"},
                                          {"IP", "podIP"},
                                          {"QoS Class", "qosClass"}};
    const char *node = object_text(document, "spec", "nodeName", NULL);
    cleanup(freep) char *status = pod_words_status(record, document);

    describe_line(out, 0, "Status", "%s", status);
    describe_line(out, 0, "Node", "%s", node[0] ? node : "<none>");
    if (record->job_id)
        describe_line(out, 0, "Job", "%u", record->job_id);
    describe_members(out, json_object_get(document, "status"), rows, ARRAY_SIZE(rows));
}

/* ------------------------------------------------------------- Jobs, CronJobs */

static void describe_counts(const Berth__WorkloadStatus *status, FILE *out)
{
    describe_line(out, 0, "Pods Statuses",
                  "%u Active (%u Ready) / %u Succeeded / %u Failed", status->active,
                  status->ready, status->succeeded, status->failed);
    if (status->completed_indexes[0])
        describe_line(out, 0, "Completed Indexes", "%s", status->completed_indexes);
    if (status->failed_indexes[0])
        describe_line(out, 0, "Failed Indexes", "%s", status->failed_indexes);
    if (status->condition[0])
        describe_line(out, 0, "Condition", "%s%s%s%s%s", status->condition,
                      status->reason[0] ? ", " : "", status->reason,
                      status->words[0] ? ": " : "", status->words);
}

static void describe_job(const Berth__ObjectRecord *record, json_t *document,
                         int64_t now, FILE *out)
{
    static const char *const rows[][2] = {{"Parallelism", "parallelism"},
                                          {"Completions", "completions"},
                                          {"Completion Mode", "completionMode"},
                                          {"Backoff Limit", "backoffLimit"},
                                          {"Backoff Per Index", "backoffLimitPerIndex"},
                                          {"Active Deadline", "activeDeadlineSeconds"},
                                          {"TTL", "ttlSecondsAfterFinished"},
                                          {"Suspend", "suspend"}};

    describe_members(out, json_object_get(document, "spec"), rows, ARRAY_SIZE(rows));
    if (record->workload) {
        describe_time(out, "Start Time", record->workload->start_time, now);
        describe_time(out, "Completed At", record->workload->end_time, now);
        describe_counts(record->workload, out);
    }
    describe_template(object_at(document, "spec", "template", NULL), out);
}

static void describe_cron_job(const Berth__ObjectRecord *record, json_t *document,
                              int64_t now, FILE *out)
{
    static const char *const rows[][2] = {
        {"Schedule", "schedule"},
        {"Time Zone", "timeZone"},
        {"Concurrency Policy", "concurrencyPolicy"},
        {"Suspend", "suspend"},
        {"Starting Deadline", "startingDeadlineSeconds"},
        {"Successes Kept", "successfulJobsHistoryLimit"},
        {"Failures Kept", "failedJobsHistoryLimit"}};
    const Berth__WorkloadStatus *status = record->workload;

    describe_members(out, json_object_get(document, "spec"), rows, ARRAY_SIZE(rows));
    if (status) {
        struct strbuf jobs = STRBUF_INIT;

        describe_time(out, "Last Schedule Time", status->last_schedule, now);
        describe_time(out, "Last Success", status->last_success, now);
        for (size_t i = 0; i < status->n_running; i++)
            strbuf_printf(&jobs, "%s%s", i ? ", " : "", status->running[i]);
        describe_line(out, 0, "Active Jobs", "%s", jobs.s ? jobs.s : "<none>");
        strbuf_fini(&jobs);
    }
    describe_template(
        object_at(document, "spec", "jobTemplate", "spec", "template", NULL), out);
}

/* ------------------------------------------------------------------------ data */

/* A ConfigMap's texts; of a Secret, how long they are. */
static void describe_data(json_t *data, bool is_secret, FILE *out)
{
    const char *key;
    json_t *value;

    fprintf(out, "\nData\n====\n");
    json_object_foreach(data, key, value)
    {
        const char *text = json_string_value(value);
        size_t len = text ? strlen(text) : 0;

        if (is_secret) /* of base64 */
            fprintf(out, "%s:  %zu bytes\n", key,
                    len / 4 * 3 - (len > 0 && text[len - 1] == '=') -
                        (len > 1 && text[len - 2] == '='));
        else
            fprintf(out, "%s:\n----\n%s\n\n", key, text ? text : "");
    }
}

static void describe_volume(const Berth__ObjectRecord *record, json_t *document,
                            FILE *out)
{
    static const char *const rows[][2] = {
        {"StorageClass", "storageClassName"},
        {"Access Modes", "accessModes"},
        {"Capacity", "capacity"},
        {"Reclaim Policy", "persistentVolumeReclaimPolicy"},
        {"Resources", "resources"},
        {"HostPath", "hostPath"},
        {"Local", "local"},
        {"NFS", "nfs"}};
    const Berth__ClaimStatus *claim = record->claim;

    if (claim) {
        describe_line(out, 0, "Status", "%s", claim->phase);
        describe_line(out, 0,
                      strcmp(record->kind, "PersistentVolume") ? "Volume" : "Claim",
                      "%s", claim->other[0] ? claim->other : "<none>");
        if (claim->node[0])
            describe_line(out, 0, "Used On", "%s", claim->node);
        if (claim->words[0])
            describe_line(out, 0, "Message", "%s", claim->words);
    }
    describe_members(out, json_object_get(document, "spec"), rows, ARRAY_SIZE(rows));
}

void object_describe(const Berth__ObjectRecord *record, int64_t now, FILE *out)
{
    json_t *document = object_document(record);
    bool is_secret = strcmp(record->kind, "Secret") == 0;

    describe_head(record, document, now, out);
    if (strcmp(record->kind, "Pod") == 0) {
        describe_pod_head(record, document, out);
        describe_pod(document, out);
    } else if (strcmp(record->kind, "Job") == 0) {
        describe_job(record, document, now, out);
    } else if (strcmp(record->kind, "CronJob") == 0) {
        describe_cron_job(record, document, now, out);
    } else if (is_secret || strcmp(record->kind, "ConfigMap") == 0) {
        if (is_secret)
            describe_member(out, "Type", json_object_get(document, "type"));
        describe_data(json_object_get(document, "data"), is_secret, out);
    } else {
        describe_volume(record, document, out);
    }
    json_decref(document);
}
