/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_apply.c - berth apply, berth create: objects of manifests, judged and shown
 *
 * All that can be said without a cluster is said here; what is right goes to the
 * cluster (apply_batch), unless --dry-run keeps it here.
 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/apply_batch.h"
#include "cli/batch_manifest.h"
#include "cli/cluster_link.h"
#include "cli/demand_table.h"
#include "cli/manifest_files.h"
#include "cli/object_columns.h"
#include "manifest/write.h"
#include "objects/explain.h"
#include "objects/manifest.h"
#include "spec/label_spec.h"

enum dry_run { DRY_NOT, DRY_HERE, DRY_THERE };

struct apply_args {
    struct common common;
    char **files;
    bool is_deep, is_quiet;
    enum dry_run dry_run;
    enum apply_output output;
    const char *name_space, *explain;
    struct label_spec selector;
    /* What came of it. */
    const char *word; /* "applied" */
    Berth__ObjectApply__Verb verb;
    struct apply_batch batch;
    size_t n_taken, n_refused, n_shown;
    struct table *table; /* of -o wide */
};

static int add_file(const struct opt *opt, const char *value, void *ctx,
                    struct err *err)
{
    struct apply_args *args = ctx;

    (void)opt;
    (void)err;
    strv_add(&args->files, value);
    return 0;
}

static int set_dry_run(const struct opt *opt, const char *value, void *ctx,
                       struct err *err)
{
    struct apply_args *args = ctx;

    (void)opt;
    args->dry_run = DRY_HERE;
    if (value && strcmp(value, "server") == 0)
        args->dry_run = DRY_THERE;
    else if (value && strcmp(value, "none") == 0)
        args->dry_run = DRY_NOT;
    else if (value && strcmp(value, "client") != 0)
        return err_set(err, EINVAL, "'%s' is not client, server or none", value);
    return 0;
}

static int set_output(const struct opt *opt, const char *value, void *ctx,
                      struct err *err)
{
    static const char *const words[] = {"", "yaml", "json", "name", "wide", NULL};
    struct apply_args *args = ctx;
    unsigned int word = schema_word(words, value);

    (void)opt;
    if (word < 2)
        return err_set(err, EINVAL, "'%s' is not yaml, json, name or wide", value);
    args->output = (enum apply_output)(word - 1);
    return 0;
}

static int set_selector(const struct opt *opt, const char *value, void *ctx,
                        struct err *err)
{
    struct apply_args *args = ctx;

    (void)opt;
    label_spec_fini(&args->selector);
    return label_spec_parse(value, &args->selector, err);
}

#define AT(member) offsetof(struct apply_args, member)
static const struct opt opts[] = {
    {.name = "filename",
     .letter = 'f',
     .arg = OPT_NEEDED,
     .meta = "FILE|DIR|-",
     .set = add_file,
     .help = "manifests: a file, a directory, or stdin; may be repeated"},
    {.name = "recursive",
     .letter = 'R',
     .set = opt_flag,
     .offset = AT(is_deep),
     .help = "directories below, too"},
    {.name = "dry-run",
     .arg = OPT_OPTIONAL,
     .meta = "client|server",
     .set = set_dry_run,
     .help = "only judge: here, which needs no cluster, or by the cluster"},
    {.name = "output",
     .letter = 'o',
     .arg = OPT_NEEDED,
     .meta = "FORM",
     .set = set_output,
     .help = "yaml, json: the objects with defaults filled in; name; wide: what "
             "their pods ask for"},
    {.name = "json", .set = opt_flag, .offset = AT(common.json), .help = "as -o json"},
    {.name = "selector",
     .letter = 'l',
     .arg = OPT_NEEDED,
     .meta = "LABELS",
     .set = set_selector,
     .help = "only objects with these labels: 'app=web,tier in (a,b),!old'"},
    {.name = "namespace",
     .letter = 'n',
     .arg = OPT_NEEDED,
     .meta = "NAME",
     .set = opt_string,
     .offset = AT(name_space),
     .help = "namespace of objects that name none (default)"},
    {.name = "quiet",
     .letter = 'q',
     .set = opt_flag,
     .offset = AT(is_quiet),
     .help = "no warnings"},
    {.name = "explain",
     .arg = OPT_NEEDED,
     .meta = "FIELD",
     .set = opt_string,
     .offset = AT(explain),
     .help = "what a field is: pod.spec.containers; kinds: a list of them; page: all"},
    OPTS_CONFIG(struct apply_args, common),
    OPTS_HELP,
    OPTS_END,
};

#define ABOUT                                                                        \
    "Read objects in Kubernetes' words (Pod, Job, CronJob, ConfigMap, Secret,\n"     \
    "PersistentVolume, PersistentVolumeClaim) and Berth's own BatchJob from YAML\n"  \
    "or JSON, and give them to the cluster. What is wrong is told with file, line\n" \
    "and field; a field without effect is named in a warning."
#define EXAMPLES(verb)                                                  \
    "  berth " verb " -f pod.yaml\n"                                    \
    "  berth " verb " --dry-run -f pod.yaml\n"                          \
    "  berth " verb " --dry-run -f job.json -o yaml\n"                  \
    "  berth " verb " --dry-run -R -f manifests -l 'app=web' -o wide\n" \
    "  berth " verb " --explain job.spec.template.spec.containers\n"

static const struct usage apply_usage = {
    .synopsis = "berth apply [options] -f FILE...",
    .about = ABOUT,
    .examples = EXAMPLES("apply"),
};
static const struct usage create_usage = {
    .synopsis = "berth create [options] -f FILE...",
    .about = ABOUT,
    .examples = EXAMPLES("create"),
};

static void tell(const struct apply_args *args, const char *file,
                 const struct report *report)
{
    size_t n = report->n_errors + report->n_warnings;

    for (size_t i = 0; i < report->n; i++) {
        const struct problem *problem = &report->problems[i];
        cleanup(freep) char *text = problem_format(problem, file);

        if (problem->is_error)
            say_error("%s", text);
        else if (!args->is_quiet)
            say_warning("%s", text);
    }
    if (n > report->n)
        say_error("%s: and %zu more", file, n - report->n);
}

static int show(struct apply_args *args, const char *name,
                const struct mf_object *object)
{
    int rc = 0;

    switch (args->output) {
    case APPLY_LINES:
        printf("%s %s (dry run)\n", name, args->word);
        break;
    case APPLY_NAME:
        puts(name);
        break;
    case APPLY_WIDE:
        demand_table_add(args->table, name, object);
        break;
    case APPLY_YAML:
        printf(args->n_shown ? "---\n" : "");
        rc = node_write_yaml(object->root, stdout);
        break;
    case APPLY_JSON:
        fputs(args->n_shown ? ",\n        "
                            : "{\n    \"apiVersion\": \"v1\",\n"
                              "    \"kind\": \"List\",\n"
                              "    \"items\": [\n        ",
              stdout);
        node_write_json(object->root, 2, stdout);
        break;
    }
    args->n_shown++;
    return rc;
}

/* What is to be made with a name that is given out has none yet. */
static char *full_name(const struct mf_object *object)
{
    const char *prefix =
        object->name ? object->name
                     : node_string(node_get(object->root, "metadata"), "generateName");

    return object_name_in(object->kind->api, object->kind->name, prefix ? prefix : "");
}

static int take_object(struct apply_args *args, const char *file,
                       const struct mf_object *object)
{
    cleanup(freep) char *name = NULL;
    struct err err;

    if (!label_spec_holds(&args->selector, object_label, object))
        return STATUS_OK;
    tell(args, file, &object->report);
    if (object->report.n_errors) {
        args->n_refused++;
        return STATUS_FAILED;
    }
    args->n_taken++;
    name = full_name(object);
    if (args->dry_run == DRY_HERE)
        return show(args, name, object) < 0 ? STATUS_FAILED : STATUS_OK;
    if (apply_batch_add(&args->batch, args->common.config, file, name, object, &err)) {
        say_error("%s: %s: %s", file, name, err.text);
        return STATUS_FAILED;
    }
    return STATUS_OK;
}

static int take_file(struct apply_args *args, const char *path)
{
    struct manifest_rules rules = {.name_space = args->name_space,
                                   .has_to_match = args->name_space,
                                   .extra = batch_kind()};
    cleanup(freep) char *text = NULL;
    struct manifest manifest;
    const char *name;
    int status = STATUS_OK;
    struct err err;
    size_t len;

    if (manifest_file_read(path, &text, &len, &name, &err) < 0 ||
        manifest_read(name, text, len, &rules, &manifest, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    for (size_t i = 0; i < manifest.n; i++)
        if (take_object(args, name, &manifest.objects[i]) != STATUS_OK)
            status = STATUS_FAILED;
    manifest_fini(&manifest);
    return status;
}

static int send_all(struct apply_args *args)
{
    const struct apply_wish wish = {.verb = args->verb,
                                    .is_dry = args->dry_run == DRY_THERE,
                                    .is_quiet = args->is_quiet,
                                    .name_space = args->name_space,
                                    .output = args->output};
    cleanup(link_closep) struct berth *berth = NULL;

    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    return apply_batch_send(&args->batch, berth, &wish);
}

static int take_files(struct apply_args *args)
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
    strv_foreach (path, paths) {
        if (take_file(args, *path) != STATUS_OK)
            status = STATUS_FAILED;
    }
    if (args->n_shown && args->output == APPLY_WIDE)
        table_print(args->table, true, table_terminal_width(stdout), stdout);
    if (args->n_shown && args->output == APPLY_JSON)
        fputs("\n    ]\n}\n", stdout);
    if (!args->n_taken && !args->n_refused && status == STATUS_OK) {
        say_error("no objects found");
        return STATUS_FAILED;
    }
    if (args->batch.n && send_all(args) != STATUS_OK)
        status = STATUS_FAILED;
    return status;
}

static int explain(const char *what)
{
    struct err err;

    if (strcmp(what, "kinds") == 0)
        explain_kinds(batch_kind(), stdout);
    else if (strcmp(what, "page") == 0)
        explain_page(stdout);
    else if (explain_path(batch_kind(), what, stdout, &err) < 0) {
        say_error("--explain: %s", err.text);
        return STATUS_FAILED;
    }
    return STATUS_OK;
}

static int run(const struct usage *usage, struct apply_args *args, int argc,
               char **argv)
{
    int next, status;

    status = command_parse(usage, opts, OPTS_ANYWHERE, argc, argv, args, &next);
    if (status >= 0)
        return status;
    if (args->explain)
        return explain(args->explain);
    if (next < argc) {
        say_error("%s: name manifests with -f", argv[next]);
        return STATUS_USAGE;
    }
    if (!args->files) {
        say_error("which manifests? Name them with -f");
        return STATUS_USAGE;
    }
    if (args->common.json)
        args->output = APPLY_JSON;
    return take_files(args);
}

static int run_and_end(const struct usage *usage, const char *word,
                       Berth__ObjectApply__Verb verb, int argc, char **argv)
{
    struct apply_args args = {
        .word = word, .verb = verb, .table = demand_table_create()};
    int status = run(usage, &args, argc, argv);

    apply_batch_fini(&args.batch);
    strv_free(args.files);
    table_destroy(args.table);
    label_spec_fini(&args.selector);
    return status;
}

int cmd_apply(int argc, char **argv)
{
    return run_and_end(&apply_usage, "applied", BERTH__OBJECT_APPLY__VERB__APPLY, argc,
                       argv);
}

int cmd_create(int argc, char **argv)
{
    return run_and_end(&create_usage, "created", BERTH__OBJECT_APPLY__VERB__CREATE,
                       argc, argv);
}
