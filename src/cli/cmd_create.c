/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_create.c - berth create: objects of manifests, or of a few words
 *
 * 'berth create KIND NAME ...' makes the manifest that somebody would have written,
 * and goes its way (apply_session).
 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "cli/apply_session.h"
#include "cli/cluster_link.h"
#include "cli/data_sources.h"
#include "cli/object_document.h"
#include "cli/object_names.h"
#include "cli/work_document.h"

struct create_args {
    struct apply_session session;
    struct data_sources data;
    const char *type;
    struct work_words work;
    const char *from;
};

/* -------------------------------------------------------------------- options */

static int add_word(const struct opt *opt, const char *value, void *ctx,
                    struct err *err)
{
    (void)err;
    strv_add((char ***)((char *)ctx + opt->offset), value);
    return 0;
}

#define AT(member) offsetof(struct create_args, member)
#define OPTS_DATA                                                                   \
    {"from-literal",                                                                \
     0,                                                                             \
     OPT_NEEDED,                                                                    \
     "KEY=VALUE",                                                                   \
     .set = add_word,                                                               \
     .offset = AT(data.literals),                                                   \
     .help = "a key and its text; may be repeated"},                                \
        {"from-file",                                                               \
         0,                                                                         \
         OPT_NEEDED,                                                                \
         "[KEY=]PATH",                                                              \
         .set = add_word,                                                           \
         .offset = AT(data.files),                                                  \
         .help = "a file, or each of a directory; its name is the key"},            \
    {                                                                               \
        "from-env-file", 0, OPT_NEEDED, "PATH", .set = add_word,                    \
                                                .offset = AT(data.env_files),       \
                                                .help = "a file of lines KEY=VALUE" \
    }
#define OPT_IMAGE                                                                     \
    {                                                                                 \
        "image", 0, OPT_NEEDED, "IMAGE", .set = opt_string, .offset = AT(work.image), \
                                         .help = "that its container runs"            \
    }

static const struct opt config_map_opts[] = {OPTS_DATA, OPTS_APPLY, OPTS_HELP,
                                             OPTS_END};
static const struct opt secret_opts[] = {
    OPTS_DATA,
    {"type", 0, OPT_NEEDED, "TYPE", .set = opt_string, .offset = AT(type),
     .help = "Opaque unless said"},
    OPTS_APPLY,
    OPTS_HELP,
    OPTS_END,
};
static const struct opt job_opts[] = {
    OPT_IMAGE,
    {"from", 0, OPT_NEEDED, "cronjob/NAME", .set = opt_string, .offset = AT(from),
     .help = "as this CronJob would make it now"},
    OPTS_APPLY,
    OPTS_HELP,
    OPTS_END,
};
static const struct opt cron_job_opts[] = {
    OPT_IMAGE,
    {"schedule", 0, OPT_NEEDED, "TIMES", .set = opt_string, .offset = AT(work.schedule),
     .help = "minute, hour, day, month, weekday: '0 3 * * *'; @daily"},
    {"restart", 0, OPT_NEEDED, "POLICY", .set = opt_string, .offset = AT(work.restart),
     .help = "OnFailure, Never"},
    OPTS_APPLY,
    OPTS_HELP,
    OPTS_END,
};
static const struct opt pod_opts[] = {
    OPT_IMAGE,
    {"restart", 0, OPT_NEEDED, "POLICY", .set = opt_string, .offset = AT(work.restart),
     .help = "Always, OnFailure, Never"},
    {"env", 0, OPT_NEEDED, "NAME=VALUE", .set = add_word, .offset = AT(work.env),
     .help = "a variable; may be repeated"},
    {"port", 0, OPT_NEEDED, "N", .set = opt_string, .offset = AT(work.port),
     .help = "that the container listens to"},
    {"labels", 0, OPT_NEEDED, "KEY=VALUE,...", .set = opt_string,
     .offset = AT(work.labels), .help = "run=NAME unless said"},
    {"command", 0, .set = opt_flag, .offset = AT(work.is_command),
     .help = "words behind '--' are the program, not arguments of the image's own"},
    OPTS_APPLY,
    OPTS_HELP,
    OPTS_END,
};

/* ------------------------------------------------------------------ documents */

static json_t *make_data(const struct create_args *args, const char *kind,
                         const char *name, struct err *err)
{
    bool is_secret = strcmp(kind, "Secret") == 0;
    json_t *object = work_document_begin("v1", kind, name);

    if (args->type)
        (void)json_object_set_new(object, "type", json_string(args->type));
    if (data_sources_read(&args->data, is_secret, object, err) == 0)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *make_config_map(struct create_args *args, const char *name,
                               struct err *err)
{
    return make_data(args, "ConfigMap", name, err);
}

static json_t *make_secret(struct create_args *args, const char *name, struct err *err)
{
    return make_data(args, "Secret", name, err);
}

static json_t *cron_job_document(const struct create_args *args, struct err *err)
{
    const char *slash = strchr(args->from, '/');
    const struct object_scope scope = {.name_space = args->session.name_space};
    cleanup(reply_freep) Berth__ObjectList *list = NULL;
    cleanup(link_closep) struct berth *berth = NULL;
    const struct mf_kind *kind =
        slash ? object_kind(args->from, (size_t)(slash - args->from)) : NULL;

    err->code = 0;
    if (!slash || (kind && kind->id != MF_CRON_JOB))
        err_set(err, EINVAL, "--from: '%.100s' is not cronjob/NAME", args->from);
    if (!kind || err->code || link_open(args->session.common.config, &berth) < 0 ||
        object_ask_one(berth, kind, slash + 1, &scope, &list) < 0)
        return NULL;
    return object_document(list->objects[0]);
}

static json_t *make_job(struct create_args *args, const char *name, struct err *err)
{
    json_t *cron, *job;

    if (!args->from)
        return work_document_job(name, &args->work, err);
    if (args->work.image || args->work.words) {
        err_set(err, EINVAL, "--from: not together with %s",
                args->work.image ? "--image" : "a command");
        return NULL;
    }
    cron = cron_job_document(args, err);
    job = cron ? work_document_job_of_cron(name, cron) : NULL;
    json_decref(cron);
    return job;
}

static json_t *make_cron_job(struct create_args *args, const char *name,
                             struct err *err)
{
    return work_document_cron_job(name, &args->work, err);
}

static json_t *make_pod(struct create_args *args, const char *name, struct err *err)
{
    return work_document_pod(name, &args->work, err);
}

/* ------------------------------------------------------------------- the kinds */

struct maker {
    enum mf_kind_id kind;
    const char *second; /* "generic", a word behind the kind; NULL: none */
    struct usage usage;
    const struct opt *opts;
    /* The manifest; NULL with words in 'err', or without when they have been said. */
    json_t *(*make)(struct create_args *args, const char *name, struct err *err);
    bool takes_words; /* behind the name: a program */
};

static const struct maker makers[] = {
    {.kind = MF_CONFIG_MAP,
     .usage = {.synopsis = "berth create configmap [options] NAME",
               .about = "Make a ConfigMap of words and files.",
               .examples =
                   "  berth create configmap settings --from-literal colour=blue\n"
                   "  berth create configmap site --from-file nginx.conf "
                   "--from-file=etc/\n"
                   "  berth create cm x --from-env-file x.env --dry-run -o yaml\n"},
     .opts = config_map_opts,
     .make = make_config_map},
    {.kind = MF_SECRET,
     .second = "generic",
     .usage = {.synopsis = "berth create secret generic [options] NAME",
               .about = "Make a Secret of words and files. Words of a command line can "
                        "be seen by\n"
                        "others on the machine while it runs: files cannot.",
               .examples =
                   "  berth create secret generic db --from-file password=pw\n"
                   "  berth create secret generic db --from-literal user=alice\n"},
     .opts = secret_opts,
     .make = make_secret},
    {.kind = MF_JOB,
     .usage = {.synopsis = "berth create job [options] NAME --image IMAGE [-- PROGRAM "
                           "[ARGUMENT...]]\n"
                           "       berth create job [options] NAME --from cronjob/NAME",
               .about = "Make a Job of one pod, or the one that a CronJob would make "
                        "now.",
               .examples = "  berth create job pi --image perl -- perl -Mbignum=bpi -e "
                           "'print bpi(100)'\n"
                           "  berth create job now --from cronjob/nightly\n"},
     .opts = job_opts,
     .make = make_job,
     .takes_words = true},
    {.kind = MF_CRON_JOB,
     .usage = {.synopsis = "berth create cronjob [options] NAME --image IMAGE "
                           "--schedule TIMES [-- PROGRAM [ARGUMENT...]]",
               .about = "Make a CronJob, whose jobs are of one pod.",
               .examples = "  berth create cronjob nightly --image debian:12 "
                           "--schedule '0 3 * * *' -- sh -c date\n"},
     .opts = cron_job_opts,
     .make = make_cron_job,
     .takes_words = true},
    {.kind = MF_POD,
     .usage = {.synopsis = "berth create pod [options] NAME --image IMAGE "
                           "[-- ARGUMENT...]",
               .about = "Make a pod of one container.",
               .examples = "  berth create pod web --image nginx --port 80\n"
                           "  berth create pod shell --image debian:12 --restart Never "
                           "--command -- sleep 1h\n"},
     .opts = pod_opts,
     .make = make_pod,
     .takes_words = true},
};

static int give(struct create_args *args, const json_t *object)
{
    cleanup(freep) char *text = json_dumps(object, JSON_COMPACT);
    int status;

    BUG_ON(!text);
    status = apply_session_take(&args->session, "command line", text, strlen(text));
    if (status == STATUS_OK)
        status = apply_session_end(&args->session);
    return status;
}

static int make(const struct maker *maker, struct create_args *args, const char *name)
{
    struct err err = {0};
    json_t *object = maker->make(args, name, &err);
    int status = STATUS_FAILED;

    if (object)
        status = give(args, object);
    else if (err.code)
        say_error("%s", err.text);
    json_decref(object);
    return err.code == EINVAL ? STATUS_USAGE : status;
}

/* What can stand in a document. */
static bool is_text(const char *word)
{
    json_t *text = json_string(word);

    json_decref(text);
    return text != NULL;
}

static int read_and_make(const struct maker *maker, struct create_args *args, int argc,
                         char **argv)
{
    int next, status;

    status = command_parse(&maker->usage, maker->opts, OPTS_ANYWHERE, argc, argv, args,
                           &next);
    if (status >= 0)
        return status;
    if (next == argc) {
        say_error("what is its name? %s", maker->usage.synopsis);
        return STATUS_USAGE;
    }
    if (next + 1 < argc && !maker->takes_words) {
        say_error("%s: one at a time", argv[next + 1]);
        return STATUS_USAGE;
    }
    for (int i = 0; i < argc; i++) {
        if (!is_text(argv[i])) {
            say_error("%s: this is no UTF-8", argv[i]);
            return STATUS_USAGE;
        }
    }
    args->work.words = next + 1 < argc ? argv + next + 1 : NULL;
    return make(maker, args, argv[next]);
}

static int create_kind(const struct maker *maker, int argc, char **argv)
{
    struct create_args args = {
        .session = {.word = "created", .verb = BERTH__OBJECT_APPLY__VERB__CREATE}};
    int status = read_and_make(maker, &args, argc, argv);

    apply_session_fini(&args.session);
    data_sources_fini(&args.data);
    strv_free(args.work.env);
    return status;
}

/* ------------------------------------------------------------------ the command */

static const struct usage usage = {
    .synopsis = "berth create [options] -f FILE...\n"
                "       berth create KIND [options] NAME",
    .about =
        "Make objects that are not there yet: of manifests, as 'berth apply' reads\n"
        "them, or one of a few words. KIND is configmap, secret generic, job, cronjob\n"
        "or pod; 'berth create KIND --help' shows its options. With --dry-run -o yaml\n"
        "the manifest is printed, to begin one with.",
    .examples = "  berth create -f pod.yaml\n"
                "  berth create configmap settings --from-literal colour=blue\n"
                "  berth create secret generic db --from-file password=pw\n"
                "  berth create job now --from cronjob/nightly\n"
                "  berth create pod web --image nginx --port 80 --dry-run -o yaml\n",
};

static int say_cannot(const char *word, const struct mf_kind *kind)
{
    static const char *const names[] = {"configmap", "secret", "job", "cronjob", "pod"};
    const char *near = nearest_name(word, names, ARRAY_SIZE(names));

    if (kind && kind->refusal)
        say_error("%s: %s", word, kind->refusal);
    else if (kind)
        say_error("%s: write a manifest, and name it with -f", word);
    else
        say_error("there is no kind '%s'%s%s", word, near ? "; nearest: " : "",
                  near ? near : "");
    return STATUS_USAGE;
}

int cmd_create(int argc, char **argv)
{
    const char *word = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;
    const struct mf_kind *kind = word ? kind_by_name(NULL, word) : NULL;

    if (!word)
        return apply_files(&usage, "created", BERTH__OBJECT_APPLY__VERB__CREATE, argc,
                           argv);
    for (size_t i = 0; kind && !kind->refusal && i < ARRAY_SIZE(makers); i++) {
        const char *second = makers[i].second;
        bool has_second = second && argc > 2 && strcmp(argv[2], second) == 0;

        if (makers[i].kind != kind->id)
            continue;
        if (second && !has_second && argc > 2 && argv[2][0] != '-') {
            say_error(
                "%s %s: only 'secret generic' is made of words; images' passwords "
                "are kept by 'berth image login'",
                word, argv[2]);
            return STATUS_USAGE;
        }
        /* The kind takes the command's place. */
        return create_kind(&makers[i], argc - 1 - has_second, argv + 1 + has_second);
    }
    return say_cannot(word, kind);
}
