/* SPDX-License-Identifier: Apache-2.0
 *
 * job_document.c - jobs as JSON objects, with the keys that berth-jobs(1) promises
 */
#include "cli/job_document.h"

#include <stdint.h>
#include <string.h>

#include "cli/document.h"
#include "cli/job_pods.h"

static void set_text(json_t *doc, const char *key, const char *value)
{
    json_object_set_new(doc, key, document_text(value));
}

static void set_number(json_t *doc, const char *key, int64_t value)
{
    json_object_set_new(doc, key, json_integer(value));
}

/* A number, or null while it is not known. */
static void set_known(json_t *doc, const char *key, bool is_known, int64_t value)
{
    json_object_set_new(doc, key, is_known ? json_integer(value) : json_null());
}

static void add_spec(json_t *doc, const Berth__JobSpec *spec)
{
    set_text(doc, "name", spec->name);
    set_text(doc, "user", spec->user);
    set_text(doc, "partition", spec->partition);
    set_text(doc, "account", spec->account);
}

static void add_record(json_t *doc, const Berth__JobRecord *record)
{
    bool has_ended = record->end_time != 0, has_run = record->start_time != 0;

    set_text(doc, "state_words", record->state_words);
    set_number(doc, "submit_time", record->submit_time);
    set_known(doc, "start_time", record->start_time != 0, record->start_time);
    set_known(doc, "end_time", has_ended, record->end_time);
    set_known(doc, "exit_code", has_ended && has_run, record->exit_code);
    set_known(doc, "exit_signal", has_ended && has_run, record->exit_signal);
}

/* What it used, once it has ended. */
static json_t *used_document(const Berth__JobRecord *record)
{
    json_t *doc = json_object();

    set_number(doc, "user_usec", (int64_t)record->user_usec);
    set_number(doc, "system_usec", (int64_t)record->system_usec);
    set_number(doc, "memory_peak_kib", (int64_t)record->memory_peak);
    set_number(doc, "max_rss_kib", (int64_t)record->max_rss);
    set_number(doc, "read_bytes", (int64_t)record->read_bytes);
    set_number(doc, "write_bytes", (int64_t)record->write_bytes);
    return doc;
}

/* Only of arrays and their elements. */
static void add_array(json_t *doc, const Berth__JobRecord *record)
{
    if (record->array_job) {
        set_number(doc, "array_job", record->array_job);
        set_number(doc, "array_task", record->array_task);
    }
    if (record->array_left[0])
        set_text(doc, "array_left", record->array_left);
}

json_t *job_document_short(const Berth__JobInfo *job)
{
    json_t *doc = json_object();

    set_number(doc, "id", job->record ? job->record->id : 0);
    if (job->record)
        add_array(doc, job->record);
    if (job->spec)
        add_spec(doc, job->spec);
    set_text(doc, "state", job->state);
    set_text(doc, "reason", job->reason);
    set_text(doc, "nodes", job->nodes);
    set_number(doc, "cpus", job->cpus);
    set_known(doc, "time_limit", job->time_limit > 0, job->time_limit);
    set_number(doc, "priority", job->priority);
    if (job->record)
        add_record(doc, job->record);
    job_pods_document(job->pods, doc);
    return doc;
}

/* Members with a value that says nothing to others than Berth itself. */
static json_t *public_spec(const Berth__JobSpec *spec)
{
    json_t *doc = document_of(&spec->base, false);

    json_object_del(doc, "rlimits");
    return doc;
}

json_t *job_document(const Berth__JobInfo *job)
{
    const Berth__JobRecord *record = job->record;
    json_t *doc = job_document_short(job);

    if (record) {
        json_object_set_new(doc, "held", json_boolean(record->held));
        set_number(doc, "starts", record->epoch);
        set_known(doc, "eligible_time", record->eligible_time != 0,
                  record->eligible_time);
        set_known(doc, "cancelled_by", record->cancelled_by != 0,
                  (int64_t)record->cancelled_by - 1);
        json_object_set_new(doc, "used",
                            record->end_time ? used_document(record) : json_null());
    }
    json_object_set_new(doc, "placement",
                        record && record->placement
                            ? document_of(&record->placement->base, false)
                            : json_null());
    json_object_set_new(doc, "spec", job->spec ? public_spec(job->spec) : json_null());
    return doc;
}
