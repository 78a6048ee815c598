/* SPDX-License-Identifier: Apache-2.0
 *
 * wire_fixture.c - two ends of channels on one loop
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "wire_fixture.h"

static void end_opened(struct channel *ch, void *ctx)
{
    struct end *end = ctx;

    end->ch = ch;
    end->opened++;
}

static void end_message(struct channel *ch, const Berth__Envelope *env, int adopted,
                        void *ctx)
{
    struct end *end = ctx;

    end->messages++;
    end->last_id = env->id;
    if (env->body_case == BERTH__ENVELOPE__BODY_OUTPUT)
        end->last_len = env->output->data.len;
    if (adopted >= 0)
        end->adopted = adopted;
    if (env->body_case == BERTH__ENVELOPE__BODY_ADOPT) {
        end->hello = xmemdup(env->adopt->hello.data, env->adopt->hello.len);
        end->hello_len = env->adopt->hello.len;
    }
    if (end->echo && !env->reply)
        channel_reply_status(ch, env, 0, "");
    if (end->on_message)
        end->on_message(end, env);
}

static void end_closed(struct channel *ch, const struct err *why, void *ctx)
{
    struct end *end = ctx;

    (void)ch;
    end->ch = NULL;
    end->closed++;
    end->why = *why;
}

const struct channel_callbacks end_callbacks = {
    .on_open = end_opened, .on_message = end_message, .on_close = end_closed};

static void on_connection(uv_stream_t *listener, int status)
{
    struct fixture *f = listener->data;

    assert_int_equal(status, 0);
    assert_int_equal(channel_accept(listener, &f->serve_auth, f->router, &end_callbacks,
                                    &f->server, NULL),
                     0);
}

void fixture_start(struct fixture *f, const char *munge_socket)
{
    struct sockaddr_in addr;
    int len = sizeof(addr);

    memset(f, 0, sizeof(*f));
    f->auth.munge_socket = munge_socket;
    f->serve_auth.munge_socket = munge_socket;
    f->server.adopted = f->client.adopted = -1;
    assert_int_equal(uv_loop_init(&f->loop), 0);
    assert_int_equal(uv_tcp_init(&f->loop, &f->listener), 0);
    f->listener.data = f;
    assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &addr), 0);
    assert_int_equal(uv_tcp_bind(&f->listener, (struct sockaddr *)&addr, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&f->listener, 16, on_connection), 0);
    assert_int_equal(uv_tcp_getsockname(&f->listener, (struct sockaddr *)&addr, &len),
                     0);
    f->port = ntohs(addr.sin_port);
}

void fixture_stop(struct fixture *f)
{
    if (f->client.ch)
        channel_close(f->client.ch);
    if (f->server.ch)
        channel_close(f->server.ch);
    uv_close((uv_handle_t *)&f->listener, NULL);
    assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    free(f->server.hello);
    free(f->client.hello);
}

void fixture_connect(struct fixture *f, const char *target, uid_t allow_uid)
{
    struct err err;

    f->client.ch = channel_connect(&f->loop, &f->auth, "127.0.0.1", f->port, target,
                                   allow_uid, &end_callbacks, &f->client, &err);
    assert_non_null(f->client.ch);
}

/* Wakes the loop so that its caller looks again; gives up at last. */
static void tick(uv_timer_t *timer)
{
    int *left = timer->data;

    if (--*left == 0)
        fail_msg("%s", "nothing happened for a minute");
}

static bool reached(const int *counter, int n, const size_t *size, size_t n_size)
{
    return counter ? *counter >= n : *size >= n_size;
}

static void run_loop(uv_loop_t *loop, const int *counter, int n, const size_t *size,
                     size_t n_size)
{
    uv_timer_t timer;
    int left = 60 * 200;

    (void)uv_timer_init(loop, &timer);
    timer.data = &left;
    (void)uv_timer_start(&timer, tick, 5, 5);
    while (!reached(counter, n, size, n_size))
        (void)uv_run(loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    (void)uv_run(loop, UV_RUN_NOWAIT);
}

void run_until(uv_loop_t *loop, const int *counter, int n)
{
    run_loop(loop, counter, n, NULL, 0);
}

void run_until_size(uv_loop_t *loop, const size_t *counter, size_t n)
{
    run_loop(loop, NULL, 0, counter, n);
}

int fixture_dial(const struct fixture *f)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(f->port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    return fd;
}

void send_ping(struct end *end)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Ping ping = BERTH__PING__INIT;

    env.id = channel_next_id(end->ch);
    env.body_case = BERTH__ENVELOPE__BODY_PING;
    env.ping = &ping;
    channel_send(end->ch, &env);
}

void send_output(struct end *end, size_t len)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__TaskOutput output = BERTH__TASK_OUTPUT__INIT;

    output.data.data = xcalloc(1, len);
    output.data.len = len;
    env.body_case = BERTH__ENVELOPE__BODY_OUTPUT;
    env.output = &output;
    channel_send(end->ch, &env);
    free(output.data.data);
}
