/* SPDX-License-Identifier: Apache-2.0
 *
 * image_du.c - berth image du: what the stores take
 */
#include "cli/image_command.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/table.h"

static const struct usage usage = {
    .synopsis = "berth image du [options]",
    .about = "Show what this user's store and the site's take: layers unpacked, the\n"
             "archives they came as, and what 'berth image prune' would free.",
    .examples = "  berth image du\n"
                "  berth image du --json\n",
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

static void add_row(struct table *table, const char *path, const struct image_usage *u)
{
    table_add(table, path);
    table_take(table, xasprintf("%zu", u->images));
    table_take(table, xasprintf("%zu", u->layers));
    table_take(table, size_format(u->layer_bytes));
    table_take(table, size_format(u->blob_bytes));
    table_take(table, size_format(u->layer_bytes + u->blob_bytes));
    table_take(table, size_format(u->unneeded));
}

static json_t *usage_json(const char *path, const struct image_usage *u)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "store", path, "images",
                     (json_int_t)u->images, "layers", (json_int_t)u->layers,
                     "layer_bytes", (json_int_t)u->layer_bytes, "blobs",
                     (json_int_t)u->blobs, "blob_bytes", (json_int_t)u->blob_bytes,
                     "unneeded", (json_int_t)u->unneeded);
}

static int add_store(const char *path, struct table *table, json_t *list,
                     struct err *err)
{
    struct image_store *store = NULL;
    struct image_usage found;
    int rc = image_store_open(path, false, &store, err);

    if (rc == -ENOENT)
        return 0;
    if (rc == 0)
        rc = image_usage(store, &found, err);
    if (rc == 0) {
        add_row(table, path, &found);
        (void)json_array_append_new(list, usage_json(path, &found));
    }
    image_store_close(store);
    return rc;
}

static int show(const struct args *args)
{
    static const struct column columns[] = {
        {"STORE", false, true},    {"IMAGES", true, false}, {"LAYERS", true, false},
        {"UNPACKED", true, false}, {"BLOBS", true, false},  {"TOTAL", true, false},
        {"UNNEEDED", true, false}};
    cleanup(table_destroyp) struct table *table =
        table_create(columns, ARRAY_SIZE(columns));
    json_t *list = json_array();
    struct err err;
    int rc = 0;

    for (size_t i = 0; i < args->image.stores.n && rc == 0; i++)
        rc = add_store(args->image.stores.paths[i], table, list, &err);
    if (rc == 0 && args->image.common.json)
        return image_print_json(list);
    json_decref(list);
    if (rc < 0)
        return image_fail(&err);
    table_print(table, true, table_terminal_width(stdout), stdout);
    return STATUS_OK;
}

int cmd_image_du(int argc, char **argv)
{
    cleanup(args_fini) struct args args = {0};
    int next, status;

    status = image_parse(&usage, opts, argc, argv, &args, &args.image, &next);
    if (status >= 0)
        return status;
    if (next < argc) {
        say_error("du takes no names: %s (berth image ls shows images)", argv[next]);
        return STATUS_USAGE;
    }
    return show(&args);
}
