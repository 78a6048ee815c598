/* SPDX-License-Identifier: Apache-2.0
 *
 * test_channel.c - channels between two ends of one loop, over the network and
 * on local sockets
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "private_munge.h"
#include "wire/rpc.h"
#include "wire_fixture.h"

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    fixture_start(f, munge_auth.munge_socket);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_stop(*state);
    free(*state);
    return 0;
}

static void open_both(struct fixture *f)
{
    fixture_connect(f, "", getuid());
    run_until(&f->loop, &f->client.opened, 1);
    run_until(&f->loop, &f->server.opened, 1);
}

static void an_opening_tells_each_side_who_the_other_is(void **state)
{
    struct fixture *f = *state;

    open_both(f);
    assert_int_equal(channel_peer(f->client.ch)->uid, getuid());
    assert_int_equal(channel_peer(f->server.ch)->uid, getuid());
    assert_int_equal(channel_peer(f->server.ch)->gid, getgid());
    assert_non_null(strstr(channel_peer(f->server.ch)->address, "127.0.0.1:"));
    assert_true(channel_is_open(f->client.ch));
}

static void a_request_gets_its_reply(void **state)
{
    struct fixture *f = *state;

    open_both(f);
    f->server.echo = true;
    send_ping(&f->client);
    run_until_size(&f->loop, &f->client.messages, 1);
    assert_int_equal(f->client.last_id, 1);
}

static void what_is_sent_before_the_opening_leaves_after_it(void **state)
{
    struct fixture *f = *state;

    fixture_connect(f, "", getuid());
    assert_false(channel_is_open(f->client.ch));
    send_ping(&f->client);
    send_output(&f->client, 10);
    run_until_size(&f->loop, &f->server.messages, 2);
    assert_int_equal(f->client.opened, 1);
    assert_int_equal(f->server.last_len, 10);
}

static void what_waits_for_an_opening_is_bounded(void **state)
{
    struct fixture *f = *state;

    fixture_connect(f, "", getuid());
    send_output(&f->client, WIRE_EARLY_MAX / 2 + 1);
    assert_true(channel_is_congested(f->client.ch));
    send_output(&f->client, WIRE_EARLY_MAX / 2 + 1);
    run_until(&f->loop, &f->client.closed, 1);
    assert_int_equal(f->client.why.code, ENOBUFS);
    assert_int_equal(f->server.messages, 0);
}

static void an_answerer_may_speak_first(void **state)
{
    struct fixture *f = *state;

    open_both(f);
    send_output(&f->server, 10);
    run_until_size(&f->loop, &f->client.messages, 1);
    assert_int_equal(f->client.last_len, 10);
}

static void a_large_message_arrives_whole(void **state)
{
    struct fixture *f = *state;

    open_both(f);
    send_output(&f->client, 20u << 20);
    assert_true(channel_is_congested(f->client.ch));
    run_until_size(&f->loop, &f->server.messages, 1);
    assert_int_equal(f->server.last_len, 20u << 20);
    assert_false(channel_is_congested(f->client.ch));
}

static int drained;

static void count_drain(struct channel *ch, void *ctx)
{
    (void)ch;
    (void)ctx;
    drained++;
}

static void a_congested_channel_tells_when_it_has_drained(void **state)
{
    struct fixture *f = *state;

    open_both(f);
    drained = 0;
    send_output(&f->client, 20u << 20);
    channel_on_drain(f->client.ch, count_drain);
    run_until(&f->loop, &drained, 1);
    assert_false(channel_is_congested(f->client.ch));
    run_until_size(&f->loop, &f->server.messages, 1);
    assert_int_equal(drained, 1);
}

static void what_is_held_leaves_when_it_is_let_go(void **state)
{
    struct fixture *f = *state;

    open_both(f);
    channel_hold(f->client.ch, true);
    for (int i = 0; i < 3; i++)
        send_ping(&f->client);
    for (int i = 0; i < 20; i++)
        (void)uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_int_equal(f->server.messages, 0);
    channel_hold(f->client.ch, false);
    run_until_size(&f->loop, &f->server.messages, 3);
    send_ping(&f->client);
    run_until_size(&f->loop, &f->server.messages, 4);
}

static void what_is_held_does_not_grow_without_end(void **state)
{
    struct fixture *f = *state;

    open_both(f);
    channel_hold(f->client.ch, true);
    send_output(&f->client, WIRE_QUEUE_HIGH + 1);
    run_until_size(&f->loop, &f->server.messages, 1);
}

static void what_is_held_leaves_before_the_end(void **state)
{
    struct fixture *f = *state;

    open_both(f);
    channel_hold(f->client.ch, true);
    send_ping(&f->client);
    channel_close(f->client.ch);
    run_until_size(&f->loop, &f->server.messages, 1);
}

static void pause_self(struct end *end, const Berth__Envelope *env)
{
    (void)env;
    channel_pause(end->ch, true);
}

static void a_paused_channel_delivers_nothing_until_it_is_resumed(void **state)
{
    struct fixture *f = *state;

    open_both(f);
    f->server.on_message = pause_self;
    for (int i = 0; i < 5; i++)
        send_ping(&f->client);
    for (size_t i = 1; i <= 5; i++) {
        run_until_size(&f->loop, &f->server.messages, i);
        for (int k = 0; k < 5; k++)
            (void)uv_run(&f->loop, UV_RUN_NOWAIT);
        assert_int_equal(f->server.messages, i);
        channel_pause(f->server.ch, false);
        assert_int_equal(f->server.messages, i);
    }
}

static void closing_sends_what_is_queued_first(void **state)
{
    struct fixture *f = *state;

    open_both(f);
    send_output(&f->client, 8u << 20);
    channel_close(f->client.ch);
    channel_close(f->client.ch);
    assert_int_equal(f->client.closed, 0);
    run_until(&f->loop, &f->server.closed, 1);
    run_until(&f->loop, &f->client.closed, 1);
    assert_int_equal(f->server.last_len, 8u << 20);
    assert_string_equal(f->server.why.text, "");
    assert_string_equal(f->client.why.text, "");
}

static void closing_does_not_lose_words_when_the_peer_still_sends(void **state)
{
    struct fixture *f = *state;

    open_both(f);
    send_output(&f->server, 100);
    send_ping(&f->client);
    channel_close(f->client.ch);
    run_until(&f->loop, &f->server.closed, 1);
    assert_int_equal(f->server.messages, 1);
    assert_string_equal(f->server.why.text, "");
}

static void aborting_gives_the_words_and_calls_back_later(void **state)
{
    struct fixture *f = *state;

    open_both(f);
    channel_abort(f->client.ch, "enough");
    channel_abort(f->client.ch, "again");
    send_ping(&f->client);
    assert_int_equal(f->client.closed, 0);
    run_until(&f->loop, &f->client.closed, 1);
    run_until(&f->loop, &f->server.closed, 1);
    assert_string_equal(f->client.why.text, "enough");
}

static void close_self(struct end *end, const Berth__Envelope *env)
{
    (void)env;
    channel_close(end->ch);
}

static void closing_from_a_message_stops_the_delivery(void **state)
{
    struct fixture *f = *state;

    open_both(f);
    f->server.on_message = close_self;
    for (int i = 0; i < 5; i++)
        send_ping(&f->client);
    run_until(&f->loop, &f->server.closed, 1);
    assert_int_equal(f->server.messages, 1);
    assert_int_equal(f->server.closed, 1);
}

static void nobody_there_is_a_refused_connection(void **state)
{
    struct fixture *f = *state;
    uint16_t port = f->port;

    f->port = 1;
    fixture_connect(f, "", getuid());
    f->port = port;
    run_until(&f->loop, &f->client.closed, 1);
    assert_int_equal(f->client.why.code, ECONNREFUSED);
    assert_string_equal(f->client.why.text, "127.0.0.1:1: Connection refused");
}

static void a_name_that_does_not_exist_is_named(void **state)
{
    struct fixture *f = *state;

    f->client.ch = channel_connect(&f->loop, &f->auth, "no-such-host.invalid", 1, "", 0,
                                   &end_callbacks, &f->client, NULL);
    run_until(&f->loop, &f->client.closed, 1);
    assert_int_equal(f->client.why.code, EHOSTUNREACH);
    assert_non_null(strstr(f->client.why.text, "no-such-host.invalid"));
}

static void closing_during_the_opening_is_clean(void **state)
{
    struct fixture *f = *state;

    fixture_connect(f, "", getuid());
    channel_close(f->client.ch);
    run_until(&f->loop, &f->client.closed, 1);
    assert_int_equal(f->client.opened, 0);
    assert_string_equal(f->client.why.text, "");
}

static void a_peer_that_does_not_read_is_cut_off_at_last(void **state)
{
    struct fixture *f = *state;

    open_both(f);
    channel_pause(f->server.ch, true);
    for (int i = 0; i < 10 && f->client.ch && channel_is_open(f->client.ch); i++)
        send_output(&f->client, 60u << 20);
    run_until(&f->loop, &f->client.closed, 1);
    assert_int_equal(f->client.why.code, ENOBUFS);
    assert_non_null(strstr(f->client.why.text, "does not read"));
    channel_pause(f->server.ch, false);
    run_until(&f->loop, &f->server.closed, 1);
}

/* ----------------------------------------------------------------- local */

static void open_local(struct fixture *f)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    f->client.ch = channel_local(&f->loop, fds[0], &end_callbacks, &f->client, NULL);
    f->server.ch = channel_local(&f->loop, fds[1], &end_callbacks, &f->server, NULL);
    assert_non_null(f->client.ch);
    assert_non_null(f->server.ch);
}

static void a_local_channel_is_open_at_once_and_knows_its_peer(void **state)
{
    struct fixture *f = *state;

    open_local(f);
    assert_true(channel_is_open(f->client.ch));
    assert_int_equal(channel_peer(f->client.ch)->pid, getpid());
    assert_int_equal(f->client.opened, 0);
    send_ping(&f->client);
    run_until_size(&f->loop, &f->server.messages, 1);
    assert_int_equal(f->server.opened, 1);
}

static void expect_hello(struct end *end, const Berth__Envelope *env)
{
    char text[16] = {0};

    if (env->body_case != BERTH__ENVELOPE__BODY_ADOPT)
        return;
    assert_int_equal(end->hello_len, 5);
    assert_memory_equal(end->hello, "hello", 5);
    free(take(end->hello));
    /* The pipe that came holds the number of its message. */
    assert_int_equal(read(end->adopted, text, sizeof(text)), 1);
    assert_int_equal(text[0], 'a' + (int)(end->messages / 2));
    close(end->adopted);
}

static void descriptors_arrive_in_the_order_of_their_messages(void **state)
{
    struct fixture *f = *state;

    open_local(f);
    f->server.on_message = expect_hello;
    for (char c = 'a'; c < 'a' + 12; c++) {
        int fds[2];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_int_equal(write(fds[1], &c, 1), 1);
        close(fds[1]);
        channel_send_adopt(f->client.ch, fds[0], "hello", 5);
        send_output(&f->client, c % 2 ? 200000 : 10);
    }
    run_until_size(&f->loop, &f->server.messages, 24);
}

static void an_adopt_without_a_connection_is_cut_off(void **state)
{
    struct fixture *f = *state;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Adopt adopt = BERTH__ADOPT__INIT;

    open_local(f);
    env.body_case = BERTH__ENVELOPE__BODY_ADOPT;
    env.adopt = &adopt;
    channel_send(f->client.ch, &env);
    run_until(&f->loop, &f->server.closed, 1);
    assert_non_null(strstr(f->server.why.text, "without its descriptor"));
    assert_int_equal(f->server.messages, 0);
}

static void expect_namespace(struct end *end, const Berth__Envelope *env)
{
    char text[16] = {0};

    assert_int_equal(env->body_case, BERTH__ENVELOPE__BODY_POD_WIRE);
    assert_int_equal(env->pod_wire->job_id, 17);
    assert_int_equal(read(end->adopted, text, sizeof(text)), 1);
    assert_int_equal(text[0], 'n');
    close(end->adopted);
}

static void a_request_with_a_descriptor_comes_with_it(void **state)
{
    struct fixture *f = *state;
    struct rpc *rpc = rpc_create();
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__PodWire wire = BERTH__POD_WIRE__INIT;
    int fds[2];

    open_local(f);
    f->server.on_message = expect_namespace;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(write(fds[1], "n", 1), 1);
    close(fds[1]);
    wire.job_id = 17;
    env.body_case = BERTH__ENVELOPE__BODY_POD_WIRE;
    env.pod_wire = &wire;
    rpc_call_fd(rpc, f->client.ch, &env, fds[0], NULL, NULL);
    assert_int_not_equal(env.id, 0);
    run_until_size(&f->loop, &f->server.messages, 1);
    rpc_destroy(rpc);
}

/* Send one byte with 'n' copies of 'fd'. */
static void send_copies(int sock, int fd, size_t n)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(4 * sizeof(int))];
    } control = {0};
    char byte = 0;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = CMSG_SPACE(n * sizeof(int))};
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(n * sizeof(int));
    for (size_t i = 0; i < n; i++)
        memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &fd, sizeof(int));
    assert_int_equal(sendmsg(sock, &msg, MSG_NOSIGNAL), 1);
}

static int count_descriptors(void)
{
    int n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void flood_with_descriptors(struct fixture *f, int messages, size_t each)
{
    int before = count_descriptors(), fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    f->server.ch = channel_local(&f->loop, fds[1], &end_callbacks, &f->server, NULL);
    for (int i = 0; i < messages; i++)
        send_copies(fds[0], fds[0], each);
    run_until(&f->loop, &f->server.closed, 1);
    assert_int_equal(f->server.why.code, EPROTO);
    close(fds[0]);
    assert_int_equal(count_descriptors(), before);
}

static void descriptors_that_nobody_announced_are_bounded(void **state)
{
    flood_with_descriptors(*state, 20, 1);
}

static void several_descriptors_at_once_are_refused_and_closed(void **state)
{
    flood_with_descriptors(*state, 1, 2);
}

static void more_descriptors_than_there_is_room_for_are_refused(void **state)
{
    flood_with_descriptors(*state, 1, 4);
}

static void what_came_before_the_peer_ended_is_delivered(void **state)
{
    struct fixture *f = *state;

    open_local(f);
    run_until(&f->loop, &f->server.opened, 1);
    send_ping(&f->client);
    channel_abort(f->client.ch, "");
    send_output(&f->server, 1u << 20);
    run_until(&f->loop, &f->server.closed, 1);
    assert_int_equal(f->server.messages, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(an_opening_tells_each_side_who_the_other_is),
        T(a_request_gets_its_reply),
        T(what_is_sent_before_the_opening_leaves_after_it),
        T(what_waits_for_an_opening_is_bounded),
        T(an_answerer_may_speak_first),
        T(a_large_message_arrives_whole),
        T(a_congested_channel_tells_when_it_has_drained),
        T(what_is_held_leaves_when_it_is_let_go),
        T(what_is_held_does_not_grow_without_end),
        T(what_is_held_leaves_before_the_end),
        T(a_paused_channel_delivers_nothing_until_it_is_resumed),
        T(closing_sends_what_is_queued_first),
        T(closing_does_not_lose_words_when_the_peer_still_sends),
        T(aborting_gives_the_words_and_calls_back_later),
        T(closing_from_a_message_stops_the_delivery),
        T(nobody_there_is_a_refused_connection),
        T(a_name_that_does_not_exist_is_named),
        T(closing_during_the_opening_is_clean),
        T(a_peer_that_does_not_read_is_cut_off_at_last),
        T(a_local_channel_is_open_at_once_and_knows_its_peer),
        T(descriptors_arrive_in_the_order_of_their_messages),
        T(a_request_with_a_descriptor_comes_with_it),
        T(an_adopt_without_a_connection_is_cut_off),
        T(descriptors_that_nobody_announced_are_bounded),
        T(several_descriptors_at_once_are_refused_and_closed),
        T(more_descriptors_than_there_is_room_for_are_refused),
        T(what_came_before_the_peer_ended_is_delivered),
    };

    return cmocka_run_group_tests(tests, private_munge_setup, private_munge_teardown);
}
