/* SPDX-License-Identifier: Apache-2.0
 *
 * image_inspect.c - berth image inspect: all there is to say about one
 */
#include "cli/image_command.h"

#include <stdio.h>

#include "base/mem.h"
#include "cli/image_show.h"

static const struct usage usage = {
    .synopsis = "berth image inspect NAME [options]",
    .about = "Show an image's digest, layers, environment and command.",
    .examples = "  berth image inspect debian:12\n"
                "  berth image inspect debian:12 --json\n"
                "  berth image inspect debian:12 --show-config | jq .config.Labels\n",
};

struct args {
    struct image_args image;
    bool config, manifest;
};

static const struct opt opts[] = {
    {.name = "show-config",
     .arg = OPT_NONE,
     .set = opt_flag,
     .offset = offsetof(struct args, config),
     .help = "print the image's configuration as it is stored (JSON)"},
    {.name = "show-manifest",
     .arg = OPT_NONE,
     .set = opt_flag,
     .offset = offsetof(struct args, manifest),
     .help = "print its manifest as it is stored (JSON)"},
    OPTS_IMAGE(struct args, image),
    OPTS_END,
};

static void args_fini(struct args *args)
{
    image_args_fini(&args->image);
}

/* To the byte, so that its digest can be checked. */
static int print_document(const struct args *args, const char *ref)
{
    cleanup(image_freep) struct image *image = NULL;
    cleanup(freep) char *manifest = NULL, *config = NULL;
    struct image_store *store = NULL;
    struct err err;
    int rc = image_open_found(&args->image, ref, &store, &image, &err);

    if (rc == 0)
        rc = image_documents(store, image, &manifest, &config, &err);
    image_store_close(store);
    if (rc < 0)
        return image_fail(&err);
    (void)fputs(args->config ? config : manifest, stdout);
    return STATUS_OK;
}

static int inspect(const struct args *args, const char *ref)
{
    const struct image_stores *stores = &args->image.stores;
    cleanup(image_freep) struct image *image = NULL;
    cleanup(freep) char *store = NULL;
    struct err err;

    if (image_find((const char *const *)stores->paths, stores->n, ref, &image, &store,
                   &err) < 0)
        return image_fail(&err);
    if (args->image.common.json)
        return image_print_json(image_json(image, store));
    image_print(image, store);
    return STATUS_OK;
}

int cmd_image_inspect(int argc, char **argv)
{
    cleanup(args_fini) struct args args = {0};
    int next, status;

    status = image_parse(&usage, opts, argc, argv, &args, &args.image, &next);
    if (status >= 0)
        return status;
    if (argc - next != 1) {
        say_error("inspect needs the name of one image ('berth image ls' lists them)");
        return STATUS_USAGE;
    }
    return args.config || args.manifest ? print_document(&args, argv[next])
                                        : inspect(&args, argv[next]);
}
