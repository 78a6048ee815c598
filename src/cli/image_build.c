/* SPDX-License-Identifier: Apache-2.0
 *
 * image_build.c - berth image build: from a Containerfile
 */
#include "cli/image_command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/image_build_job.h"
#include "cli/image_builder.h"
#include "cli/image_progress.h"
#include "cli/image_show.h"
#include "cli/registry_link.h"

#define OUTPUT_MAX (16U << 20)
#define STATUS_INTERRUPTED 130

static const struct usage usage = {
    .synopsis = "berth image build [options] CONTEXT",
    .about = "Build an image from the Containerfile (or Dockerfile) of the directory "
             "CONTEXT.\n"
             "No privilege is needed: each RUN is a container of your own, in which "
             "you look\n"
             "like root. All files of the image belong to root. Steps that were done "
             "before\n"
             "come from the cache. The exit status is that of a RUN that failed.",
    .examples = "  berth image build -t hpcc:2 .\n"
                "  berth image build -t app --build-arg VERSION=3 --target final src/\n"
                "  berth image build -f ci/Containerfile --no-cache .\n"
                "  berth image build -t app --job='-c 8 --mem 16G -t 30:00' .\n",
};

struct args {
    struct image_args image;
    struct registry_args registry;
    const char *file, *name, *target, *platform, *job;
    char **build_args;
    bool no_cache, quiet, in_job;
};

static int add_build_arg(const struct opt *opt, const char *value, void *ctx,
                         struct err *err)
{
    struct args *args = ctx;
    const char *sign = strchr(value, '='), *own;

    (void)opt;
    if (sign == value || !*value)
        return err_set(err, EINVAL, "'%s' is not NAME=VALUE", value);
    if (sign) {
        strv_add(&args->build_args, value);
        return 0;
    }
    own = getenv(value);
    if (!own)
        return err_set(err, EINVAL, "%s is not in the environment: write %s=VALUE",
                       value, value);
    strv_take(&args->build_args, xasprintf("%s=%s", value, own));
    return 0;
}

static int set_job(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct args *args = ctx;

    (void)opt;
    (void)err;
    args->in_job = true;
    args->job = value;
    return 0;
}

static const struct opt opts[] = {
    {.name = "file",
     .letter = 'f',
     .arg = OPT_NEEDED,
     .meta = "FILE",
     .set = opt_string,
     .offset = offsetof(struct args, file),
     .help = "read this instead of CONTEXT/Containerfile; '-' is stdin"},
    {.name = "tag",
     .letter = 't',
     .arg = OPT_NEEDED,
     .meta = "NAME[:TAG]",
     .set = opt_string,
     .offset = offsetof(struct args, name),
     .help = "what to call it (default: the context's name)"},
    {.name = "build-arg",
     .arg = OPT_NEEDED,
     .meta = "NAME[=VALUE]",
     .set = add_build_arg,
     .help = "value of an ARG; without one that of the environment"},
    {.name = "target",
     .arg = OPT_NEEDED,
     .meta = "STAGE",
     .set = opt_string,
     .offset = offsetof(struct args, target),
     .help = "build this stage (default: the last)"},
    {.name = "platform",
     .arg = OPT_NEEDED,
     .meta = "OS/ARCH",
     .set = opt_string,
     .offset = offsetof(struct args, platform),
     .help = "of base images (default: this machine's)"},
    {.name = "no-cache",
     .arg = OPT_NONE,
     .set = opt_flag,
     .offset = offsetof(struct args, no_cache),
     .help = "do every step, whether it was done before or not"},
    {.name = "quiet",
     .letter = 'q',
     .arg = OPT_NONE,
     .set = opt_flag,
     .offset = offsetof(struct args, quiet),
     .help = "print the digest only; a failed step's output all the same"},
    {.name = "job",
     .arg = OPT_OPTIONAL,
     .meta = "OPTIONS",
     .set = set_job,
     .help = "build on a node, in a job with these options of berth run"},
    OPTS_REGISTRY(struct args, registry),
    OPTS_IMAGE(struct args, image),
    OPTS_END,
};

static void args_fini(struct args *args)
{
    strv_free(args->build_args);
    image_args_fini(&args->image);
}

/* What the builder tells, and what of it was kept. */
struct teller {
    const struct args *args;
    FILE *out;     /* for people */
    json_t *steps; /* for programs */
    int output;    /* of RUN */
    struct image_store *store;
    sigset_t signals; /* as they were before */
};

static void tell_begin(const struct teller *teller, const struct build_step *step)
{
    if (teller->args->quiet)
        return;
    fprintf(teller->out, "STEP %zu/%zu: %s", step->number, step->total, step->text);
    if (step->stage)
        fprintf(teller->out, "  [%s]", step->stage);
    (void)fputc('\n', teller->out);
    (void)fflush(teller->out);
}

static void tell_end(const struct teller *teller, const struct build_step *step)
{
    json_t *entry =
        json_pack("{s:I, s:s*, s:I, s:b, s:b, s:f}", "number", (json_int_t)step->number,
                  "text", step->text, "line", (json_int_t)step->line, "cached",
                  step->cached, "layer", step->made_layer, "seconds", step->seconds);

    if (entry)
        (void)json_array_append_new(teller->steps, entry);
    if (teller->args->quiet)
        return;
    if (step->cached)
        fprintf(teller->out, " --> CACHED\n");
    else if (step->made_layer)
        fprintf(teller->out, " --> %.1fs\n", step->seconds);
    (void)fflush(teller->out);
}

static void tell(void *ctx, const struct build_step *step)
{
    const struct teller *teller = ctx;

    if (step->is_done)
        tell_end(teller, step);
    else
        tell_begin(teller, step);
}

static void warn(void *ctx, const char *words)
{
    (void)ctx;
    say_warning("%s", words);
}

/* "solver:2" and "site/solver", where no registry is configured: nobody to ask. */
static bool is_nowhere(const struct registry_settings *settings, const char *ref)
{
    size_t len = strcspn(ref, "/");

    if (settings->search && *settings->search)
        return false;
    return !ref[len] ||
           (!memchr(ref, '.', len) && !memchr(ref, ':', len) &&
            (len != strlen("localhost") || strncmp(ref, "localhost", len) != 0));
}

/* A base image that no store has. Pulling is ended by signals as ever. */
static int find_image(void *ctx, const char *ref, const char *platform,
                      char ret_digest[IMAGE_DIGEST_MAX], struct err *err)
{
    struct teller *teller = ctx;
    struct registry_settings settings =
        registry_settings(&teller->args->image, &teller->args->registry);
    struct image_progress progress = {0};
    struct registry_pull pull = {
        .ref = ref,
        .platform = platform,
        .progress = teller->args->quiet ? NULL : image_progress_tell,
        .ctx = &progress,
    };
    struct registry_pulled pulled = {0};
    const struct registry_module *module;
    sigset_t blocked;
    int rc;

    if (is_nowhere(&settings, ref))
        return -ENOENT;
    rc = registry_link(&module, err);
    (void)sigprocmask(SIG_SETMASK, &teller->signals, &blocked);
    if (rc == 0)
        rc = module->pull(&settings, teller->store, &pull, &pulled, err);
    (void)sigprocmask(SIG_SETMASK, &blocked, NULL);
    image_progress_end(&progress);
    if (rc < 0)
        return rc;
    memcpy(ret_digest, pulled.digest, IMAGE_DIGEST_MAX);
    free(pulled.name);
    free(pulled.source);
    return 0;
}

/* From here on, the end is asked for by way of a descriptor. */
static int open_stop(sigset_t *ret_before)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &set, ret_before);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* What was asked for that way has been done: it must not be done again, the other
 * way, as soon as signals arrive again. */
static void close_stop(int fd, const sigset_t *before)
{
    struct signalfd_siginfo info;

    while (read(fd, &info, sizeof(info)) > 0)
        ;
    (void)close(fd);
    (void)sigprocmask(SIG_SETMASK, before, NULL);
}

/* A reproducible build's time, as the convention names it. */
static int read_epoch(int64_t *ret, struct err *err)
{
    const char *text = getenv("SOURCE_DATE_EPOCH");

    *ret = -1;
    if (!text || !*text)
        return 0;
    if (strlen(text) > 12 || text[strspn(text, "0123456789")])
        return err_set(err, EINVAL,
                       "SOURCE_DATE_EPOCH: '%.20s' is no number of seconds", text);
    *ret = strtoll(text, NULL, 10);
    return 0;
}

static int open_output(struct teller *teller, struct err *err)
{
    teller->steps = json_array();
    teller->out = teller->args->image.common.json ? stderr : stdout;
    teller->output = -1;
    if (!teller->args->quiet)
        return 0;
    teller->output = memfd_create("output", MFD_CLOEXEC);
    return teller->output < 0 ? err_sys(err, errno, "memory for output") : 0;
}

static void show_output(const struct teller *teller)
{
    cleanup(freep) char *text = NULL;
    size_t len;

    if (teller->output < 0 || lseek(teller->output, 0, SEEK_SET) < 0 ||
        io_read_fd(teller->output, OUTPUT_MAX, &text, &len, NULL))
        return;
    (void)fwrite(text, 1, len, stderr);
}

static int say_built(const struct teller *teller, struct image_store *store,
                     const struct build_result *result)
{
    cleanup(image_freep) struct image *image = NULL;
    struct err err;
    json_t *json;

    if (teller->args->quiet) {
        printf("%s\n", result->digest);
        return STATUS_OK;
    }
    if (!teller->args->image.common.json)
        return image_say_taken(&teller->args->image, store, "Built", result->name, 0);
    if (image_lookup(store, result->name, &image, &err))
        return image_fail(&err);
    json = image_json(image, image_store_path(store));
    (void)json_object_set(json, "steps", teller->steps);
    (void)json_object_set_new(json, "cached",
                              json_integer((json_int_t)result->n_cached));
    return image_print_json(json);
}

static int say_failed(const struct teller *teller, const struct build_result *result,
                      const struct err *err)
{
    show_output(teller);
    if (err->code == ECANCELED) {
        say_error("interrupted");
        return STATUS_INTERRUPTED;
    }
    say_error("%s", err->text);
    return result->status ? result->status : STATUS_FAILED;
}

static int run_build(const struct args *args, const char *context,
                     struct image_store *store, struct teller *teller,
                     struct build_result *result, struct err *err)
{
    const struct image_stores *stores = &args->image.stores;
    struct build_request request = {
        .store = store,
        .context = context,
        .file = args->file,
        .name = args->name,
        .target = args->target,
        .platform = args->platform,
        .args = args->build_args,
        .no_cache = args->no_cache,
        .out = args->image.common.json ? STDERR_FILENO : STDOUT_FILENO,
        .err = STDERR_FILENO,
        .others = (const char *const *)stores->paths + 1,
        .n_others = stores->n - 1,
        .find_image = find_image,
        .tell = tell,
        .warn = warn,
        .ctx = teller,
    };
    image_build_fn *build = NULL;
    int rc;

    teller->store = store;
    if (teller->output >= 0)
        request.out = request.err = teller->output;
    if ((rc = read_epoch(&request.epoch, err)) ||
        (rc = image_builder_load(&build, err)))
        return rc;
    request.stop_fd = open_stop(&teller->signals);
    if (request.stop_fd < 0)
        return err_sys(err, errno, "watch for signals");
    rc = build(&request, result, err);
    close_stop(request.stop_fd, &teller->signals);
    return rc;
}

static int build_here(const struct args *args, const char *context)
{
    struct teller teller = {.args = args};
    struct build_result result = {0};
    struct image_store *store = NULL;
    struct err err;
    int rc = image_open_own(&args->image, &store, &err);

    if (rc == 0)
        rc = open_output(&teller, &err);
    if (rc == 0)
        rc = run_build(args, context, store, &teller, &result, &err);
    rc = rc < 0 ? say_failed(&teller, &result, &err)
                : say_built(&teller, store, &result);
    json_decref(teller.steps);
    closep(&teller.output);
    free(result.name);
    image_store_close(store);
    return rc;
}

int cmd_image_build(int argc, char **argv)
{
    cleanup(args_fini) struct args args = {0};
    int next, status;
    struct err err;

    status = image_parse(&usage, opts, argc, argv, &args, &args.image, &next);
    if (status >= 0)
        return status;
    if (argc - next != 1) {
        say_error("build needs one directory: berth image build [options] CONTEXT");
        return STATUS_USAGE;
    }
    if (args.name && image_check_name(args.name, &err) < 0) {
        say_error("--tag: %s", err.text);
        return STATUS_USAGE;
    }
    if (args.in_job)
        return image_build_job(args.job, argc, argv, argv[next], args.file);
    return build_here(&args, argv[next]);
}
