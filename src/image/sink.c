/* SPDX-License-Identifier: Apache-2.0
 *
 * sink.c - write the files of a bundle into a directory or a tar
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/export.h"
#include "image/tar_pack.h"

struct sink {
    int dir; /* -1: a tar */
    struct tar_pack *tar;
};

int sink_of_tar(int out, struct sink **ret, struct err *err)
{
    cleanup(sink_closep) struct sink *sink = xcalloc(1, sizeof(*sink));
    int r;

    sink->dir = -1;
    r = tar_pack_open(out, -1, &sink->tar, err);
    if (r == 0)
        *ret = take(sink);
    return r;
}

int sink_of_dir(const char *path, struct sink **ret, struct err *err)
{
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0)
        return err_sys(err, errno, "%s", path);
    *ret = xcalloc(1, sizeof(**ret));
    (*ret)->dir = dir;
    return 0;
}

void sink_closep(struct sink **sink)
{
    if (!*sink)
        return;
    tar_pack_closep(&(*sink)->tar);
    closep(&(*sink)->dir);
    free(*sink);
    *sink = NULL;
}

static int write_file(int fd, const char *name, uint64_t size,
                      int (*read)(void *ctx, void *bytes, size_t len), void *ctx,
                      struct err *err)
{
    char chunk[65536];

    while (size) {
        size_t n = size < sizeof(chunk) ? (size_t)size : sizeof(chunk);
        int r = read(ctx, chunk, n);

        if (r < 0)
            return err_sys(err, -r, "cannot read %s", name);
        r = io_write_full(fd, chunk, n);
        if (r < 0)
            return err_sys(err, -r, "cannot write %s", name);
        size -= n;
    }
    return 0;
}

int sink_put_from(struct sink *sink, const char *name, uint64_t size,
                  int (*read)(void *ctx, void *bytes, size_t len), void *ctx,
                  struct err *err)
{
    const struct tar_entry e = {.path = name,
                                .mode = S_IFREG | 0644,
                                .size = (int64_t)size,
                                .read = read,
                                .ctx = ctx};
    cleanup(closep) int fd = -1;

    if (sink->tar)
        return tar_pack_put(sink->tar, &e, err);
    fd = openat(sink->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                0644);
    /* Two layers may be the same blob. */
    if (fd < 0 && errno == EEXIST)
        return 0;
    if (fd < 0)
        return err_sys(err, errno, "cannot write %s", name);
    return write_file(fd, name, size, read, ctx, err);
}

struct memory {
    const char *at;
};

static int read_memory(void *ctx, void *bytes, size_t len)
{
    struct memory *memory = ctx;

    memcpy(bytes, memory->at, len);
    memory->at += len;
    return 0;
}

int sink_put(struct sink *sink, const char *name, const void *bytes, size_t len,
             struct err *err)
{
    struct memory memory = {.at = bytes};

    return sink_put_from(sink, name, len, read_memory, &memory, err);
}

int sink_put_dir(struct sink *sink, const char *name, struct err *err)
{
    const struct tar_entry e = {.path = name, .mode = S_IFDIR | 0755};

    if (sink->tar)
        return tar_pack_put(sink->tar, &e, err);
    if (mkdirat(sink->dir, name, 0755) < 0)
        return err_sys(err, errno, "cannot make %s", name);
    return 0;
}

int sink_end(struct sink *sink, struct err *err)
{
    return sink->tar ? tar_pack_end(sink->tar, err) : 0;
}
