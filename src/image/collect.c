/* SPDX-License-Identifier: Apache-2.0
 *
 * collect.c - mark what the names need, sweep the rest
 */
#include "image/collect.h"

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

/* Hex digests that stay. */
struct live {
    char **blobs, **layers;
};

/* One run. */
struct sweep {
    const struct image_store *store;
    struct collect *c;
    struct live live;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has(char *const *sorted, const char *hex)
{
    return sorted && bsearch(&hex, sorted, strv_len(sorted), sizeof(*sorted), by_text);
}

static int mark_config(struct sweep *s, const char *digest)
{
    cleanup(oci_config_fini) struct oci_config config = {0};
    int r = store_get_config(s->store, digest, &config, NULL);

    if (r < 0)
        return r;
    strv_add(&s->live.blobs, digest_hex(digest));
    strv_foreach (id, config.diff_ids)
        strv_add(&s->live.layers, digest_hex(*id));
    return 0;
}

/* A damaged image keeps nothing alive: it cannot run, and a new import brings
 * back what it needs. */
static void mark_manifest(struct sweep *s, const char *digest)
{
    cleanup(oci_manifest_fini) struct oci_manifest manifest = {0};

    if (store_get_manifest(s->store, digest, &manifest, NULL) < 0)
        return;
    strv_add(&s->live.blobs, digest_hex(digest));
    for (size_t i = 0; i < manifest.n_layers && !s->c->drop_archives; i++)
        strv_add(&s->live.blobs, digest_hex(manifest.layers[i].digest));
    (void)mark_config(s, manifest.config.digest);
}

/* What a step of a build led to: a file as those in refs/. */
static void mark_step(struct sweep *s, const char *path)
{
    cleanup(freep) char *text = NULL;

    if (io_read_file(path, IMAGE_DIGEST_MAX, &text, NULL, NULL) < 0)
        return;
    text[strcspn(text, "\n")] = '\0';
    if (digest_is_valid(text))
        mark_manifest(s, text);
}

static void mark_steps(struct sweep *s)
{
    cleanup(freep) char *steps = store_dir(s->store, STORE_STEPS);
    const struct dirent *entry;
    DIR *dir = opendir(steps);

    if (!dir)
        return;
    while ((entry = readdir(dir))) {
        cleanup(freep) char *path = xasprintf("%s/%s", steps, entry->d_name);

        if (*entry->d_name != '.')
            mark_step(s, path);
    }
    (void)closedir(dir);
}

static void mark_all(struct sweep *s)
{
    cleanup(strv_freep) char **names = names_list(s->store);

    strv_foreach (name, names) {
        char digest[IMAGE_DIGEST_MAX];

        if (!strv_has(s->c->forget, *name) &&
            names_read(s->store, *name, digest, NULL, NULL) == 0)
            mark_manifest(s, digest);
    }
    if (!s->c->forget_steps)
        mark_steps(s);
    if (s->live.blobs)
        qsort(s->live.blobs, strv_len(s->live.blobs), sizeof(char *), by_text);
    if (s->live.layers)
        qsort(s->live.layers, strv_len(s->live.layers), sizeof(char *), by_text);
}

/* Containers hold a shared lock on what they run on. */
static bool is_held(int layers, const char *name)
{
    cleanup(closep) int fd = openat(layers, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0;
}

bool store_layer_is_held(const struct image_store *store, const char *diff_id)
{
    cleanup(freep) char *path = store_layer_path(store, diff_id);

    return is_held(AT_FDCWD, path);
}

/* Out of sight in one step, then away in its own time. */
static int drop_layer(const struct image_store *store, int layers, const char *name,
                      struct err *err)
{
    cleanup(freep) char *tmp = NULL;
    cleanup(freep) char *from = xasprintf("%s/layers/%s", store->path, name);
    cleanup(freep) char *to = NULL, *note = xasprintf("%s.bytes", name);
    int r = store_make_tmp(store, &tmp, err);

    if (r < 0)
        return r;
    to = xasprintf("%s/layer", tmp);
    if (rename(from, to) < 0)
        return err_sys(err, errno, "cannot remove %s", from);
    (void)unlinkat(layers, note, 0);
    return io_remove_tree(tmp, err);
}

static int visit_layer(struct sweep *s, int layers, const char *name, struct err *err)
{
    cleanup(freep) char *diff_id = xasprintf("sha256:%s", name);
    uint64_t bytes;

    if (!digest_is_valid(diff_id))
        return 0;
    bytes = store_layer_bytes(s->store, diff_id);
    s->c->layers++;
    s->c->layer_bytes += bytes;
    if (has(s->live.layers, name) || is_held(layers, name))
        return 0;
    s->c->layers_gone++;
    s->c->freed += bytes;
    return s->c->dry_run ? 0 : drop_layer(s->store, layers, name, err);
}

static int visit_blob(struct sweep *s, int blobs, const char *name, struct err *err)
{
    struct stat st;

    if (fstatat(blobs, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode))
        return 0;
    s->c->blobs++;
    s->c->blob_bytes += (uint64_t)st.st_size;
    if (has(s->live.blobs, name))
        return 0;
    s->c->blobs_gone++;
    s->c->freed += (uint64_t)st.st_size;
    if (!s->c->dry_run && unlinkat(blobs, name, 0) < 0)
        return err_sys(err, errno, "cannot remove blob %s", name);
    return 0;
}

static int visit_all(struct sweep *s, const char *sub,
                     int (*visit)(struct sweep *, int, const char *, struct err *),
                     struct err *err)
{
    cleanup(freep) char *path = store_dir(s->store, sub);
    const struct dirent *entry;
    DIR *dir = opendir(path);
    int r = 0;

    if (!dir)
        return err_sys(err, errno, "%s", path);
    while (r == 0 && (entry = readdir(dir)))
        r = visit(s, dirfd(dir), entry->d_name, err);
    (void)closedir(dir);
    return r;
}

int collect_run(const struct image_store *store, struct collect *c, struct err *err)
{
    struct sweep s = {.store = store, .c = c};
    int r;

    mark_all(&s);
    r = visit_all(&s, "layers", visit_layer, err);
    if (r == 0)
        r = visit_all(&s, "blobs/sha256", visit_blob, err);
    strv_free(s.live.blobs);
    strv_free(s.live.layers);
    return r;
}

uint64_t collect_kept(const struct collect *c)
{
    return c->layer_bytes + c->blob_bytes - c->freed;
}

int store_collect(const struct image_store *store, struct err *err)
{
    struct collect c = {0};

    return collect_run(store, &c, err);
}
