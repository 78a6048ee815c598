/* SPDX-License-Identifier: Apache-2.0
 *
 * upload.c - ask for a blob, mount it, or send it in chunks
 */
#include "registry/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define CHUNK (32U << 20) /* sent again at most, when a connection breaks */

static int not_ok(const struct upload *u, const struct http_response *answer,
                  struct err *err)
{
    char reason[200];

    session_reason(answer, reason, sizeof(reason));
    return err_set(err, is_transient(0, answer->status) ? EAGAIN : EPROTO,
                   "registry %s answers %ld%s", session_host(u->session),
                   answer->status, reason);
}

static int is_there(const struct upload *u, bool *ret, struct err *err)
{
    cleanup(http_response_fini) struct http_response answer = {0};
    cleanup(freep) char *url =
        session_url(u->session, "%s/blobs/%s", u->path, u->blob->digest);
    struct http_request request = {.method = "HEAD", .url = url};
    int r = session_do(u->session, u->http, u->scope, &request, &answer, err);

    if (r < 0)
        return r;
    if (answer.status != 200 && answer.status != 404)
        return not_ok(u, &answer, err);
    *ret = answer.status == 200;
    return 0;
}

/* '*ret_location' stays NULL when the blob was mounted. */
static int begin(const struct upload *u, char **ret_location, struct err *err)
{
    cleanup(http_response_fini) struct http_response answer = {0};
    cleanup(freep) char *from = u->from ? http_escape(u->from) : NULL;
    cleanup(freep) char *url =
        from ? session_url(u->session, "%s/blobs/uploads/?mount=%s&from=%s", u->path,
                           u->blob->digest, from)
             : session_url(u->session, "%s/blobs/uploads/", u->path);
    struct http_request request = {.method = "POST", .url = url};
    int r = session_do(u->session, u->http, u->scope, &request, &answer, err);

    if (r < 0)
        return r;
    if (from && answer.status == 201)
        return 0;
    if (answer.status != 202 || !answer.location)
        return not_ok(u, &answer, err);
    *ret_location = session_resolve(u->session, answer.location);
    return 0;
}

static void move_to(const struct upload *u, char **location,
                    const struct http_response *answer)
{
    if (answer->location) {
        free(*location);
        *location = session_resolve(u->session, answer->location);
    }
}

static int send_chunk(const struct upload *u, int fd, char **location, uint64_t at,
                      uint64_t len, long *ret_retry_after, struct err *err)
{
    cleanup(http_response_fini) struct http_response answer = {0};
    cleanup(freep) char *range = xasprintf("%" PRIu64 "-%" PRIu64, at, at + len - 1);
    struct http_request request = {
        .method = "PATCH",
        .url = *location,
        .content_type = "application/octet-stream",
        .content_range = range,
        .file = fd,
        .file_from = at,
        .file_len = len,
    };
    int r = session_do(u->session, u->http, u->scope, &request, &answer, err);

    *ret_retry_after = answer.retry_after;
    if (r < 0)
        return r;
    if (answer.status != 202)
        return not_ok(u, &answer, err);
    move_to(u, location, &answer);
    return 0;
}

/* After a broken connection: what has the registry got? "0-99" is a hundred bytes. */
static int ask_progress(const struct upload *u, char **location, uint64_t *ret_have,
                        struct err *err)
{
    cleanup(http_response_fini) struct http_response answer = {0};
    struct http_request request = {.url = *location};
    uint64_t last = 0;
    int r = session_do(u->session, u->http, u->scope, &request, &answer, err);

    if (r < 0)
        return r;
    if (answer.status != 204)
        return not_ok(u, &answer, err);
    move_to(u, location, &answer);
    /* One byte and none look the same: "0-0". Sending that byte again would not fit,
     * so it is taken for none only when nothing was sent. */
    if (answer.range && sscanf(answer.range, "%*u-%" SCNu64, &last) == 1)
        *ret_have = last ? last + 1 : 0;
    else
        *ret_have = 0;
    if (*ret_have > u->blob->size)
        return err_set(err, EPROTO, "the registry has more than was sent");
    return 0;
}

static void tell(const struct upload *u, uint64_t done)
{
    if (u->progress)
        u->progress(u->what, done, u->blob->size, u->ctx);
}

static int send_all(const struct upload *u, int fd, char **location, struct err *err)
{
    struct backoff backoff = {0};
    uint64_t at = 0;

    while (at < u->blob->size) {
        uint64_t left = u->blob->size - at, len = left < CHUNK ? left : CHUNK;
        long retry_after = -1;
        int r = send_chunk(u, fd, location, at, len, &retry_after, err);

        if (r == 0) {
            at += len;
            backoff.tries = 0;
            tell(u, at);
            continue;
        }
        if (r != -EAGAIN || !backoff_wait(&backoff, retry_after))
            return r;
        r = ask_progress(u, location, &at, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int finish(const struct upload *u, const char *location, struct err *err)
{
    cleanup(http_response_fini) struct http_response answer = {0};
    cleanup(freep) char *url = xasprintf(
        "%s%cdigest=%s", location, strchr(location, '?') ? '&' : '?', u->blob->digest);
    struct http_request request = {.method = "PUT", .url = url};
    int r = session_do(u->session, u->http, u->scope, &request, &answer, err);

    return r < 0 || answer.status == 201 ? r : not_ok(u, &answer, err);
}

static int send_blob(const struct upload *u, char **location, struct err *err)
{
    cleanup(closep) int fd = open(u->file, O_RDONLY | O_CLOEXEC);
    int r;

    if (fd < 0)
        return err_sys(err, errno, "%s", u->file);
    r = send_all(u, fd, location, err);
    return r < 0 ? r : finish(u, *location, err);
}

static int upload(const struct upload *u, enum upload_outcome *ret, struct err *err)
{
    cleanup(freep) char *location = NULL;
    bool there = false;
    int r = is_there(u, &there, err);

    *ret = UPLOAD_THERE;
    if (r < 0 || there)
        return r;
    r = begin(u, &location, err);
    *ret = UPLOAD_MOUNTED;
    if (r < 0 || !location)
        return r;
    *ret = UPLOAD_SENT;
    return send_blob(u, &location, err);
}

int upload_blob(const struct upload *u, enum upload_outcome *ret, struct err *err)
{
    int r = upload(u, ret, err);

    return r < 0 ? err_wrap(err, "%s", u->what) : 0;
}
