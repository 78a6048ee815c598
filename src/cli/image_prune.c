/* SPDX-License-Identifier: Apache-2.0
 *
 * image_prune.c - berth image prune: make room in a store
 */
#include "cli/image_command.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/mem.h"
#include "base/units.h"

static const struct usage usage = {
    .synopsis = "berth image prune [options]",
    .about =
        "Make room in this user's store: remove the layers and documents that no "
        "image\n"
        "needs any more, then images as the options say, those that were not used for\n"
        "the longest time first. What running containers use stays.",
    .examples = "  berth image prune --dry-run\n"
                "  berth image prune --until 30d\n"
                "  berth image prune --max-size 50G\n"
                "  berth image prune --all --archives\n",
};

struct args {
    struct image_args image;
    bool all, archives, cache, dry_run;
    int64_t age; /* seconds; 0: not given */
    uint64_t max_size;
    json_t *removed;
};

static int set_age(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    int64_t *age = (int64_t *)(void *)((char *)ctx + opt->offset);
    int rc = duration_parse(value, age, err);

    if (rc == 0 && *age <= 0)
        return err_set(err, EINVAL, "'%s' is no age", value);
    return rc;
}

static int set_size(const struct opt *opt, const char *value, void *ctx,
                    struct err *err)
{
    uint64_t *size = (uint64_t *)(void *)((char *)ctx + opt->offset);
    int rc = size_parse(value, 1, size, err);

    if (rc == 0 && !*size)
        return err_set(err, EINVAL, "0 leaves nothing: --all removes every image");
    return rc;
}

static const struct opt opts[] = {
    {.name = "all",
     .letter = 'a',
     .arg = OPT_NONE,
     .set = opt_flag,
     .offset = offsetof(struct args, all),
     .help = "every image that no container uses, and what builds remember"},
    {.name = "until",
     .arg = OPT_NEEDED,
     .meta = "AGE",
     .set = set_age,
     .offset = offsetof(struct args, age),
     .help = "images that were not used for so long (30d, 12h)"},
    {.name = "max-size",
     .arg = OPT_NEEDED,
     .meta = "SIZE",
     .set = set_size,
     .offset = offsetof(struct args, max_size),
     .help = "the least recently used ones, until the store is no larger"},
    {.name = "archives",
     .arg = OPT_NONE,
     .set = opt_flag,
     .offset = offsetof(struct args, archives),
     .help = "layers' archives, which only push and export need"},
    {.name = "cache",
     .arg = OPT_NONE,
     .set = opt_flag,
     .offset = offsetof(struct args, cache),
     .help = "what builds remember: steps, and directories of RUN --mount"},
    {.name = "dry-run",
     .arg = OPT_NONE,
     .set = opt_flag,
     .offset = offsetof(struct args, dry_run),
     .help = "only say what would go"},
    OPTS_IMAGE(struct args, image),
    OPTS_END,
};

static void args_fini(struct args *args)
{
    json_decref(args->removed);
    image_args_fini(&args->image);
}

static void removed(const char *name, int64_t used, void *ctx)
{
    struct args *args = ctx;

    (void)json_array_append_new(
        args->removed,
        json_pack("{s:s, s:I}", "name", name, "last_used", (json_int_t)used));
}

static void print_removed(const struct args *args,
                          const struct image_prune_result *result)
{
    cleanup(freep) char *freed = size_format(result->freed);
    cleanup(freep) char *kept = size_format(result->kept);
    const json_t *one;
    size_t i;

    json_array_foreach(args->removed, i, one)
    {
        cleanup(freep) char *used =
            when_format(json_integer_value(json_object_get(one, "last_used")));

        printf("%s %s (last used %s)\n", args->dry_run ? "Would remove" : "Removed",
               json_string_value(json_object_get(one, "name")), used);
    }
    printf("%s %s: %zu layer%s, %zu blob%s; %s remain%s\n",
           args->dry_run ? "Would free" : "Freed", freed, result->layers,
           result->layers == 1 ? "" : "s", result->blobs, result->blobs == 1 ? "" : "s",
           kept, args->dry_run ? "" : "s");
}

static int prune(struct args *args)
{
    const struct image_prune_request request = {
        .all = args->all,
        .before = args->age ? (int64_t)time(NULL) - args->age : 0,
        .max_size = args->max_size,
        .archives = args->archives,
        .cache = args->cache,
        .dry_run = args->dry_run,
        .removed = removed,
        .ctx = args,
    };
    struct image_prune_result result = {0};
    struct image_store *store = NULL;
    struct err err;
    int rc = image_store_open(args->image.stores.paths[0], false, &store, &err);

    args->removed = json_array();
    if (rc == 0)
        rc = image_prune(store, &request, &result, &err);
    image_store_close(store);
    if (rc < 0 && rc != -ENOENT)
        return image_fail(&err);
    if (args->image.common.json)
        return image_print_json(json_pack(
            "{s:O, s:I, s:I, s:I, s:I}", "images", args->removed, "layers",
            (json_int_t)result.layers, "blobs", (json_int_t)result.blobs, "freed",
            (json_int_t)result.freed, "kept", (json_int_t)result.kept));
    print_removed(args, &result);
    return STATUS_OK;
}

int cmd_image_prune(int argc, char **argv)
{
    cleanup(args_fini) struct args args = {0};
    int next, status;

    status = image_parse(&usage, opts, argc, argv, &args, &args.image, &next);
    if (status >= 0)
        return status;
    if (next < argc) {
        say_error("prune takes no names: %s (berth image rm removes one)", argv[next]);
        return STATUS_USAGE;
    }
    return prune(&args);
}
