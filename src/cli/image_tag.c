/* SPDX-License-Identifier: Apache-2.0
 *
 * image_tag.c - berth image tag: give an image a further name
 */
#include "cli/image_command.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"

static const struct usage usage = {
    .synopsis = "berth image tag IMAGE NAME[:TAG] [options]",
    .about = "Give an image of this user's store a further name. The old one stays;\n"
             "what had the new one before loses it.",
    .examples = "  berth image tag debian:12 site/base\n",
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

/* An image of the other store is named there, by whoever owns it. */
static int elsewhere(const struct args *args, const char *ref, struct err *err)
{
    const struct image_stores *stores = &args->image.stores;
    cleanup(image_freep) struct image *image = NULL;
    cleanup(freep) char *store = NULL;

    if (image_find((const char *const *)stores->paths, stores->n, ref, &image, &store,
                   err) < 0)
        return -err->code;
    return err_set(err, EACCES,
                   "%s is in %s: only images of your own store can be named (--store "
                   "says another one)",
                   image->name, store);
}

static int tag(const struct args *args, const char *ref, const char *name)
{
    struct image_store *store = NULL;
    struct err err;
    int rc = image_open_own(&args->image, &store, &err);

    if (rc == 0)
        rc = image_tag(store, ref, name, &err);
    if (rc == -ENOENT)
        rc = elsewhere(args, ref, &err);
    rc = rc < 0 ? image_fail(&err)
                : image_say_taken(&args->image, store, "Tagged", name, 0);
    image_store_close(store);
    return rc;
}

int cmd_image_tag(int argc, char **argv)
{
    cleanup(args_fini) struct args args = {0};
    int next, status;
    struct err err;

    status = image_parse(&usage, opts, argc, argv, &args, &args.image, &next);
    if (status >= 0)
        return status;
    if (argc - next != 2) {
        say_error("tag takes an image and a name: berth image tag IMAGE NAME[:TAG]");
        return STATUS_USAGE;
    }
    if (image_check_name(argv[next + 1], &err) < 0) {
        say_error("%s", err.text);
        return STATUS_USAGE;
    }
    return tag(&args, argv[next], argv[next + 1]);
}
