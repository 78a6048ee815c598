/* SPDX-License-Identifier: Apache-2.0
 *
 * image_verify.c - berth image verify: are images still what they were?
 */
#include "cli/image_command.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/image_importer.h"
#include "cli/image_progress.h"

static const struct usage usage = {
    .synopsis = "berth image verify [IMAGE...] [options]",
    .about =
        "Check images of this user's store (all, without names) against their "
        "digests:\n"
        "documents, layers' archives, and each unpacked file against its archive. The\n"
        "exit status is 1 when something is broken.",
    .examples = "  berth image verify\n"
                "  berth image verify site/solver:2 --repair\n",
};

struct args {
    struct image_args image;
    bool repair;
    struct image_progress progress;
    json_t *found;
};

static const struct opt opts[] = {
    {.name = "repair",
     .arg = OPT_NONE,
     .set = opt_flag,
     .offset = offsetof(struct args, repair),
     .help = "unpack broken layers again from their archives"},
    OPTS_IMAGE(struct args, image),
    OPTS_END,
};

static void args_fini(struct args *args)
{
    json_decref(args->found);
    image_args_fini(&args->image);
}

static const char *word_of(enum image_verify_state state)
{
    switch (state) {
    case IMAGE_BROKEN:
        return "broken";
    case IMAGE_REPAIRED:
        return "repaired";
    case IMAGE_UNCHECKED:
        return "unchecked";
    }
    return "";
}

static void found(const char *image, enum image_verify_state state, const char *words,
                  void *ctx)
{
    struct args *args = ctx;

    image_progress_end(&args->progress);
    if (!args->image.common.json)
        printf("%s: %s: %s\n", image, word_of(state), words);
    (void)json_array_append_new(args->found,
                                json_pack("{s:s, s:s, s:s}", "image", image, "state",
                                          word_of(state), "words", words));
}

/* Full names, as the store has them; the first that is not there ends it. */
static int full_names(struct image_store *store, char **refs, char ***ret,
                      struct err *err)
{
    for (; *refs; refs++) {
        char *name;
        int rc = image_full_name(store, *refs, &name, err);

        if (rc < 0)
            return rc;
        strv_take(ret, name);
    }
    return 0;
}

static int say_result(const struct args *args, const struct image_verify_result *r)
{
    int status = r->broken ? STATUS_FAILED : STATUS_OK;

    if (args->image.common.json) {
        (void)image_print_json(
            json_pack("{s:I, s:I, s:I, s:I, s:I, s:O}", "images", (json_int_t)r->images,
                      "layers", (json_int_t)r->layers, "broken", (json_int_t)r->broken,
                      "repaired", (json_int_t)r->repaired, "unchecked",
                      (json_int_t)r->unchecked, "found", args->found));
        return status;
    }
    printf("%zu image%s, %zu layer%s: %zu broken, %zu repaired, %zu not checked\n",
           r->images, r->images == 1 ? "" : "s", r->layers, r->layers == 1 ? "" : "s",
           r->broken, r->repaired, r->unchecked);
    return status;
}

static int verify(struct args *args, char **refs)
{
    cleanup(strv_freep) char **names = NULL;
    struct image_verify_request request = {.repair = args->repair,
                                           .progress = image_progress_tell,
                                           .progress_ctx = &args->progress,
                                           .found = found,
                                           .ctx = args};
    struct image_verify_result result = {0};
    struct image_store *store = NULL;
    image_verify_fn *check = NULL;
    struct err err;
    int rc = image_open_own(&args->image, &store, &err);

    args->found = json_array();
    if (rc == 0)
        rc = full_names(store, refs, &names, &err);
    if (rc == 0)
        rc = image_verifier_load(&check, &err);
    request.names = names;
    if (rc == 0)
        rc = check(store, &request, &result, &err);
    image_progress_end(&args->progress);
    image_store_close(store);
    return rc < 0 ? image_fail(&err) : say_result(args, &result);
}

int cmd_image_verify(int argc, char **argv)
{
    cleanup(args_fini) struct args args = {0};
    int next, status;

    status = image_parse(&usage, opts, argc, argv, &args, &args.image, &next);
    if (status >= 0)
        return status;
    return verify(&args, argv + next);
}
