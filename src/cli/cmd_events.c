/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_events.c - berth events: what happened to objects
 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/object_document.h"
#include "cli/object_events.h"
#include "cli/object_names.h"

#define LOOK_AGAIN_US 500000

enum output { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_YAML };

struct events_args {
    struct common common;
    struct object_scope scope;
    const char *object; /* --for */
    enum output output;
    bool only_warnings, is_watch, no_header;
};

static const struct usage usage = {
    .synopsis = "berth events [options] [--for KIND/NAME]",
    .about =
        "List what happened to objects, oldest first: where pods were placed, images,\n"
        "containers that began, failed or were restarted, probes, evictions. Repeats\n"
        "of the same are one line with a count.",
    .examples =
        "  berth events --for pod/web\n"
        "  berth events --types Warning -A\n"
        "  berth events --field-selector involvedObject.kind=Job,reason!=Created\n"
        "  berth events -w\n",
};

static int set_types(const struct opt *opt, const char *value, void *ctx,
                     struct err *err)
{
    struct events_args *args = ctx;

    (void)opt;
    args->only_warnings = strcmp(value, "Warning") == 0;
    if (args->only_warnings || strcmp(value, "Normal,Warning") == 0 ||
        strcmp(value, "Warning,Normal") == 0)
        return 0;
    return err_set(err, EINVAL, "'%s' is neither Warning nor Normal,Warning", value);
}

static int set_output(const struct opt *opt, const char *value, void *ctx,
                      struct err *err)
{
    struct events_args *args = ctx;

    (void)opt;
    if (strcmp(value, "json") != 0 && strcmp(value, "yaml") != 0)
        return err_set(err, EINVAL, "'%s' is neither json nor yaml", value);
    args->output = value[0] == 'j' ? OUTPUT_JSON : OUTPUT_YAML;
    return 0;
}

#define AT(member) offsetof(struct events_args, member)
static const struct opt opts[] = {
    {"for", 0, OPT_NEEDED, "KIND/NAME", .set = opt_string, .offset = AT(object),
     .help = "of this object"},
    {"types", 0, OPT_NEEDED, "TYPES", .set = set_types,
     .help = "Warning, or Normal,Warning"},
    OPTS_FIELDS(struct events_args, scope),
    OPTS_NAMESPACE(struct events_args, scope),
    {"all-namespaces", 'A', .set = opt_flag, .offset = AT(scope.in_all_spaces),
     .help = "of all namespaces"},
    {"watch", 'w', .set = opt_flag, .offset = AT(is_watch),
     .help = "go on: a line for each that comes"},
    {"no-headers", 0, .set = opt_flag, .offset = AT(no_header),
     .help = "no line of titles"},
    {"output", 'o', OPT_NEEDED, "FORM", .set = set_output,
     .help = "json, yaml: as Kubernetes' API has them"},
    OPTS_COMMON(struct events_args, common),
    OPTS_END,
};

static void print_documents(const Berth__ObjectEventList *list, enum output output)
{
    json_t *items = json_array();

    for (size_t i = 0; i < list->n_events; i++)
        (void)json_array_append_new(items, object_event_document(list->events[i]));
    if (output == OUTPUT_JSON)
        document_print_json(object_list_document(items), stdout);
    else
        (void)object_print_yaml(object_list_document(items), stdout);
}

static void print(const struct events_args *args, const Berth__ObjectEventList *list,
                  bool is_first)
{
    const struct object_events_view view = {
        .has_name_space = args->scope.in_all_spaces,
        .has_object = true,
        .has_header = is_first && !args->no_header,
    };

    if (args->output != OUTPUT_TABLE)
        print_documents(list, args->output);
    else if (list->n_events)
        object_events_print(list, &view, list->now, stdout);
    else if (is_first && !args->is_watch)
        say_info("nothing found");
    (void)fflush(stdout);
}

static int show(struct berth *berth, const struct events_args *args,
                Berth__ObjectEventQuery *query)
{
    struct berth_err err;
    bool is_first = true;

    do {
        cleanup(reply_freep) Berth__ObjectEventList *list = NULL;

        if (object_events_ask(berth, query, &list, &err) < 0) {
            say_error("%s", err.text);
            return STATUS_FAILED;
        }
        if (is_first || list->n_events)
            print(args, list, is_first);
        is_first = is_first && !list->n_events;
        if (list->n_events)
            query->after = list->events[list->n_events - 1]->id;
    } while (args->is_watch && usleep(LOOK_AGAIN_US) == 0 && !ferror(stdout));
    return STATUS_OK;
}

int cmd_events(int argc, char **argv)
{
    struct events_args args = {.output = OUTPUT_TABLE};
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(freep) char *kind = NULL, *space = NULL, *name = NULL, *fields = NULL;
    Berth__ObjectEventQuery query = BERTH__OBJECT_EVENT_QUERY__INIT;
    cleanup(object_names_fini) struct object_names names = {0};
    char *words[] = {NULL};
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (next < argc) {
        say_error("'%s': name an object with --for KIND/NAME", argv[next]);
        return STATUS_USAGE;
    }
    if (args.common.json)
        args.output = OUTPUT_JSON;
    if (args.object) {
        name = xstrdup(args.object);
        words[0] = name;
        if (object_names_parse(1, words, &names) < 0)
            return STATUS_USAGE;
        kind = xstrdup(names.groups[0].kind->name);
        query.kind = kind;
        if (names.groups[0].names)
            query.name = names.groups[0].names[0];
    }
    space = xstrdup(object_space(&args.scope, names.n ? names.groups[0].kind : NULL));
    query.name_space = space;
    fields = xstrdup(args.scope.fields ? args.scope.fields : "");
    query.fields = fields;
    query.warnings_only = args.only_warnings;
    if (link_open(args.common.config, &berth) < 0)
        return STATUS_FAILED;
    return show(berth, &args, &query);
}
