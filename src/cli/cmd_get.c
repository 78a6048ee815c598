/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_get.c - berth get, berth pods: objects that the cluster keeps
 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "cli/cluster_link.h"
#include "cli/document.h"
#include "cli/json_path.h"
#include "cli/object_columns.h"
#include "cli/object_document.h"
#include "cli/object_names.h"
#include "cli/object_pick.h"
#include "cli/object_watch.h"
#include "cli/own_columns.h"

enum output {
    OUTPUT_TABLE,
    OUTPUT_WIDE,
    OUTPUT_YAML,
    OUTPUT_JSON,
    OUTPUT_NAME,
    OUTPUT_PATH,
    OUTPUT_COLUMNS,
};

struct get_args {
    struct common common;
    struct object_scope scope;
    enum output output;
    const char *template; /* of OUTPUT_PATH, OUTPUT_COLUMNS */
    const char *order;
    bool has_labels, no_header, is_watch;
};

static const struct usage get_usage = {
    .synopsis = "berth get [options] KIND[,KIND] [NAME...]\n"
                "       berth get [options] KIND/NAME...",
    .about =
        "List the objects that the cluster keeps: pods, jobs, cronjobs, configmaps,\n"
        "secrets, persistentvolumes, persistentvolumeclaims (po, cj, cm, pv, pvc;\n"
        "'all' is pods, jobs and cronjobs). Documents are as Kubernetes' API has them.",
    .examples =
        "  berth get pods -o wide\n"
        "  berth get job/sweep -o yaml\n"
        "  berth get po,cm -l 'app=web,tier in (a,b)' -A\n"
        "  berth get pod web -o jsonpath='{.status.podIP}'\n"
        "  berth get pods -o custom-columns=POD:.metadata.name,ON:.spec.nodeName\n"
        "  berth get pods --field-selector status.phase=Failed --sort-by "
        "status.startTime\n"
        "  berth get pods -w\n",
};
static const struct usage pods_usage = {
    .synopsis = "berth pods [options] [NAME...]",
    .about = "List pods, as 'berth get pods' does.",
    .examples = "  berth pods\n"
                "  berth pods -l app=web -o wide\n"
                "  berth pods --field-selector status.phase=Running,spec.nodeName=n1\n"
                "  berth pods -w\n",
};

static int set_output(const struct opt *opt, const char *value, void *ctx,
                      struct err *err)
{
    static const char *const words[] = {"", "wide", "yaml", "json", "name"};
    struct get_args *args = ctx;

    (void)opt;
    for (size_t i = 1; i < ARRAY_SIZE(words); i++) {
        if (strcmp(value, words[i]) == 0) {
            args->output = (enum output)i;
            return 0;
        }
    }
    args->template = strchr(value, '=') ? strchr(value, '=') + 1 : "";
    if (strncmp(value, "jsonpath=", 9) == 0)
        args->output = OUTPUT_PATH;
    else if (strncmp(value, "custom-columns=", 15) == 0)
        args->output = OUTPUT_COLUMNS;
    else
        return err_set(err, EINVAL,
                       "'%s' is not wide, yaml, json, name, jsonpath=TEMPLATE or "
                       "custom-columns=TITLE:FIELD,...",
                       value);
    return args->output == OUTPUT_COLUMNS ? own_columns_check(args->template, err) : 0;
}

#define AT(member) offsetof(struct get_args, member)
static const struct opt opts[] = {
    {"output", 'o', OPT_NEEDED, "FORM", .set = set_output,
     .help = "wide: more columns; yaml, json: whole objects; name; jsonpath=TEMPLATE; "
             "custom-columns=TITLE:FIELD,..."},
    OPTS_SELECTOR(struct get_args, scope),
    OPTS_FIELDS(struct get_args, scope),
    {"sort-by", 0, OPT_NEEDED, "FIELD", .set = opt_string, .offset = AT(order),
     .help = "in order of it: .metadata.creationTimestamp"},
    OPTS_NAMESPACE(struct get_args, scope),
    {"all-namespaces", 'A', .set = opt_flag, .offset = AT(scope.in_all_spaces),
     .help = "of all namespaces"},
    {"all-users", 0, .set = opt_flag, .offset = AT(scope.of_all_users),
     .help = "others' too, as far as they may be seen"},
    {"watch", 'w', .set = opt_flag, .offset = AT(is_watch),
     .help = "go on: a line for each change"},
    {"show-labels", 0, .set = opt_flag, .offset = AT(has_labels),
     .help = "a column of labels"},
    {"no-headers", 0, .set = opt_flag, .offset = AT(no_header),
     .help = "no line of titles"},
    {"json", 0, .set = opt_flag, .offset = AT(common.json), .help = "as -o json"},
    OPTS_CONFIG(struct get_args, common),
    OPTS_HELP,
    OPTS_END,
};

/* What was asked for, and what came. */
struct get {
    const struct get_args *args;
    struct berth *berth;
    json_t *items;
    size_t n_shown, n_missing;
    bool has_kind; /* names are "pod/web" */
    int status;
};

/* ------------------------------------------------------------------- documents */

static void print_list(struct get *get, bool is_one)
{
    json_t *all = is_one && json_array_size(get->items) == 1
                      ? json_incref(json_array_get(get->items, 0))
                      : object_list_document(json_incref(get->items));
    struct strbuf out = STRBUF_INIT;
    struct err err;

    if (get->args->output == OUTPUT_JSON) {
        document_print_json(json_incref(all), stdout);
    } else if (get->args->output == OUTPUT_YAML) {
        (void)object_print_yaml(json_incref(all), stdout);
    } else if (json_path_print(get->args->template, all, &out, &err) < 0) {
        say_error("%s", err.text);
        get->status = STATUS_FAILED;
    } else {
        fputs(out.s ? out.s : "", stdout);
    }
    strbuf_fini(&out);
    json_decref(all);
}

static void print_documents(struct get *get, bool is_one)
{
    if (get->args->output == OUTPUT_COLUMNS) {
        own_columns_print(get->args->template, get->items, !get->args->no_header,
                          stdout);
        return;
    }
    print_list(get, is_one);
}

/* ---------------------------------------------------------------------- tables */

static struct object_table *table_of(const struct get *get,
                                     const struct object_group *group)
{
    struct object_view view = {.is_wide = get->args->output == OUTPUT_WIDE,
                               .has_name_space = get->args->scope.in_all_spaces &&
                                                 group->kind->has_namespace,
                               .has_user = get->args->scope.of_all_users,
                               .has_kind = get->has_kind,
                               .has_labels = get->args->has_labels};

    return object_table_create(group->kind->name, &view);
}

static void print_table(struct get *get, const struct object_group *group,
                        const Berth__ObjectList *list)
{
    struct object_table *table;

    if (!list->n_objects)
        return;
    table = table_of(get, group);
    for (size_t i = 0; i < list->n_objects; i++)
        object_table_add(table, list->objects[i], list->now);
    if (get->n_shown)
        putchar('\n');
    object_table_print(table, !get->args->no_header, stdout);
    object_table_destroy(table);
}

static void print_names(const Berth__ObjectList *list)
{
    for (size_t i = 0; i < list->n_objects; i++) {
        cleanup(freep) char *name =
            object_full_name(list->objects[i]->kind, list->objects[i]->name);

        puts(name);
    }
}

static void show(struct get *get, const struct object_group *group,
                 const Berth__ObjectList *list)
{
    switch (get->args->output) {
    case OUTPUT_TABLE:
    case OUTPUT_WIDE:
        print_table(get, group, list);
        break;
    case OUTPUT_NAME:
        print_names(list);
        break;
    case OUTPUT_YAML:
    case OUTPUT_JSON:
    case OUTPUT_PATH:
    case OUTPUT_COLUMNS:
        for (size_t i = 0; i < list->n_objects; i++)
            (void)json_array_append_new(get->items, object_document(list->objects[i]));
        break;
    }
    get->n_shown += list->n_objects;
}

static int get_group(struct get *get, const struct object_group *group)
{
    cleanup(reply_freep) Berth__ObjectList *list = NULL;
    struct berth_err err;
    struct err wrong;

    if (object_group_ask(get->berth, group, &get->args->scope, &list, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    if (group->names)
        get->n_missing +=
            object_group_say_missing(get->berth, group, &get->args->scope, list);
    if (get->args->order && object_list_sort(list, get->args->order, &wrong) < 0) {
        say_error("--sort-by: %s", wrong.text);
        return STATUS_USAGE;
    }
    show(get, group, list);
    return STATUS_OK;
}

static bool is_one_object(const struct object_names *names)
{
    return names->n == 1 && names->groups[0].names && !names->groups[0].names[1];
}

static void say_nothing_found(const struct get *get, const struct object_names *names)
{
    const char *space = object_space(&get->args->scope, names->groups[0].kind);

    say_info("nothing found%s%s", space[0] ? " in namespace " : "", space);
}

static int get_all(struct get *get, const struct object_names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        int status = get_group(get, &names->groups[i]);

        if (status != STATUS_OK)
            return status;
    }
    if (get->args->output >= OUTPUT_YAML && get->args->output != OUTPUT_NAME &&
        (get->n_shown || !get->n_missing))
        print_documents(get, is_one_object(names));
    else if (!get->n_shown && !get->n_missing)
        say_nothing_found(get, names);
    return get->n_missing ? STATUS_FAILED : get->status;
}

/* ---------------------------------------------------------------------- watch */

struct live {
    struct get *get;
    struct object_table *table;
};

static void show_change(const struct object_news *news, void *ctx)
{
    struct live *live = ctx;

    object_table_add(live->table, news->record, news->now);
    object_table_print_new(live->table, stdout);
    (void)fflush(stdout);
}

static void print_change(const struct object_news *news, void *ctx)
{
    struct live *live = ctx;
    const struct get_args *args = live->get->args;
    json_t *document = object_document(news->record);

    if (args->output == OUTPUT_YAML) {
        puts("---");
        (void)object_print_yaml(document, stdout);
    } else if (args->output == OUTPUT_NAME) {
        cleanup(freep) char *name =
            object_full_name(news->record->kind, news->record->name);

        puts(name);
        json_decref(document);
    } else {
        document_print_json(document, stdout);
    }
    (void)fflush(stdout);
}

static int watch(struct get *get, const struct object_names *names)
{
    const struct object_group *group = &names->groups[0];
    bool has_rows =
        get->args->output == OUTPUT_TABLE || get->args->output == OUTPUT_WIDE;
    struct live live = {.get = get, .table = table_of(get, group)};
    struct berth_err err;
    int rc;

    if (names->n > 1 || get->args->output >= OUTPUT_PATH || get->args->order) {
        say_error("--watch: %s", names->n > 1       ? "one kind at a time"
                                 : get->args->order ? "not together with --sort-by"
                                                    : "not together with a template");
        object_table_destroy(live.table);
        return STATUS_USAGE;
    }
    if (has_rows && !get->args->no_header)
        object_table_print(live.table, true, stdout);
    (void)fflush(stdout);
    rc = object_watch(get->berth, group, &get->args->scope,
                      has_rows ? show_change : print_change, &live, &err);
    object_table_destroy(live.table);
    if (rc < 0)
        say_error("%s", err.text);
    return rc < 0 ? STATUS_FAILED : STATUS_OK;
}

/* -------------------------------------------------------------------- commands */

static int run(struct get_args *args, const struct object_names *names)
{
    struct get get = {.args = args, .has_kind = names->n > 1};
    int status = STATUS_FAILED;

    if (args->scope.fields && names->groups[0].names) {
        say_error("--field-selector: not together with names");
        return STATUS_USAGE;
    }
    if (args->common.json)
        args->output = OUTPUT_JSON;
    if (link_open(args->common.config, &get.berth) == 0) {
        get.items = json_array();
        status = args->is_watch ? watch(&get, names) : get_all(&get, names);
        json_decref(get.items);
        berth_close(get.berth);
    }
    return status;
}

int cmd_get(int argc, char **argv)
{
    struct get_args args = {.output = OUTPUT_TABLE};
    cleanup(object_names_fini) struct object_names names = {0};
    int next, status;

    status = command_parse(&get_usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (next == argc) {
        say_error("get what? Name a kind: pods, jobs, configmaps, ...");
        return STATUS_USAGE;
    }
    if (object_names_parse(argc - next, argv + next, &names) < 0)
        return STATUS_USAGE;
    return run(&args, &names);
}

int cmd_pods(int argc, char **argv)
{
    struct get_args args = {.output = OUTPUT_TABLE};
    cleanup(object_names_fini) struct object_names names = {0};
    char *pods[] = {(char[]){"pods"}};
    int next, status;

    status = command_parse(&pods_usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (object_names_parse(1, pods, &names) < 0)
        return STATUS_USAGE;
    for (int i = next; i < argc; i++) {
        const char *slash = strchr(argv[i], '/'); /* pod/web */

        object_names_add(&names, names.groups[0].kind, slash ? slash + 1 : argv[i]);
    }
    return run(&args, &names);
}
