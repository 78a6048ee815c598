/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_delete.c - berth delete: objects go, and what they made with them
 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/manifest_files.h"
#include "cli/object_columns.h"
#include "cli/object_names.h"
#include "cli/object_watch.h"
#include "objects/manifest.h"

struct delete_args {
    struct common common;
    struct object_scope scope;
    char **files;
    bool is_deep, all, is_forced, is_now, no_wait, orphan, ignores_missing, is_dry;
    bool only_names;
    int64_t grace;   /* seconds; -1: the pod's own */
    int64_t timeout; /* seconds; -1: for ever */
};

static const struct usage usage = {
    .synopsis = "berth delete [options] KIND NAME...\n"
                "       berth delete [options] KIND/NAME...\n"
                "       berth delete [options] KIND -l LABELS\n"
                "       berth delete [options] KIND --all\n"
                "       berth delete [options] -f FILE...",
    .about =
        "Ask objects to go, and wait until they are gone. A pod's containers get the\n"
        "time that it grants them to end. What a Job or a CronJob has made goes with\n"
        "it, unless --cascade=orphan.",
    .examples = "  berth delete pod web\n"
                "  berth delete -f manifests\n"
                "  berth delete pods -l app=web --grace-period 5\n"
                "  berth delete job sweep --cascade=orphan\n"
                "  berth delete pods --all --now --wait=false\n",
};

/* -------------------------------------------------------------------- options */

static int set_grace(const struct opt *opt, const char *value, void *ctx,
                     struct err *err)
{
    struct delete_args *args = ctx;

    (void)opt;
    return number_parse(value, -1, 31536000, &args->grace, err);
}

static int set_timeout(const struct opt *opt, const char *value, void *ctx,
                       struct err *err)
{
    struct delete_args *args = ctx;
    int rc;

    (void)opt;
    rc = duration_parse(value, &args->timeout, err);
    if (rc == 0 && args->timeout == 0) /* as kubectl has it: no limit */
        args->timeout = -1;
    return rc;
}

/* --wait[=true|false] */
static int set_wait(const struct opt *opt, const char *value, void *ctx,
                    struct err *err)
{
    struct delete_args *args = ctx;

    (void)opt;
    if (value && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        return err_set(err, EINVAL, "'%s' is neither true nor false", value);
    args->no_wait = value && strcmp(value, "false") == 0;
    return 0;
}

static int set_cascade(const struct opt *opt, const char *value, void *ctx,
                       struct err *err)
{
    struct delete_args *args = ctx;

    (void)opt;
    args->orphan = strcmp(value, "orphan") == 0;
    if (args->orphan || strcmp(value, "background") == 0 ||
        strcmp(value, "foreground") == 0)
        return 0;
    return err_set(err, EINVAL, "'%s' is not background, foreground or orphan", value);
}

static int set_dry_run(const struct opt *opt, const char *value, void *ctx,
                       struct err *err)
{
    struct delete_args *args = ctx;

    (void)opt;
    if (value && strcmp(value, "client") != 0 && strcmp(value, "server") != 0 &&
        strcmp(value, "none") != 0)
        return err_set(err, EINVAL, "'%s' is not client, server or none", value);
    args->is_dry = !value || strcmp(value, "none") != 0;
    return 0;
}

static int set_output(const struct opt *opt, const char *value, void *ctx,
                      struct err *err)
{
    struct delete_args *args = ctx;

    (void)opt;
    args->only_names = strcmp(value, "name") == 0;
    return args->only_names ? 0 : err_set(err, EINVAL, "'%s' is not name", value);
}

#define AT(member) offsetof(struct delete_args, member)
static const struct opt opts[] = {
    {"filename", 'f', OPT_NEEDED, "FILE|DIR|-", .set = opt_file, .offset = AT(files),
     .help = "what these manifests name; may be repeated"},
    {"recursive", 'R', .set = opt_flag, .offset = AT(is_deep),
     .help = "directories below, too"},
    OPTS_SELECTOR(struct delete_args, scope),
    {"all", 0, .set = opt_flag, .offset = AT(all), .help = "all of the kind"},
    OPTS_NAMESPACE(struct delete_args, scope),
    {"grace-period", 0, OPT_NEEDED, "SECONDS", .set = set_grace,
     .help = "that containers have to end; 0 kills them; -1: as the pod says"},
    {"now", 0, .set = opt_flag, .offset = AT(is_now), .help = "as --grace-period 1"},
    {"force", 0, .set = opt_flag, .offset = AT(is_forced),
     .help = "kill them, as --grace-period 0"},
    {"cascade", 0, OPT_NEEDED, "HOW", .set = set_cascade,
     .help = "background or foreground: what it made goes too; orphan: that stays"},
    {"wait", 0, OPT_OPTIONAL, "true|false", .set = set_wait,
     .help = "until they are gone (true)"},
    {"timeout", 0, OPT_NEEDED, "TIME", .set = set_timeout,
     .help = "wait no longer; then fail"},
    {"ignore-not-found", 0, .set = opt_flag, .offset = AT(ignores_missing),
     .help = "what is not there is gone already"},
    {"dry-run", 0, OPT_OPTIONAL, "client|server", .set = set_dry_run,
     .help = "only say what would go"},
    {"output", 'o', OPT_NEEDED, "name", .set = set_output, .help = "names alone"},
    OPTS_CONFIG(struct delete_args, common),
    OPTS_HELP,
    OPTS_END,
};

/* ---------------------------------------------------------- names in manifests */

static void add_object(struct object_names *names, const char *file,
                       const struct mf_object *object, int *status)
{
    if (object->kind && object->kind->id != MF_OTHER && object->name) {
        object_names_add(names, object->kind, object->name);
        return;
    }
    say_error("%s: %s %s is no object that the cluster keeps", file,
              object->kind_name ? object->kind_name : "a document",
              object->name ? object->name : "without a name");
    *status = STATUS_FAILED;
}

static int add_manifest(const struct delete_args *args, struct object_names *names,
                        const char *path)
{
    struct manifest_rules rules = {.name_space = args->scope.name_space,
                                   .has_to_match = args->scope.name_space};
    cleanup(freep) char *text = NULL;
    struct manifest manifest;
    int status = STATUS_OK;
    const char *name;
    struct err err;
    size_t len;

    if (manifest_file_read(path, &text, &len, &name, &err) < 0 ||
        manifest_read(name, text, len, &rules, &manifest, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    for (size_t i = 0; i < manifest.n; i++)
        add_object(names, name, &manifest.objects[i], &status);
    manifest_fini(&manifest);
    return status;
}

static int add_files(const struct delete_args *args, struct object_names *names)
{
    cleanup(strv_freep) char **paths = NULL;
    int status = STATUS_OK;
    struct err err;

    strv_foreach (file, args->files) {
        if (manifest_files_add(*file, args->is_deep, &paths, &err) < 0) {
            say_error("%s", err.text);
            return STATUS_FAILED;
        }
    }
    strv_foreach (path, paths)
        if (add_manifest(args, names, *path) != STATUS_OK)
            status = STATUS_FAILED;
    return status;
}

/* --------------------------------------------------------------------- delete */

static void say_gone(const struct delete_args *args, const Berth__ObjectRecord *record)
{
    cleanup(freep) char *full = object_full_name(record->kind, record->name);
    char *slash = strchr(full, '/');

    if (args->only_names) {
        puts(full);
        return;
    }
    *slash = '\0';
    printf("%s \"%s\" %s%s\n", full, record->name,
           args->is_forced && strcmp(record->kind, "Pod") == 0 ? "force deleted"
                                                               : "deleted",
           args->is_dry ? " (dry run)" : "");
}

/* What went its way is in 'ret_going', a strv of names. */
static int take_replies(const struct delete_args *args,
                        const Berth__ObjectReplies *replies, char ***ret_going)
{
    int status = STATUS_OK;

    for (size_t i = 0; i < replies->n_replies; i++) {
        const Berth__ObjectReply *reply = replies->replies[i];

        for (size_t w = 0; w < reply->n_warnings; w++)
            say_warning("%s", reply->warnings[w]);
        if (reply->status && reply->status->code) {
            if (reply->status->code == ENOENT && args->ignores_missing)
                continue;
            say_error("%s", reply->status->text);
            status = STATUS_FAILED;
        } else if (reply->record) {
            say_gone(args, reply->record);
            strv_add(ret_going, reply->record->name);
        }
    }
    return status;
}

static int order(struct berth *berth, const struct delete_args *args,
                 const struct object_group *group, char ***ret_going)
{
    cleanup(reply_freep) Berth__ObjectReplies *replies = NULL;
    Berth__ObjectDelete order = BERTH__OBJECT_DELETE__INIT;
    cleanup(freep) char *kind = xstrdup(group->kind->name);
    cleanup(freep) char *space = xstrdup(object_space(&args->scope, group->kind));
    cleanup(freep) char *selector =
        xstrdup(args->scope.selector ? args->scope.selector : "");
    struct berth_err err;

    order.kind = kind;
    order.name_space = space;
    order.names = group->names;
    order.n_names = strv_len(group->names);
    order.selector = selector;
    order.all = args->all;
    order.grace = args->grace < 0 ? 0 : (uint32_t)args->grace + 1;
    order.orphan = args->orphan;
    order.dry_run = args->is_dry;
    if (berth_object_delete(berth, &order, &replies, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    return take_replies(args, replies, ret_going);
}

static int is_empty(const Berth__ObjectList *list, void *ctx)
{
    bool is_left = false;

    (void)ctx;
    for (size_t i = 0; i < list->n_objects; i++)
        is_left |= list->objects[i]->deleted_at != 0;
    return !is_left;
}

static int wait_gone(struct berth *berth, const struct delete_args *args,
                     const struct mf_kind *kind, char **names)
{
    struct object_group group = {.kind = kind, .names = names};
    struct object_scope scope = args->scope;
    struct berth_err err;
    int rc;

    scope.selector = NULL;
    rc = object_watch_until(berth, &group, &scope, args->timeout, is_empty, NULL, &err);
    if (rc >= 0)
        return STATUS_OK;
    if (rc == -ETIMEDOUT)
        say_error("--timeout: they are not gone yet");
    else
        say_error("%s", err.text);
    return STATUS_FAILED;
}

static int delete_group(struct berth *berth, const struct delete_args *args,
                        const struct object_group *group)
{
    cleanup(strv_freep) char **going = NULL;
    int status = order(berth, args, group, &going), waited = STATUS_OK;

    if (status == STATUS_OK && !going && !group->names && !args->only_names)
        say_info("nothing found");
    if (going && !args->no_wait && !args->is_dry) {
        (void)fflush(stdout);
        waited = wait_gone(berth, args, group->kind, going);
    }
    return status != STATUS_OK ? status : waited;
}

static int check(const struct delete_args *args, const struct object_names *names)
{
    if (!object_scope_is_clear(names, &args->scope, args->all, args->files != NULL))
        return STATUS_USAGE;
    if (args->grace >= 0 && (args->is_now || args->is_forced) &&
        !(args->is_forced && args->grace == 0)) {
        say_error("--grace-period: not together with %s",
                  args->is_now ? "--now" : "--force");
        return STATUS_USAGE;
    }
    return STATUS_OK;
}

static int run(struct delete_args *args, int n, char **words)
{
    cleanup(object_names_fini) struct object_names names = {0};
    cleanup(link_closep) struct berth *berth = NULL;
    int status = STATUS_OK;

    if (n && args->files) {
        say_error("%s: not together with -f", words[0]);
        return STATUS_USAGE;
    }
    if (!n && !args->files) {
        say_error("delete what? Name a kind and names, or manifests with -f");
        return STATUS_USAGE;
    }
    if (n && object_names_parse(n, words, &names) < 0)
        return STATUS_USAGE;
    if (check(args, &names) != STATUS_OK)
        return STATUS_USAGE;
    if (args->files)
        status = add_files(args, &names);
    if (args->is_forced)
        args->grace = 0;
    else if (args->is_now)
        args->grace = 1;
    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    for (size_t i = 0; i < names.n; i++)
        if (delete_group(berth, args, &names.groups[i]) != STATUS_OK)
            status = STATUS_FAILED;
    return status;
}

int cmd_delete(int argc, char **argv)
{
    struct delete_args args = {.grace = -1, .timeout = -1};
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status < 0)
        status = run(&args, argc - next, argv + next);
    strv_free(args.files);
    return status;
}
