/* SPDX-License-Identifier: Apache-2.0
 *
 * object_document.c - an object of the cluster as Kubernetes' API would show it
 */
#include "cli/object_document.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "cli/age.h"
#include "cli/document.h"
#include "cli/pod_document.h"
#include "manifest/reader.h"
#include "manifest/write.h"
#include "objects/kinds.h"

/* ------------------------------------------------------------------- reading */

static json_t *walk(json_t *at, va_list keys)
{
    const char *key;

    while (at && (key = va_arg(keys, const char *)) != NULL)
        at = json_object_get(at, key);
    return at;
}

json_t *object_at(json_t *document, ...)
{
    va_list keys;
    json_t *found;

    va_start(keys, document);
    found = walk(document, keys);
    va_end(keys);
    return found;
}

const char *object_text(json_t *document, ...)
{
    va_list keys;
    const char *text;

    va_start(keys, document);
    text = json_string_value(walk(document, keys));
    va_end(keys);
    return text ? text : "";
}

const char *object_condition(json_t *document, const char *type)
{
    json_t *list = object_at(document, "status", "conditions", NULL), *condition;
    size_t i;

    json_array_foreach(
        list, i,
        condition) if (strcasecmp(object_text(condition, "type", NULL), type) ==
                       0) return object_text(condition, "status", NULL);
    return NULL;
}

/* ------------------------------------------------------------------ metadata */

static void set_text(json_t *o, const char *key, const char *text)
{
    if (text[0])
        (void)json_object_set_new(o, key, document_text(text));
}

static void set_stamp(json_t *o, const char *key, int64_t seconds)
{
    cleanup(freep) char *stamp = age_stamp(seconds);

    set_text(o, key, stamp);
}

static void set_number(json_t *o, const char *key, uint64_t number)
{
    (void)json_object_set_new(o, key, json_integer((json_int_t)number));
}

static const char *api_of(const char *kind)
{
    const struct mf_kind *found = kind_by_name(NULL, kind);

    if (strcmp(kind, "BatchJob") == 0)
        return "berth/v1";
    return found ? found->api : "v1";
}

static json_t *owners_of(const Berth__ObjectRecord *record)
{
    return json_pack("[{s:s, s:s, s:o, s:o, s:b, s:b}]", "apiVersion",
                     api_of(record->made_by_kind), "kind", record->made_by_kind, "name",
                     document_text(record->made_by_name), "uid",
                     document_text(record->made_by_uid), "controller", 1,
                     "blockOwnerDeletion", 1);
}

static void fill_metadata(json_t *meta, const Berth__ObjectRecord *record)
{
    cleanup(freep) char *revision =
        xasprintf("%llu", (unsigned long long)record->revision);

    set_text(meta, "name", record->name);
    set_text(meta, "namespace", record->name_space);
    set_text(meta, "uid", record->uid);
    set_text(meta, "resourceVersion", revision);
    if (record->generation)
        set_number(meta, "generation", record->generation);
    set_stamp(meta, "creationTimestamp", record->created_at);
    set_stamp(meta, "deletionTimestamp", record->deleted_at);
    if (record->made_by_name[0])
        (void)json_object_set_new(meta, "ownerReferences", owners_of(record));
}

/* -------------------------------------------------------- Jobs and CronJobs */

static json_t *job_condition(const Berth__WorkloadStatus *status)
{
    json_t *o = json_pack("{s:o, s:s}", "type", document_text(status->condition),
                          "status", "True");

    set_text(o, "reason", status->reason);
    set_text(o, "message", status->words);
    set_stamp(o, "lastTransitionTime", status->end_time);
    return json_pack("[o]", o);
}

static void fill_job(json_t *o, const Berth__WorkloadStatus *status)
{
    set_number(o, "active", status->active);
    set_number(o, "ready", status->ready);
    set_number(o, "succeeded", status->succeeded);
    set_number(o, "failed", status->failed);
    set_number(o, "terminating", status->terminating);
    set_text(o, "completedIndexes", status->completed_indexes);
    set_text(o, "failedIndexes", status->failed_indexes);
    set_stamp(o, "startTime", status->start_time);
    if (strcmp(status->condition, "Complete") == 0)
        set_stamp(o, "completionTime", status->end_time);
    if (status->condition[0])
        (void)json_object_set_new(o, "conditions", job_condition(status));
}

static void fill_cron_job(json_t *o, const Berth__ObjectRecord *record)
{
    const Berth__WorkloadStatus *status = record->workload;
    json_t *active = json_array();

    for (size_t i = 0; i < status->n_running; i++)
        (void)json_array_append_new(
            active, json_pack("{s:s, s:s, s:o, s:o}", "apiVersion", "batch/v1", "kind",
                              "Job", "namespace", document_text(record->name_space),
                              "name", document_text(status->running[i])));
    if (json_array_size(active))
        (void)json_object_set(o, "active", active);
    json_decref(active);
    set_stamp(o, "lastScheduleTime", status->last_schedule);
    set_stamp(o, "lastSuccessfulTime", status->last_success);
}

/* ------------------------------------------------------ volumes and claims */

static json_t *spec_of(json_t *document)
{
    json_t *spec = json_object_get(document, "spec");

    if (!spec) {
        spec = json_object();
        (void)json_object_set_new(document, "spec", spec);
    }
    return spec;
}

/* The volume's claim, "NAMESPACE/CLAIM". */
static json_t *claim_ref(const char *other)
{
    const char *slash = strchr(other, '/');
    json_t *o =
        json_pack("{s:s, s:s}", "apiVersion", "v1", "kind", "PersistentVolumeClaim");

    if (slash)
        (void)json_object_set_new(o, "namespace",
                                  json_stringn(other, (size_t)(slash - other)));
    set_text(o, "name", slash ? slash + 1 : other);
    return o;
}

static void fill_volume(json_t *document, json_t *o, const Berth__ClaimStatus *status)
{
    set_text(o, "phase", status->phase);
    if (status->words[0])
        set_text(o, "message", status->words);
    if (status->other[0])
        (void)json_object_set_new(spec_of(document), "claimRef",
                                  claim_ref(status->other));
}

static void fill_claim(json_t *document, json_t *o, const Berth__ClaimStatus *status)
{
    json_t *spec = spec_of(document);
    json_t *modes = json_object_get(spec, "accessModes");
    json_t *amounts = object_at(spec, "resources", "requests", NULL);

    set_text(o, "phase", status->phase);
    if (!status->other[0])
        return;
    set_text(spec, "volumeName", status->other);
    if (modes)
        (void)json_object_set(o, "accessModes", modes);
    if (amounts)
        (void)json_object_set(o, "capacity", amounts);
}

/* ----------------------------------------------------------------- together */

static void fill_status(json_t *document, const Berth__ObjectRecord *record)
{
    json_t *o = json_object();

    if (strcmp(record->kind, "Pod") == 0)
        pod_document_fill(document, o, record);
    else if (record->workload && strcmp(record->kind, "Job") == 0)
        fill_job(o, record->workload);
    else if (record->workload && strcmp(record->kind, "CronJob") == 0)
        fill_cron_job(o, record);
    else if (record->claim && strcmp(record->kind, "PersistentVolume") == 0)
        fill_volume(document, o, record->claim);
    else if (record->claim)
        fill_claim(document, o, record->claim);
    if (json_object_size(o))
        (void)json_object_set(document, "status", o);
    json_decref(o);
}

json_t *object_document_quick(const Berth__ObjectRecord *record)
{
    json_t *document =
        json_loadb((const char *)record->manifest.data, record->manifest.len, 0, NULL);
    json_t *meta;

    if (!json_is_object(document)) {
        json_decref(document);
        document = json_object();
    }
    (void)json_object_del(document, "status");
    if (!json_object_get(document, "apiVersion"))
        set_text(document, "apiVersion", api_of(record->kind));
    if (!json_object_get(document, "kind"))
        set_text(document, "kind", record->kind);
    meta = json_object_get(document, "metadata");
    if (!json_is_object(meta)) {
        meta = json_object();
        (void)json_object_set_new(document, "metadata", meta);
    }
    fill_metadata(meta, record);
    fill_status(document, record);
    return document;
}

json_t *object_document(const Berth__ObjectRecord *record)
{
    json_t *document = object_document_quick(record);

    if (strcmp(record->kind, "Pod") == 0)
        pod_document_quality(json_object_get(document, "status"), record);
    return document;
}

json_t *object_list_document(json_t *items)
{
    return json_pack("{s:s, s:s, s:{s:s}, s:o}", "apiVersion", "v1", "kind", "List",
                     "metadata", "resourceVersion", "", "items", items);
}

int object_print_yaml(json_t *document, FILE *out)
{
    char *text = json_dumps(document, JSON_COMPACT);
    struct documents documents;
    struct err err;
    int rc =
        text ? documents_read("object", text, strlen(text), &documents, &err) : -EIO;

    json_decref(document);
    free(text);
    if (rc < 0)
        return -EIO;
    rc = documents.n ? node_write_yaml(documents.roots[0], out) : -EIO;
    documents_fini(&documents);
    return rc;
}
