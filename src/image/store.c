/* SPDX-License-Identifier: Apache-2.0
 *
 * store.c - the store's directories, lock and blobs
 */
#include "image/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/digest.h"
#include "image/ref.h"

#define PARTIAL "partial-"
#define PARTIAL_SECONDS (7 * 86400)

char *store_dir(const struct image_store *store, const char *sub)
{
    return xasprintf("%s/%s", store->path, sub);
}

char *store_blob_path(const struct image_store *store, const char *digest)
{
    return xasprintf("%s/blobs/sha256/%s", store->path, digest_hex(digest));
}

char *store_layer_path(const struct image_store *store, const char *diff_id)
{
    return xasprintf("%s/layers/%s", store->path, digest_hex(diff_id));
}

char *store_layer_bytes_path(const struct image_store *store, const char *diff_id)
{
    return xasprintf("%s/layers/%s.bytes", store->path, digest_hex(diff_id));
}

char *store_ref_path(const struct image_store *store, const char *name)
{
    cleanup(freep) char *file = ref_to_file(name);

    return xasprintf("%s/refs/%s", store->path, file);
}

/* Jobs of every user read the site's store, whatever root's umask is. */
static int make_dir(const char *path, mode_t mode, struct err *err)
{
    if (mkdir(path, mode) == 0)
        return chmod(path, mode) == 0 ? 0 : err_sys(err, errno, "%s", path);
    if (errno == EEXIST)
        return 0;
    return err_sys(err, errno, "cannot make %s", path);
}

static int make_store(const struct image_store *store, struct err *err)
{
    static const struct {
        const char *name;
        mode_t mode;
    } dirs[] = {{"", 0755},     {"blobs", 0755},  {"blobs/sha256", 0755},
                {"refs", 0755}, {"layers", 0755}, {"tmp", 0700}};
    cleanup(freep) char *parent = xstrdup(store->path);
    char *slash = strrchr(parent, '/');
    int r = 0;

    if (slash && slash != parent) {
        *slash = '\0';
        r = io_mkdir_p(parent, 0755, err);
    }
    for (size_t i = 0; i < ARRAY_SIZE(dirs) && r == 0; i++) {
        cleanup(freep) char *path = store_dir(store, dirs[i].name);

        r = make_dir(path, dirs[i].mode, err);
    }
    return r;
}

/* Layers are named by absolute paths, whatever directory is worked in later. */
static char *absolute(const char *path)
{
    cleanup(freep) char *cwd = *path == '/' ? NULL : getcwd(NULL, 0);

    return cwd ? xasprintf("%s/%s", cwd, path) : xstrdup(path);
}

int image_store_open(const char *path, bool create, struct image_store **ret,
                     struct err *err)
{
    struct image_store *store;
    struct stat st;
    int r;

    if (sodium_init() < 0)
        return err_set(err, EIO, "libsodium does not start");
    store = xcalloc(1, sizeof(*store));
    store->path = absolute(path);
    store->keep_archives = true;
    if (create)
        r = make_store(store, err);
    else if (stat(path, &st) < 0)
        r = err_sys(err, errno, "image store %s", path);
    else
        r = 0;
    if (r < 0) {
        image_store_close(store);
        return r;
    }
    *ret = store;
    return 0;
}

void image_store_close(struct image_store *store)
{
    if (!store)
        return;
    free(store->path);
    free(store);
}

void image_store_keep_archives(struct image_store *store, bool keep)
{
    store->keep_archives = keep;
}

const char *image_store_path(const struct image_store *store)
{
    return store->path;
}

int store_make_tmp(const struct image_store *store, char **ret_path, struct err *err)
{
    cleanup(freep) char *path = store_dir(store, "tmp/XXXXXX");

    if (!mkdtemp(path))
        return store_write_failed(store, errno, "a directory in tmp/", err);
    *ret_path = take(path);
    return 0;
}

int store_make_tmp_file(const struct image_store *store, char **ret_path, int *ret_fd,
                        struct err *err)
{
    cleanup(freep) char *path = store_dir(store, "tmp/XXXXXX");
    int fd = mkostemp(path, O_CLOEXEC);

    if (fd < 0)
        return store_write_failed(store, errno, "a file in tmp/", err);
    *ret_path = take(path);
    *ret_fd = fd;
    return 0;
}

char *store_partial_path(const struct image_store *store, const char *digest)
{
    return xasprintf("%s/tmp/" PARTIAL "%s", store->path, digest_hex(digest));
}

/* Somebody may come back for the rest. */
static bool is_worth_keeping(int tmp, const char *name)
{
    struct stat st;

    return strncmp(name, PARTIAL, sizeof(PARTIAL) - 1) == 0 &&
           fstatat(tmp, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > 0 &&
           st.st_mtime > time(NULL) - PARTIAL_SECONDS;
}

void store_clear_tmp(const struct image_store *store)
{
    cleanup(freep) char *tmp = store_dir(store, "tmp");
    DIR *dir = opendir(tmp);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        cleanup(freep) char *path = xasprintf("%s/%s", tmp, entry->d_name);

        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            !is_worth_keeping(dirfd(dir), entry->d_name))
            (void)io_remove_tree(path, NULL);
    }
    if (dir)
        (void)closedir(dir);
}

int store_lock(const struct image_store *store, int operation, int *ret_fd,
               struct err *err)
{
    cleanup(freep) char *path = store_dir(store, "lock");
    cleanup(closep) int fd =
        open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int r;

    if (fd < 0 && (errno == EACCES || errno == EROFS))
        return err_set(err, errno, "you may not change the image store %s",
                       store->path);
    if (fd < 0)
        return err_sys(err, errno, "cannot lock the image store: %s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        store_clear_tmp(store);
    do
        r = flock(fd, operation);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return err_sys(err, errno, "cannot lock the image store: %s", path);
    *ret_fd = take_fd(fd);
    return 0;
}

int store_put_blob(const struct image_store *store, const void *bytes, size_t len,
                   char ret_digest[IMAGE_DIGEST_MAX], struct err *err)
{
    cleanup(freep) char *path = NULL;

    digest_of(bytes, len, ret_digest);
    path = store_blob_path(store, ret_digest);
    return io_write_file_atomic(path, bytes, len, 0644, err);
}

/* Without a trace in its access time, which says when the image was last used. The
 * owner may do that. */
static int read_quietly(const char *path, char **ret_bytes, size_t *ret_len,
                        struct err *err)
{
    cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOATIME);
    int r;

    if (fd < 0)
        return io_read_file(path, BLOB_BYTES_MAX, ret_bytes, ret_len, err);
    r = io_read_fd(fd, BLOB_BYTES_MAX, ret_bytes, ret_len, err);
    return r < 0 ? err_wrap(err, "%s", path) : 0;
}

int store_get_blob(const struct image_store *store, const char *digest,
                   char **ret_bytes, size_t *ret_len, struct err *err)
{
    cleanup(freep) char *path = store_blob_path(store, digest);
    cleanup(freep) char *bytes = NULL;
    char found[IMAGE_DIGEST_MAX];
    int r = read_quietly(path, &bytes, ret_len, err);

    if (r < 0)
        return r;
    digest_of(bytes, *ret_len, found);
    if (strcmp(found, digest) != 0)
        return err_set(err, EBADMSG, "%s is damaged: its content is %s", path, found);
    *ret_bytes = take(bytes);
    return 0;
}

int store_get_manifest(const struct image_store *store, const char *digest,
                       struct oci_manifest *ret, struct err *err)
{
    cleanup(freep) char *bytes = NULL;
    size_t len;
    int r = store_get_blob(store, digest, &bytes, &len, err);

    return r < 0 ? r : oci_parse_manifest(bytes, len, ret, err);
}

int store_get_config(const struct image_store *store, const char *digest,
                     struct oci_config *ret, struct err *err)
{
    cleanup(freep) char *bytes = NULL;
    size_t len;
    int r = store_get_blob(store, digest, &bytes, &len, err);

    return r < 0 ? r : oci_parse_config(bytes, len, ret, err);
}

bool store_has_blob(const struct image_store *store, const char *digest)
{
    cleanup(freep) char *path = store_blob_path(store, digest);

    return access(path, F_OK) == 0;
}

uint64_t store_layer_bytes(const struct image_store *store, const char *diff_id)
{
    cleanup(freep) char *path = store_layer_bytes_path(store, diff_id);
    cleanup(freep) char *text = NULL;

    if (io_read_file(path, 64, &text, NULL, NULL) < 0)
        return 0;
    return strtoull(text, NULL, 10);
}

bool store_has_layer(const struct image_store *store, const char *diff_id)
{
    cleanup(freep) char *path = store_layer_path(store, diff_id);

    return access(path, F_OK) == 0;
}

int store_write_failed(const struct image_store *store, int code, const char *what,
                       struct err *err)
{
    if (code == ENOSPC || code == EDQUOT)
        return err_set(err, code, "no space left for %s in the image store %s", what,
                       store->path);
    return err_sys(err, code, "cannot write %s in the image store %s", what,
                   store->path);
}
