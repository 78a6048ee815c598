/* SPDX-License-Identifier: Apache-2.0
 *
 * step_copy.c - COPY and ADD, and the directory that WORKDIR may have to make
 */
#include "build/builder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "build/copy.h"
#include "build/paths.h"
#include "build/view.h"
#include "build/words.h"
#include "image/paths.h"
#include "image/tree_at.h"

/* All that one COPY needs, in the child too. */
struct copying {
    const struct step *step;
    struct origin origin;
    char **patterns; /* without here-documents */
    char **paths;    /* what they name */
    char **doc_names, **doc_texts;
    struct ignore exclude;
    char *dest; /* clean, relative to the image's root */
    bool dest_is_dir;
    mode_t mode;
    const char *overlay, *scratch;
};

static void copying_fini(struct copying *c)
{
    origin_fini(&c->origin);
    strv_free(c->patterns);
    strv_free(c->paths);
    strv_free(c->doc_names);
    strv_free(c->doc_texts);
    ignore_fini(&c->exclude);
    free(c->dest);
}

/* The tree that files come from, in the child when it is made of layers. */
static int open_tree(const struct copying *c, const char *at, struct source_tree *ret,
                     struct err *err)
{
    *ret = (struct source_tree){.what = c->origin.what, .root = -1};
    if (c->exclude.n_rules)
        ret->exclude = &c->exclude;
    if (c->origin.dirs)
        return view_mount(c->origin.dirs, NULL, at, &ret->root, err);
    ret->root = c->step->b->context.root;
    ret->ignore = &c->step->b->ignore;
    return 0;
}

/* What to find out before it is known whether anything has to be copied: the paths,
 * and after them what they hold, each on a line. */
static int survey(void *ctx, int out, struct err *err)
{
    const struct copying *c = ctx;
    cleanup(strv_freep) char **paths = NULL;
    cleanup(freep) char *digest = NULL;
    struct source_tree tree;
    int rc = open_tree(c, c->scratch, &tree, err);

    if (!rc)
        rc = sources_find(&tree, c->patterns, &paths, err);
    if (!rc)
        rc = sources_digest(&tree, paths, &digest, err);
    strv_foreach (path, paths)
        dprintf(out, "%s%c", *path, 0);
    if (!rc)
        dprintf(out, "%s%c", digest, 0);
    return rc;
}

/* The child's answer: strings, the digest last. */
static char *take_answer(const char *bytes, size_t len, char ***ret_paths)
{
    const char *end = bytes + len;
    char *last = NULL;

    for (; bytes < end; bytes += strlen(bytes) + 1) {
        if (last)
            strv_take(ret_paths, last);
        last = xstrdup(bytes);
    }
    return last;
}

static int find_sources(struct copying *c, char **ret_digest, struct err *err)
{
    cleanup(freep) char *scratch = NULL;
    cleanup(freep) char *answer = NULL;
    size_t len = 0;
    int rc;

    if (!c->patterns) {
        *ret_digest = xstrdup("");
        return 0;
    }
    rc = store_make_tmp(c->step->b->req->store, &scratch, err);
    if (rc)
        return rc;
    c->scratch = scratch;
    rc = view_call(survey, c, c->step->b->req->stop_fd, &answer, &len, err);
    (void)rmdir(scratch);
    if (!rc)
        *ret_digest = take_answer(answer, len, &c->paths);
    return rc;
}

static int copy_docs(struct copy_job *job, const struct copying *c, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; !rc && c->doc_names && c->doc_names[i]; i++)
        rc = copy_text(job, c->doc_names[i], c->doc_texts[i], err);
    return rc;
}

static int make_scratch_dir(const char *scratch, const char *name, char **ret,
                            struct err *err)
{
    *ret = xasprintf("%s/%s", scratch, name);
    return mkdir(*ret, 0700) ? err_sys(err, errno, "%s", *ret) : 0;
}

/* In the child: both roots, then copy. */
static int do_copy(void *ctx, int out, struct err *err)
{
    const struct copying *c = ctx;
    cleanup(strv_freep) char **dirs =
        state_dirs(c->step->b->req->store, c->step->state);
    cleanup(freep) char *from = NULL;
    cleanup(freep) char *to = NULL;
    cleanup(freep) char *unpack = NULL;
    struct source_tree tree;
    struct copy_job job = {.tree = &tree,
                           .paths = c->paths,
                           .dest = c->dest,
                           .dest_is_dir = c->dest_is_dir,
                           .mode = c->mode};
    int rc;

    if ((rc = make_scratch_dir(c->scratch, "from", &from, err)) ||
        (rc = make_scratch_dir(c->scratch, "to", &to, err)) ||
        (rc = make_scratch_dir(c->scratch, "unpack", &unpack, err)) ||
        (rc = open_tree(c, from, &tree, err)) ||
        (rc = view_mount(dirs, c->overlay, to, &job.root, err)))
        return rc;
    if (c->step->in->kind == INSTRUCTION_ADD)
        job.unpack = unpack;
    rc = copy_all(&job, err);
    if (!rc)
        rc = copy_docs(&job, c, err);
    dprintf(out, "%llu", (unsigned long long)job.skipped);
    return rc;
}

static int make_copy(const struct step *step, const char *overlay, const char *scratch,
                     void *ctx, struct err *err)
{
    struct copying *c = ctx;
    cleanup(freep) char *skipped = NULL;
    size_t len;
    int rc;

    c->overlay = overlay;
    c->scratch = scratch;
    rc = view_call(do_copy, c, step->b->req->stop_fd, &skipped, &len, err);
    if (!rc && strcmp(skipped, "0") != 0)
        step_warn(step, "left out %s devices, pipes and sockets", skipped);
    return rc;
}

static int read_mode(struct copying *c, struct err *err)
{
    const char *text = instruction_flag(c->step->in, "chmod");
    cleanup(freep) char *mode = NULL;
    int rc;

    c->mode = COPY_MODE_KEPT;
    if (!text)
        return 0;
    rc = step_expand(c->step, text, &mode, err);
    if (rc)
        return rc;
    if (!*mode || strlen(mode) > 5 || mode[strspn(mode, "01234567")])
        return err_set(err, EINVAL, "--chmod=%.40s is not an octal mode as 755", mode);
    c->mode = (mode_t)strtoul(mode, NULL, 8) & 07777;
    return 0;
}

static int read_flags(struct copying *c, struct err *err)
{
    static const char *const refused[] = {"parents", "checksum", "keep-git-dir",
                                          "unpack"};
    const struct instruction *in = c->step->in;
    int rc = 0;

    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        if (instruction_flag(in, refused[i]))
            return err_set(err, ENOTSUP, "--%s is not supported", refused[i]);
    }
    if (instruction_flag(in, "chown"))
        step_warn(c->step, "--chown is left out: all files of an image belong to root");
    strv_foreach (flag, in->flags) {
        cleanup(freep) char *pattern = NULL;

        if (rc || strncmp(*flag, "exclude=", 8) != 0)
            continue;
        rc = step_expand(c->step, *flag + 8, &pattern, err);
        if (!rc)
            rc = ignore_add(&c->exclude, pattern, err);
    }
    return rc ? rc : read_mode(c, err);
}

/* "<<EOF" among the sources: the file EOF. */
static int take_doc(struct copying *c, const char *word, bool *ret_taken,
                    struct err *err)
{
    struct expansion ex =
        scope_expansion(&c->step->state->scope, c->step->file->escape);
    size_t i = strv_len(c->doc_names);
    char *text = NULL;
    struct heredoc doc;
    int rc = 0;

    *ret_taken = words_heredoc(word, &doc) && i < c->step->in->n_docs;
    if (!*ret_taken)
        return 0;
    free(doc.name);
    if (c->step->in->docs[i].expands)
        rc = expand_text(&ex, c->step->in->docs[i].text, &text, err);
    else
        text = xstrdup(c->step->in->docs[i].text);
    if (rc)
        return rc;
    strv_add(&c->doc_names, c->step->in->docs[i].name);
    strv_take(&c->doc_texts, text);
    return 0;
}

static bool is_remote(const char *word)
{
    return strncasecmp(word, "http://", 7) == 0 ||
           strncasecmp(word, "https://", 8) == 0 || strncmp(word, "git@", 4) == 0 ||
           strncasecmp(word, "ssh://", 6) == 0;
}

static int take_source(struct copying *c, const char *word, struct err *err)
{
    cleanup(freep) char *pattern = NULL;
    bool taken;
    int rc = take_doc(c, word, &taken, err);

    if (rc || taken)
        return rc;
    rc = step_expand(c->step, word, &pattern, err);
    if (rc)
        return rc;
    if (is_remote(pattern))
        return err_set(
            err, ENOTSUP,
            "%.120s: nothing is fetched by ADD or COPY: fetch it in a RUN (curl, "
            "git), or before the build",
            pattern);
    strv_add(&c->patterns, pattern);
    return 0;
}

static int read_dest(struct copying *c, const char *word, struct err *err)
{
    cleanup(freep) char *dest = NULL;
    int rc = step_expand(c->step, word, &dest, err);
    size_t len;

    if (rc)
        return rc;
    if (!*dest)
        return err_set(err, EINVAL, "the destination is empty");
    len = strlen(dest);
    c->dest_is_dir = dest[len - 1] == '/' || strcmp(dest, ".") == 0 ||
                     (len > 1 && strcmp(dest + len - 2, "/.") == 0);
    c->dest = path_inside(config_get_text(c->step->state->config, "WorkingDir"), dest);
    return 0;
}

static int read_words(struct copying *c, struct err *err)
{
    char **words = c->step->in->words;
    size_t n = strv_len(words);
    int rc = read_dest(c, words[n - 1], err);

    for (size_t i = 0; !rc && i + 1 < n; i++)
        rc = take_source(c, words[i], err);
    return rc;
}

static int check_dest(const struct copying *c, struct err *err)
{
    size_t n = strv_len(c->paths) + strv_len(c->doc_names);

    if (n > 1 && !c->dest_is_dir)
        return err_set(err, EINVAL,
                       "several sources need a directory to go to: write %s/ with a "
                       "slash at its end",
                       c->step->in->words[strv_len(c->step->in->words) - 1]);
    return 0;
}

/* Everything but the contents: the sentence with its variables replaced. */
static char **material_of(const struct copying *c, const char *digest)
{
    char **material = NULL;

    strv_add(&material, instruction_name(c->step->in->kind));
    strv_take(&material, xasprintf("%o", c->mode));
    strv_take(&material, xasprintf("/%s%s", c->dest, c->dest_is_dir ? "/" : ""));
    strv_foreach (flag, c->step->in->flags)
        strv_add(&material, *flag);
    strv_foreach (pattern, c->patterns)
        strv_add(&material, *pattern);
    for (size_t i = 0; c->doc_names && c->doc_names[i]; i++) {
        strv_add(&material, c->doc_names[i]);
        strv_add(&material, c->doc_texts[i]);
    }
    strv_add(&material, digest);
    return material;
}

static int copy(struct copying *c, struct step *step, struct err *err)
{
    cleanup(strv_freep) char **material = NULL;
    cleanup(freep) char *digest = NULL;
    int rc;

    if ((rc = read_flags(c, err)) || (rc = read_words(c, err)) ||
        (rc = origin_find(step, instruction_flag(step->in, "from"), &c->origin, err)) ||
        (rc = find_sources(c, &digest, err)) || (rc = check_dest(c, err)))
        return rc;
    material = material_of(c, digest);
    return step_layer(step, material, make_copy, c, err);
}

int step_copy(struct step *step, struct err *err)
{
    struct copying c = {.step = step};
    int rc = copy(&c, step, err);

    copying_fini(&c);
    return rc;
}

/* In the child: the directory and its parents. */
static int do_workdir(void *ctx, int out, struct err *err)
{
    const struct copying *c = ctx;
    cleanup(strv_freep) char **dirs =
        state_dirs(c->step->b->req->store, c->step->state);
    int root, fd, rc = view_mount(dirs, c->overlay, c->scratch, &root, err);

    (void)out;
    if (rc)
        return rc;
    fd = tree_make_dirs(root, c->dest);
    if (fd < 0)
        return err_sys(err, -fd, "make /%s in the image", c->dest);
    return 0;
}

static int make_workdir(const struct step *step, const char *overlay,
                        const char *scratch, void *ctx, struct err *err)
{
    struct copying *c = ctx;

    c->overlay = overlay;
    c->scratch = scratch;
    return view_call(do_workdir, c, step->b->req->stop_fd, NULL, NULL, err);
}

int step_workdir(struct step *step, struct err *err)
{
    struct copying c = {.step = step};
    cleanup(freep) char *path = NULL;
    char *material[] = {NULL, NULL};
    int rc = step_expand(step, step->in->rest, &path, err);

    if (!rc && !*path)
        rc = err_set(err, EINVAL, "the path is empty");
    if (rc)
        return rc;
    c.dest = path_inside(config_get_text(step->state->config, "WorkingDir"), path);
    material[0] = xasprintf("WORKDIR /%s", c.dest);
    config_set_text(step->state->config, "WorkingDir",
                    material[0] + strlen("WORKDIR "));
    rc = step_layer(step, material, make_workdir, &c, err);
    free(material[0]);
    copying_fini(&c);
    return rc;
}
