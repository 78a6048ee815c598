/* SPDX-License-Identifier: Apache-2.0
 *
 * image_export.c - berth image export: write an image to a file or directory
 */
#include "cli/image_command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "cli/image_importer.h"

static const struct usage usage = {
    .synopsis = "berth image export IMAGE [-o PATH] [--format FORMAT] [options]",
    .about =
        "Write an image for others to read. FORMAT is oci-archive (what it is without\n"
        "--format), oci-layout, docker-archive, or the root file system alone: tar, "
        "dir\n"
        "or squashfs. An OCI archive or layout has the digests that the image has "
        "here.\n"
        "Without -o, archives and tars go to stdout.",
    .examples = "  berth image export site/solver:2 -o solver.tar\n"
                "  berth image export hpcc --format docker-archive | docker load\n"
                "  berth image export debian:12 --format squashfs -o debian.squashfs\n",
};

struct args {
    struct image_args image;
    const char *output;
    enum image_format format;
};

static const char *const formats[] = {
    [IMAGE_OCI_ARCHIVE] = "oci-archive",
    [IMAGE_OCI_LAYOUT] = "oci-layout",
    [IMAGE_DOCKER_ARCHIVE] = "docker-archive",
    [IMAGE_TAR] = "tar",
    [IMAGE_DIR] = "dir",
    [IMAGE_SQUASHFS] = "squashfs",
};

static int set_format(const struct opt *opt, const char *value, void *ctx,
                      struct err *err)
{
    struct args *args = ctx;
    const char *near = nearest_name(value, formats, ARRAY_SIZE(formats));

    (void)opt;
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
        if (strcmp(formats[i], value) == 0) {
            args->format = (enum image_format)i;
            return 0;
        }
    if (near)
        return err_set(err, EINVAL, "'%s' is no format, did you mean %s?", value, near);
    return err_set(err, EINVAL,
                   "'%s' is no format: oci-archive, oci-layout, docker-archive, tar, "
                   "dir or squashfs",
                   value);
}

static const struct opt opts[] = {
    {.name = "output",
     .letter = 'o',
     .arg = OPT_NEEDED,
     .meta = "PATH",
     .set = opt_string,
     .offset = offsetof(struct args, output),
     .help = "the file or directory to write ('-': stdout)"},
    {.name = "format",
     .arg = OPT_NEEDED,
     .meta = "FORMAT",
     .set = set_format,
     .help = "what to write (default: oci-archive)"},
    OPTS_IMAGE(struct args, image),
    OPTS_END,
};

static void args_fini(struct args *args)
{
    image_args_fini(&args->image);
}

static int export(const struct args *args, const char *ref)
{
    struct image_store *store = NULL;
    cleanup(image_freep) struct image *image = NULL;
    image_export_fn *write_out = NULL;
    struct err err;
    int rc = image_open_found(&args->image, ref, &store, &image, &err);

    if (rc == 0)
        rc = image_exporter_load(&write_out, &err);
    if (rc == 0)
        rc = write_out(store, image, args->format, args->output, &err);
    image_store_close(store);
    if (rc < 0)
        return image_fail(&err);
    if (args->output && args->image.common.json)
        return image_print_json(json_pack("{s:s, s:s, s:s, s:s}", "name", image->name,
                                          "digest", image->digest, "format",
                                          formats[args->format], "path", args->output));
    if (args->output)
        printf("Exported %s to %s (%s)\n", image->name, args->output,
               formats[args->format]);
    return STATUS_OK;
}

int cmd_image_export(int argc, char **argv)
{
    cleanup(args_fini) struct args args = {.format = IMAGE_OCI_ARCHIVE};
    int next, status;

    status = image_parse(&usage, opts, argc, argv, &args, &args.image, &next);
    if (status >= 0)
        return status;
    if (argc - next != 1) {
        say_error("export needs the name of one image ('berth image ls' lists them)");
        return STATUS_USAGE;
    }
    if (args.output && strcmp(args.output, "-") == 0)
        args.output = NULL;
    if (!args.output && isatty(STDOUT_FILENO)) {
        say_error("stdout is a terminal: say where to with -o, or pipe it on");
        return STATUS_USAGE;
    }
    return export(&args, argv[next]);
}
