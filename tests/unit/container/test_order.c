/* SPDX-License-Identifier: Apache-2.0
 *
 * test_order.c - orders survive the socket; malformed ones are refused
 */
#include "container/order.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

#define A(text) ((char[]){text})

static void make_pair(int sock[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock), 0);
}

static void round_trip(size_t env_bytes, bool has_wire)
{
    cleanup(freep) char *big = xmalloc(env_bytes + 1);
    char *argv[] = {A("prog"), A(""), A("last"), NULL}, *env[] = {big, A("B=2"), NULL};
    struct task_spec task = {.id = 9,
                             .argv = argv,
                             .env = env,
                             .cwd = "/w",
                             .cpus = "0-3",
                             .umask = 027,
                             .new_session = true,
                             .fds = {0, 1, 2, 0},
                             .has_wire = has_wire};
    struct order order;
    struct err err;
    int sock[2];

    memset(big, 'e', env_bytes);
    big[env_bytes] = 0;
    make_pair(sock);
    assert_int_equal(order_send_spawn(sock[0], &task, &err), 0);
    assert_int_equal(order_receive(sock[1], &order), 1);
    assert_int_equal(order.kind, ORDER_SPAWN);
    assert_int_equal(order.task, 9);
    assert_int_equal(order.umask, 027);
    assert_true(order.new_session);
    assert_string_equal(order.cwd, "/w");
    assert_string_equal(order.cpus, "0-3");
    assert_string_equal(order.argv[0], "prog");
    assert_string_equal(order.argv[1], "");
    assert_string_equal(order.argv[2], "last");
    assert_null(order.argv[3]);
    assert_string_equal(order.env[0], big);
    assert_string_equal(order.env[1], "B=2");
    assert_null(order.env[2]);
    for (int i = 0; i < 3 + has_wire; i++)
        assert_int_equal(fcntl(order.fds[i], F_GETFD), FD_CLOEXEC);
    assert_int_equal(order.has_wire, has_wire);
    assert_int_equal(order.fds[3] >= 0, has_wire);
    order_fini(&order);
    assert_int_equal(order_receive(sock[1], &order), -EAGAIN);
    (void)close(sock[0]);
    assert_int_equal(order_receive(sock[1], &order), 0);
    (void)close(sock[1]);
}

static void a_small_order_travels_in_the_packet(void **state)
{
    (void)state;
    round_trip(10, false);
    round_trip(10, true);
}

static void a_large_order_travels_in_a_file(void **state)
{
    (void)state;
    round_trip(ORDER_INLINE_MAX, false);
    round_trip(ORDER_INLINE_MAX, true);
    round_trip(3 << 20, false);
    round_trip(3 << 20, true);
}

static void a_signal_order_arrives(void **state)
{
    struct order order;
    struct err err;
    int sock[2];

    (void)state;
    make_pair(sock);
    assert_int_equal(order_send_signal(sock[0], 4, 15, 0, &err), 0);
    assert_int_equal(order_receive(sock[1], &order), 1);
    assert_int_equal(order.kind, ORDER_SIGNAL);
    assert_int_equal(order.task, 4);
    assert_int_equal(order.signo, 15);
    order_fini(&order);
    (void)close(sock[0]);
    (void)close(sock[1]);
}

static void an_order_without_a_command_is_refused(void **state)
{
    char *none[] = {NULL};
    struct err err;

    (void)state;
    assert_int_equal(order_send_spawn(-1, &(struct task_spec){.argv = none}, &err),
                     -EINVAL);
    assert_string_equal(err.text, "a task without a command");
}

static void malformed_bodies_are_refused(void **state)
{
    static const struct {
        struct order_head head;
        const char *body;
    } rows[] = {
        {{.kind = ORDER_SPAWN, .argc = 1, .body_len = 8}, "/\0\0\0\0abc"}, /* no end */
        {{.kind = ORDER_SPAWN, .argc = 2, .body_len = 9}, "/\0\0\0\0abc\0"},
        {{.kind = ORDER_SPAWN, .argc = 1, .body_len = 11}, "/\0\0\0\0abc\0x\0"},
        {{.kind = ORDER_SPAWN, .argc = 0, .body_len = 5}, "/\0\0\0\0"},
        {{.kind = ORDER_SPAWN, .argc = 1, .body_len = 0}, ""},
        {{.kind = ORDER_SPAWN, .argc = UINT32_MAX, .envc = UINT32_MAX, .body_len = 9},
         "/\0\0\0\0abc\0"},
        {{.kind = ORDER_SIGNAL, .signo = 4000}, ""},
        {{.kind = 77, .argc = 1, .body_len = 9}, "/\0\0\0\0abc\0"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct order order = {.fds = {-1, -1, -1, -1}};
        char *body = xmemdup(rows[i].body, rows[i].head.body_len + 1);

        assert_int_equal(order_parse(&rows[i].head, body, &order), -EBADMSG);
        order_fini(&order);
    }
}

static void a_torn_packet_is_refused(void **state)
{
    struct order_head head = {.kind = ORDER_SPAWN, .argc = 1, .body_len = 1u << 30};
    struct order order;
    int sock[2];

    (void)state;
    make_pair(sock);
    assert_int_equal(send(sock[0], "abc", 3, 0), 3);
    assert_int_equal(order_receive(sock[1], &order), -EBADMSG);
    assert_int_equal(send(sock[0], &head, sizeof(head), 0), sizeof(head));
    assert_int_equal(order_receive(sock[1], &order), -EBADMSG);
    (void)close(sock[0]);
    (void)close(sock[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_order_travels_in_the_packet),
        cmocka_unit_test(a_large_order_travels_in_a_file),
        cmocka_unit_test(a_signal_order_arrives),
        cmocka_unit_test(an_order_without_a_command_is_refused),
        cmocka_unit_test(malformed_bodies_are_refused),
        cmocka_unit_test(a_torn_packet_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
