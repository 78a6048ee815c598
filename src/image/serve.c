/* SPDX-License-Identifier: Apache-2.0
 *
 * serve.c - a store's files for somebody on another node
 */
#include "image/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/digest.h"
#include "image/fetch.h"
#include "image/ref.h"

/* Open 'path' of the store, a plain file of its owner's. A thread's file ids are
 * its own (setfsuid(2)), and changing them takes the file capabilities away. */
static int open_as(const struct image_reader *reader, const char *path)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
                                      RESOLVE_NO_MAGICLINKS};
    gid_t old_gid = (gid_t)setfsgid(reader->gid);
    uid_t old_uid = (uid_t)setfsuid(reader->uid);
    int dir = open(reader->store, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = dir < 0 ? -1 : (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
    int rc = fd < 0 ? -errno : fd;

    (void)setfsuid(old_uid);
    (void)setfsgid(old_gid);
    closep(&dir);
    return rc;
}

static bool may_be_read(const struct image_reader *reader, const struct stat *st)
{
    if (!S_ISREG(st->st_mode))
        return false;
    if (reader->owner == (uid_t)-1)
        return reader->uid == 0 || (st->st_mode & S_IROTH) != 0;
    return st->st_uid == reader->owner;
}

static int open_file(const struct image_reader *reader, const char *path,
                     struct stat *st, struct err *err)
{
    int fd = open_as(reader, path);

    if (fd < 0)
        return err_set(err, -fd == ENOTDIR || -fd == ELOOP ? ENOENT : -fd, "%s/%s: %s",
                       reader->store, path, strerror(-fd));
    if (fstat(fd, st) < 0 || !may_be_read(reader, st)) {
        (void)close(fd);
        return err_set(err, ENOENT, "%s/%s is not a file of the store", reader->store,
                       path);
    }
    return fd;
}

static int open_blob(const struct image_reader *reader, const char *digest,
                     struct stat *st, struct err *err)
{
    cleanup(freep) char *path = NULL;

    if (!digest_is_valid(digest))
        return err_set(err, EINVAL, "no digest");
    path = xasprintf("blobs/sha256/%s", digest_hex(digest));
    return open_file(reader, path, st, err);
}

/* "sha256:..." from refs/NAME. */
static int read_name(const struct image_reader *reader, const char *ref,
                     char ret_digest[IMAGE_DIGEST_MAX], struct err *err)
{
    cleanup(freep) char *name = NULL, *file = NULL, *path = NULL;
    cleanup(closep) int fd = -1;
    struct stat st;
    ssize_t n;
    int rc = ref_normalise(ref, &name, err);

    if (rc < 0)
        return rc;
    file = ref_to_file(name);
    path = xasprintf("refs/%s", file);
    fd = open_file(reader, path, &st, err);
    if (fd < 0)
        return fd;
    n = read(fd, ret_digest, IMAGE_DIGEST_MAX - 1);
    ret_digest[n > 0 ? n : 0] = '\0';
    ret_digest[strcspn(ret_digest, "\n")] = '\0';
    return digest_is_valid(ret_digest)
               ? 0
               : err_set(err, EBADMSG, "%s/%s holds no digest", reader->store, path);
}

static bool is_coming(const struct image_reader *reader, const char *digest)
{
    cleanup(freep) char *path = fetch_lock_name(digest);
    cleanup(closep) int fd = -1;
    struct stat st;

    fd = open_file(reader, path, &st, NULL);
    return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

int image_serve_find(const struct image_reader *reader, const char *ref,
                     char ret_digest[IMAGE_DIGEST_MAX], bool *ret_coming,
                     struct err *err)
{
    cleanup(closep) int fd = -1;
    struct stat st;

    *ret_coming = false;
    if (digest_is_valid(ref)) {
        memcpy(ret_digest, ref, strlen(ref) + 1);
    } else {
        int rc = read_name(reader, ref, ret_digest, err);

        if (rc < 0)
            return rc;
    }
    fd = open_blob(reader, ret_digest, &st, err);
    /* Layers come after the manifest, so it may be there and not yet be enough. */
    *ret_coming = is_coming(reader, ret_digest);
    if (fd < 0)
        return fd;
    return *ret_coming ? err_set(err, ENOENT, "it is on its way there") : 0;
}

int image_serve_read(const struct image_reader *reader, const char *digest,
                     uint64_t offset, void *bytes, size_t max, size_t *ret_n,
                     uint64_t *ret_size, struct err *err)
{
    cleanup(closep) int fd = -1;
    struct stat st;
    ssize_t n;

    fd = open_blob(reader, digest, &st, err);
    if (fd < 0)
        return fd;
    *ret_size = (uint64_t)st.st_size;
    n = offset < *ret_size ? pread(fd, bytes, max, (off_t)offset) : 0;
    if (n < 0)
        return err_sys(err, errno, "%s in %s", digest, reader->store);
    *ret_n = (size_t)n;
    return 0;
}
