/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_apply.c - berth apply, berth replace, berth create -f: objects of manifests,
 * judged and shown
 *
 * All that can be said without a cluster is said here; what is right goes to the
 * cluster (apply_session), unless --dry-run keeps it here.
 */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/apply_session.h"
#include "cli/batch_manifest.h"
#include "cli/manifest_files.h"
#include "objects/explain.h"

struct apply_args {
    struct apply_session session;
    char **files;
    bool is_deep;
    const char *explain;
};

#define AT(member) offsetof(struct apply_args, member)
static const struct opt opts[] = {
    {.name = "filename",
     .letter = 'f',
     .arg = OPT_NEEDED,
     .meta = "FILE|DIR|-",
     .set = opt_file,
     .offset = AT(files),
     .help = "manifests: a file, a directory, or stdin; may be repeated"},
    {.name = "recursive",
     .letter = 'R',
     .set = opt_flag,
     .offset = AT(is_deep),
     .help = "directories below, too"},
    {.name = "selector",
     .letter = 'l',
     .arg = OPT_NEEDED,
     .meta = "LABELS",
     .set = apply_session_set_selector,
     .help = "only objects with these labels: 'app=web,tier in (a,b),!old'"},
    {.name = "explain",
     .arg = OPT_NEEDED,
     .meta = "FIELD",
     .set = opt_string,
     .offset = AT(explain),
     .help = "what a field is: pod.spec.containers; kinds: a list of them; page: all"},
    OPTS_APPLY,
    OPTS_HELP,
    OPTS_END,
};

static const struct usage apply_usage = {
    .synopsis = "berth apply [options] -f FILE...",
    .about =
        "Read objects in Kubernetes' words (Pod, Job, CronJob, ConfigMap, Secret,\n"
        "PersistentVolume, PersistentVolumeClaim) and Berth's own BatchJob from YAML\n"
        "or JSON, and give them to the cluster. What is wrong is told with file, line\n"
        "and field; a field without effect is named in a warning.",
    .examples = "  berth apply -f pod.yaml\n"
                "  berth apply --dry-run -f pod.yaml\n"
                "  berth apply --dry-run -f job.json -o yaml\n"
                "  berth apply --dry-run -R -f manifests -l 'app=web' -o wide\n"
                "  berth explain job.spec.template.spec.containers\n",
};

static const struct usage replace_usage = {
    .synopsis = "berth replace [options] -f FILE...",
    .about = "Put objects of manifests in the place of those that are there; one that "
             "is not\n"
             "there is refused. A volume whose claim has gone can be claimed again "
             "behind it.",
    .examples = "  berth replace -f settings.yaml\n"
                "  berth get pv/scratch -o yaml | berth replace -f -\n",
};

static int take_file(struct apply_args *args, const char *path)
{
    cleanup(freep) char *text = NULL;
    const char *name;
    struct err err;
    size_t len;

    if (manifest_file_read(path, &text, &len, &name, &err) == 0)
        return apply_session_take(&args->session, name, text, len);
    say_error("%s", err.text);
    return STATUS_FAILED;
}

static int take_files(struct apply_args *args)
{
    const struct apply_session *session = &args->session;
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
    if (!session->n_taken && !session->n_refused && status == STATUS_OK) {
        say_error("no objects found");
        return STATUS_FAILED;
    }
    return apply_session_end(&args->session) == STATUS_OK ? status : STATUS_FAILED;
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
    return take_files(args);
}

int apply_files(const struct usage *usage, const char *word,
                Berth__ObjectApply__Verb verb, int argc, char **argv)
{
    struct apply_args args = {.session = {.word = word, .verb = verb}};
    int status = run(usage, &args, argc, argv);

    apply_session_fini(&args.session);
    strv_free(args.files);
    return status;
}

int cmd_apply(int argc, char **argv)
{
    return apply_files(&apply_usage, "applied", BERTH__OBJECT_APPLY__VERB__APPLY, argc,
                       argv);
}

int cmd_replace(int argc, char **argv)
{
    return apply_files(&replace_usage, "replaced", BERTH__OBJECT_APPLY__VERB__REPLACE,
                       argc, argv);
}
