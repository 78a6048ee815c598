/* SPDX-License-Identifier: Apache-2.0
 *
 * lookup.c - from a name to what a container needs; lists; holds
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "image/digest.h"
#include "image/names.h"
#include "image/oci.h"
#include "image/paths.h"
#include "image/ref.h"

void image_free(struct image *image)
{
    if (!image)
        return;
    for (size_t i = 0; image->holds && i < image->n_layers; i++)
        closep(&image->holds[i]);
    free(image->holds);
    free(image->name);
    free(image->workdir);
    free(image->stop_signal);
    strv_free(image->layers);
    strv_free(image->env);
    strv_free(image->entrypoint);
    strv_free(image->cmd);
    free(image);
}

void image_freep(struct image **image)
{
    image_free(*image);
}

/* Topmost first. A layer that comes twice counts where it is topmost, since
 * overlayfs takes each directory once. */
static int add_layers(const struct image_store *store, char *const *diff_ids,
                      struct image *image, struct err *err)
{
    for (size_t i = strv_len(diff_ids); i-- > 0;) {
        cleanup(freep) char *path = store_layer_path(store, diff_ids[i]);

        if (strv_has(image->layers, path))
            continue;
        if (!store_has_layer(store, diff_ids[i]))
            return err_set(err, ENOENT, "layer %s is missing in %s, import it again",
                           diff_ids[i], store->path);
        image->bytes += store_layer_bytes(store, diff_ids[i]);
        strv_take(&image->layers, take(path));
        image->n_layers++;
    }
    return 0;
}

static int load_config(const struct image_store *store, const char *digest,
                       struct image *image, struct err *err)
{
    cleanup(oci_config_fini) struct oci_config config = {0};
    int r = store_get_config(store, digest, &config, err);

    if (r == 0)
        r = add_layers(store, config.diff_ids, image, err);
    if (r < 0)
        return r;
    image->env = take(config.env);
    image->entrypoint = take(config.entrypoint);
    image->cmd = take(config.cmd);
    image->stop_signal = take(config.stop_signal);
    str_replace(&image->workdir, config.workdir);
    if (config.created)
        image->created = oci_parse_time(config.created);
    return 0;
}

static int load_manifest(const struct image_store *store, struct image *image,
                         struct err *err)
{
    cleanup(oci_manifest_fini) struct oci_manifest manifest = {0};
    int r = store_get_manifest(store, image->digest, &manifest, err);

    return r < 0 ? r : load_config(store, manifest.config.digest, image, err);
}

/* The manifest that a name stands for, and when it was given that name. */
int names_read(const struct image_store *store, const char *name,
               char ret_digest[IMAGE_DIGEST_MAX], int64_t *ret_when, struct err *err)
{
    cleanup(freep) char *path = store_ref_path(store, name);
    cleanup(freep) char *text = NULL;
    struct stat st;
    int r = io_read_file(path, IMAGE_DIGEST_MAX, &text, NULL, err);

    if (r < 0)
        return r;
    text[strcspn(text, "\n")] = '\0';
    if (!digest_is_valid(text))
        return err_set(err, EBADMSG, "%s is damaged: it holds no digest", path);
    memcpy(ret_digest, text, strlen(text) + 1);
    if (ret_when)
        *ret_when = stat(path, &st) == 0 ? st.st_mtime : 0;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **names_list(const struct image_store *store)
{
    cleanup(freep) char *path = store_dir(store, "refs");
    DIR *dir = opendir(path);
    const struct dirent *entry;
    char **names = NULL;

    while (dir && (entry = readdir(dir))) {
        cleanup(freep) char *name = ref_from_file(entry->d_name);
        cleanup(freep) char *full = NULL;

        /* Only what a lookup could find: no files half written. */
        if (ref_normalise(name, &full, NULL) == 0 && strcmp(name, full) == 0)
            strv_add(&names, name);
    }
    if (dir)
        (void)closedir(dir);
    if (names)
        qsort(names, strv_len(names), sizeof(*names), by_name);
    return names;
}

/* People leave ":latest" out, so suggestions do. */
static void strip_latest(char **names)
{
    strv_foreach (name, names) {
        size_t len = strlen(*name);

        if (len > 7 && strcmp(*name + len - 7, ":latest") == 0)
            (*name)[len - 7] = '\0';
    }
}

static int not_found(const char *where, char **names, const char *ref, struct err *err)
{
    const char *near;

    strip_latest(names);
    near = nearest_name(ref, (const char *const *)names, strv_len(names));
    if (near)
        return err_set(err, ENOENT, "there is no image '%s' in %s, did you mean '%s'?",
                       ref, where, near);
    if (!strv_len(names))
        return err_set(err, ENOENT,
                       "there is no image '%s': none at all in %s, import one with "
                       "'berth image import'",
                       ref, where);
    return err_set(err, ENOENT,
                   "there is no image '%s' in %s ('berth image ls' lists "
                   "them)",
                   ref, where);
}

static int resolve(const struct image_store *store, const char *ref,
                   struct image *image, struct err *err)
{
    cleanup(strv_freep) char **names = NULL;
    int r;

    if (digest_is_valid(ref)) {
        memcpy(image->digest, ref, strlen(ref) + 1);
        image->name = xstrdup(ref);
        return 0;
    }
    r = ref_normalise(ref, &image->name, err);
    if (r == 0)
        r = names_read(store, image->name, image->digest, &image->created, err);
    if (r != -ENOENT)
        return r;
    names = names_list(store);
    return not_found(store->path, names, ref, err);
}

int image_full_name(struct image_store *store, const char *ref, char **ret,
                    struct err *err)
{
    cleanup(strv_freep) char **names = NULL;
    cleanup(freep) char *name = NULL;
    char digest[IMAGE_DIGEST_MAX];
    int r = ref_normalise(ref, &name, err);

    if (r == 0)
        r = names_read(store, name, digest, NULL, err);
    if (r == -ENOENT) {
        names = names_list(store);
        return not_found(store->path, names, ref, err);
    }
    if (r == 0)
        *ret = take(name);
    return r;
}

int image_lookup(struct image_store *store, const char *ref, struct image **ret,
                 struct err *err)
{
    cleanup(image_freep) struct image *image = xcalloc(1, sizeof(*image));
    int r = resolve(store, ref, image, err);

    if (r < 0)
        return r;
    r = load_manifest(store, image, err);
    if (r < 0)
        return err_wrap(err, "image %s", image->name);
    *ret = take(image);
    return 0;
}

/* 1 when found in 'path', 0 when not, with the names that are there added. */
static int find_in(const char *path, const char *ref, struct image **ret, char ***names,
                   struct err *err)
{
    struct image_store *store = NULL;
    cleanup(strv_freep) char **here = NULL;
    int r = image_store_open(path, false, &store, err);

    if (r == -ENOENT)
        return 0;
    if (r == 0)
        r = image_lookup(store, ref, ret, err);
    if (r == -ENOENT) {
        here = names_list(store);
        strv_foreach (name, here)
            strv_add(names, *name);
    }
    image_store_close(store);
    return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

int image_find(const char *const *stores, size_t n_stores, const char *ref,
               struct image **ret, char **ret_store, struct err *err)
{
    cleanup(strv_freep) char **names = NULL, **searched = NULL;
    cleanup(freep) char *where = NULL;

    for (size_t i = 0; i < n_stores; i++) {
        int r = find_in(stores[i], ref, ret, &names, err);

        if (r < 0)
            return r;
        if (r > 0) {
            *ret_store = xstrdup(stores[i]);
            return 0;
        }
        strv_add(&searched, stores[i]);
    }
    where = strv_join(searched, " or ");
    return not_found(where, names, ref, err);
}

/* The manifest's access time says when the image was last used. Its owner sets it;
 * when others read it, the kernel does. Without either, the image only looks less
 * used than it is. */
static void stamp_use(const struct image *image)
{
    static const struct timespec now[2] = {{.tv_nsec = UTIME_NOW},
                                           {.tv_nsec = UTIME_OMIT}};
    const char *layers = strrchr(image->layers[0], '/');
    cleanup(freep) char *path =
        xasprintf("%.*s/../blobs/sha256/%s", (int)(layers - image->layers[0]),
                  image->layers[0], digest_hex(image->digest));
    cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    char byte;

    if (fd >= 0 && futimens(fd, now) < 0)
        (void)!read(fd, &byte, 1);
}

int image_hold(struct image *image, struct err *err)
{
    if (image->holds)
        return 0;
    image->holds = xcalloc(image->n_layers, sizeof(*image->holds));
    memset(image->holds, 0xff, image->n_layers * sizeof(*image->holds));
    for (size_t i = 0; i < image->n_layers; i++) {
        int fd = open(image->layers[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct stat st;

        image->holds[i] = fd;
        if (fd < 0 || flock(fd, LOCK_SH) < 0 || fstat(fd, &st) < 0)
            return err_sys(err, errno, "image %s: %s", image->name, image->layers[i]);
        if (!st.st_nlink)
            return err_set(err, ENOENT, "image %s was removed just now", image->name);
    }
    if (image->n_layers)
        stamp_use(image);
    return 0;
}

/* One entry of a list; of an image that is damaged only name and digest. */
static struct image *list_entry(struct image_store *store, const char *name)
{
    struct image *image = NULL;

    if (image_lookup(store, name, &image, NULL) == 0)
        return image;
    image = xcalloc(1, sizeof(*image));
    image->name = xstrdup(name);
    image->workdir = xstrdup("");
    (void)names_read(store, name, image->digest, &image->created, NULL);
    return image;
}

int image_list(struct image_store *store, struct image ***ret, size_t *ret_n,
               struct err *err)
{
    cleanup(strv_freep) char **names = names_list(store);
    size_t n = strv_len(names);

    (void)err;
    *ret = xcalloc(n, sizeof(**ret));
    for (size_t i = 0; i < n; i++)
        (*ret)[i] = list_entry(store, names[i]);
    *ret_n = n;
    return 0;
}

int64_t image_last_used(struct image_store *store, const struct image *image)
{
    cleanup(freep) char *blob = store_blob_path(store, image->digest);
    char digest[IMAGE_DIGEST_MAX];
    int64_t named = 0;
    struct stat st;

    (void)names_read(store, image->name, digest, &named, NULL);
    if (stat(blob, &st) < 0)
        return named;
    return st.st_atime > named ? st.st_atime : named;
}

int image_documents(struct image_store *store, const struct image *image,
                    char **ret_manifest, char **ret_config, struct err *err)
{
    cleanup(oci_manifest_fini) struct oci_manifest manifest = {0};
    cleanup(freep) char *bytes = NULL, *config = NULL;
    size_t len;
    int r = store_get_blob(store, image->digest, &bytes, &len, err);

    if (r == 0)
        r = oci_parse_manifest(bytes, len, &manifest, err);
    if (r == 0)
        r = store_get_blob(store, manifest.config.digest, &config, &len, err);
    if (r < 0)
        return err_wrap(err, "image %s", image->name);
    if (ret_manifest)
        *ret_manifest = take(bytes);
    if (ret_config)
        *ret_config = take(config);
    return 0;
}

uint64_t image_layer_bytes(const struct image_store *store, const char *diff_id)
{
    return digest_is_valid(diff_id) ? store_layer_bytes(store, diff_id) : 0;
}
