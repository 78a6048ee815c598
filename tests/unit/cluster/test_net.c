/* SPDX-License-Identifier: Apache-2.0
 *
 * test_net.c - addresses and names of a cluster
 */
#include "cluster/cluster.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void nodes_get_addresses_of_the_subnet(void **state)
{
    cleanup(cluster_destroyp) struct cluster *c = cluster_create("a", "/d", "/d", 250);

    (void)state;
    assert_int_equal(cluster_choose_subnet(c, "10.231.7.0/24", NULL), 0);
    assert_string_equal(c->subnet, "10.231.7");
    assert_string_equal(c->address, "10.231.7.254");
    assert_string_equal(c->nodes[0].address, "10.231.7.1");
    assert_string_equal(c->nodes[249].address, "10.231.7.250");
}

static void a_free_subnet_is_found(void **state)
{
    cleanup(cluster_destroyp) struct cluster *c = cluster_create("a", "/d", "/d", 1);

    (void)state;
    assert_int_equal(cluster_choose_subnet(c, NULL, NULL), 0);
    assert_int_equal(strncmp(c->subnet, "10.213.", 7), 0);
}

static void a_subnet_in_use_is_refused(void **state)
{
    cleanup(cluster_destroyp) struct cluster *c = cluster_create("a", "/d", "/d", 1);
    struct err err;

    (void)state;
    assert_int_equal(cluster_choose_subnet(c, "127.0.0.0/24", &err), -EADDRINUSE);
    assert_string_equal(err.text, "127.0.0.0/24 is in use by interface lo");
}

static void what_is_no_subnet_is_refused(void **state)
{
    static const char *const texts[] = {"",           "10.0.0.0",     "10.0.0.1/24",
                                        "10.0.0.0/8", "10.0.0.0/24x", "300.0.0.0/24",
                                        "fe80::/24",  "/24"};
    cleanup(cluster_destroyp) struct cluster *c = cluster_create("a", "/d", "/d", 1);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        assert_int_equal(cluster_choose_subnet(c, texts[i], NULL), -EINVAL);
}

static void a_long_name_still_names_a_bridge(void **state)
{
    cleanup(cluster_destroyp) struct cluster *a =
        cluster_create("a-very-long-name-1", "/d", "/d", 1);
    cleanup(cluster_destroyp) struct cluster *b =
        cluster_create("a-very-long-name-2", "/d", "/d", 1);

    (void)state;
    assert_int_equal(cluster_choose_subnet(a, NULL, NULL), 0);
    assert_int_equal(cluster_choose_subnet(b, NULL, NULL), 0);
    assert_int_equal(strncmp(a->bridge, "brth-", 5), 0);
    assert_string_not_equal(a->bridge, b->bridge);
}

static void a_port_in_use_is_refused_or_passed_over(void **state)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t len = sizeof(in);
    cleanup(cluster_destroyp) struct cluster *c = cluster_create("a", "/d", "/d", 1);
    cleanup(closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct err err;
    uint16_t port;

    (void)state;
    assert_int_equal(bind(fd, (const struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    port = ntohs(in.sin_port);
    assert_int_equal(cluster_choose_port(c, port, &err), -EADDRINUSE);
    assert_non_null(strstr(err.text, "is in use"));
    closep(&fd);
    assert_int_equal(cluster_choose_port(c, port, NULL), 0);
    assert_int_equal(c->port, port);
    assert_int_equal(cluster_choose_port(c, 0, NULL), 0);
    assert_true(c->port >= 7817);
}

static void two_that_are_being_made_have_ports_of_their_own(void **state)
{
    cleanup(cluster_destroyp) struct cluster *a = cluster_create("a", "/d", "/d", 1);
    cleanup(cluster_destroyp) struct cluster *b = cluster_create("b", "/d", "/d", 1);
    uint16_t port;

    (void)state;
    assert_int_equal(cluster_choose_port(a, 0, NULL), 0);
    assert_int_equal(cluster_choose_port(b, 0, NULL), 0);
    assert_int_not_equal(a->port, b->port);
    port = a->port;
    assert_int_equal(cluster_choose_port(b, port, NULL), -EADDRINUSE);
    cluster_destroyp(&a);
    assert_int_equal(cluster_choose_port(b, port, NULL), 0);
}

static void names_of_clusters_are_checked(void **state)
{
    static const char *const good[] = {"a", "demo", "test-1", "A_b",
                                       "12345678901234567890123456789012"};
    static const char *const bad[] = {
        "",   "-a", "a/b", "a b", "..", "a.b", "123456789012345678901234567890123",
        "a\n"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_int_equal(cluster_check_name(good[i], NULL), 0);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(cluster_check_name(bad[i], NULL), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_get_addresses_of_the_subnet),
        cmocka_unit_test(a_free_subnet_is_found),
        cmocka_unit_test(a_subnet_in_use_is_refused),
        cmocka_unit_test(what_is_no_subnet_is_refused),
        cmocka_unit_test(a_long_name_still_names_a_bridge),
        cmocka_unit_test(a_port_in_use_is_refused_or_passed_over),
        cmocka_unit_test(two_that_are_being_made_have_ports_of_their_own),
        cmocka_unit_test(names_of_clusters_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
