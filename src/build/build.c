/* SPDX-License-Identifier: Apache-2.0
 *
 * build.c - read the file, plan, build stage by stage, name the image
 */
#include "build/build.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "build/builder.h"
#include "image/commit.h"
#include "image/oci.h"
#include "image/paths.h"
#include "image/ref.h"

#define IGNORE_BYTES_MAX (1U << 20)

void step_warn(const struct step *step, const char *fmt, ...)
{
    cleanup(freep) char *words = NULL;
    cleanup(freep) char *whole = NULL;
    va_list ap;

    va_start(ap, fmt);
    if (vasprintf(&words, fmt, ap) < 0)
        words = xstrdup(fmt);
    va_end(ap);
    whole = xasprintf("%s:%u: %s: %s", step->file->file, step->in->line,
                      instruction_name(step->in->kind), words);
    step->b->req->warn(step->b->req->ctx, whole);
}

int64_t builder_now(const struct builder *b)
{
    return b->req->epoch >= 0 ? b->req->epoch : (int64_t)time(NULL);
}

int step_expand(const struct step *step, const char *word, char **ret, struct err *err)
{
    struct expansion ex = scope_expansion(&step->state->scope, step->file->escape);

    return expand_word(&ex, word, ret, err);
}

/* Does the caller want to stop? 0 or -ECANCELED. */
static int check_stop(const struct builder *b, struct err *err)
{
    struct pollfd fd = {.fd = b->req->stop_fd, .events = POLLIN};

    if (b->req->stop_fd >= 0 && poll(&fd, 1, 0) > 0)
        return err_set(err, ECANCELED, "interrupted");
    return 0;
}

static double seconds_since(const struct timespec *from)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - from->tv_sec) +
           (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

static int dispatch(struct step *step, struct err *err)
{
    enum instruction_kind kind = step->in->kind;

    if (kind == INSTRUCTION_FROM)
        return step_from(step, &step->b->plan.stages[step->b->current], err);
    if (kind == INSTRUCTION_RUN)
        return step_run(step, err);
    if (kind == INSTRUCTION_COPY || kind == INSTRUCTION_ADD)
        return step_copy(step, err);
    if (kind == INSTRUCTION_WORKDIR)
        return step_workdir(step, err);
    return step_meta(step, err);
}

static struct build_step describe(const struct step *step, size_t number,
                                  char *stage_name, size_t size)
{
    const struct builder *b = step->b;
    const char *name = b->file->stages[b->current].name;

    (void)snprintf(stage_name, size, "%zu", b->current);
    return (struct build_step){
        .number = number,
        .total = b->total,
        .stage = b->file->n_stages == 1 ? NULL
                 : name                 ? name
                                        : stage_name,
        .text = step->in->text,
        .line = step->in->line,
    };
}

static int do_step(struct builder *b, const struct containerfile *file,
                   const struct instruction *in, struct err *err)
{
    struct step step = {
        .b = b, .file = file, .in = in, .state = &b->states[b->current]};
    char stage_name[24];
    struct timespec start;
    struct build_step told;
    int rc = check_stop(b, err);

    if (rc)
        return rc;
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    told = describe(&step, ++b->number, stage_name, sizeof(stage_name));
    b->req->tell(b->req->ctx, &told);
    rc = dispatch(&step, err);
    if (rc)
        return rc == -ECANCELED ? rc : instruction_wrap(file, in, err);
    told.is_done = true;
    told.cached = step.cached;
    told.made_layer = step.made_layer;
    told.seconds = seconds_since(&start);
    b->req->tell(b->req->ctx, &told);
    return 0;
}

/* What the base image left to do to whoever builds on it, done once. */
static int do_triggers(struct builder *b, struct err *err)
{
    struct state *state = &b->states[b->current];
    cleanup(strv_freep) char **triggers = config_list(state->config, "OnBuild");
    cleanup(containerfile_freep) struct containerfile *file = NULL;
    cleanup(freep) char *text = NULL;
    cleanup(freep) char *name = NULL;
    int rc;

    if (!triggers)
        return 0;
    config_set_list(state->config, "OnBuild", NULL);
    text = strv_join(triggers, "\n");
    name = xasprintf("ONBUILD of %s", b->plan.stages[b->current].image);
    rc = containerfile_parse_triggers(name, text, strlen(text), &file, err);
    if (!rc)
        b->total += file->stages->n_steps;
    for (size_t i = 0; !rc && i < file->stages->n_steps; i++)
        rc = do_step(b, file, &file->stages->steps[i], err);
    return rc;
}

static int build_stage(struct builder *b, size_t i, struct err *err)
{
    const struct stage *stage = &b->file->stages[i];
    int rc;

    b->current = i;
    scope_init(&b->states[i].scope, &b->given, &b->globals);
    rc = do_step(b, b->file, stage->from, err);
    if (!rc && b->plan.stages[i].base == PLAN_NONE)
        rc = do_triggers(b, err);
    for (size_t s = 0; !rc && s < stage->n_steps; s++)
        rc = do_step(b, b->file, &stage->steps[s], err);
    b->states[i].is_done = !rc;
    return rc;
}

static int build_stages(struct builder *b, struct err *err)
{
    int rc = 0;

    b->states = xcalloc(b->plan.n_stages, sizeof(*b->states));
    b->total = b->plan.n_steps;
    for (size_t i = 0; !rc && i < b->plan.n_stages; i++) {
        if (b->plan.stages[i].is_needed)
            rc = build_stage(b, i, err);
    }
    return rc;
}

static int name_image(struct builder *b, struct err *err)
{
    const struct state *state = &b->states[b->plan.target];
    cleanup(freep) char *text = config_text(state->config);

    if (!state->n_layers)
        return err_set(err, EINVAL, "%s: the image would have no files at all",
                       b->file->file);
    return image_commit(b->req->store, b->lock, b->result->name, text, strlen(text),
                        state->layers, state->n_layers, b->result->digest, err);
}

static int declare_globals(struct builder *b, struct err *err)
{
    scope_init(&b->globals, &b->given, NULL);
    for (size_t i = 0; i < b->file->n_globals; i++) {
        const struct instruction *in = &b->file->all[i];
        struct expansion ex = scope_expansion(&b->globals, b->file->escape);

        for (size_t p = 0; p < in->n_pairs; p++) {
            cleanup(freep) char *value = NULL;

            if (in->pairs[p].value && expand_word(&ex, in->pairs[p].value, &value, err))
                return instruction_wrap(b->file, in, err);
            scope_declare(&b->globals, in->pairs[p].name, value);
            strv_add(&b->asked_args, in->pairs[p].name);
        }
    }
    return 0;
}

/* The variables that say what is built where; here it is always the same. */
static void give_platform(struct builder *b)
{
    static const char *const sides[] = {"TARGET", "BUILD"};
    cleanup(strv_freep) char **parts =
        strv_split(b->req->platform ? b->req->platform : "linux", "/");
    const char *arch = strv_len(parts) > 1 ? parts[1] : oci_machine();
    const char *variant = strv_len(parts) > 2 ? parts[2] : "";

    for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
        strv_take(&b->given.platform, xasprintf("%sPLATFORM=linux/%s%s%s", sides[i],
                                                arch, *variant ? "/" : "", variant));
        strv_take(&b->given.platform, xasprintf("%sOS=linux", sides[i]));
        strv_take(&b->given.platform, xasprintf("%sARCH=%s", sides[i], arch));
        strv_take(&b->given.platform, xasprintf("%sVARIANT=%s", sides[i], variant));
    }
}

static int read_containerfile(struct builder *b, struct err *err)
{
    cleanup(freep) char *path = b->req->file ? xstrdup(b->req->file) : NULL;
    cleanup(freep) char *bytes = NULL;
    size_t len;
    int rc;

    if (!path) {
        path = xasprintf("%s/Containerfile", b->req->context);
        if (access(path, F_OK)) {
            free(path);
            path = xasprintf("%s/Dockerfile", b->req->context);
        }
        if (access(path, F_OK))
            return err_set(
                err, ENOENT,
                "%s has no Containerfile and no Dockerfile: name one with -f",
                b->req->context);
    }
    if (strcmp(path, "-") == 0)
        rc = io_read_fd(STDIN_FILENO, CONTAINERFILE_BYTES_MAX, &bytes, &len, err);
    else
        rc = io_read_file(path, CONTAINERFILE_BYTES_MAX, &bytes, &len, err);
    if (rc)
        return rc;
    return containerfile_parse(strcmp(path, "-") == 0 ? "(stdin)" : path, bytes, len,
                               &b->file, err);
}

/* FILE.containerignore and FILE.dockerignore beside the file win over those of the
 * context. */
static int read_ignore(struct builder *b, struct err *err)
{
    char *paths[] = {xasprintf("%s.containerignore", b->file->file),
                     xasprintf("%s.dockerignore", b->file->file),
                     xasprintf("%s/.containerignore", b->req->context),
                     xasprintf("%s/.dockerignore", b->req->context)};
    int rc = -ENOENT;

    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        cleanup(freep) char *text = NULL;

        if (rc == -ENOENT)
            rc = io_read_file(paths[i], IGNORE_BYTES_MAX, &text, NULL, err);
        if (rc == 0 && text && ignore_parse(text, &b->ignore, err))
            rc = err_wrap(err, "%s", paths[i]);
        free(paths[i]);
    }
    return rc == -ENOENT ? 0 : rc;
}

static int open_context(struct builder *b, struct err *err)
{
    b->context = (struct source_tree){.what = "the context", .ignore = &b->ignore};
    b->context.root = open(b->req->context, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (b->context.root < 0)
        return err_sys(err, errno, "context %s", b->req->context);
    return 0;
}

static char *lower(char *text)
{
    for (char *c = text; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return text;
}

/* The context's own name is what an image without -t is called. */
static int choose_name(struct builder *b, struct err *err)
{
    cleanup(freep) char *whole = NULL;
    cleanup(freep) char *base = NULL;
    char *slash;
    int rc;

    if (b->req->name)
        return ref_normalise(b->req->name, &b->result->name, err);
    whole = realpath(b->req->context, NULL);
    if (!whole)
        return err_sys(err, errno, "context %s", b->req->context);
    slash = strrchr(whole, '/');
    base = lower(xstrdup(slash ? slash + 1 : whole));
    rc = ref_normalise(base, &b->result->name, err);
    return rc ? err_set(err, EINVAL, "say what to call the image: -t NAME") : 0;
}

static void tell_warnings(const struct builder *b)
{
    strv_foreach (warning, b->file->warnings)
        b->req->warn(b->req->ctx, *warning);
}

static void tell_unused(const struct builder *b)
{
    const char *arg = scope_unused(&b->given, b->asked_args);
    cleanup(freep) char *words = NULL;

    if (!arg)
        return;
    words =
        xasprintf("--build-arg %.*s: no ARG asked for it", (int)strcspn(arg, "="), arg);
    b->req->warn(b->req->ctx, words);
}

static int prepare(struct builder *b, struct err *err)
{
    int rc;

    b->given.args = strv_dup(b->req->args);
    give_platform(b);
    if ((rc = open_context(b, err)) || (rc = choose_name(b, err)) ||
        (rc = read_containerfile(b, err)) || (rc = read_ignore(b, err)))
        return rc;
    tell_warnings(b);
    rc = declare_globals(b, err);
    return rc ? rc : plan_make(b->file, &b->globals, b->req->target, &b->plan, err);
}

static void builder_fini(struct builder *b)
{
    for (size_t i = 0; b->states && i < b->plan.n_stages; i++)
        state_fini(&b->states[i]);
    free(b->states);
    plan_fini(&b->plan);
    ignore_fini(&b->ignore);
    scope_fini(&b->globals);
    strv_free(b->given.args);
    strv_free(b->given.platform);
    strv_free(b->asked_args);
    containerfile_free(b->file);
    closep(&b->context.root);
    closep(&b->lock);
}

/* The one name that the module shows. */
__attribute__((visibility("default"))) int image_build(
    const struct build_request *request, struct build_result *ret, struct err *err)
{
    struct builder b = {
        .req = request, .result = ret, .lock = -1, .context = {.root = -1}};
    mode_t before = umask(022);
    int rc;

    *ret = (struct build_result){0};
    if (!(rc = store_lock(request->store, LOCK_SH, &b.lock, err)) &&
        !(rc = prepare(&b, err)) && !(rc = build_stages(&b, err)) &&
        !(rc = check_stop(&b, err)))
        rc = name_image(&b, err);
    if (!rc)
        tell_unused(&b);
    builder_fini(&b);
    (void)umask(before);
    return rc;
}
