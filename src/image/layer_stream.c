/* SPDX-License-Identifier: Apache-2.0
 *
 * layer_stream.c - two readers in a row: one that takes the compression off
 * (libarchive's, or for gzip a faster one), one that reads the tar, so that both
 * digests come from the bytes as they pass
 */
#include "image/layer_stream.h"

#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/digest.h"
#include "image/inflate.h"
#include "image/oci.h"

#define CHUNK (256U << 10)

struct layer_stream {
    const struct layer_source *source;
    struct archive *raw, *tar;
    struct inflater *gzip; /* in place of 'raw' */
    size_t peeked;         /* bytes of 'chunk' that were looked at, and come first */
    struct digest_state digest, diff;
    uint64_t size;
    bool is_plain; /* no compression: both digests are the same */
    int keep;
    struct err failure; /* of reading or keeping; code 0: none */
    char chunk[CHUNK];
};

static ssize_t read_source(struct layer_stream *s)
{
    const struct layer_source *source = s->source;
    ssize_t n;

    if (source->read)
        return source->read(source->read_ctx, s->chunk, sizeof(s->chunk), &s->failure);
    do
        n = read(source->fd, s->chunk, sizeof(s->chunk));
    while (n < 0 && errno == EINTR);
    return n < 0 ? err_sys(&s->failure, errno, "cannot read") : n;
}

/* The next bytes of the source, counted, hashed and kept; 0 at the end. */
static la_ssize_t pull(struct layer_stream *s)
{
    ssize_t n = read_source(s);
    int r;

    if (n < 0)
        return -1;
    digest_add(&s->digest, s->chunk, (size_t)n);
    s->size += (uint64_t)n;
    r = s->keep >= 0 ? io_write_full(s->keep, s->chunk, (size_t)n) : 0;
    if (r < 0) {
        (void)err_sys(&s->failure, -r, "cannot keep the archive");
        return -1;
    }
    if (s->source->progress)
        s->source->progress(s->source->what, s->size, s->source->total, s->source->ctx);
    return n;
}

static size_t take_size(size_t *slot)
{
    size_t n = *slot;

    *slot = 0;
    return n;
}

static ssize_t next_bytes(void *ctx, const void **ret)
{
    struct layer_stream *s = ctx;

    *ret = s->chunk;
    return s->peeked ? (ssize_t)take_size(&s->peeked) : pull(s);
}

static la_ssize_t read_bytes(struct archive *a, void *ctx, const void **ret)
{
    struct layer_stream *s = ctx;
    la_ssize_t n = next_bytes(s, ret);

    if (n < 0)
        archive_set_error(a, s->failure.code, "%s", s->failure.text);
    return n;
}

static la_ssize_t read_gzip(struct layer_stream *s, struct archive *a, const void **ret)
{
    struct err err = {0};
    ssize_t n = inflater_next(s->gzip, ret, &err);

    if (n < 0)
        archive_set_error(a, s->failure.code ? s->failure.code : err.code, "%s",
                          s->failure.code ? s->failure.text : err.text);
    else
        digest_add(&s->diff, *ret, (size_t)n);
    return n < 0 ? -1 : n;
}

static la_ssize_t read_plain(struct archive *a, void *ctx, const void **ret)
{
    struct layer_stream *s = ctx;
    size_t len = 0;
    la_int64_t at;
    int r;

    if (s->gzip)
        return read_gzip(s, a, ret);
    r = archive_read_data_block(s->raw, ret, &len, &at);
    if (r == ARCHIVE_EOF)
        return 0;
    if (r != ARCHIVE_OK) {
        archive_set_error(a, archive_errno(s->raw), "%s", archive_error_string(s->raw));
        return -1;
    }
    if (!s->is_plain)
        digest_add(&s->diff, *ret, len);
    return (la_ssize_t)len;
}

static int open_raw(struct layer_stream *s, struct err *err)
{
    struct archive_entry *entry;
    int r;

    s->raw = archive_read_new();
    if (!s->raw)
        return err_set(err, ENOMEM, "out of memory");
    (void)archive_read_support_filter_gzip(s->raw);
    (void)archive_read_support_filter_zstd(s->raw);
    (void)archive_read_support_filter_xz(s->raw);
    (void)archive_read_support_format_raw(s->raw);
    (void)archive_read_support_format_empty(s->raw);
    r = archive_read_open(s->raw, s, NULL, read_bytes, NULL);
    if (r == ARCHIVE_OK)
        r = archive_read_next_header(s->raw, &entry);
    if (r == ARCHIVE_EOF)
        return err_set(err, EINVAL, "the archive is empty");
    if (r != ARCHIVE_OK)
        return err_set(err, EINVAL, "cannot read the archive: %s",
                       archive_error_string(s->raw));
    s->is_plain = archive_filter_code(s->raw, 0) == ARCHIVE_FILTER_NONE;
    return 0;
}

/* Look at the first bytes: who takes the compression off? */
static int open_plain(struct layer_stream *s, struct err *err)
{
    la_ssize_t n = pull(s);

    if (n < 0)
        return err_set(err, s->failure.code, "%s", s->failure.text);
    s->peeked = (size_t)n;
    if (!inflate_is_here() || n < 2 || memcmp(s->chunk, "\x1f\x8b", 2) != 0)
        return open_raw(s, err);
    s->gzip = inflater_create(next_bytes, s);
    return 0;
}

static int open_tar(struct layer_stream *s, struct err *err)
{
    s->tar = archive_read_new();
    if (!s->tar)
        return err_set(err, ENOMEM, "out of memory");
    (void)archive_read_support_format_tar(s->tar);
    (void)archive_read_support_format_empty(s->tar);
    if (archive_read_open(s->tar, s, NULL, read_plain, NULL) != ARCHIVE_OK)
        return err_set(err, EINVAL, "not a tar archive (plain, gzip, zstd or xz): %s",
                       archive_error_string(s->tar));
    return 0;
}

void layer_stream_closep(struct layer_stream **stream)
{
    struct layer_stream *s = *stream;

    if (!s)
        return;
    (void)archive_read_free(s->tar);
    (void)archive_read_free(s->raw);
    inflater_destroy(s->gzip);
    free(s);
    *stream = NULL;
}

/* libarchive passes words on, not codes. */
int layer_stream_failure(const struct layer_stream *s, int r, struct err *err)
{
    return s->failure.code ? err_set(err, s->failure.code, "%s", s->failure.text) : r;
}

int layer_stream_open(const struct layer_source *source, int keep,
                      struct layer_stream **ret, struct err *err)
{
    cleanup(layer_stream_closep) struct layer_stream *s = xcalloc(1, sizeof(*s));
    int r;

    s->source = source;
    s->keep = keep;
    digest_start(&s->digest);
    digest_start(&s->diff);
    r = open_plain(s, err);
    if (r == 0)
        r = open_tar(s, err);
    if (r < 0)
        return layer_stream_failure(s, r, err);
    *ret = take(s);
    return 0;
}

struct archive *layer_stream_tar(struct layer_stream *s)
{
    return s->tar;
}

static const char *media_type(struct layer_stream *s)
{
    if (s->gzip)
        return OCI_LAYER_TAR "+gzip";
    switch (archive_filter_code(s->raw, 0)) {
    case ARCHIVE_FILTER_GZIP:
        return OCI_LAYER_TAR "+gzip";
    case ARCHIVE_FILTER_ZSTD:
        return OCI_LAYER_TAR "+zstd";
    case ARCHIVE_FILTER_XZ:
        return OCI_LAYER_TAR "+xz";
    default:
        return OCI_LAYER_TAR;
    }
}

/* A tar ends before its file does: padding, then what follows the compressed
 * stream; both count in the digests. */
static int drain(struct layer_stream *s, struct err *err)
{
    const void *bytes;
    la_ssize_t n;

    do
        n = read_plain(s->tar, s, &bytes);
    while (n > 0);
    if (n < 0)
        return err_set(err, EINVAL, "the archive is damaged: %s",
                       archive_error_string(s->tar));
    while (pull(s) > 0)
        ;
    return s->failure.code ? -s->failure.code : 0;
}

int layer_stream_finish(struct layer_stream *s, struct layer *ret, struct err *err)
{
    int r = drain(s, err);

    if (r < 0)
        return r;
    digest_end(&s->digest, ret->digest);
    if (s->is_plain)
        memcpy(ret->diff_id, ret->digest, sizeof(ret->diff_id));
    else
        digest_end(&s->diff, ret->diff_id);
    ret->size = s->size;
    ret->media_type = media_type(s);
    return 0;
}
