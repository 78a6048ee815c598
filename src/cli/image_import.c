/* SPDX-License-Identifier: Apache-2.0
 *
 * image_import.c - berth image import: take an image in from files
 */
#include "cli/image_command.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/image_importer.h"
#include "cli/image_progress.h"
#include "image/source.h"

static const struct usage usage = {
    .synopsis = "berth image import SOURCE [NAME[:TAG]] [options]",
    .about =
        "Take an image in. What SOURCE is, is found by looking: an OCI layout\n"
        "directory, an OCI archive, a docker archive (docker save, podman save), a\n"
        "squashfs or SIF file, the tar of a root file system or such a directory; '-'\n"
        "reads a tar or archive from stdin. Archives may be compressed (gzip, zstd,\n"
        "xz). skopeo's docker-archive:FILE:NAME, oci-archive:FILE:NAME, oci:DIR:NAME\n"
        "and dir:DIR are understood; NAME says which image when there are several.",
    .examples = "  berth image import debian.tar.zst debian:12\n"
                "  mmdebstrap bookworm - | berth image import - debian:12\n"
                "  docker save hpcc | berth image import - hpcc\n"
                "  berth image import ./layout site/hpcc\n"
                "  berth image import docker-archive:all.tar:site/solver:2\n"
                "  berth image import paraview.sif\n",
};

struct args {
    struct image_args image;
    const char *name, *platform;
};

static const struct opt opts[] = {
    {.name = "name",
     .arg = OPT_NEEDED,
     .meta = "NAME[:TAG]",
     .set = opt_string,
     .offset = offsetof(struct args, name),
     .help = "what to call it (default: the source's name)"},
    {.name = "platform",
     .arg = OPT_NEEDED,
     .meta = "OS/ARCH",
     .set = opt_string,
     .offset = offsetof(struct args, platform),
     .help = "which one of several (default: this machine's)"},
    OPTS_IMAGE(struct args, image),
    OPTS_END,
};

static void args_fini(struct args *args)
{
    image_args_fini(&args->image);
}

/* What is not as its maker made it, for the jobs that miss it. */
static void say_dropped(const struct image_taken *taken)
{
    if (taken->set_ids)
        say_info("%llu file%s lost set-id bits", (unsigned long long)taken->set_ids,
                 taken->set_ids == 1 ? "" : "s");
    if (taken->attributes)
        say_info("left out %llu extended attribute%s",
                 (unsigned long long)taken->attributes,
                 taken->attributes == 1 ? "" : "s");
}

static int import(const struct args *args, const char *source, const char *name)
{
    struct image_progress progress = {0};
    const struct image_import_request request = {.source = source,
                                                 .ref = name,
                                                 .platform = args->platform,
                                                 .progress = image_progress_tell,
                                                 .ctx = &progress};
    struct image_store *store = NULL;
    image_import_fn *take_in = NULL;
    struct image_taken taken;
    struct err err;
    int rc = image_open_own(&args->image, &store, &err);

    if (rc == 0)
        rc = image_importer_load(&take_in, &err);
    if (rc == 0)
        rc = take_in(store, &request, &taken, &err);
    image_progress_end(&progress);
    if (rc == 0)
        say_dropped(&taken);
    rc = rc < 0 ? image_fail(&err)
                : image_say_taken(&args->image, store, "Imported", name, taken.skipped);
    image_store_close(store);
    return rc;
}

int cmd_image_import(int argc, char **argv)
{
    cleanup(args_fini) struct args args = {0};
    cleanup(freep) char *name = NULL;
    int next, status;
    struct err err;

    status = image_parse(&usage, opts, argc, argv, &args, &args.image, &next);
    if (status >= 0)
        return status;
    argc -= next;
    argv += next;
    if (argc < 1 || argc > 2 || (argc == 2 && args.name)) {
        say_error(
            "import takes a source and one name: berth image import SOURCE [NAME]");
        return STATUS_USAGE;
    }
    if (args.name || argc == 2)
        name = xstrdup(args.name ? args.name : argv[1]);
    else
        name = source_name(argv[0]);
    if (!name) {
        say_error("an image from stdin needs a name: berth image import - NAME");
        return STATUS_USAGE;
    }
    if (image_check_name(name, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_USAGE;
    }
    if (strcmp(argv[0], "-") == 0 && isatty(STDIN_FILENO)) {
        say_error("stdin is a terminal: pipe a tar into berth image import -");
        return STATUS_USAGE;
    }
    return import(&args, argv[0], name);
}
