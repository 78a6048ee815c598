/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_describe.c - berth describe: objects in full, with what happened to them
 */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/explain_show.h"
#include "cli/object_describe.h"
#include "cli/object_document.h"
#include "cli/object_events.h"
#include "cli/object_names.h"

struct describe_args {
    struct common common;
    struct object_scope scope;
    bool no_events;
};

static const struct usage usage = {
    .synopsis = "berth describe [options] KIND [NAME...]\n"
                "       berth describe [options] KIND/NAME...",
    .about =
        "Show objects in full: what was asked for, how each container stands and why,\n"
        "the events that explain it, and of a pod that waits in the queue what\n"
        "'berth explain' knows about its start.",
    .examples = "  berth describe pod web\n"
                "  berth describe job/sweep\n"
                "  berth describe pods -l app=web\n",
};

#define AT(member) offsetof(struct describe_args, member)
static const struct opt opts[] = {
    OPTS_SELECTOR(struct describe_args, scope),
    OPTS_NAMESPACE(struct describe_args, scope),
    {"all-namespaces", 'A', .set = opt_flag, .offset = AT(scope.in_all_spaces),
     .help = "of all namespaces"},
    {"no-events", 0, .set = opt_flag, .offset = AT(no_events),
     .help = "leave events out"},
    OPTS_COMMON(struct describe_args, common),
    OPTS_END,
};

static bool waits(const Berth__ObjectRecord *record)
{
    return record->job_id && !record->deleted_at &&
           (!record->pod || !record->pod->node[0]) &&
           (!record->pod || strcmp(record->pod->phase, "Failed") != 0);
}

/* What the queue says of a pod that has no node. */
static void show_queue(struct berth *berth, const Berth__ObjectRecord *record)
{
    cleanup(reply_freep) Berth__Explanation *explanation = NULL;
    struct berth_err err;

    if (!waits(record) || berth_explain(berth, record->job_id, &explanation, &err) < 0)
        return;
    printf("Queue:\n");
    explain_show(explanation, stdout);
}

static int ask_events(struct berth *berth, const Berth__ObjectRecord *record,
                      Berth__ObjectEventList **ret)
{
    Berth__ObjectEventQuery query = BERTH__OBJECT_EVENT_QUERY__INIT;
    struct berth_err err;
    int rc;

    query.kind = record->kind;
    query.name_space = record->name_space;
    query.name = record->name;
    rc = object_events_ask(berth, &query, ret, &err);
    if (rc < 0)
        say_error("%s", err.text);
    return rc;
}

/* Those of an object that had the name before are not of this one. */
static void keep_own(Berth__ObjectEventList *list, const char *uid)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n_events; i++) {
        if (!list->events[i]->uid[0] || strcmp(list->events[i]->uid, uid) == 0)
            list->events[n++] = list->events[i];
        else
            berth_free(list->events[i]);
    }
    list->n_events = n;
}

static int show_events(struct berth *berth, const Berth__ObjectRecord *record)
{
    static const struct object_events_view view = {.has_source = true,
                                                   .has_header = true};
    cleanup(reply_freep) Berth__ObjectEventList *list = NULL;

    if (ask_events(berth, record, &list) < 0)
        return STATUS_FAILED;
    keep_own(list, record->uid);
    printf("Events:%s\n", list->n_events ? "" : "              <none>");
    object_events_print(list, &view, list->now, stdout);
    return STATUS_OK;
}

static int show(struct berth *berth, const struct describe_args *args,
                const Berth__ObjectRecord *record, int64_t now)
{
    object_describe(record, now, stdout);
    if (strcmp(record->kind, "Pod") == 0)
        show_queue(berth, record);
    return args->no_events ? STATUS_OK : show_events(berth, record);
}

/* The object with its events, as a document. */
static json_t *document_of_all(struct berth *berth, const Berth__ObjectRecord *record)
{
    cleanup(reply_freep) Berth__ObjectEventList *list = NULL;
    json_t *document = object_document(record), *events = json_array();

    if (ask_events(berth, record, &list) == 0) {
        keep_own(list, record->uid);
        for (size_t i = 0; i < list->n_events; i++)
            (void)json_array_append_new(events, object_event_document(list->events[i]));
    }
    (void)json_object_set_new(document, "events", events);
    return document;
}

static int describe_group(struct berth *berth, const struct describe_args *args,
                          const struct object_group *group, json_t *documents,
                          bool *is_first)
{
    cleanup(reply_freep) Berth__ObjectList *list = NULL;
    int status = STATUS_OK;
    struct berth_err err;

    if (object_group_ask(berth, group, &args->scope, &list, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    for (size_t i = 0; i < list->n_objects; i++) {
        if (args->common.json) {
            (void)json_array_append_new(documents,
                                        document_of_all(berth, list->objects[i]));
            continue;
        }
        if (!*is_first)
            printf("\n\n");
        *is_first = false;
        if (show(berth, args, list->objects[i], list->now) != STATUS_OK)
            status = STATUS_FAILED;
    }
    if (group->names && object_group_say_missing(berth, group, &args->scope, list))
        status = STATUS_FAILED;
    return status;
}

int cmd_describe(int argc, char **argv)
{
    struct describe_args args = {.no_events = false};
    cleanup(object_names_fini) struct object_names names = {0};
    cleanup(link_closep) struct berth *berth = NULL;
    int next, status, worst = STATUS_OK;
    bool is_first = true;
    json_t *documents;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (next == argc) {
        say_error("describe what? Name a kind and names, or KIND/NAME");
        return STATUS_USAGE;
    }
    if (object_names_parse(argc - next, argv + next, &names) < 0)
        return STATUS_USAGE;
    if (link_open(args.common.config, &berth) < 0)
        return STATUS_FAILED;
    documents = json_array();
    for (size_t i = 0; i < names.n; i++) {
        status = describe_group(berth, &args, &names.groups[i], documents, &is_first);
        worst = status != STATUS_OK ? status : worst;
    }
    if (args.common.json)
        document_print_json(object_list_document(json_incref(documents)), stdout);
    else if (is_first && worst == STATUS_OK)
        say_info("nothing found");
    json_decref(documents);
    return worst;
}
