/* SPDX-License-Identifier: Apache-2.0
 *
 * test_call.c - blocking callers against channels in another process
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "private_munge.h"
#include "wire/call.h"
#include "wire/pack.h"
#include "wire_fixture.h"

/* ------------------------------------------------ the server, a child */

/* Pings are answered. A heartbeat is refused. Output comes back twice, once as
 * an event and once as a reply. A wait is never answered. Release ends it. */
static void serve(struct end *end, const Berth__Envelope *env)
{
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;

    if (env->body_case == BERTH__ENVELOPE__BODY_HEARTBEAT)
        channel_reply_status(end->ch, env, ENOSYS, "no such thing");
    else if (env->body_case == BERTH__ENVELOPE__BODY_PING)
        channel_reply_status(end->ch, env, 0, NULL);
    else if (env->body_case == BERTH__ENVELOPE__BODY_RELEASE)
        channel_close(end->ch);
    else if (env->body_case == BERTH__ENVELOPE__BODY_OUTPUT) {
        reply.body_case = BERTH__ENVELOPE__BODY_OUTPUT;
        reply.output = env->output;
        channel_send(end->ch, &reply);
        reply.id = env->id;
        reply.reply = true;
        channel_send(end->ch, &reply);
    }
}

struct server {
    pid_t pid;
    uint16_t port;
    char path[64]; /* of its local socket */
};

static void on_local(uv_poll_t *poll, int status, int events)
{
    struct fixture *f = poll->data;
    uv_os_fd_t listener;
    int fd;

    (void)status;
    (void)events;
    (void)uv_fileno((uv_handle_t *)poll, &listener);
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    f->server.ch = channel_local(&f->loop, fd, &end_callbacks, &f->server, NULL);
}

static void run_server(int to_parent, int local)
{
    struct fixture f;
    uv_poll_t poll;

    fixture_start(&f, munge_auth.munge_socket);
    f.server.on_message = serve;
    (void)uv_poll_init(&f.loop, &poll, local);
    poll.data = &f;
    (void)uv_poll_start(&poll, UV_READABLE, on_local);
    if (write(to_parent, &f.port, sizeof(f.port)) != sizeof(f.port))
        _exit(1);
    (void)uv_run(&f.loop, UV_RUN_DEFAULT);
    _exit(0);
}

static int listen_at(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(addr.sun_path, path);
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(listen(fd, 5), 0);
    return fd;
}

static int setup(void **state)
{
    struct server *s = xcalloc(1, sizeof(*s));
    int fds[2], local;

    (void)snprintf(s->path, sizeof(s->path), "/tmp/berth-call-%d.sock", (int)getpid());
    local = listen_at(s->path);
    assert_int_equal(pipe(fds), 0);
    s->pid = fork();
    if (s->pid == 0)
        run_server(fds[1], local);
    assert_int_equal(read(fds[0], &s->port, sizeof(s->port)), sizeof(s->port));
    close(fds[0]);
    close(fds[1]);
    close(local);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct server *s = *state;

    (void)kill(s->pid, SIGKILL);
    (void)waitpid(s->pid, NULL, 0);
    (void)unlink(s->path);
    free(s);
    return 0;
}

/* --------------------------------------------------------------- callers */

static struct caller *connect_to(const struct server *s)
{
    struct caller *c = NULL;
    struct err err = {0};

    if (caller_connect(&munge_auth, "localhost", s->port, "", getuid(), &c, &err) < 0)
        fail_msg("%s", err.text);
    return c;
}

static int call_ping(struct caller *c, struct err *err)
{
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Ping ping = BERTH__PING__INIT;
    int rc;

    env.body_case = BERTH__ENVELOPE__BODY_PING;
    env.ping = &ping;
    rc = caller_call(c, &env, &reply, err);
    if (rc == 0)
        assert_int_equal(reply->id, env.id);
    return rc;
}

static void a_request_over_the_network_gets_its_reply(void **state)
{
    cleanup(caller_destroyp) struct caller *c = connect_to(*state);

    assert_int_equal(caller_peer(c)->uid, getuid());
    assert_int_equal(call_ping(c, NULL), 0);
    assert_int_equal(call_ping(c, NULL), 0);
}

static void a_request_on_a_local_socket_gets_its_reply(void **state)
{
    const struct server *s = *state;
    cleanup(caller_destroyp) struct caller *c = NULL;

    assert_int_equal(caller_connect_local(s->path, &c, NULL), 0);
    assert_int_equal(caller_peer(c)->uid, getuid());
    assert_int_equal(call_ping(c, NULL), 0);
}

static void a_failed_reply_becomes_an_error_with_its_words(void **state)
{
    cleanup(caller_destroyp) struct caller *c = connect_to(*state);
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Heartbeat heartbeat = BERTH__HEARTBEAT__INIT;
    struct err err;

    env.body_case = BERTH__ENVELOPE__BODY_HEARTBEAT;
    env.heartbeat = &heartbeat;
    assert_int_equal(caller_call(c, &env, &reply, &err), -ENOSYS);
    assert_string_equal(err.text, "no such thing");
}

static void a_large_message_makes_the_round(void **state)
{
    cleanup(caller_destroyp) struct caller *c = connect_to(*state);
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__TaskOutput output = BERTH__TASK_OUTPUT__INIT;
    cleanup(freep) uint8_t *data = xcalloc(1, 10u << 20);

    output.data.data = data;
    output.data.len = 10u << 20;
    env.body_case = BERTH__ENVELOPE__BODY_OUTPUT;
    env.output = &output;
    assert_int_equal(caller_call(c, &env, &reply, NULL), 0);
    assert_int_equal(reply->output->data.len, 10u << 20);
}

static void waiting_for_a_message_ends_when_its_time_is_over(void **state)
{
    cleanup(caller_destroyp) struct caller *c = connect_to(*state);
    Berth__Envelope *env = NULL;

    assert_int_equal(caller_recv(c, 20, &env, NULL), -EAGAIN);
    assert_int_equal(caller_recv(c, 0, &env, NULL), -EAGAIN);
    assert_int_equal(call_ping(c, NULL), 0);
}

static void a_descriptor_to_poll_tells_of_messages(void **state)
{
    cleanup(caller_destroyp) struct caller *c = connect_to(*state);
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    struct pollfd pfd = {.fd = caller_fd(c), .events = POLLIN};
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Ping ping = BERTH__PING__INIT;
    int rc;

    env.id = 77;
    env.body_case = BERTH__ENVELOPE__BODY_PING;
    env.ping = &ping;
    assert_int_equal(caller_send(c, &env, NULL), 0);
    while ((rc = caller_recv(c, 0, &reply, NULL)) == -EAGAIN)
        assert_int_equal(poll(&pfd, 1, 15000), 1);
    assert_int_equal(rc, 0);
    assert_int_equal(reply->id, 77);
}

static void a_peer_that_ends_is_a_lost_connection(void **state)
{
    cleanup(caller_destroyp) struct caller *c = connect_to(*state);
    Berth__Envelope env = BERTH__ENVELOPE__INIT, *reply = NULL;
    Berth__AllocationRelease release = BERTH__ALLOCATION_RELEASE__INIT;

    env.body_case = BERTH__ENVELOPE__BODY_RELEASE;
    env.release = &release;
    assert_int_equal(caller_send(c, &env, NULL), 0);
    assert_int_equal(caller_recv(c, 15000, &reply, NULL), -ECONNRESET);
}

static void nobody_there_is_told_apart(void **state)
{
    struct caller *c = NULL;
    struct err err;

    (void)state;
    assert_int_equal(caller_connect(&munge_auth, "127.0.0.1", 1, "", 0, &c, &err),
                     -ECONNREFUSED);
    assert_string_equal(err.text, "127.0.0.1:1: Connection refused");
    assert_int_equal(caller_connect_local("/nonexistent/sock", &c, &err), -ENOENT);
    assert_int_equal(
        caller_connect(&munge_auth, "no-such-host.invalid", 1, "", 0, &c, &err),
        -EHOSTUNREACH);
}

static void a_missing_munged_is_told_apart(void **state)
{
    const struct server *s = *state;
    struct wire_auth nowhere = {.munge_socket = "/nonexistent/munge.sock"};
    struct caller *c = NULL;
    struct err err;

    assert_int_equal(caller_connect(&nowhere, "127.0.0.1", s->port, "", 0, &c, &err),
                     -ENOENT);
    assert_string_equal(err.text, "munged is not running at /nonexistent/munge.sock");
}

static void a_peer_that_does_not_answer_is_given_up(void **state)
{
    struct wire_auth hasty = munge_auth;
    struct sockaddr_in addr = {.sin_family = AF_INET};
    socklen_t len = sizeof(addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct caller *c = NULL;
    struct err err;

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
    hasty.timeout_ms = 50;
    assert_int_equal(
        caller_connect(&hasty, "127.0.0.1", ntohs(addr.sin_port), "", 0, &c, &err),
        -ETIMEDOUT);
    assert_non_null(strstr(err.text, "no answer in time"));
    close(fd);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_request_over_the_network_gets_its_reply),
        T(a_request_on_a_local_socket_gets_its_reply),
        T(a_failed_reply_becomes_an_error_with_its_words),
        T(a_large_message_makes_the_round),
        T(waiting_for_a_message_ends_when_its_time_is_over),
        T(a_descriptor_to_poll_tells_of_messages),
        T(a_peer_that_ends_is_a_lost_connection),
        T(nobody_there_is_told_apart),
        T(a_missing_munged_is_told_apart),
        T(a_peer_that_does_not_answer_is_given_up),
    };

    return cmocka_run_group_tests(tests, private_munge_setup, private_munge_teardown);
}
