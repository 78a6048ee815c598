/* SPDX-License-Identifier: Apache-2.0
 *
 * image_rm.c - berth image rm: forget names
 */
#include "cli/image_command.h"

#include <errno.h>

#include "base/mem.h"

static const struct usage usage = {
    .synopsis = "berth image rm NAME... [options]",
    .about = "Forget images. Layers that no other image needs go with them, except\n"
             "those that a running container uses.",
    .examples = "  berth image rm debian:12\n",
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

/* From the first store that has it; one that we may not write says so. */
static int remove_one(const struct image_stores *stores, const char *ref,
                      struct err *err)
{
    cleanup(image_freep) struct image *image = NULL;
    cleanup(freep) char *found = NULL;

    for (size_t i = 0; i < stores->n; i++) {
        struct image_store *store = NULL;
        int rc = image_store_open(stores->paths[i], false, &store, err);

        if (rc == 0)
            rc = image_remove(store, ref, err);
        image_store_close(store);
        if (rc != -ENOENT)
            return rc;
    }
    /* For the words: the nearest name of all stores. */
    return image_find((const char *const *)stores->paths, stores->n, ref, &image,
                      &found, err);
}

int cmd_image_rm(int argc, char **argv)
{
    cleanup(args_fini) struct args args = {0};
    int next, status;

    status = image_parse(&usage, opts, argc, argv, &args, &args.image, &next);
    if (status >= 0)
        return status;
    if (next == argc) {
        say_error("rm needs the name of an image ('berth image ls' lists them)");
        return STATUS_USAGE;
    }
    status = STATUS_OK;
    for (int i = next; i < argc; i++) {
        struct err err;

        if (remove_one(&args.image.stores, argv[i], &err) < 0)
            status = image_fail(&err);
    }
    return status;
}
