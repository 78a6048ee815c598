/* SPDX-License-Identifier: Apache-2.0
 *
 * test_probe.c - probes against a little server in the same loop
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <cmocka.h>

#include "base/mem.h"
#include "probe/probe.h"

/* What the server says to a path; NULL as an answer: nothing, it hangs. */
struct page {
    const char *path, *answer;
};

struct client {
    struct world *world;
    uv_tcp_t tcp;
    char bytes[4096];
    size_t len;
    uv_write_t write;
};

struct world {
    uv_loop_t loop;
    uv_tcp_t server;
    uint16_t port;
    const struct page *pages;
    unsigned int clients, open;
    char *request; /* the last */
    unsigned int results;
    bool is_good;
    char *words;
};

static void on_client_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;

    client->world->open--;
    free(client);
}

static void on_answered(uv_write_t *write, int status)
{
    struct client *client = write->data;

    (void)status;
    if (!uv_is_closing((uv_handle_t *)&client->tcp))
        uv_close((uv_handle_t *)&client->tcp, on_client_closed);
}

/* "GET PATH ": the page with the longest path that it begins with. */
static const char *answer_to(const struct world *world, const char *request)
{
    const struct page *best = NULL;

    for (const struct page *page = world->pages; page->path; page++)
        if (strncmp(request + 4, page->path, strlen(page->path)) == 0 &&
            (!best || strlen(page->path) > strlen(best->path)))
            best = page;
    return best ? best->answer : NULL;
}

static void on_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct client *client = stream->data;
    const char *answer;
    uv_buf_t out;

    (void)buf;
    if (n < 0) {
        if (!uv_is_closing((uv_handle_t *)stream))
            uv_close((uv_handle_t *)stream, on_client_closed);
        return;
    }
    client->len += (size_t)n;
    client->bytes[client->len] = '\0';
    if (!strstr(client->bytes, "\r\n\r\n"))
        return;
    str_replace(&client->world->request, client->bytes);
    answer = answer_to(client->world, client->bytes);
    if (!answer)
        return;
    out = uv_buf_init((char *)(uintptr_t)answer, (unsigned int)strlen(answer));
    client->write.data = client;
    assert_int_equal(uv_write(&client->write, stream, &out, 1, on_answered), 0);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct client *client = handle->data;

    (void)suggested;
    *buf = uv_buf_init(client->bytes + client->len,
                       (unsigned int)(sizeof(client->bytes) - 1 - client->len));
}

static void on_client(uv_stream_t *server, int status)
{
    struct world *world = server->data;
    struct client *client = xcalloc(1, sizeof(*client));

    assert_int_equal(status, 0);
    client->world = world;
    client->tcp.data = client;
    world->clients++;
    world->open++;
    assert_int_equal(uv_tcp_init(&world->loop, &client->tcp), 0);
    assert_int_equal(uv_accept(server, (uv_stream_t *)&client->tcp), 0);
    (void)uv_read_start((uv_stream_t *)&client->tcp, on_room, on_bytes);
}

static void open_world(struct world *world, const struct page *pages)
{
    struct sockaddr_in address;
    int len = sizeof(address);

    *world = (struct world){.pages = pages};
    assert_int_equal(uv_loop_init(&world->loop), 0);
    assert_int_equal(uv_tcp_init(&world->loop, &world->server), 0);
    world->server.data = world;
    (void)uv_ip4_addr("127.0.0.1", 0, &address);
    assert_int_equal(uv_tcp_bind(&world->server, (struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&world->server, 8, on_client), 0);
    assert_int_equal(
        uv_tcp_getsockname(&world->server, (struct sockaddr *)&address, &len), 0);
    world->port = ntohs(address.sin_port);
}

/* Nothing is left open: neither here nor at the server. */
static void close_world(struct world *world)
{
    uv_close((uv_handle_t *)&world->server, NULL);
    assert_int_equal(uv_run(&world->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(world->open, 0);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    free(world->request);
    free(world->words);
}

static void on_done(void *ctx, bool is_good, const char *words)
{
    struct world *world = ctx;

    world->results++;
    world->is_good = is_good;
    str_replace(&world->words, words);
}

static void ask(struct world *world, const struct probe_wish *wish)
{
    struct probe_run *run;

    world->results = 0;
    assert_int_equal(probe_start(&world->loop, wish, on_done, world, &run, NULL), 0);
    assert_int_equal(world->results, 0);
    while (!world->results)
        (void)uv_run(&world->loop, UV_RUN_ONCE);
    assert_int_equal(world->results, 1);
}

static struct probe_wish http(const struct world *world, const char *path)
{
    return (struct probe_wish){
        .is_http = true,
        .host = "127.0.0.1",
        .port = world->port,
        .path = path,
        .timeout_ms = 60000,
    };
}

static void ask_page(struct world *world, const char *path)
{
    struct probe_wish wish = http(world, path);

    ask(world, &wish);
}

static void from_200_to_399_is_good(void **state)
{
    static const struct page pages[] = {
        {"/ok", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
        {"/away", "HTTP/1.1 302 Go\r\nLocation: http://other.example/\r\n\r\n"},
        {"/teapot", "HTTP/1.1 418 I'm\r\n\r\n"},
        {"/busy", "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"},
        {NULL, NULL},
    };
    struct world world;

    (void)state;
    open_world(&world, pages);
    ask_page(&world, "/ok");
    assert_true(world.is_good);
    ask_page(&world, "/away");
    assert_true(world.is_good);
    ask_page(&world, "/teapot");
    assert_false(world.is_good);
    assert_string_equal(world.words, "HTTP probe failed with statuscode: 418");
    ask_page(&world, "/busy");
    assert_false(world.is_good);
    assert_string_equal(world.words, "HTTP probe failed with statuscode: 503");
    assert_int_equal(world.clients, 4);
    close_world(&world);
}

static void redirects_on_the_host_are_followed(void **state)
{
    static const struct page pages[] = {
        {"/one", "HTTP/1.1 301 Go\r\nLocation: /two\r\nContent-Length: 0\r\n\r\n"},
        {"/two", "HTTP/1.1 307 Go\r\nLocation: three\r\nContent-Length: 0\r\n\r\n"},
        {"/three", "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"},
        {"/round", "HTTP/1.1 302 Go\r\nLocation: /round\r\nContent-Length: 0\r\n\r\n"},
        {NULL, NULL},
    };
    cleanup(freep) char *words = NULL;
    struct world world;

    (void)state;
    open_world(&world, pages);
    ask_page(&world, "/one");
    assert_string_equal(world.words, "HTTP probe failed with statuscode: 500");
    assert_int_equal(world.clients, 3);
    ask_page(&world, "/round");
    words = xasprintf("Get \"http://127.0.0.1:%u/round\": stopped after 10 redirects",
                      world.port);
    assert_string_equal(world.words, words);
    assert_int_equal(world.clients, 3 + 11);
    close_world(&world);
}

static void headers_and_path_are_sent(void **state)
{
    static const struct page pages[] = {{"/", "HTTP/1.1 200 OK\r\n\r\n"}, {NULL, NULL}};
    struct mf_pair pair = {(char[]){"Host"}, (char[]){"web.example"}};
    const mf_pairs headers = {&pair, 1};
    struct world world;
    struct probe_wish wish;

    (void)state;
    open_world(&world, pages);
    wish = http(&world, "healthz?full=1");
    wish.headers = &headers;
    ask(&world, &wish);
    assert_true(world.is_good);
    assert_non_null(strstr(world.request, "GET /healthz?full=1 HTTP/1.1\r\n"));
    assert_non_null(strstr(world.request, "\r\nHost: web.example\r\n"));
    assert_null(strstr(world.request, "127.0.0.1"));
    close_world(&world);
}

static void what_does_not_answer_is_its_timeout(void **state)
{
    static const struct page pages[] = {{"/hang", NULL}, {NULL, NULL}};
    cleanup(freep) char *words = NULL;
    struct world world;
    struct probe_wish wish;

    (void)state;
    open_world(&world, pages);
    wish = http(&world, "/hang");
    wish.timeout_ms = 400; /* the request has to be on its way by then */
    ask(&world, &wish);
    assert_false(world.is_good);
    words = xasprintf("Get \"http://127.0.0.1:%u/hang\": context deadline exceeded "
                      "(Client.Timeout exceeded while awaiting headers)",
                      world.port);
    assert_string_equal(world.words, words);
    close_world(&world);
}

static void a_cancelled_probe_says_nothing(void **state)
{
    static const struct page pages[] = {{"/hang", NULL}, {NULL, NULL}};
    struct world world;
    struct probe_wish wish;
    struct probe_run *run;

    (void)state;
    open_world(&world, pages);
    wish = http(&world, "/hang");
    wish.timeout_ms = 0;
    assert_int_equal(probe_start(&world.loop, &wish, on_done, &world, &run, NULL), 0);
    while (!world.request)
        (void)uv_run(&world.loop, UV_RUN_ONCE);
    probe_cancel(run);
    assert_int_equal(probe_start(&world.loop, &wish, on_done, &world, &run, NULL), 0);
    probe_cancel(run);
    close_world(&world);
    assert_int_equal(world.results, 0);
}

static void a_connection_is_enough_for_tcp(void **state)
{
    static const struct page pages[] = {{NULL, NULL}};
    cleanup(freep) char *words = NULL;
    struct world world;
    struct probe_wish wish;

    (void)state;
    open_world(&world, pages);
    wish = http(&world, NULL);
    wish.is_http = false;
    ask(&world, &wish);
    assert_true(world.is_good);
    wish.host = "localhost"; /* looked up */
    ask(&world, &wish);
    assert_true(world.is_good || strstr(world.words, "dial tcp"));
    close_world(&world);
    words = xasprintf("dial tcp 127.0.0.1:%u: connect: connection refused", world.port);
    open_world(&world, pages);
    wish.host = "127.0.0.1"; /* its port was closed with the first world */
    ask(&world, &wish);
    if (wish.port != world.port)
        assert_string_equal(world.words, words);
    close_world(&world);
}

static void a_request_that_cannot_be_is_refused_at_once(void **state)
{
    struct mf_pair pair = {(char[]){"X"}, (char[]){"a\nb"}};
    const mf_pairs headers = {&pair, 1};
    static const struct page pages[] = {{NULL, NULL}};
    struct world world;
    struct probe_wish wish;
    struct probe_run *run;

    (void)state;
    open_world(&world, pages);
    wish = http(&world, "/");
    wish.headers = &headers;
    assert_int_equal(probe_start(&world.loop, &wish, on_done, &world, &run, NULL),
                     -EINVAL);
    close_world(&world);
}

static int count_socket(void *ctx, int family, struct err *err)
{
    unsigned int *n = ctx;

    if (++*n > 2)
        return err_set(err, EPERM, "no more sockets");
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static void each_connection_has_a_socket_that_was_asked_for(void **state)
{
    static const struct page pages[] = {
        {"/round", "HTTP/1.1 302 Go\r\nLocation: /round\r\nContent-Length: 0\r\n\r\n"},
        {NULL, NULL},
    };
    unsigned int n = 0;
    struct world world;
    struct probe_wish wish;

    (void)state;
    open_world(&world, pages);
    wish = http(&world, "/round");
    wish.get_socket = count_socket;
    wish.socket_ctx = &n;
    ask(&world, &wish);
    assert_int_equal(world.clients, 2);
    assert_false(world.is_good);
    assert_string_equal(world.words, "no more sockets");
    ask(&world, &wish); /* told from the loop, too */
    assert_string_equal(world.words, "no more sockets");
    close_world(&world);
}

static void any_answer_is_good_for_who_wants_one(void **state)
{
    static const struct page pages[] = {{"/", "HTTP/1.1 500 No\r\n\r\n"}, {NULL, NULL}};
    struct world world;
    struct probe_wish wish;

    (void)state;
    open_world(&world, pages);
    wish = http(&world, "/");
    wish.any_status = true;
    ask(&world, &wish);
    assert_true(world.is_good);
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_200_to_399_is_good),
        cmocka_unit_test(redirects_on_the_host_are_followed),
        cmocka_unit_test(headers_and_path_are_sent),
        cmocka_unit_test(what_does_not_answer_is_its_timeout),
        cmocka_unit_test(a_cancelled_probe_says_nothing),
        cmocka_unit_test(a_connection_is_enough_for_tcp),
        cmocka_unit_test(a_request_that_cannot_be_is_refused_at_once),
        cmocka_unit_test(each_connection_has_a_socket_that_was_asked_for),
        cmocka_unit_test(any_answer_is_good_for_who_wants_one),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
