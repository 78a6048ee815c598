/* SPDX-License-Identifier: Apache-2.0
 *
 * image_push.c - berth image push: send an image to a registry
 */
#include "cli/image_command.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/image_progress.h"
#include "cli/registry_link.h"

static const struct usage usage = {
    .synopsis = "berth image push NAME [REF] [options]",
    .about =
        "Send an image of the store to a registry, bit by bit as it came in. REF is\n"
        "HOST[:PORT]/PATH[:TAG]; without it NAME must be such a one. What the\n"
        "registry has is not sent.",
    .examples = "  berth image push registry.example.org/hpc/solver:2.1\n"
                "  berth image push solver registry.example.org/hpc/solver:2.1\n",
};

struct args {
    struct image_args image;
    struct registry_args registry;
    bool quiet;
};

static const struct opt opts[] = {
    {.name = "quiet",
     .letter = 'q',
     .arg = OPT_NONE,
     .set = opt_flag,
     .offset = offsetof(struct args, quiet),
     .help = "print the digest alone"},
    OPTS_REGISTRY(struct args, registry),
    OPTS_IMAGE(struct args, image),
    OPTS_END,
};

static void args_fini(struct args *args)
{
    image_args_fini(&args->image);
}

static int say_pushed(const struct args *args, const struct registry_pushed *pushed)
{
    cleanup(freep) char *sent = size_format(pushed->sent);

    if (args->image.common.json)
        return image_print_json(json_pack(
            "{s:s, s:s, s:I, s:I, s:I, s:I}", "target", pushed->target, "digest",
            pushed->digest, "blobs_sent", (json_int_t)pushed->n_sent, "blobs_mounted",
            (json_int_t)pushed->n_mounted, "blobs_there", (json_int_t)pushed->n_there,
            "bytes_sent", (json_int_t)pushed->sent));
    if (args->quiet)
        printf("%s\n", pushed->digest);
    else
        printf("Pushed %s: %s sent, %.19s\n", pushed->target, sent, pushed->digest);
    return STATUS_OK;
}

/* The store that has the image, opened. */
static int find_store(const struct args *args, const char *name,
                      struct image_store **ret, struct err *err)
{
    const struct image_stores *stores = &args->image.stores;
    cleanup(image_freep) struct image *image = NULL;
    cleanup(freep) char *path = NULL;
    int r = image_find((const char *const *)stores->paths, stores->n, name, &image,
                       &path, err);

    return r < 0 ? r : image_store_open(path, false, ret, err);
}

static int push_from(const struct args *args, struct image_store *store,
                     const struct registry_push *push, struct registry_pushed *ret,
                     struct err *err)
{
    struct registry_settings settings =
        registry_settings(&args->image, &args->registry);
    const struct registry_module *module;
    int r = registry_link(&module, err);

    return r < 0 ? r : module->push(&settings, store, push, ret, err);
}

static int push(const struct args *args, const char *name, const char *ref)
{
    struct image_progress progress = {0};
    struct registry_push push = {
        .name = name,
        .ref = ref,
        .progress = args->quiet ? NULL : image_progress_tell,
        .ctx = &progress,
    };
    struct registry_pushed pushed = {0};
    struct image_store *store = NULL;
    struct err err;
    int rc = find_store(args, name, &store, &err);

    if (rc == 0)
        rc = push_from(args, store, &push, &pushed, &err);
    image_progress_end(&progress);
    rc = rc < 0 ? image_fail(&err) : say_pushed(args, &pushed);
    free(pushed.target);
    image_store_close(store);
    return rc;
}

int cmd_image_push(int argc, char **argv)
{
    cleanup(args_fini) struct args args = {0};
    int next, status;

    status = image_parse(&usage, opts, argc, argv, &args, &args.image, &next);
    if (status >= 0)
        return status;
    if (argc - next < 1 || argc - next > 2) {
        say_error("push needs a name, and where to: berth image push NAME [REF]");
        return STATUS_USAGE;
    }
    return push(&args, argv[next], argv[argc - 1]);
}
