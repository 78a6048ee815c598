/* SPDX-License-Identifier: Apache-2.0
 *
 * http.h - one HTTP exchange over libcurl, bounded
 *
 * Nothing here knows registries: no tokens, no second tries. One 'struct http' is
 * one thread's; it keeps its connections.
 */
#ifndef BERTH_REGISTRY_HTTP_H
#define BERTH_REGISTRY_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

#define HTTP_BODY_MAX (4U << 20)

struct http;

/* 'is_insecure': certificates are not checked, plain HTTP is fine. */
int http_open(bool is_insecure, const char *ca_file, struct http **ret,
              struct err *err);
void http_closep(struct http **http);

/* Takes the body of a 200 or 206 in parts; 'at' is the offset in the whole of the
 * first byte. -Exxx with words ends the exchange. */
typedef int http_sink_fn(void *ctx, uint64_t at, const char *bytes, size_t len,
                         struct err *err);

struct http_request {
    const char *method; /* NULL: GET */
    const char *url;
    const char *accept, *authorization, *content_type; /* headers, or NULL */
    const char *content_range;                         /* of an upload's part */
    const void *body;                                  /* NULL: none, or a file's */
    size_t body_len;
    int file; /* when file_len: send so much of it, from 'file_from' */
    uint64_t file_from, file_len;
    uint64_t from;      /* ask for what follows so many bytes */
    http_sink_fn *sink; /* NULL: into the response, at most HTTP_BODY_MAX */
    void *ctx;
};

struct http_response {
    long status;
    char *type;      /* Content-Type, without parameters */
    char *challenge; /* WWW-Authenticate, all of them joined by commas */
    char *location, *link, *range, *digest; /* Docker-Content-Digest */
    char *url;                              /* that answered, after redirects */
    long retry_after;                       /* seconds; -1: not said */
    struct strbuf body;
};
void http_response_fini(struct http_response *response);

/* Do it. GET and HEAD follow redirects, whose targets do not see 'authorization' when
 * they are on another host. 0 for an answer of any status. -EAGAIN: the connection was
 * cut, timed out or never came about, another try may help; -EPROTO: TLS fails;
 * -ECONNREFUSED, -EHOSTUNREACH: nobody there; what the sink said. '*ret' goes with
 * http_response_fini in any case. */
int http_do(struct http *http, const struct http_request *request,
            struct http_response *ret, struct err *err);

/* 'text' with all but letters, digits and "-._~" as %XX; the caller frees it. */
char *http_escape(const char *text);

#endif
