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

static const struct usage usage = {
    .synopsis = "berth image import SOURCE [NAME[:TAG]] [options]",
    .about =
        "Take an image in. SOURCE is an OCI layout directory, the tar of a root file\n"
        "system (plain, gzip, zstd, xz; '-' reads it from stdin), or such a directory.",
    .examples = "  berth image import debian.tar.zst debian:12\n"
                "  mmdebstrap bookworm - | berth image import - debian:12\n"
                "  berth image import ./layout site/hpcc\n",
};

struct args {
    struct image_args image;
    const char *name;
};

static const struct opt opts[] = {
    {.name = "name",
     .arg = OPT_NEEDED,
     .meta = "NAME[:TAG]",
     .set = opt_string,
     .offset = offsetof(struct args, name),
     .help = "what to call it (default: the source's name)"},
    OPTS_IMAGE(struct args, image),
    OPTS_END,
};

static void args_fini(struct args *args)
{
    image_args_fini(&args->image);
}

/* "dir/debian-12.tar.zst" -> "debian-12"; NULL for stdin. */
static char *name_from_source(const char *source)
{
    static const char *const endings[] = {".gz", ".xz", ".zst", ".tgz", ".tar"};
    cleanup(freep) char *path = xstrdup(source);
    size_t len = strlen(path);
    char *base;

    if (strcmp(source, "-") == 0)
        return NULL;
    while (len > 1 && path[len - 1] == '/')
        path[--len] = '\0';
    base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
        size_t end = strlen(endings[i]);

        len = strlen(base);
        if (len > end && strcmp(base + len - end, endings[i]) == 0)
            base[len - end] = '\0';
    }
    return xstrdup(base);
}

static int import(const struct args *args, const char *source, const char *name)
{
    struct image_progress progress = {0};
    struct image_store *store = NULL;
    image_import_fn *take_in = NULL;
    char digest[IMAGE_DIGEST_MAX];
    uint64_t skipped;
    struct err err;
    int rc = image_open_own(&args->image, &store, &err);

    if (rc == 0)
        rc = image_importer_load(&take_in, &err);
    if (rc == 0)
        rc = take_in(store, source, name, image_progress_tell, &progress, digest,
                     &skipped, &err);
    image_progress_end(&progress);
    rc = rc < 0 ? image_fail(&err)
                : image_say_taken(&args->image, store, "Imported", name, skipped);
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
        name = name_from_source(argv[0]);
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
