/* SPDX-License-Identifier: Apache-2.0
 *
 * apply_batch.c - objects that were judged here, given to the cluster
 */
#include "cli/apply_batch.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "cli/batch_manifest.h"
#include "cli/cluster_link.h"
#include "cli/command.h"
#include "cli/document.h"
#include "cli/object_columns.h"
#include "cli/object_document.h"
#include "manifest/write.h"
#include "wire/pack.h"

#define SEND_OBJECTS 64 /* in one request */
#define SEND_BYTES (512u << 10)

/* What the queue is given for a BatchJob; NULL with words. */
static Berth__JobSpec *job_of(const char *config, const struct mf_object *object,
                              struct err *err)
{
    Berth__JobSpec *spec = NULL;
    struct job_args args;

    job_args_init(&args, time(NULL));
    args.config = config ? xstrdup(config) : NULL;
    if (batch_manifest_read(object, &args, err) == 0)
        spec = copy_message(&args.spec->base);
    say_warnings(args.warnings, false);
    job_args_fini(&args);
    return spec;
}

int apply_batch_add(struct apply_batch *batch, const char *config, const char *file,
                    const char *name, const struct mf_object *object, struct err *err)
{
    Berth__JobSpec *job = NULL;
    struct apply_item item;
    FILE *out;

    if (object->kind->id == MF_BATCH_JOB) {
        job = job_of(config, object, err);
        if (!job)
            return -err->code;
    }
    item = (struct apply_item){
        .name = xstrdup(name), .file = xstrdup(file), .root = object->root, .job = job};
    out = open_memstream(&item.json, &item.len);
    BUG_ON(!out);
    node_write_json(object->root, 0, out);
    (void)fclose(out);
    for (size_t i = 0; i < object->report.n; i++)
        strv_add(&item.warnings, object->report.problems[i].text);
    batch->items = xrealloc(batch->items, batch->n + 1, sizeof(*batch->items));
    batch->items[batch->n++] = item;
    return 0;
}

void apply_batch_fini(struct apply_batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        free(batch->items[i].json);
        free(batch->items[i].file);
        free(batch->items[i].name);
        strv_free(batch->items[i].warnings);
        free_message(batch->items[i].job);
    }
    free(batch->items);
    *batch = (struct apply_batch){.n = 0};
}

/* ------------------------------------------------------------------------ places */

/* How much of the text is a field: "spec.nodeName" of "spec.nodeName: no". */
static size_t field_len(const char *text)
{
    size_t len = strcspn(text, ": ");

    if (strncmp(text, "spec", 4) != 0 && strncmp(text, "metadata.", 9) != 0 &&
        strncmp(text, "data", 4) != 0)
        return 0;
    return text[len] == ':' ? len : 0;
}

/* The line of the field that the words are about, behind whose they are: "pod web:
 * spec.nodeName: ...", "job j: spec.template: spec.nodeName: ...". */
static unsigned int line_of(const struct apply_item *item, const char *words)
{
    struct strbuf path = STRBUF_INIT;
    unsigned int line = item->root->line;

    for (const char *at = words; at; at = strstr(at, ": ")) {
        size_t len;

        at += at == words ? 0 : 2;
        len = field_len(at);
        if (len)
            strbuf_printf(&path, "%s%.*s", path.len ? "." : "", (int)len, at);
        else if (path.len)
            break;
    }
    if (path.len)
        line = node_at(item->root, path.s)->line;
    strbuf_fini(&path);
    return line;
}

/* ---------------------------------------------------------------- what came of it */

/* The controller reads the same text, so it warns of the same and of more. */
static bool was_said(const struct apply_item *item, const char *warning)
{
    size_t len = strlen(warning);

    strv_foreach (said, item->warnings) {
        size_t said_len = strlen(*said);

        if (said_len <= len && strcmp(warning + len - said_len, *said) == 0)
            return true;
    }
    return false;
}

static void show(const struct apply_wish *wish, const struct apply_item *item,
                 const Berth__ObjectReply *reply, json_t *documents)
{
    const Berth__ObjectRecord *record = reply->record;
    cleanup(freep) char *name = record && record->name[0]
                                    ? object_full_name(record->kind, record->name)
                                    : xstrdup(item->name);

    switch (wish->output) {
    case APPLY_LINES:
    case APPLY_WIDE:
        printf("%s %s%s\n", name, reply->done, wish->is_dry ? " (server dry run)" : "");
        break;
    case APPLY_NAME:
        puts(name);
        break;
    case APPLY_YAML:
    case APPLY_JSON:
        if (record)
            (void)json_array_append_new(documents, object_document(record));
        break;
    }
}

static int take_reply(const struct apply_wish *wish, const struct apply_item *item,
                      const Berth__ObjectReply *reply, json_t *documents)
{
    for (size_t w = 0; !wish->is_quiet && w < reply->n_warnings; w++)
        if (!was_said(item, reply->warnings[w]))
            say_warning("%s:%u: %s: %s", item->file, line_of(item, reply->warnings[w]),
                        item->name, reply->warnings[w]);
    if (reply->status && reply->status->code) {
        say_error("%s:%u: %s: %s", item->file, line_of(item, reply->status->text),
                  item->name, reply->status->text);
        return STATUS_FAILED;
    }
    show(wish, item, reply, documents);
    return STATUS_OK;
}

static void print_documents(const struct apply_wish *wish, json_t *documents)
{
    json_t *all = json_array_size(documents) == 1
                      ? json_incref(json_array_get(documents, 0))
                      : object_list_document(json_incref(documents));

    if (wish->output == APPLY_JSON)
        document_print_json(all, stdout);
    else
        (void)object_print_yaml(all, stdout);
}

/* ------------------------------------------------------------------------ sending */

static int send_some(struct berth *berth, const struct apply_wish *wish,
                     const struct apply_item *items, size_t n, json_t *documents)
{
    cleanup(reply_freep) Berth__ObjectReplies *replies = NULL;
    cleanup(freep) ProtobufCBinaryData *manifests = xcalloc(n, sizeof(*manifests));
    cleanup(freep) char *space = xstrdup(wish->name_space ? wish->name_space : "");
    Berth__ObjectApply apply = BERTH__OBJECT_APPLY__INIT;
    int status = STATUS_OK;
    struct berth_err err;

    for (size_t i = 0; i < n; i++) {
        manifests[i].data = (uint8_t *)items[i].json;
        manifests[i].len = items[i].len;
    }
    apply.verb = wish->verb;
    apply.manifests = manifests;
    apply.n_manifests = n;
    apply.dry_run = wish->is_dry;
    apply.name_space = space;
    if (berth_object_apply(berth, &apply, &replies, &err) < 0) {
        say_error("%s:%u: %s: %s", items[0].file, items[0].root->line, items[0].name,
                  err.text);
        return STATUS_FAILED;
    }
    for (size_t i = 0; i < n && i < replies->n_replies; i++)
        if (take_reply(wish, &items[i], replies->replies[i], documents) != STATUS_OK)
            status = STATUS_FAILED;
    return status;
}

/* 'job' 0: it was only tried. A job is no object: documents are silent about it. */
static void tell_job(const struct apply_wish *wish, const struct apply_item *item,
                     uint32_t job)
{
    if (wish->output == APPLY_NAME)
        puts(item->name);
    else if (wish->output == APPLY_YAML || wish->output == APPLY_JSON)
        say_info("%s is job %u", item->name, job);
    else if (job)
        printf("%s is job %u\n", item->name, job);
    else
        printf("%s accepted (server dry run)\n", item->name);
}

/* A BatchJob. Applied again it is the job that it was, as long as that is known;
 * created it is a new one each time. */
static int submit(struct berth *berth, const struct apply_wish *wish,
                  const struct apply_item *item)
{
    cleanup(reply_freep) Berth__SubmitReply *reply = NULL;
    cleanup(reply_freep) Berth__Explanation *tried = NULL;
    cleanup(freep) char *key =
        xasprintf("%s/%s", wish->name_space ? wish->name_space : "default", item->name);
    bool is_apply = wish->verb == BERTH__OBJECT_APPLY__VERB__APPLY;
    struct berth_err err;
    int rc = wish->is_dry
                 ? berth_submit_test(berth, item->job, &tried, &err)
                 : berth_submit(berth, item->job, is_apply ? key : NULL, &reply, &err);

    if (rc < 0) {
        say_error("%s:%u: %s: %s", item->file, line_of(item, err.text), item->name,
                  err.text);
        return STATUS_FAILED;
    }
    for (size_t w = 0; reply && !wish->is_quiet && w < reply->n_warnings; w++)
        say_warning("%s:%u: %s: %s", item->file, line_of(item, reply->warnings[w]),
                    item->name, reply->warnings[w]);
    tell_job(wish, item, reply ? reply->job_id : 0);
    return STATUS_OK;
}

/* How many of them one request takes. */
static size_t fit(const struct apply_item *items, size_t n)
{
    size_t bytes = items[0].len, fits = 1;

    while (fits < n && fits < SEND_OBJECTS && !items[fits].job &&
           bytes + items[fits].len <= SEND_BYTES)
        bytes += items[fits++].len;
    return fits;
}

int apply_batch_send(const struct apply_batch *batch, struct berth *berth,
                     const struct apply_wish *wish)
{
    json_t *documents = json_array();
    int status = STATUS_OK;

    for (size_t at = 0, n; at < batch->n; at += n) {
        const struct apply_item *items = &batch->items[at];
        int sent;

        n = items->job ? 1 : fit(items, batch->n - at);
        sent = items->job ? submit(berth, wish, items)
                          : send_some(berth, wish, items, n, documents);
        if (sent != STATUS_OK)
            status = STATUS_FAILED;
    }
    if (json_array_size(documents))
        print_documents(wish, documents);
    json_decref(documents);
    return status;
}
