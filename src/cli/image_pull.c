/* SPDX-License-Identifier: Apache-2.0
 *
 * image_pull.c - berth image pull: take an image in from a registry
 */
#include "cli/image_command.h"

#include "base/mem.h"
#include "cli/image_progress.h"
#include "cli/registry_link.h"

static const struct usage usage = {
    .synopsis = "berth image pull REF [options]",
    .about =
        "Take an image in from a registry. REF is [HOST[:PORT]/]PATH[:TAG][@DIGEST];\n"
        "one without a host is looked for in the registries of image.registries, in\n"
        "their order. Layers that are here are not fetched, and a pull that was cut\n"
        "goes on where it stopped. Credentials are those of 'berth image login', or\n"
        "docker's and podman's own.",
    .examples = "  berth image pull registry.example.org/hpc/solver:2.1\n"
                "  berth image pull solver:2.1 --name solver\n"
                "  berth image pull localhost:5000/debian:12 --insecure\n"
                "  berth image pull registry.example.org/tool --platform linux/arm64\n",
};

struct args {
    struct image_args image;
    struct registry_args registry;
    const char *name, *platform;
    bool quiet;
};

static const struct opt opts[] = {
    {.name = "name",
     .arg = OPT_NEEDED,
     .meta = "NAME[:TAG]",
     .set = opt_string,
     .offset = offsetof(struct args, name),
     .help = "what to call it here (default: as REF does)"},
    {.name = "platform",
     .arg = OPT_NEEDED,
     .meta = "OS/ARCH[/VARIANT]",
     .set = opt_string,
     .offset = offsetof(struct args, platform),
     .help = "which one of several (default: this machine's)"},
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

static int pull_into(const struct args *args, struct image_store *store,
                     const struct registry_pull *pull, struct registry_pulled *ret,
                     struct err *err)
{
    struct registry_settings settings =
        registry_settings(&args->image, &args->registry);
    const struct registry_module *module;
    int r = registry_link(&module, err);

    return r < 0 ? r : module->pull(&settings, store, pull, ret, err);
}

static int pull(const struct args *args, const char *ref)
{
    struct image_progress progress = {0};
    struct registry_pull pull = {
        .ref = ref,
        .name = args->name,
        .platform = args->platform,
        .progress = args->quiet ? NULL : image_progress_tell,
        .ctx = &progress,
    };
    struct registry_pulled pulled = {0};
    struct image_store *store = NULL;
    struct err err;
    int rc = image_open_own(&args->image, &store, &err);

    if (rc == 0)
        rc = pull_into(args, store, &pull, &pulled, &err);
    image_progress_end(&progress);
    if (rc < 0)
        rc = image_fail(&err);
    else if (args->quiet && !args->image.common.json)
        rc = printf("%s\n", pulled.digest) < 0 ? STATUS_FAILED : STATUS_OK;
    else
        rc =
            image_say_taken(&args->image, store, "Pulled", pulled.name, pulled.skipped);
    free(pulled.name);
    free(pulled.source);
    image_store_close(store);
    return rc;
}

int cmd_image_pull(int argc, char **argv)
{
    cleanup(args_fini) struct args args = {0};
    int next, status;
    struct err err;

    status = image_parse(&usage, opts, argc, argv, &args, &args.image, &next);
    if (status >= 0)
        return status;
    if (argc - next != 1) {
        say_error("pull needs one name: berth image pull [HOST/]PATH[:TAG]");
        return STATUS_USAGE;
    }
    if (args.name && image_check_name(args.name, &err) < 0) {
        say_error("--name: %s", err.text);
        return STATUS_USAGE;
    }
    return pull(&args, argv[next]);
}
