/* SPDX-License-Identifier: Apache-2.0
 *
 * import_stream.c - tell a tar of a root file system from an archive of an image
 *
 * The beginning decides. A root file system is unpacked as it comes. An archive
 * of an image is read out of order, so it must be a plain file: one that is
 * compressed or comes through a pipe is written to the store's tmp/ first.
 */
#include "image/import.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/paths.h"
#include "image/unpack.h"

#define HEAD_MAX (512U << 10)
#define CHUNK (256U << 10)

/* A descriptor whose first bytes have been looked at. */
struct peeked {
    int fd;
    size_t len, at;
    char head[HEAD_MAX];
    char chunk[CHUNK]; /* for libarchive */
};

static int peek(int fd, struct peeked *p, struct err *err)
{
    p->fd = fd;
    while (p->len < sizeof(p->head)) {
        ssize_t n = read(fd, p->head + p->len, sizeof(p->head) - p->len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, errno, "cannot read");
        if (n == 0)
            break;
        p->len += (size_t)n;
    }
    return 0;
}

static ssize_t peeked_read(void *ctx, void *bytes, size_t len, struct err *err)
{
    struct peeked *p = ctx;
    ssize_t n;

    if (p->at < p->len) {
        size_t have = p->len - p->at < len ? p->len - p->at : len;

        memcpy(bytes, p->head + p->at, have);
        p->at += have;
        return (ssize_t)have;
    }
    do
        n = read(p->fd, bytes, len);
    while (n < 0 && errno == EINTR);
    return n < 0 ? err_sys(err, errno, "cannot read") : n;
}

static la_ssize_t feed(struct archive *a, void *ctx, const void **ret)
{
    struct peeked *p = ctx;
    struct err err;
    ssize_t n = peeked_read(p, p->chunk, sizeof(p->chunk), &err);

    *ret = p->chunk;
    if (n < 0)
        archive_set_error(a, err.code, "%s", err.text);
    return n;
}

static int copy_plain(struct archive *a, int to, struct err *err)
{
    uint64_t total = 0;
    const void *bytes;
    la_int64_t at;
    size_t len;
    int r;

    while ((r = archive_read_data_block(a, &bytes, &len, &at)) == ARCHIVE_OK) {
        total += len;
        if (total > UNPACK_BYTES_MAX)
            return err_set(err, EFBIG, "the archive has no end");
        r = io_write_full(to, bytes, len);
        if (r < 0)
            return err_sys(err, -r, "cannot write the archive down");
    }
    return r == ARCHIVE_EOF ? 0
                            : err_set(err, EINVAL, "the archive is damaged: %s",
                                      archive_error_string(a));
}

/* All of it, without compression, in a file that has no name any more. */
static int write_down(struct importer *im, struct peeked *p, int *ret_fd,
                      struct err *err)
{
    struct archive *a = archive_read_new();
    struct archive_entry *entry;
    cleanup(closep) int fd = -1;
    cleanup(freep) char *path = NULL;
    int r = a ? store_make_tmp_file(im->store, &path, &fd, err)
              : err_set(err, ENOMEM, "out of memory");

    if (r == 0)
        (void)unlink(path);
    if (r == 0) {
        (void)archive_read_support_filter_gzip(a);
        (void)archive_read_support_filter_zstd(a);
        (void)archive_read_support_filter_xz(a);
        (void)archive_read_support_format_raw(a);
        if (archive_read_open(a, p, NULL, feed, NULL) != ARCHIVE_OK ||
            archive_read_next_header(a, &entry) != ARCHIVE_OK)
            r = err_set(err, EINVAL, "cannot read the archive: %s",
                        archive_error_string(a));
    }
    if (r == 0)
        r = copy_plain(a, fd, err);
    (void)archive_read_free(a);
    if (r == 0)
        *ret_fd = take_fd(fd);
    return r;
}

/* It only looked like an archive: from the beginning, as a root file system. */
static int import_plain(struct importer *im, int fd, struct err *err)
{
    struct layer_source source = import_layer_source(im, "root file system");

    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_sys(err, errno, "cannot read");
    source.fd = fd;
    return import_rootfs(im, source, import_plain_config, NULL, err);
}

static int import_archive(struct importer *im, int fd, struct err *err)
{
    cleanup(bundle_closep) struct bundle *bundle = NULL;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    int r = copy < 0 ? err_sys(err, errno, "cannot read the archive")
                     : bundle_of_tar(copy, &bundle, err);

    if (r < 0)
        return r;
    if (bundle_has(bundle, "oci-layout") && bundle_has(bundle, "index.json"))
        return import_layout(im, bundle, err);
    if (bundle_has(bundle, "manifest.json"))
        return import_docker(im, bundle, err);
    return import_plain(im, fd, err);
}

int import_stream(struct importer *im, int fd, uint64_t size, struct err *err)
{
    cleanup(freep) struct peeked *p = xcalloc(1, sizeof(*p));
    struct layer_source source = import_layer_source(im, "root file system");
    bool is_file = lseek(fd, 0, SEEK_CUR) == 0, compressed = false;
    cleanup(closep) int plain = -1;
    int r = peek(fd, p, err);

    if (r < 0)
        return r;
    if (bundle_is_likely(p->head, p->len, &compressed)) {
        if (is_file && !compressed)
            return import_archive(im, fd, err);
        r = write_down(im, p, &plain, err);
        return r < 0 ? r : import_archive(im, plain, err);
    }
    source.read = peeked_read;
    source.read_ctx = p;
    source.total = size;
    return import_rootfs(im, source, import_plain_config, NULL, err);
}
