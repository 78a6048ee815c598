/* SPDX-License-Identifier: Apache-2.0
 *
 * probe.c - is somebody there, and well? By TCP, or by HTTP
 *
 *     probe_start --> resolve --> hop: connect --> write --> read --> done
 *                                  ^                           |
 *                                  +------- redirect ----------+
 *
 * A hop has one connection. The run ends with 'done' or probe_cancel; its memory goes
 * with the last handle that the loop still has of it.
 */
#include "probe/probe.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "probe/answer.h"
#include "probe/request.h"

#define REDIRECTS_MAX 10u
#define PIECE 4096

struct hop {
    struct probe_run *run;
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    struct http_answer answer;
    char *request;
    char piece[PIECE];
};

struct probe_run {
    uv_loop_t *loop;
    bool is_http;
    char *host, *path;
    uint16_t port;
    mf_pairs headers;
    bool any_status;
    probe_socket_fn *get_socket;
    void *socket_ctx;
    probe_done_fn *done; /* NULL: it was called, or never will be */
    void *ctx;
    uv_timer_t timer;
    uv_getaddrinfo_t resolve;
    struct sockaddr_storage address;
    struct hop *hop; /* the one that counts */
    unsigned int redirects;
    unsigned int refs;  /* handles and requests of the loop's */
    struct err failure; /* before there was a loop to tell it from */
};

static void run_unref(struct probe_run *run)
{
    if (--run->refs)
        return;
    for (size_t i = 0; i < run->headers.n; i++) {
        free(run->headers.items[i].key);
        free(run->headers.items[i].value);
    }
    free(run->headers.items);
    free(run->host);
    free(run->path);
    free(run);
}

static void on_hop_closed(uv_handle_t *handle)
{
    struct hop *hop = handle->data;
    struct probe_run *run = hop->run;

    http_answer_fini(&hop->answer);
    free(hop->request);
    free(hop);
    run_unref(run);
}

static void drop_hop(struct probe_run *run)
{
    if (run->hop)
        uv_close((uv_handle_t *)&run->hop->tcp, on_hop_closed);
    run->hop = NULL;
}

static void on_timer_closed(uv_handle_t *handle)
{
    run_unref(handle->data);
}

/* After this, nothing of the run happens but that its handles close. */
static void run_close(struct probe_run *run)
{
    run->done = NULL;
    drop_hop(run);
    (void)uv_cancel((uv_req_t *)&run->resolve);
    uv_close((uv_handle_t *)&run->timer, on_timer_closed);
}

static void finish(struct probe_run *run, bool is_good, const char *words)
{
    probe_done_fn *done = run->done;

    if (!done)
        return;
    run_close(run);
    done(run->ctx, is_good, words);
}

void probe_cancel(struct probe_run *run)
{
    if (run && run->done)
        run_close(run);
}

/* "Get "http://10.1.2.3:80/x": dial tcp 10.1.2.3:80: connect: connection refused" */
static void fail(struct probe_run *run, bool is_dialling, const char *why)
{
    cleanup(freep) char *authority = authority_format(run->host, run->port);
    struct strbuf words = STRBUF_INIT;

    if (run->is_http)
        strbuf_printf(&words, "Get \"http://%s%s\": ", authority, run->path);
    if (is_dialling)
        strbuf_printf(&words, "dial tcp %s: ", authority);
    strbuf_puts(&words, why);
    finish(run, false, words.s);
    strbuf_fini(&words);
}

static void fail_to_connect(struct probe_run *run, int status)
{
    cleanup(freep) char *why = xasprintf("connect: %s", uv_strerror(status));

    fail(run, true, why);
}

static void on_time(uv_timer_t *timer)
{
    struct probe_run *run = timer->data;

    if (run->failure.code)
        finish(run, false, run->failure.text);
    else if (run->is_http)
        fail(run, false,
             "context deadline exceeded (Client.Timeout exceeded while "
             "awaiting headers)");
    else
        fail(run, true, "i/o timeout");
}

static void start_hop(struct probe_run *run);

static bool is_redirect(const struct http_answer *answer)
{
    switch (answer->status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return answer->location;
    default:
        return false;
    }
}

/* True when there is another hop. */
static bool follow(struct probe_run *run, const struct http_answer *answer)
{
    char *path;
    uint16_t port;

    if (!is_redirect(answer) || !redirect_resolve(run->host, run->port, run->path,
                                                  answer->location, &port, &path))
        return false;
    free(run->path);
    run->path = path;
    run->port = port;
    if (++run->redirects > REDIRECTS_MAX) {
        fail(run, false, "stopped after 10 redirects");
        return true;
    }
    drop_hop(run);
    start_hop(run);
    return true;
}

static void judge(struct hop *hop)
{
    struct probe_run *run = hop->run;
    int status = hop->answer.status;
    cleanup(freep) char *words = NULL;

    if (follow(run, &hop->answer))
        return;
    words = xasprintf("HTTP probe failed with statuscode: %d", status);
    if (run->any_status || (status >= 200 && status < 400))
        finish(run, true, NULL);
    else
        finish(run, false, words);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct hop *hop = handle->data;

    (void)suggested;
    *buf = uv_buf_init(hop->piece, sizeof(hop->piece));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct hop *hop = stream->data;
    struct err err;
    int r;

    (void)buf;
    if (hop != hop->run->hop || n == 0)
        return;
    if (n < 0 && n != UV_EOF) {
        fail(hop->run, false, uv_strerror((int)n));
        return;
    }
    r = n == UV_EOF ? http_answer_end(&hop->answer, &err)
                    : http_answer_take(&hop->answer, hop->piece, (size_t)n, &err);
    if (r < 0)
        fail(hop->run, false, err.text);
    else if (r > 0)
        judge(hop);
}

/* A server may answer and close before it has read: what it said counts. */
static void on_written(uv_write_t *write, int status)
{
    (void)write;
    (void)status;
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct hop *hop = connect->data;
    struct probe_run *run = hop->run;
    uv_buf_t buf;

    if (hop != run->hop)
        return;
    if (status < 0) {
        fail_to_connect(run, status);
        return;
    }
    if (!run->is_http) {
        finish(run, true, NULL);
        return;
    }
    buf = uv_buf_init(hop->request, (unsigned int)strlen(hop->request));
    status = uv_write(&hop->write, (uv_stream_t *)&hop->tcp, &buf, 1, on_written);
    if (status == 0)
        status = uv_read_start((uv_stream_t *)&hop->tcp, on_alloc, on_read);
    if (status < 0)
        fail(run, false, uv_strerror(status));
}

static struct hop *hop_create(struct probe_run *run)
{
    struct hop *hop = xcalloc(1, sizeof(*hop));

    hop->run = run;
    http_answer_init(&hop->answer);
    (void)uv_tcp_init(run->loop, &hop->tcp);
    hop->tcp.data = hop;
    hop->connect.data = hop;
    run->refs++;
    run->hop = hop;
    return hop;
}

/* Tell it from the loop: whoever started the run does not have it yet. */
static void fail_soon(struct probe_run *run, const struct err *err)
{
    run->failure = *err;
    (void)uv_timer_start(&run->timer, on_time, 0, 0);
}

static int own_socket(void *ctx, int family, struct err *err)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    (void)ctx;
    return fd < 0 ? err_sys(err, errno, "socket") : fd;
}

static int connect_hop(struct hop *hop, struct err *err)
{
    struct probe_run *run = hop->run;
    struct sockaddr *address = (struct sockaddr *)&run->address;
    int r = run->is_http ? request_build(run->host, run->port, run->path, &run->headers,
                                         &hop->request, err)
                         : 0;
    int fd = r < 0 ? r : run->get_socket(run->socket_ctx, address->sa_family, err);

    if (fd < 0)
        return fd;
    r = uv_tcp_open(&hop->tcp, fd);
    if (r < 0)
        closep(&fd);
    else
        r = uv_tcp_connect(&hop->connect, &hop->tcp, address, on_connected);
    return r < 0 ? err_sys(err, -r, "%s:%u", run->host, run->port) : 0;
}

static void start_hop(struct probe_run *run)
{
    struct hop *hop = hop_create(run);
    struct err err;

    if (run->address.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&run->address)->sin6_port = htons(run->port);
    else
        ((struct sockaddr_in *)&run->address)->sin_port = htons(run->port);
    if (connect_hop(hop, &err) < 0)
        fail_soon(run, &err);
}

static void on_resolved(uv_getaddrinfo_t *resolve, int status, struct addrinfo *found)
{
    struct probe_run *run = resolve->data;
    cleanup(freep) char *words = NULL;

    if (run->done && status == 0 && found) {
        memcpy(&run->address, found->ai_addr, found->ai_addrlen);
        start_hop(run);
    } else if (run->done) {
        words = xasprintf("lookup %s: %s", run->host,
                          uv_strerror(status ? status : UV_EAI_NONAME));
        fail(run, false, words);
    }
    uv_freeaddrinfo(found);
    run_unref(run);
}

/* An address is used as it is; a name is looked up in libuv's pool. */
static void resolve(struct probe_run *run)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct err err;
    int r;

    if (uv_ip4_addr(run->host, 0, (struct sockaddr_in *)&run->address) == 0 ||
        uv_ip6_addr(run->host, 0, (struct sockaddr_in6 *)&run->address) == 0) {
        start_hop(run);
        return;
    }
    run->resolve.data = run;
    r = uv_getaddrinfo(run->loop, &run->resolve, on_resolved, run->host, NULL, &hints);
    if (r == 0) {
        run->refs++;
        return;
    }
    (void)err_set(&err, -r, "lookup %s: %s", run->host, uv_strerror(r));
    fail_soon(run, &err);
}

static void copy_headers(mf_pairs *to, const mf_pairs *from)
{
    if (!from || !from->n)
        return;
    to->items = xcalloc(from->n, sizeof(*to->items));
    for (; to->n < from->n; to->n++) {
        const char *value = from->items[to->n].value;

        to->items[to->n].key = xstrdup(from->items[to->n].key);
        to->items[to->n].value = xstrdup(value ? value : "");
    }
}

int probe_start(uv_loop_t *loop, const struct probe_wish *wish, probe_done_fn *done,
                void *ctx, struct probe_run **ret_run, struct err *err)
{
    const char *path = wish->path ? wish->path : "/";
    cleanup(freep) char *trial = NULL;
    struct probe_run *run;
    int r;

    if (wish->is_http) {
        r = request_build(wish->host, wish->port, path, wish->headers, &trial, err);
        if (r < 0)
            return r;
    }
    run = xcalloc(1, sizeof(*run));
    run->loop = loop;
    run->is_http = wish->is_http;
    run->host = xstrdup(wish->host);
    run->path = xasprintf("%s%s", path[0] == '/' ? "" : "/", path);
    run->port = wish->port;
    copy_headers(&run->headers, wish->headers);
    run->any_status = wish->any_status;
    run->get_socket = wish->get_socket ? wish->get_socket : own_socket;
    run->socket_ctx = wish->socket_ctx;
    run->done = done;
    run->ctx = ctx;
    run->refs = 1;
    (void)uv_timer_init(loop, &run->timer);
    run->timer.data = run;
    if (wish->timeout_ms)
        (void)uv_timer_start(&run->timer, on_time, wish->timeout_ms, 0);
    resolve(run);
    *ret_run = run;
    return 0;
}
