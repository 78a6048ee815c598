/* SPDX-License-Identifier: Apache-2.0
 *
 * download.c - one thread fills a file, one reads it
 */
#include "registry/download.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/digest.h"
#include "image/paths.h"

struct download {
    struct session *session;
    const char *scope, *path;
    const struct image_store *store;
    char digest[IMAGE_DIGEST_MAX];
    uint64_t size;
    char *file;
    int fd;
    uint64_t read; /* by the reader */
    pthread_t thread;
    pthread_mutex_t lock; /* for all below */
    pthread_cond_t more;
    uint64_t have;
    bool is_over; /* the thread has ended */
    bool is_unwanted;
    struct err failure;
};

static int advance(struct download *d, uint64_t have, struct err *err)
{
    bool is_unwanted;

    (void)pthread_mutex_lock(&d->lock);
    d->have = have;
    is_unwanted = d->is_unwanted;
    (void)pthread_cond_signal(&d->more);
    (void)pthread_mutex_unlock(&d->lock);
    return is_unwanted ? err_set(err, ECANCELED, "not wanted any more") : 0;
}

/* A server that knows no ranges sends all of it: what is here is passed over. */
static int take_bytes(void *ctx, uint64_t at, const char *bytes, size_t len,
                      struct err *err)
{
    struct download *d = ctx;
    uint64_t skip;
    int r;

    if (at > d->have)
        return err_set(err, EPROTO, "the registry leaves bytes out");
    if (at + len > d->size)
        return err_set(err, EBADMSG,
                       "the registry sends more than the %" PRIu64
                       " bytes that the manifest says",
                       d->size);
    skip = d->have - at;
    if (skip >= len)
        return advance(d, d->have, err);
    r = io_write_full_at(d->fd, bytes + skip, len - skip, (off_t)d->have);
    if (r < 0)
        return store_write_failed(d->store, -r, "a layer", err);
    return advance(d, at + len, err);
}

static int judge(const struct download *d, const struct http_response *answer,
                 struct err *err)
{
    char reason[200];

    if (answer->status == 200 || answer->status == 206)
        return d->have == d->size ? 0 : err_set(err, EAGAIN, "the blob ends");
    if (answer->status == 416)
        return err_set(err, EBADMSG, "the blob ends");
    session_reason(answer, reason, sizeof(reason));
    if (answer->status == 404)
        return err_set(err, ENOENT, "registry %s does not have it%s",
                       session_host(d->session), reason);
    return err_set(err, is_transient(0, answer->status) ? EAGAIN : EPROTO,
                   "registry %s answers %ld%s", session_host(d->session),
                   answer->status, reason);
}

static int fetch_once(struct download *d, struct http *http, long *ret_retry_after,
                      struct err *err)
{
    cleanup(http_response_fini) struct http_response answer = {0};
    cleanup(freep) char *url =
        session_url(d->session, "%s/blobs/%s", d->path, d->digest);
    struct http_request request = {
        .url = url, .from = d->have, .sink = take_bytes, .ctx = d};
    int r = session_do(d->session, http, d->scope, &request, &answer, err);

    *ret_retry_after = answer.retry_after;
    return r < 0 ? r : judge(d, &answer, err);
}

/* Tries are counted anew whenever something came. */
static int fetch(struct download *d, struct err *err)
{
    cleanup(http_closep) struct http *http = NULL;
    struct backoff backoff = {0};
    int r = session_connect(d->session, &http, err);

    while (r == 0 && d->have < d->size) {
        uint64_t before = d->have;
        long retry_after = -1;

        r = fetch_once(d, http, &retry_after, err);
        if (d->have > before)
            backoff.tries = 0;
        if (r != -EAGAIN || !backoff_wait(&backoff, retry_after))
            break;
        r = 0;
    }
    if (r < 0 && d->have)
        return err_wrap(err, "only %" PRIu64 " of %" PRIu64 " bytes came", d->have,
                        d->size);
    return r;
}

static void *run(void *ctx)
{
    struct download *d = ctx;
    struct err err = {0};

    (void)fetch(d, &err);
    (void)pthread_mutex_lock(&d->lock);
    d->failure = err;
    if (d->have == d->size)
        d->failure.code = 0;
    d->is_over = true;
    (void)pthread_cond_signal(&d->more);
    (void)pthread_mutex_unlock(&d->lock);
    return NULL;
}

/* What an earlier download left, unless somebody is at it. */
static int open_partial(struct download *d, struct err *err)
{
    cleanup(freep) char *path = store_partial_path(d->store, d->digest);
    cleanup(closep) int fd =
        open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat st, named;

    if (fd < 0)
        return store_write_failed(d->store, errno, "a partial download", err);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0 ||
        stat(path, &named) < 0 || named.st_ino != st.st_ino)
        return store_make_tmp_file(d->store, &d->file, &d->fd, err);
    if ((uint64_t)st.st_size > d->size) {
        if (ftruncate(fd, 0) < 0)
            return store_write_failed(d->store, errno, "a partial download", err);
        st.st_size = 0;
    }
    d->have = (uint64_t)st.st_size;
    d->file = take(path);
    d->fd = take_fd(fd);
    return 0;
}

int download_start(struct session *session, const char *scope, const char *path,
                   const struct image_store *store, const struct oci_descriptor *blob,
                   struct download **ret, struct err *err)
{
    struct download *d = xcalloc(1, sizeof(*d));
    int r;

    d->session = session;
    d->scope = scope;
    d->path = path;
    d->store = store;
    d->size = blob->size;
    d->fd = -1;
    memcpy(d->digest, blob->digest, sizeof(d->digest));
    r = open_partial(d, err);
    if (r == 0) {
        (void)pthread_mutex_init(&d->lock, NULL);
        (void)pthread_cond_init(&d->more, NULL);
        r = -pthread_create(&d->thread, NULL, run, d);
        if (r < 0)
            (void)err_sys(err, -r, "cannot start a thread");
    }
    if (r < 0) {
        closep(&d->fd);
        free(d->file);
        free(d);
        return r;
    }
    *ret = d;
    return 0;
}

ssize_t download_read(void *ctx, void *bytes, size_t len, struct err *err)
{
    struct download *d = ctx;
    uint64_t have;
    ssize_t n;
    int r = 0;

    (void)pthread_mutex_lock(&d->lock);
    while (d->have == d->read && !d->is_over)
        (void)pthread_cond_wait(&d->more, &d->lock);
    have = d->have;
    if (have == d->read && d->failure.code)
        r = err_set(err, d->failure.code, "%s", d->failure.text);
    (void)pthread_mutex_unlock(&d->lock);
    if (r < 0 || have == d->read)
        return r;
    if (len > have - d->read)
        len = (size_t)(have - d->read);
    do
        n = pread(d->fd, bytes, len, (off_t)d->read);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_sys(err, errno, "cannot read %s", d->file);
    d->read += (uint64_t)n;
    return n;
}

char *download_take(struct download *d)
{
    return take(d->file);
}

void download_drop(struct download *d)
{
    (void)unlink(d->file);
}

void download_closep(struct download **download)
{
    struct download *d = *download;
    cleanup(freep) char *partial = NULL;

    if (!d)
        return;
    (void)pthread_mutex_lock(&d->lock);
    d->is_unwanted = true;
    (void)pthread_mutex_unlock(&d->lock);
    (void)pthread_join(d->thread, NULL);
    partial = store_partial_path(d->store, d->digest);
    /* One of our own that nobody could find again. */
    if (d->file && strcmp(d->file, partial) != 0)
        (void)unlink(d->file);
    closep(&d->fd);
    (void)pthread_mutex_destroy(&d->lock);
    (void)pthread_cond_destroy(&d->more);
    free(d->file);
    free(d);
    *download = NULL;
}
