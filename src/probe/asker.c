/* SPDX-License-Identifier: Apache-2.0
 *
 * asker.c - berth-probe: one question over TLS or gRPC, for a pod's shepherd
 *
 *     berth-probe https HOST PORT PATH TIMEOUT_MS status|any [NAME: VALUE]...
 *     berth-probe grpc  HOST PORT SERVICE TIMEOUT_MS
 *
 * A program of its own, which is there while it asks: a shepherd that had a library for
 * TLS would keep it for as long as its pod runs. Descriptor 3 is the socket, of the
 * pod's network. Certificates are not looked at, as the kubelet does not; redirects are
 * good, and not followed. 0: it is well; 1: what is not is on stdout.
 */
#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "probe/grpc_health.h"
#include "probe/request.h"

#define SOCKET_FD 3
#define BODY_MAX (10u << 10)
#define MESSAGE_MAX 200
#define AGENT "User-Agent: kube-probe/berth"

struct question {
    CURL *curl;
    struct curl_slist *headers;
    char *url;
    bool has_socket;
    long timeout_ms;
    struct strbuf body;
    size_t body_max;
    int grpc_status; /* -1: not told */
    char message[MESSAGE_MAX + 1];
    char why[CURL_ERROR_SIZE];
};

/* --------------------------------------------------------------------- for libcurl */

/* There is one connection, and one socket for it. */
static curl_socket_t give_socket(void *ctx, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    struct question *q = ctx;

    (void)purpose;
    (void)address;
    if (!q->has_socket)
        return CURL_SOCKET_BAD;
    q->has_socket = false;
    return SOCKET_FD;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct question *q = ctx;
    size_t len = size * n, room = q->body_max - q->body.len;

    strbuf_add(&q->body, bytes, len < room ? len : room);
    /* Enough: the rest is not read. */
    return len <= room ? len : 0;
}

static bool header_is(const char *line, size_t len, const char *name, const char **ret)
{
    size_t n = strlen(name);

    if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
        return false;
    *ret = line + n + 1 + strspn(line + n + 1, " ");
    return true;
}

/* Trailers come here as well. */
static size_t take_header(char *bytes, size_t size, size_t n, void *ctx)
{
    struct question *q = ctx;
    cleanup(freep) char *line = xstrndup(bytes, size * n);
    const char *value;

    line[strcspn(line, "\r\n")] = '\0';
    if (header_is(line, strlen(line), "grpc-status", &value))
        q->grpc_status = atoi(value);
    else if (header_is(line, strlen(line), "grpc-message", &value))
        (void)snprintf(q->message, sizeof(q->message), "%.*s", MESSAGE_MAX, value);
    return size * n;
}

/* ------------------------------------------------------------------------- asking */

static CURLcode ask(struct question *q)
{
    CURL *c = q->curl;

    (void)curl_easy_setopt(c, CURLOPT_URL, q->url);
    (void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, q->headers);
    (void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(c, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, q->timeout_ms);
    (void)curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, give_socket);
    (void)curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, q);
    (void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(c, CURLOPT_WRITEDATA, q);
    (void)curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
    (void)curl_easy_setopt(c, CURLOPT_HEADERDATA, q);
    (void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, q->why);
    (void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
    (void)curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
    return curl_easy_perform(c);
}

static const char *words_of(const struct question *q, CURLcode code)
{
    return q->why[0] ? q->why : curl_easy_strerror(code);
}

static int ask_https(struct question *q, char **argv, int argc)
{
    bool any = strcmp(argv[6], "any") == 0, is_named = false;
    long status = 0;
    CURLcode code;

    for (int i = 7; i < argc; i++) {
        is_named |= strncasecmp(argv[i], "User-Agent:", 11) == 0;
        q->headers = curl_slist_append(q->headers, argv[i]);
    }
    if (!is_named)
        q->headers = curl_slist_append(q->headers, AGENT);
    q->body_max = BODY_MAX;
    code = ask(q);
    (void)curl_easy_getinfo(q->curl, CURLINFO_RESPONSE_CODE, &status);
    /* More of a body than is wanted is an answer, too. */
    if (code == CURLE_WRITE_ERROR && q->body.len == q->body_max)
        code = CURLE_OK;
    if (code == CURLE_OPERATION_TIMEDOUT)
        (void)printf("Get \"%s\": context deadline exceeded (Client.Timeout exceeded "
                     "while awaiting headers)",
                     q->url);
    else if (code)
        (void)printf("Get \"%s\": %s", q->url, words_of(q, code));
    else if (!any && (status < 200 || status >= 400))
        (void)printf("HTTP probe failed with statuscode: %ld", status);
    else
        return 0;
    return 1;
}

static int judge_health(const struct question *q)
{
    struct err err;
    int status;

    if (q->grpc_status == 12) {
        (void)printf("error: this server does not implement the grpc health protocol "
                     "(grpc.health.v1.Health): %s",
                     q->message);
        return 1;
    }
    if (q->grpc_status) {
        (void)printf("error: health rpc failed: rpc error: code = %d desc = %s",
                     q->grpc_status, q->grpc_status < 0 ? "no status" : q->message);
        return 1;
    }
    status = grpc_health_read(q->body.s ? q->body.s : "", q->body.len, &err);
    if (status == 1)
        return 0;
    if (status < 0)
        (void)printf("error: health rpc failed: %s", err.text);
    else
        (void)printf("service unhealthy (responded with \"%s\")",
                     grpc_health_name(status));
    return 1;
}

static int ask_grpc(struct question *q, const char *service)
{
    uint8_t request[GRPC_HEALTH_REQUEST_MAX];
    struct err err;
    int len = grpc_health_request(service, request, &err);
    CURLcode code;

    if (len < 0) {
        (void)fputs(err.text, stdout);
        return 1;
    }
    q->headers = curl_slist_append(q->headers, "Content-Type: application/grpc");
    q->headers = curl_slist_append(q->headers, "TE: trailers");
    q->headers = curl_slist_append(q->headers, AGENT);
    q->body_max = GRPC_HEALTH_ANSWER_MAX;
    (void)curl_easy_setopt(q->curl, CURLOPT_HTTP_VERSION,
                           (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
    (void)curl_easy_setopt(q->curl, CURLOPT_POSTFIELDS, request);
    (void)curl_easy_setopt(q->curl, CURLOPT_POSTFIELDSIZE, (long)len);
    code = ask(q);
    if (code == CURLE_OPERATION_TIMEDOUT)
        (void)printf("timeout: health rpc did not complete within %ld ms",
                     q->timeout_ms);
    else if (code)
        (void)printf("timeout: failed to connect service: %s", words_of(q, code));
    else
        return judge_health(q);
    return 1;
}

static int run(struct question *q, int argc, char **argv)
{
    bool is_grpc = strcmp(argv[1], "grpc") == 0;
    int64_t port, timeout;
    cleanup(freep) char *authority = NULL;

    if (number_parse(argv[3], 1, 65535, &port, NULL) < 0 ||
        number_parse(argv[5], 0, INT32_MAX, &timeout, NULL) < 0)
        return 2;
    /* The socket is of one family already. */
    (void)curl_easy_setopt(q->curl, CURLOPT_IPRESOLVE,
                           strchr(argv[2], ':') ? (long)CURL_IPRESOLVE_V6
                                                : (long)CURL_IPRESOLVE_V4);
    authority = authority_format(argv[2], (uint16_t)port);
    q->timeout_ms = (long)timeout;
    q->url = xasprintf("%s://%s%s", is_grpc ? "http" : "https", authority,
                       is_grpc ? GRPC_HEALTH_PATH : argv[4]);
    return is_grpc ? ask_grpc(q, argv[4]) : ask_https(q, argv, argc);
}

int main(int argc, char **argv)
{
    struct question q = {.has_socket = true, .grpc_status = -1};
    int rc;

    if (argc < 6 || (strcmp(argv[1], "grpc") != 0 && argc < 7)) {
        (void)fputs("berth-probe is run by shepherds of pods\n", stderr);
        return 2;
    }
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    q.curl = curl_easy_init();
    rc = q.curl ? run(&q, argc, argv) : 2;
    curl_easy_cleanup(q.curl);
    curl_slist_free_all(q.headers);
    strbuf_fini(&q.body);
    free(q.url);
    return rc;
}
