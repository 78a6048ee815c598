/* SPDX-License-Identifier: Apache-2.0
 *
 * remove.c - forget names, and collect what no name needs any more
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "image/digest.h"
#include "image/names.h"
#include "image/oci.h"
#include "image/paths.h"
#include "image/ref.h"

/* Hex digests that stay. */
struct live {
    char **blobs, **layers;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has(char *const *sorted, const char *hex)
{
    return sorted && bsearch(&hex, sorted, strv_len(sorted), sizeof(*sorted), by_text);
}

static int mark_config(const struct image_store *store, const char *digest,
                       struct live *live, struct err *err)
{
    cleanup(oci_config_fini) struct oci_config config = {0};
    int r = store_get_config(store, digest, &config, err);

    if (r < 0)
        return r;
    strv_add(&live->blobs, digest_hex(digest));
    strv_foreach (id, config.diff_ids)
        strv_add(&live->layers, digest_hex(*id));
    return 0;
}

static int mark_manifest(const struct image_store *store, const char *digest,
                         struct live *live, struct err *err)
{
    cleanup(oci_manifest_fini) struct oci_manifest manifest = {0};
    int r = store_get_manifest(store, digest, &manifest, err);

    if (r < 0)
        return r;
    strv_add(&live->blobs, digest_hex(digest));
    for (size_t i = 0; i < manifest.n_layers; i++)
        strv_add(&live->blobs, digest_hex(manifest.layers[i].digest));
    return mark_config(store, manifest.config.digest, live, err);
}

/* What a step of a build led to: a file as those in refs/. */
static void mark_step(const struct image_store *store, const char *path,
                      struct live *live)
{
    cleanup(freep) char *text = NULL;

    if (io_read_file(path, IMAGE_DIGEST_MAX, &text, NULL, NULL) < 0)
        return;
    text[strcspn(text, "\n")] = '\0';
    if (digest_is_valid(text))
        (void)mark_manifest(store, text, live, NULL);
}

static void mark_steps(const struct image_store *store, struct live *live)
{
    cleanup(freep) char *steps = store_dir(store, STORE_STEPS);
    const struct dirent *entry;
    DIR *dir = opendir(steps);

    if (!dir)
        return;
    while ((entry = readdir(dir))) {
        cleanup(freep) char *path = xasprintf("%s/%s", steps, entry->d_name);

        if (*entry->d_name != '.')
            mark_step(store, path, live);
    }
    (void)closedir(dir);
}

/* A damaged image keeps nothing alive: it cannot run, and a new import brings
 * back what it needs. */
static void mark_all(const struct image_store *store, struct live *live)
{
    cleanup(strv_freep) char **names = names_list(store);

    strv_foreach (name, names) {
        char digest[IMAGE_DIGEST_MAX];

        if (names_read(store, *name, digest, NULL, NULL) == 0)
            (void)mark_manifest(store, digest, live, NULL);
    }
    mark_steps(store, live);
    if (live->blobs)
        qsort(live->blobs, strv_len(live->blobs), sizeof(char *), by_text);
    if (live->layers)
        qsort(live->layers, strv_len(live->layers), sizeof(char *), by_text);
}

/* Does a container run on it? Those hold a shared lock. */
static bool is_held(int layers, const char *name)
{
    cleanup(closep) int fd = openat(layers, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0;
}

/* Out of sight in one step, then away in its own time. */
static int drop_layer(const struct image_store *store, int layers, const char *name,
                      struct err *err)
{
    cleanup(freep) char *tmp = NULL;
    cleanup(freep) char *from = xasprintf("%s/layers/%s", store->path, name);
    cleanup(freep) char *to = NULL, *note = xasprintf("%s.bytes", name);
    int r;

    if (is_held(layers, name))
        return 0;
    r = store_make_tmp(store, &tmp, err);
    if (r < 0)
        return r;
    to = xasprintf("%s/layer", tmp);
    if (rename(from, to) < 0)
        return err_sys(err, errno, "cannot remove %s", from);
    (void)unlinkat(layers, note, 0);
    return io_remove_tree(tmp, err);
}

static int collect_layers(const struct image_store *store, const struct live *live,
                          struct err *err)
{
    cleanup(freep) char *path = store_dir(store, "layers");
    const struct dirent *entry;
    DIR *dir = opendir(path);
    int r = 0;

    if (!dir)
        return err_sys(err, errno, "%s", path);
    while (r == 0 && (entry = readdir(dir)))
        if (strlen(entry->d_name) == DIGEST_HEX_LEN &&
            !has(live->layers, entry->d_name))
            r = drop_layer(store, dirfd(dir), entry->d_name, err);
    (void)closedir(dir);
    return r;
}

static int collect_blobs(const struct image_store *store, const struct live *live,
                         struct err *err)
{
    cleanup(freep) char *path = store_dir(store, "blobs/sha256");
    const struct dirent *entry;
    DIR *dir = opendir(path);
    int r = 0;

    if (!dir)
        return err_sys(err, errno, "%s", path);
    while (r == 0 && (entry = readdir(dir)))
        if (entry->d_type != DT_DIR && !has(live->blobs, entry->d_name) &&
            unlinkat(dirfd(dir), entry->d_name, 0) < 0)
            r = err_sys(err, errno, "cannot remove %s/%s", path, entry->d_name);
    (void)closedir(dir);
    return r;
}

int store_collect(const struct image_store *store, struct err *err)
{
    struct live live = {0};
    int r;

    mark_all(store, &live);
    r = collect_layers(store, &live, err);
    if (r == 0)
        r = collect_blobs(store, &live, err);
    strv_free(live.blobs);
    strv_free(live.layers);
    return r;
}

/* The lookup gives the words for a name that is not there. */
static int check_exists(struct image_store *store, const char *path, const char *ref,
                        struct err *err)
{
    struct image *image = NULL;
    int r;

    if (access(path, F_OK) == 0)
        return 0;
    r = image_lookup(store, ref, &image, err);
    image_free(image);
    return r;
}

int image_remove(struct image_store *store, const char *ref, struct err *err)
{
    cleanup(freep) char *name = NULL, *path = NULL;
    cleanup(closep) int lock = -1;
    int r = ref_normalise(ref, &name, err);

    if (r < 0)
        return r;
    path = store_ref_path(store, name);
    r = check_exists(store, path, ref, err);
    if (r == 0)
        r = store_lock(store, LOCK_EX, &lock, err);
    if (r < 0)
        return r;
    if (unlink(path) < 0)
        return err_sys(err, errno, "cannot remove image %s", name);
    store_clear_tmp(store);
    return store_collect(store, err);
}
