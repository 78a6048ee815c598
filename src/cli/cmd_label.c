/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_label.c - berth label, berth annotate: words that objects carry
 *
 * The object is read, changed here, and given back with the version that was read; when
 * somebody else has changed it meanwhile, that is done again.
 */
#include "cli/command.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/cluster_link.h"
#include "cli/object_columns.h"
#include "cli/object_names.h"

#define TRIES 5 /* at an object that others change, too */

struct label_args {
    struct common common;
    struct object_scope scope;
    bool all, may_overwrite, is_list, is_dry;
    const char *member; /* "labels" */
    const char *done;   /* "labeled" */
    char *const *changes;
    int n_changes;
};

#define ABOUT(what)                                                                  \
    "Give objects " what ", KEY=VALUE, or take them away, KEY-. One that is there\n" \
    "with another value is changed with --overwrite alone."

static const struct usage label_usage = {
    .synopsis = "berth label [options] KIND NAME... KEY=VALUE|KEY-...\n"
                "       berth label [options] KIND/NAME... KEY=VALUE|KEY-...\n"
                "       berth label [options] KIND -l LABELS|--all KEY=VALUE|KEY-...",
    .about = ABOUT("labels"),
    .examples = "  berth label pod web tier=front\n"
                "  berth label pods -l app=web version=2 --overwrite\n"
                "  berth label pod/web tier-\n"
                "  berth label job sweep --list\n",
};
static const struct usage annotate_usage = {
    .synopsis =
        "berth annotate [options] KIND NAME... KEY=VALUE|KEY-...\n"
        "       berth annotate [options] KIND/NAME... KEY=VALUE|KEY-...\n"
        "       berth annotate [options] KIND -l LABELS|--all KEY=VALUE|KEY-...",
    .about = ABOUT("annotations"),
    .examples = "  berth annotate pod web example.org/note='seen by alice'\n"
                "  berth annotate cm settings example.org/note-\n",
};

#define AT(member) offsetof(struct label_args, member)
static const struct opt opts[] = {
    {"overwrite", 0, .set = opt_flag, .offset = AT(may_overwrite),
     .help = "change what is there"},
    {"list", 0, .set = opt_flag, .offset = AT(is_list), .help = "show those it has"},
    OPTS_SELECTOR(struct label_args, scope),
    {"all", 0, .set = opt_flag, .offset = AT(all), .help = "all objects of the kind"},
    OPTS_NAMESPACE(struct label_args, scope),
    {"dry-run", 0, .set = opt_flag, .offset = AT(is_dry),
     .help = "only ask the cluster whether it would do it"},
    OPTS_CONFIG(struct label_args, common),
    OPTS_HELP,
    OPTS_END,
};

/* --------------------------------------------------------------------- changes */

/* "KEY-" */
static bool takes_away(const char *change)
{
    return !strchr(change, '=');
}

static bool is_change(const char *word)
{
    size_t len = strlen(word);

    return strchr(word, '=') || (len > 1 && word[len - 1] == '-');
}

/* Whether it makes a difference; -EEXIST with words. */
static int change_one(const struct label_args *args, json_t *words, const char *change,
                      struct err *err)
{
    size_t len = takes_away(change) ? strlen(change) - 1 : strcspn(change, "=");
    cleanup(freep) char *key = xstrndup(change, len);
    const char *was = json_string_value(json_object_get(words, key));

    if (takes_away(change))
        return json_object_del(words, key) == 0;
    if (was && strcmp(was, change + len + 1) == 0)
        return 0;
    if (was && !args->may_overwrite)
        return err_set(err, EEXIST, "%s is '%.100s' already: --overwrite changes it",
                       key, was);
    if (json_object_set_new(words, key, json_string(change + len + 1)))
        return err_set(err, EINVAL, "%s: its value is no UTF-8", key);
    return 1;
}

static int change_all(const struct label_args *args, json_t *words, struct err *err)
{
    int n = 0;

    for (int i = 0; i < args->n_changes; i++) {
        int rc = change_one(args, words, args->changes[i], err);

        if (rc < 0)
            return rc;
        n += rc;
    }
    return n;
}

/* The manifest of the record as it shall be; NULL: nothing changes, or with words in
 * 'err'. */
static char *changed(const struct label_args *args, const Berth__ObjectRecord *record,
                     struct err *err)
{
    json_t *root =
        json_loadb((const char *)record->manifest.data, record->manifest.len, 0, NULL);
    json_t *metadata = json_object_get(root, "metadata"), *words;
    char version[24], *text = NULL;

    if (!metadata) {
        err_set(err, EACCES, "its contents are shown to its owner alone");
        json_decref(root);
        return NULL;
    }
    words = json_object_get(metadata, args->member);
    if (!words) {
        words = json_object();
        (void)json_object_set_new(metadata, args->member, words);
    }
    (void)snprintf(version, sizeof(version), "%" PRIu64, record->revision);
    (void)json_object_set_new(metadata, "resourceVersion", json_string(version));
    if (change_all(args, words, err) > 0)
        text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

/* --------------------------------------------------------------------- one object */

/* -ESTALE: somebody else has changed it. */
static int give(struct berth *berth, const struct label_args *args,
                const Berth__ObjectRecord *record, char *text, struct berth_err *err)
{
    cleanup(reply_freep) Berth__ObjectReplies *replies = NULL;
    ProtobufCBinaryData manifest = {.data = (uint8_t *)text, .len = strlen(text)};
    Berth__ObjectApply apply = BERTH__OBJECT_APPLY__INIT;
    const Berth__Status *status;
    int rc;

    apply.verb = BERTH__OBJECT_APPLY__VERB__MARK;
    apply.manifests = &manifest;
    apply.n_manifests = 1;
    apply.dry_run = args->is_dry;
    apply.name_space = record->name_space;
    rc = berth_object_apply(berth, &apply, &replies, err);
    if (rc < 0)
        return rc;
    status = replies->n_replies ? replies->replies[0]->status : NULL;
    if (!status || !status->code)
        return 0;
    (void)snprintf(err->text, sizeof(err->text), "%s", status->text);
    return -status->code;
}

static int label_record(struct berth *berth, const struct label_args *args,
                        const Berth__ObjectRecord *record, const char *full)
{
    struct err err = {0};
    cleanup(freep) char *text = changed(args, record, &err);
    struct berth_err told;
    int rc;

    if (!text && err.code) {
        say_error("%s: %s", full, err.text);
        return -err.code;
    }
    if (!text) {
        printf("%s unchanged\n", full);
        return 0;
    }
    rc = give(berth, args, record, text, &told);
    if (rc == 0)
        printf("%s %s%s\n", full, args->done, args->is_dry ? " (server dry run)" : "");
    else if (rc != -ESTALE)
        say_error("%s: %s", full, told.text);
    return rc;
}

static int label_one(struct berth *berth, const struct label_args *args,
                     const Berth__ObjectRecord *record)
{
    cleanup(freep) char *full = object_full_name(record->kind, record->name);
    struct object_scope scope = args->scope;
    int rc = label_record(berth, args, record, full);

    scope.name_space = record->name_space;
    for (int i = 1; rc == -ESTALE && i < TRIES; i++) {
        cleanup(reply_freep) Berth__ObjectList *list = NULL;

        rc = object_ask_one(berth, kind_by_name(NULL, record->kind), record->name,
                            &scope, &list);
        if (rc == 0)
            rc = label_record(berth, args, list->objects[0], full);
    }
    if (rc == -ESTALE)
        say_error("%s: others change it all the time: try again", full);
    return rc < 0 ? STATUS_FAILED : STATUS_OK;
}

static int list_one(const struct label_args *args, const Berth__ObjectRecord *record)
{
    cleanup(freep) char *full = object_full_name(record->kind, record->name);
    json_t *root =
        json_loadb((const char *)record->manifest.data, record->manifest.len, 0, NULL);
    json_t *words = json_object_get(json_object_get(root, "metadata"), args->member);
    const char *key;
    json_t *value;

    printf("%s:\n", full);
    json_object_foreach(words, key, value) printf(
        "  %s=%s\n", key, json_string_value(value) ? json_string_value(value) : "");
    json_decref(root);
    return STATUS_OK;
}

/* ------------------------------------------------------------------- the command */

static int label_group(struct berth *berth, const struct label_args *args,
                       const struct object_group *group)
{
    cleanup(reply_freep) Berth__ObjectList *list = NULL;
    int status = STATUS_OK;
    struct berth_err err;

    if (object_group_ask(berth, group, &args->scope, &list, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    if (list->n_objects == 0 && !group->names)
        say_info("nothing found");
    for (size_t i = 0; i < list->n_objects; i++) {
        int done = args->is_list ? list_one(args, list->objects[i])
                                 : label_one(berth, args, list->objects[i]);

        status = done == STATUS_OK ? status : done;
    }
    if (group->names && object_group_say_missing(berth, group, &args->scope, list) > 0)
        status = STATUS_FAILED;
    return status;
}

static int check(const struct label_args *args, const struct object_names *names)
{
    if (!object_scope_is_clear(names, &args->scope, args->all, false))
        return STATUS_USAGE;
    if (!args->n_changes && !args->is_list) {
        say_error("which %s? Give KEY=VALUE, or KEY- to take one away", args->member);
        return STATUS_USAGE;
    }
    if (args->n_changes && args->is_list) {
        say_error("--list: not together with changes");
        return STATUS_USAGE;
    }
    return STATUS_OK;
}

static int run(struct label_args *args, int n, char **words)
{
    cleanup(object_names_fini) struct object_names names = {0};
    cleanup(link_closep) struct berth *berth = NULL;
    int n_names = 0, status = STATUS_OK;

    while (n_names < n && !is_change(words[n_names]))
        n_names++;
    args->changes = words + n_names;
    args->n_changes = n - n_names;
    for (int i = n_names; i < n; i++) {
        if (!is_change(words[i]) || words[i][0] == '=') {
            say_error("'%s' is neither KEY=VALUE nor KEY-", words[i]);
            return STATUS_USAGE;
        }
    }
    if (n_names == 0) {
        say_error("of what? Name a kind and names");
        return STATUS_USAGE;
    }
    if (object_names_parse(n_names, words, &names) < 0 ||
        check(args, &names) != STATUS_OK)
        return STATUS_USAGE;
    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    for (size_t i = 0; i < names.n; i++)
        if (label_group(berth, args, &names.groups[i]) != STATUS_OK)
            status = STATUS_FAILED;
    return status;
}

static int parse_and_run(const struct usage *usage, struct label_args *args, int argc,
                         char **argv)
{
    int next, status;

    status = command_parse(usage, opts, OPTS_ANYWHERE, argc, argv, args, &next);
    return status >= 0 ? status : run(args, argc - next, argv + next);
}

int cmd_label(int argc, char **argv)
{
    struct label_args args = {.member = "labels", .done = "labeled"};

    return parse_and_run(&label_usage, &args, argc, argv);
}

int cmd_annotate(int argc, char **argv)
{
    struct label_args args = {.member = "annotations", .done = "annotated"};

    return parse_and_run(&annotate_usage, &args, argc, argv);
}
