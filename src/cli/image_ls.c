/* SPDX-License-Identifier: Apache-2.0
 *
 * image_ls.c - berth image ls: the images of all stores
 */
#include "cli/image_command.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/image_show.h"

static const struct usage usage = {
    .synopsis = "berth image ls [PATTERN...] [options]",
    .about = "List the images of this user's store and of the site's; of names like\n"
             "'site/*' only those that fit.",
    .examples = "  berth image ls\n"
                "  berth image ls 'debian*' --digests\n"
                "  berth image ls -q 'site/*'\n"
                "  berth image ls --json\n",
};

struct args {
    struct image_args image;
    bool quiet, digests;
    char **patterns; /* of names; borrowed, none: all */
};

static const struct opt opts[] = {
    {.name = "quiet",
     .letter = 'q',
     .arg = OPT_NONE,
     .set = opt_flag,
     .offset = offsetof(struct args, quiet),
     .help = "only names, one a line"},
    {.name = "digests",
     .arg = OPT_NONE,
     .set = opt_flag,
     .offset = offsetof(struct args, digests),
     .help = "whole digests"},
    OPTS_IMAGE(struct args, image),
    OPTS_END,
};

static void args_fini(struct args *args)
{
    image_args_fini(&args->image);
}

static void free_list(struct image **images, size_t n)
{
    for (size_t i = 0; i < n; i++)
        image_free(images[i]);
    free(images);
}

/* "debian" fits "debian:12" too: people leave tags out. */
static bool fits(const struct args *args, const char *name)
{
    cleanup(freep) char *untagged = xstrndup(name, (size_t)(strrchr(name, ':') - name));

    for (char **pattern = args->patterns; *pattern; pattern++)
        if (fnmatch(*pattern, name, 0) == 0 || fnmatch(*pattern, untagged, 0) == 0)
            return true;
    return !*args->patterns;
}

static void add_image(const struct args *args, const struct image *image,
                      struct image_store *store, struct table *table, json_t *list)
{
    const char *path = image_store_path(store);
    json_t *json;

    if (!fits(args, image->name))
        return;
    if (args->quiet && !args->image.common.json)
        puts(image->name);
    image_table_add(table, image, path, args->digests);
    json = image_json(image, path);
    (void)json_object_set_new(json, "last_used",
                              json_integer((json_int_t)image_last_used(store, image)));
    (void)json_array_append_new(list, json);
}

/* The images of one store, into the table or the JSON list. */
static int list_store(const struct args *args, const char *path, struct table *table,
                      json_t *list, struct err *err)
{
    struct image_store *store = NULL;
    struct image **images = NULL;
    size_t n = 0;
    int rc = image_store_open(path, false, &store, err);

    if (rc == -ENOENT)
        return 0;
    if (rc == 0)
        rc = image_list(store, &images, &n, err);
    for (size_t i = 0; i < n; i++)
        add_image(args, images[i], store, table, list);
    free_list(images, n);
    image_store_close(store);
    return rc;
}

static int list(const struct args *args)
{
    cleanup(table_destroyp) struct table *table = image_table_create();
    json_t *list = json_array();
    struct err err;
    int rc = 0;

    for (size_t i = 0; i < args->image.stores.n && rc == 0; i++)
        rc = list_store(args, args->image.stores.paths[i], table, list, &err);
    if (rc == 0 && args->image.common.json)
        return image_print_json(list);
    json_decref(list);
    if (rc < 0)
        return image_fail(&err);
    if (!args->quiet)
        table_print(table, true, table_terminal_width(stdout), stdout);
    return STATUS_OK;
}

int cmd_image_ls(int argc, char **argv)
{
    cleanup(args_fini) struct args args = {0};
    int next, status;

    status = image_parse(&usage, opts, argc, argv, &args, &args.image, &next);
    if (status >= 0)
        return status;
    args.patterns = argv + next;
    return list(&args);
}
