/* SPDX-License-Identifier: Apache-2.0
 *
 * http.c - requests and answers, as libcurl wants and gives them
 */
#include "registry/http.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"

#define CONNECT_SECONDS 30L
#define SILENT_SECONDS 60L /* a transfer without a byte for so long has died */
#define REDIRECTS_MAX 5L
#define HEADER_MAX 8192

struct http {
    CURL *curl;
    bool is_insecure;
    char words[CURL_ERROR_SIZE];
};

/* One exchange, for the callbacks. */
struct exchange {
    struct http *http;
    const struct http_request *request;
    struct http_response *response;
    uint64_t at;   /* of the next byte of the body */
    uint64_t sent; /* of the file */
    struct err failure;
};

static void start_curl(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

int http_open(bool is_insecure, const char *ca_file, struct http **ret, struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct http *http;

    (void)pthread_once(&once, start_curl);
    http = xcalloc(1, sizeof(*http));
    http->curl = curl_easy_init();
    if (!http->curl) {
        free(http);
        return err_set(err, ENOMEM, "libcurl does not start");
    }
    http->is_insecure = is_insecure;
    (void)curl_easy_setopt(http->curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(http->curl, CURLOPT_ERRORBUFFER, http->words);
    (void)curl_easy_setopt(http->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    (void)curl_easy_setopt(http->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)curl_easy_setopt(http->curl, CURLOPT_LOW_SPEED_TIME, SILENT_SECONDS);
    (void)curl_easy_setopt(http->curl, CURLOPT_BUFFERSIZE, 512L << 10);
    (void)curl_easy_setopt(http->curl, CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
    (void)curl_easy_setopt(http->curl, CURLOPT_USERAGENT, PACKAGE "/" VERSION);
    (void)curl_easy_setopt(http->curl, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
    if (ca_file)
        (void)curl_easy_setopt(http->curl, CURLOPT_CAINFO, ca_file);
    if (is_insecure) {
        (void)curl_easy_setopt(http->curl, CURLOPT_SSL_VERIFYPEER, 0L);
        (void)curl_easy_setopt(http->curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    *ret = http;
    return 0;
}

void http_closep(struct http **http)
{
    if (*http)
        curl_easy_cleanup((*http)->curl);
    free(*http);
    *http = NULL;
}

void http_response_fini(struct http_response *r)
{
    free(r->type);
    free(r->challenge);
    free(r->location);
    free(r->link);
    free(r->range);
    free(r->digest);
    free(r->url);
    strbuf_fini(&r->body);
    *r = (struct http_response){0};
}

static void add_challenge(struct http_response *r, const char *value)
{
    char *all = r->challenge ? xasprintf("%s, %s", r->challenge, value) : NULL;

    if (all && strlen(all) < HEADER_MAX)
        str_replace(&r->challenge, all);
    else if (!r->challenge)
        r->challenge = xstrdup(value);
    free(all);
}

/* "bytes 100-199/200": where the body begins. */
static void take_content_range(struct exchange *x, const char *value)
{
    if (strncasecmp(value, "bytes ", 6) == 0)
        x->at = strtoull(value + 6, NULL, 10);
}

static void take_header(struct exchange *x, const char *name, const char *value)
{
    struct http_response *r = x->response;

    if (strcasecmp(name, "content-type") == 0) {
        str_replace(&r->type, value);
        r->type[strcspn(r->type, "; ")] = '\0';
    } else if (strcasecmp(name, "www-authenticate") == 0) {
        add_challenge(r, value);
    } else if (strcasecmp(name, "location") == 0) {
        str_replace(&r->location, value);
    } else if (strcasecmp(name, "link") == 0) {
        str_replace(&r->link, value);
    } else if (strcasecmp(name, "range") == 0) {
        str_replace(&r->range, value);
    } else if (strcasecmp(name, "docker-content-digest") == 0) {
        str_replace(&r->digest, value);
    } else if (strcasecmp(name, "retry-after") == 0) {
        r->retry_after = isdigit((unsigned char)*value) ? strtol(value, NULL, 10) : -1;
    } else if (strcasecmp(name, "content-range") == 0) {
        take_content_range(x, value);
    }
}

/* Each answer of a row of redirects begins with its status line; the last counts. */
static void begin_answer(struct exchange *x)
{
    http_response_fini(x->response);
    x->response->retry_after = -1;
    x->at = 0;
}

static size_t on_header(char *bytes, size_t size, size_t n, void *ctx)
{
    struct exchange *x = ctx;
    size_t len = size * n;
    cleanup(freep) char *line = NULL;
    char *value;

    if (len > HEADER_MAX)
        return len;
    line = xstrndup(bytes, len);
    line[strcspn(line, "\r\n")] = '\0';
    if (strncmp(line, "HTTP/", 5) == 0) {
        begin_answer(x);
        return len;
    }
    value = strchr(line, ':');
    if (value) {
        *value++ = '\0';
        take_header(x, line, value + strspn(value, " \t"));
    }
    return len;
}

static int take_body(struct exchange *x, const char *bytes, size_t len)
{
    struct http_response *r = x->response;
    long status = 0;

    (void)curl_easy_getinfo(x->http->curl, CURLINFO_RESPONSE_CODE, &status);
    if (x->request->sink && (status == 200 || status == 206))
        return x->request->sink(x->request->ctx, x->at, bytes, len, &x->failure);
    if (r->body.len + len > HTTP_BODY_MAX)
        return err_set(&x->failure, EFBIG, "the answer is larger than %u bytes",
                       HTTP_BODY_MAX);
    strbuf_add(&r->body, bytes, len);
    return 0;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct exchange *x = ctx;
    size_t len = size * n;

    if (take_body(x, bytes, len) < 0)
        return len ? 0 : 1;
    x->at += len;
    return len;
}

static size_t on_read(char *bytes, size_t size, size_t n, void *ctx)
{
    struct exchange *x = ctx;
    uint64_t left = x->request->file_len - x->sent;
    size_t want = size * n < left ? size * n : (size_t)left;
    ssize_t got;

    do
        got = pread(x->request->file, bytes, want,
                    (off_t)(x->request->file_from + x->sent));
    while (got < 0 && errno == EINTR);
    if (got < 0 || (got == 0 && want)) {
        (void)err_sys(&x->failure, got < 0 ? errno : ENODATA, "cannot read the blob");
        return CURL_READFUNC_ABORT;
    }
    x->sent += (uint64_t)got;
    return (size_t)got;
}

/* libcurl begins again when a connection that it kept has died. */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
    struct exchange *x = ctx;

    if (origin != SEEK_SET || offset < 0)
        return CURL_SEEKFUNC_CANTSEEK;
    x->sent = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static void add_header(struct curl_slist **list, const char *name, const char *value)
{
    cleanup(freep) char *line = value ? xasprintf("%s: %s", name, value) : NULL;

    if (line)
        *list = curl_slist_append(*list, line);
}

static struct curl_slist *make_headers(const struct http_request *q)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");

    add_header(&list, "Accept", q->accept);
    add_header(&list, "Authorization", q->authorization);
    add_header(&list, "Content-Type", q->content_type);
    add_header(&list, "Content-Range", q->content_range);
    return list;
}

static void set_body(CURL *curl, struct exchange *x)
{
    const struct http_request *q = x->request;

    if (q->file_len) {
        (void)curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        (void)curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
        (void)curl_easy_setopt(curl, CURLOPT_READDATA, x);
        (void)curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_seek);
        (void)curl_easy_setopt(curl, CURLOPT_SEEKDATA, x);
        (void)curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)q->file_len);
    } else if (q->method && strcmp(q->method, "GET") != 0 &&
               strcmp(q->method, "HEAD") != 0) {
        (void)curl_easy_setopt(curl, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                               (curl_off_t)(q->body ? q->body_len : 0));
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, q->body ? q->body : "");
    }
}

/* Back to a plain GET: the handle still has what the request before it set. */
static void set_request(struct http *http, struct exchange *x,
                        struct curl_slist *headers)
{
    const struct http_request *q = x->request;
    bool is_read =
        !q->method || strcmp(q->method, "GET") == 0 || strcmp(q->method, "HEAD") == 0;
    bool is_head = q->method && strcmp(q->method, "HEAD") == 0;
    cleanup(freep) char *range = xasprintf("%" PRIu64 "-", q->from);
    CURL *curl = http->curl;

    (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, NULL);
    (void)curl_easy_setopt(curl, CURLOPT_UPLOAD, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    set_body(curl, x);
    if (is_head)
        (void)curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else if (!is_read)
        (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, q->method);
    /* On a connection that was kept, and closed by the other side meanwhile, libcurl
     * sends again by itself: the headers of a file, then none of its bytes. */
    (void)curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, q->file_len ? 1L : 0L);
    (void)curl_easy_setopt(curl, CURLOPT_URL, q->url);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, is_read ? 1L : 0L);
    /* Not CURLOPT_RESUME_FROM, which takes a 200 for an error. */
    (void)curl_easy_setopt(curl, CURLOPT_RANGE, q->from ? range : NULL);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, x);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, x);
}

static void set_protocols(CURL *curl, bool is_insecure)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    const char *allowed = is_insecure ? "http,https" : "https";

    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, allowed);
    (void)curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, allowed);
#else
    long allowed = is_insecure ? CURLPROTO_HTTP | CURLPROTO_HTTPS : CURLPROTO_HTTPS;

    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS, allowed);
    (void)curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, allowed);
#endif
}

static int code_of(CURLcode result)
{
    /* The list of libcurl's codes is open, and ours says the rest. */
    if (result == CURLE_COULDNT_RESOLVE_HOST || result == CURLE_COULDNT_RESOLVE_PROXY)
        return EHOSTUNREACH;
    if (result == CURLE_COULDNT_CONNECT)
        return ECONNREFUSED;
    if (result == CURLE_SSL_CONNECT_ERROR || result == CURLE_PEER_FAILED_VERIFICATION ||
        result == CURLE_SSL_CACERT_BADFILE)
        return EPROTO;
    if (result == CURLE_OPERATION_TIMEDOUT || result == CURLE_RECV_ERROR ||
        result == CURLE_SEND_ERROR || result == CURLE_PARTIAL_FILE ||
        result == CURLE_GOT_NOTHING || result == CURLE_HTTP2 ||
        result == CURLE_HTTP2_STREAM)
        return EAGAIN;
    return EIO;
}

static int finish(struct http *http, struct exchange *x, CURLcode result,
                  struct err *err)
{
    const char *url = NULL;

    (void)curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &x->response->status);
    (void)curl_easy_getinfo(http->curl, CURLINFO_EFFECTIVE_URL, &url);
    str_replace(&x->response->url, url);
    if (x->failure.code)
        return err_set(err, x->failure.code, "%s", x->failure.text);
    if (result != CURLE_OK)
        return err_set(err, code_of(result), "%s",
                       *http->words ? http->words : curl_easy_strerror(result));
    return 0;
}

int http_do(struct http *http, const struct http_request *request,
            struct http_response *ret, struct err *err)
{
    struct exchange x = {.http = http, .request = request, .response = ret};
    struct curl_slist *headers = make_headers(request);
    CURLcode result;

    *ret = (struct http_response){.retry_after = -1};
    http->words[0] = '\0';
    set_protocols(http->curl, http->is_insecure);
    set_request(http, &x, headers);
    result = curl_easy_perform(http->curl);
    curl_slist_free_all(headers);
    return finish(http, &x, result, err);
}

char *http_escape(const char *text)
{
    struct strbuf out = STRBUF_INIT;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (isalnum(c) || strchr("-._~", c))
            strbuf_putc(&out, *text);
        else
            strbuf_printf(&out, "%%%02X", c);
    }
    return strbuf_take(&out);
}
