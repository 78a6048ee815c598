/* SPDX-License-Identifier: Apache-2.0
 *
 * image_command.c - read a verb's options, find the stores, print what came in
 */
#include "cli/image_command.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/image_show.h"

void image_args_fini(struct image_args *args)
{
    image_stores_fini(&args->stores);
}

int image_parse(const struct usage *usage, const struct opt *table, int argc,
                char **argv, void *ctx, struct image_args *args, int *ret_next)
{
    int status = command_parse(usage, table, OPTS_ANYWHERE, argc, argv, ctx, ret_next);
    struct err err;

    if (status >= 0)
        return status;
    if (image_stores_find(args->common.config, args->store, &args->stores, &err) < 0)
        return image_fail(&err);
    return -1;
}

int image_fail(const struct err *err)
{
    say_error("%s", err->text);
    return STATUS_FAILED;
}

int image_print_json(json_t *json)
{
    (void)json_dumpf(json, stdout, JSON_INDENT(2));
    (void)putchar('\n');
    json_decref(json);
    return STATUS_OK;
}

int image_open_own(const struct image_args *args, struct image_store **ret,
                   struct err *err)
{
    int r = image_store_open(args->stores.paths[0], true, ret, err);

    if (r == 0)
        image_store_keep_archives(*ret, args->stores.config->image.keep_archives);
    return r;
}

int image_open_found(const struct image_args *args, const char *ref,
                     struct image_store **ret_store, struct image **ret_image,
                     struct err *err)
{
    cleanup(freep) char *path = NULL;
    int r = image_find((const char *const *)args->stores.paths, args->stores.n, ref,
                       ret_image, &path, err);

    return r < 0 ? r : image_store_open(path, false, ret_store, err);
}

/* A new image may push the least recently used ones out. */
static void keep_size(const struct image_args *args, struct image_store *store,
                      const char *name)
{
    const struct image_prune_request request = {
        .max_size = args->stores.config->image.max_size << 20, .keep = name};
    struct image_prune_result result;
    cleanup(freep) char *freed = NULL;
    struct err err;

    if (!request.max_size)
        return;
    if (image_prune(store, &request, &result, &err) < 0) {
        say_info("cannot keep the store to image.max_size: %s", err.text);
        return;
    }
    freed = size_format(result.freed);
    if (result.images)
        say_info("removed %zu image%s not used for long: freed %s (image.max_size)",
                 result.images, result.images == 1 ? "" : "s", freed);
}

int image_say_taken(const struct image_args *args, struct image_store *store,
                    const char *verb, const char *name, uint64_t skipped)
{
    cleanup(image_freep) struct image *image = NULL;
    cleanup(freep) char *size = NULL;
    struct err err;

    if (image_lookup(store, name, &image, &err) < 0)
        return image_fail(&err);
    keep_size(args, store, image->name);
    if (skipped)
        say_info("left out %llu devices, pipes and sockets",
                 (unsigned long long)skipped);
    if (args->common.json)
        return image_print_json(image_json(image, image_store_path(store)));
    size = size_format(image->bytes);
    printf("%s %s: %s in %zu layer%s, %.19s\n", verb, image->name, size,
           image->n_layers, image->n_layers == 1 ? "" : "s", image->digest);
    return STATUS_OK;
}
