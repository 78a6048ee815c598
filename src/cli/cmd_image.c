/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_image.c - berth image import, ls, rm, inspect
 */
#include "cli/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/image_importer.h"
#include "cli/image_progress.h"
#include "cli/image_show.h"
#include "cli/image_stores.h"
#include "image/store.h"

static const struct usage usage = {
    .synopsis = "berth image import|ls|rm|inspect [options]",
    .about =
        "Images that jobs run in. Root keeps the site's, everyone else their own;\n"
        "jobs find both. No cluster needs to be up.\n"
        "\n"
        "  import SOURCE [NAME[:TAG]]  take an image in: an OCI layout directory, the "
        "tar\n"
        "                              of a root file system (plain, gzip, zstd, xz; "
        "'-'\n"
        "                              reads it from stdin), or such a directory\n"
        "  ls                          list them\n"
        "  rm NAME...                  forget images; layers nobody needs go too\n"
        "  inspect NAME                all there is to say about one",
    .examples = "  berth image import debian.tar.zst debian:12\n"
                "  mmdebstrap bookworm - | berth image import - debian:12\n"
                "  berth image import ./layout site/hpcc\n"
                "  berth image ls --json\n",
};

struct args {
    struct common common;
    const char *name, *store;
    struct image_stores stores;
};

static const struct opt opts[] = {
    {.name = "name",
     .arg = OPT_NEEDED,
     .meta = "NAME[:TAG]",
     .set = opt_string,
     .offset = offsetof(struct args, name),
     .help = "of import: what to call it (default: the source's name)"},
    {.name = "store",
     .arg = OPT_NEEDED,
     .meta = "DIR",
     .set = opt_string,
     .offset = offsetof(struct args, store),
     .help = "use this image store only"},
    OPTS_COMMON(struct args, common),
    OPTS_END,
};

static int fail(const struct err *err)
{
    say_error("%s", err->text);
    return STATUS_FAILED;
}

static int print_json(json_t *json)
{
    (void)json_dumpf(json, stdout, JSON_INDENT(2));
    (void)putchar('\n');
    json_decref(json);
    return STATUS_OK;
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

static int open_own(const struct args *args, struct image_store **ret, struct err *err)
{
    return image_store_open(args->stores.paths[0], true, ret, err);
}

static int say_imported(const struct args *args, struct image_store *store,
                        const char *digest, const char *name, uint64_t skipped)
{
    cleanup(image_freep) struct image *image = NULL;
    cleanup(freep) char *size = NULL;
    struct err err;

    if (image_lookup(store, name, &image, &err) < 0)
        return fail(&err);
    if (skipped)
        say_info("left out %llu devices, pipes and sockets",
                 (unsigned long long)skipped);
    if (args->common.json)
        return print_json(image_json(image, image_store_path(store)));
    size = size_format(image->bytes);
    printf("Imported %s: %s in %zu layer%s, %.19s\n", image->name, size,
           image->n_layers, image->n_layers == 1 ? "" : "s", digest);
    return STATUS_OK;
}

static int import(const struct args *args, const char *source, const char *name)
{
    struct image_progress progress = {0};
    struct image_store *store = NULL;
    image_import_fn *take_in = NULL;
    char digest[IMAGE_DIGEST_MAX];
    uint64_t skipped;
    struct err err;
    int rc = open_own(args, &store, &err);

    if (rc == 0)
        rc = image_importer_load(&take_in, &err);
    if (rc == 0)
        rc = take_in(store, source, name, image_progress_tell, &progress, digest,
                     &skipped, &err);
    image_progress_end(&progress);
    rc = rc < 0 ? fail(&err) : say_imported(args, store, digest, name, skipped);
    image_store_close(store);
    return rc;
}

static int run_import(struct args *args, int argc, char **argv)
{
    cleanup(freep) char *name = NULL;
    struct err err;

    if (argc < 1 || argc > 2 || (argc == 2 && args->name)) {
        say_error(
            "import takes a source and one name: berth image import SOURCE [NAME]");
        return STATUS_USAGE;
    }
    if (args->name || argc == 2)
        name = xstrdup(args->name ? args->name : argv[1]);
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
    return import(args, argv[0], name);
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

static int run_ls(struct args *args, int argc, char **argv)
{
    cleanup(table_destroyp) struct table *table = image_table_create();
    json_t *list = json_array();
    struct err err;
    int rc = 0;

    if (argc > 0) {
        say_error("ls takes no names: %s (berth image inspect NAME shows one)",
                  argv[0]);
        json_decref(list);
        return STATUS_USAGE;
    }
    for (size_t i = 0; i < args->stores.n && rc == 0; i++)
        rc = list_store(args->stores.paths[i], table, list, &err);
    if (rc == 0 && args->common.json)
        return print_json(list);
    json_decref(list);
    if (rc < 0)
        return fail(&err);
    table_print(table, true, table_terminal_width(stdout), stdout);
    return STATUS_OK;
}

/* From the first store that has it; one that we may not write says so. */
static int remove_one(const struct args *args, const char *ref, struct err *err)
{
    cleanup(image_freep) struct image *image = NULL;
    cleanup(freep) char *found = NULL;

    for (size_t i = 0; i < args->stores.n; i++) {
        struct image_store *store = NULL;
        int rc = image_store_open(args->stores.paths[i], false, &store, err);

        if (rc == 0)
            rc = image_remove(store, ref, err);
        image_store_close(store);
        if (rc != -ENOENT)
            return rc;
    }
    /* For the words: the nearest name of all stores. */
    return image_find((const char *const *)args->stores.paths, args->stores.n, ref,
                      &image, &found, err);
}

static int run_rm(struct args *args, int argc, char **argv)
{
    int status = STATUS_OK;

    if (argc < 1) {
        say_error("rm needs the name of an image ('berth image ls' lists them)");
        return STATUS_USAGE;
    }
    for (int i = 0; i < argc; i++) {
        struct err err;

        if (remove_one(args, argv[i], &err) < 0)
            status = fail(&err);
    }
    return status;
}

static int run_inspect(struct args *args, int argc, char **argv)
{
    cleanup(image_freep) struct image *image = NULL;
    cleanup(freep) char *store = NULL;
    struct err err;

    if (argc != 1) {
        say_error("inspect needs the name of one image ('berth image ls' lists them)");
        return STATUS_USAGE;
    }
    if (image_find((const char *const *)args->stores.paths, args->stores.n, argv[0],
                   &image, &store, &err) < 0)
        return fail(&err);
    if (args->common.json)
        return print_json(image_json(image, store));
    image_print(image, store);
    return STATUS_OK;
}

static const struct {
    const char *name;
    int (*run)(struct args *args, int argc, char **argv);
} verbs[] = {
    {"import", run_import},
    {"ls", run_ls},
    {"rm", run_rm},
    {"inspect", run_inspect},
};

static int unknown_verb(const char *word)
{
    const char *names[ARRAY_SIZE(verbs)], *near;

    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
        names[i] = verbs[i].name;
    near = nearest_name(word, names, ARRAY_SIZE(names));
    if (near)
        say_error("unknown verb %s: did you mean berth image %s?", word, near);
    else
        say_error("unknown verb %s: import, ls, rm or inspect", word);
    return STATUS_USAGE;
}

static int run_verb(struct args *args, int argc, char **argv)
{
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
        struct err err;
        int status;

        if (strcmp(argv[0], verbs[i].name) != 0)
            continue;
        if (image_stores_find(args->common.config, args->store, &args->stores, &err) <
            0)
            return fail(&err);
        status = verbs[i].run(args, argc - 1, argv + 1);
        image_stores_fini(&args->stores);
        return status;
    }
    return unknown_verb(argv[0]);
}

int cmd_image(int argc, char **argv)
{
    struct args args = {0};
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (next == argc) {
        say_error("say what to do: import, ls, rm or inspect");
        return STATUS_USAGE;
    }
    return run_verb(&args, argc - next, argv + next);
}
