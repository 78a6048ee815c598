/* SPDX-License-Identifier: Apache-2.0
 *
 * image_ls.c - berth image ls: the images of all stores
 */
#include "cli/image_command.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/image_show.h"

static const struct usage usage = {
    .synopsis = "berth image ls [options]",
    .about = "List the images of this user's store and of the site's.",
    .examples = "  berth image ls\n"
                "  berth image ls --json\n",
};

struct args {
    struct image_args image;
};

static const struct opt opts[] = {
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

/* The images of one store, into the table or the JSON list. */
static int list_store(const char *path, struct table *table, json_t *list,
                      struct err *err)
{
    struct image_store *store = NULL;
    struct image **images = NULL;
    size_t n = 0;
    int rc = image_store_open(path, false, &store, err);

    if (rc == -ENOENT)
        return 0;
    if (rc == 0)
        rc = image_list(store, &images, &n, err);
    for (size_t i = 0; i < n; i++) {
        image_table_add(table, images[i], path);
        (void)json_array_append_new(list, image_json(images[i], path));
    }
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
        rc = list_store(args->image.stores.paths[i], table, list, &err);
    if (rc == 0 && args->image.common.json)
        return image_print_json(list);
    json_decref(list);
    if (rc < 0)
        return image_fail(&err);
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
    if (next < argc) {
        say_error("ls takes no names: %s (berth image inspect NAME shows one)",
                  argv[next]);
        return STATUS_USAGE;
    }
    return list(&args);
}
