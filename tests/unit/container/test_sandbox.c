/* SPDX-License-Identifier: Apache-2.0
 *
 * test_sandbox.c - containers of a pod: what they share, and what they do not
 */
#include "fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "container/sandbox.h"

static void sandbox_destroyp(struct sandbox **sandbox)
{
    sandbox_destroy(*sandbox);
}

#define with(name, value) cleanup(container_destroyp) struct container *name = value
#define with_sandbox(name, value) cleanup(sandbox_destroyp) struct sandbox *name = value

static struct sandbox *make(const struct sandbox_spec *spec)
{
    struct sandbox *sandbox = NULL;
    struct err err;

    if (sandbox_create(spec, &sandbox, &err))
        fail_msg("%s", err.text);
    return sandbox;
}

static struct container *start_in(const struct sandbox *sandbox)
{
    struct container_spec spec = fixture()->spec;

    spec.sandbox = sandbox;
    spec.as_root = sandbox_is_root(sandbox);
    return start(&spec);
}

static char *link_of(struct container *c, const char *name)
{
    cleanup(freep) char *path = xasprintf("/proc/self/ns/%s", name);

    return xstrdup(probe(c, A("link"), path));
}

static void expect_shared(struct container *a, struct container *b, const char *name,
                          bool shared)
{
    cleanup(freep) char *of_a = link_of(a, name);
    cleanup(freep) char *of_b = link_of(b, name);

    if (shared != (strcmp(of_a, of_b) == 0))
        fail_msg("%s: %s, %s", name, of_a, of_b);
}

static void containers_share_all_but_files_and_processes(void **state)
{
    static const struct sandbox_spec spec = {.own_network = true, .hostname = "pod-1"};
    with_sandbox(sandbox, make(&spec));
    with(a, start_in(sandbox));
    with(b, start_in(sandbox));

    (void)state;
    expect_shared(a, b, "user", true);
    expect_shared(a, b, "net", true);
    expect_shared(a, b, "ipc", true);
    expect_shared(a, b, "uts", true);
    expect_shared(a, b, "mnt", false);
    expect_shared(a, b, "pid", false);
    assert_string_equal(probe(a, A("cat"), A("/proc/sys/kernel/hostname")), "pod-1");
    assert_string_equal(probe(b, A("cat"), A("/etc/hostname")), "pod-1");
}

static bool is_nodes(struct container *c, const char *name)
{
    cleanup(freep) char *theirs = link_of(c, name);
    cleanup(freep) char *path = xasprintf("/proc/self/ns/%s", name);
    char ours[64] = "";

    assert_true(readlink(path, ours, sizeof(ours) - 1) > 0);
    return strcmp(ours, theirs) == 0;
}

static void a_sandbox_of_the_nodes_network_has_its_name(void **state)
{
    static const struct sandbox_spec spec = {.has_ids = false};
    with_sandbox(sandbox, make(&spec));
    with(c, start_in(sandbox));

    (void)state;
    assert_int_equal(sandbox_network(sandbox), -1);
    assert_true(is_nodes(c, "net"));
    assert_true(is_nodes(c, "uts"));
    assert_false(is_nodes(c, "ipc"));
    assert_false(is_nodes(c, "user"));
}

static void what_one_writes_the_other_does_not_see(void **state)
{
    static const struct sandbox_spec spec = {.own_network = true};
    with_sandbox(sandbox, make(&spec));
    with(a, start_in(sandbox));
    with(b, start_in(sandbox));

    (void)state;
    assert_string_equal(probe(a, A("write"), A("/tmp/new"), A("text")), "ok");
    assert_non_null(strstr(probe(b, A("cat"), A("/tmp/new")), "No such file"));
}

static void root_is_root_in_all_of_them(void **state)
{
    static const struct sandbox_spec spec = {.as_root = true, .has_ids = true};
    with_sandbox(sandbox, make(&spec));
    with(a, start_in(sandbox));
    with(b, start_in(sandbox));

    (void)state;
    assert_string_equal(probe(a, A("ids")), "0 0");
    assert_string_equal(probe(b, A("ids")), "0 0");
}

static void all_appear_as_whom_they_are_told_to(void **state)
{
    static const struct sandbox_spec spec = {
        .has_ids = true, .uid = 1234, .gid = 5678, .own_network = true};
    with_sandbox(sandbox, make(&spec));
    with(a, start_in(sandbox));

    (void)state;
    assert_false(sandbox_is_root(sandbox));
    assert_string_equal(probe(a, A("ids")), "1234 5678");
    assert_string_equal(
        probe(a, A("cat"), A("/proc/sys/net/ipv4/ip_unprivileged_port_start")), "0");
    assert_string_equal(probe(a, A("cat"), A("/proc/sys/net/ipv4/ping_group_range")),
                        "5678\t5678");
}

static void one_that_ends_leaves_the_others_and_can_come_again(void **state)
{
    static const struct sandbox_spec spec = {.own_network = true, .hostname = "pod-1"};
    with_sandbox(sandbox, make(&spec));
    with(stays, start_in(sandbox));
    cleanup(freep) char *network = link_of(stays, "net");

    (void)state;
    for (int i = 0; i < 3; i++) {
        with(goes, start_in(sandbox));
        cleanup(freep) char *its = link_of(goes, "net");

        assert_string_equal(its, network);
    }
    assert_string_equal(probe(stays, A("wait-alone"), A("0")), "0");
}

static void the_sandbox_lives_on_without_containers(void **state)
{
    static const struct sandbox_spec spec = {.own_network = true};
    with_sandbox(sandbox, make(&spec));
    cleanup(freep) char *before = NULL;
    cleanup(freep) char *after = NULL;

    (void)state;
    for (int i = 0; i < 2; i++) {
        with(c, start_in(sandbox));
        *(i ? &after : &before) = link_of(c, "net");
    }
    assert_string_equal(before, after);
}

static void processes_are_shared_when_that_is_wished(void **state)
{
    static const struct sandbox_spec spec = {.shares_pids = true};
    with_sandbox(sandbox, make(&spec));
    with(a, start_in(sandbox));
    with(b, start_in(sandbox));
    cleanup(freep) char *theirs = xasprintf("/proc/%d/comm", inside_pid(b));

    (void)state;
    expect_shared(a, b, "pid", true);
    expect_shared(a, b, "mnt", false);
    assert_true(inside_pid(a) > 1);
    assert_string_equal(probe(a, A("cat"), theirs), "berth-init");
    assert_string_equal(probe(a, A("cat"), A("/proc/1/comm")), "berth-pause");
}

static void who_shares_processes_takes_what_it_started_along(void **state)
{
    static const struct sandbox_spec spec = {.shares_pids = true};
    with_sandbox(sandbox, make(&spec));
    with(stays, start_in(sandbox));
    struct container *goes = start_in(sandbox);
    struct outcome o;

    (void)state;
    run(goes, &o, A("probe"), A("orphans"));
    assert_int_equal(o.status, 0);
    container_destroy(goes);
    /* Beside what asks and the pause there is the first process of the other. */
    assert_string_equal(probe(stays, A("wait-alone"), A("1")), "1");
}

static void nobody_inside_looks_into_the_first_processes(void **state)
{
    static const struct sandbox_spec spec = {.shares_pids = true};
    with_sandbox(sandbox, make(&spec));
    with(a, start_in(sandbox));
    with(b, start_in(sandbox));
    cleanup(freep) char *environ = xasprintf("/proc/%d/environ", inside_pid(b));

    (void)state;
    assert_non_null(strstr(probe(a, A("cat"), environ), "Permission denied"));
    assert_non_null(
        strstr(probe(a, A("cat"), A("/proc/1/environ")), "Permission denied"));
}

static void memory_is_seen_by_the_containers_and_nobody_else(void **state)
{
    const struct sandbox_memory memory = {
        .path = fixture()->outside, .bytes = 1 << 20, .mode = 01777};
    const struct sandbox_spec spec = {.memory = &memory, .n_memory = 1};
    const struct bind_mount m[] = {
        {.source = memory.path, .target = "/data"},
        {.source = memory.path, .within = "part/of", .target = "/home"}};
    struct container_spec container = fixture()->spec;
    with_sandbox(sandbox, make(&spec));
    int fd;

    (void)state;
    fd = sandbox_memory(sandbox, 0);
    assert_int_equal(mkdirat(fd, "part", 0755), 0);
    assert_int_equal(mkdirat(fd, "part/of", 0755), 0);
    container.sandbox = sandbox;
    container.mounts = m;
    container.n_mounts = ARRAY_SIZE(m);
    {
        with(a, start(&container));
        with(b, start(&container));

        assert_string_equal(probe(a, A("write"), A("/home/new"), A("text")), "ok");
        assert_string_equal(probe(b, A("cat"), A("/data/part/of/new")), "text");
        assert_string_equal(probe(b, A("stat"), A("/data")), "41777");
    }
    assert_int_equal(faccessat(fd, "part/of/new", R_OK, 0), 0);
    assert_int_equal(faccessat(AT_FDCWD, memory.path, R_OK, 0), 0);
    fd = open(memory.path, O_PATH | O_CLOEXEC);
    assert_int_equal(faccessat(fd, "part", R_OK, 0), -1);
    assert_int_equal(faccessat(fd, "file", R_OK, 0), 0);
    (void)close(fd);
}

static void a_part_of_a_volume_is_not_left_by_a_link(void **state)
{
    const struct sandbox_memory memory = {.path = fixture()->outside, .mode = 0755};
    const struct sandbox_spec spec = {.memory = &memory, .n_memory = 1};
    const struct bind_mount m = {
        .source = memory.path, .within = "out/etc", .target = "/data"};
    struct container_spec container = fixture()->spec;
    with_sandbox(sandbox, make(&spec));

    (void)state;
    assert_int_equal(symlinkat("/", sandbox_memory(sandbox, 0), "out"), 0);
    container.sandbox = sandbox;
    container.mounts = &m;
    container.n_mounts = 1;
    assert_non_null(strstr(start_refused(&container), "leads out of it"));
}

static int listen_on(int fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    return address.sin_port;
}

/* 0, or an errno value. */
static int connect_to(int fd, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = (in_port_t)port,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int rc = connect(fd, (struct sockaddr *)&address, sizeof(address));

    return rc == 0 || errno == EINPROGRESS ? 0 : errno;
}

static void sockets_are_of_the_sandboxs_network(void **state)
{
    static const struct sandbox_spec spec = {.own_network = true};
    with_sandbox(sandbox, make(&spec));
    cleanup(closep) int server = -1;
    cleanup(closep) int client = -1;
    cleanup(closep) int outside = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct err err;
    int port;

    (void)state;
    server = sandbox_socket(sandbox, AF_INET, SOCK_STREAM, 0, &err);
    client = sandbox_socket(sandbox, AF_INET, SOCK_STREAM, 0, &err);
    assert_true(server >= 0 && client >= 0);
    port = listen_on(server);
    assert_int_equal(connect_to(outside, port), ECONNREFUSED);
    assert_int_equal(connect_to(client, port), 0);
}

static void a_family_that_there_is_not_is_told(void **state)
{
    static const struct sandbox_spec spec = {.own_network = true};
    with_sandbox(sandbox, make(&spec));
    struct err err;

    (void)state;
    assert_int_equal(sandbox_socket(sandbox, 9999, SOCK_STREAM, 0, &err),
                     -EAFNOSUPPORT);
    /* And the next one is answered for itself. */
    assert_true(close(sandbox_socket(sandbox, AF_INET, SOCK_DGRAM, 0, &err)) == 0);
}

static void a_late_answer_is_not_taken_for_the_next(void **state)
{
    static const struct sandbox_spec spec = {.own_network = true};
    with_sandbox(sandbox, make(&spec));
    cleanup(closep) int fd = -1;
    struct err err;
    int type = 0;
    socklen_t len = sizeof(type);

    (void)state;
    assert_int_equal(kill(sandbox_pid(sandbox), SIGSTOP), 0);
    assert_int_equal(sandbox_socket(sandbox, AF_INET, SOCK_STREAM, 0, &err), -EAGAIN);
    assert_int_equal(kill(sandbox_pid(sandbox), SIGCONT), 0);
    fd = sandbox_socket(sandbox, AF_INET, SOCK_DGRAM, 0, &err);
    assert_true(fd >= 0);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len), 0);
    assert_int_equal(type, SOCK_DGRAM);
}

static void its_own_program_does_the_same(void **state)
{
    static const struct sandbox_spec spec = {
        .own_network = true, .shares_pids = true, .program = PAUSE};
    with_sandbox(sandbox, make(&spec));
    with(c, start_in(sandbox));
    cleanup(freep) char *path = xasprintf("/proc/%d/cmdline", sandbox_pid(sandbox));
    cleanup(freep) char *line = NULL;
    struct err err;

    (void)state;
    assert_true(close(sandbox_socket(sandbox, AF_INET, SOCK_STREAM, 0, &err)) == 0);
    assert_string_equal(probe(c, A("cat"), A("/proc/1/comm")), "berth-pause");
    assert_int_equal(io_read_file(path, 256, &line, NULL, NULL), 0);
    assert_string_equal(line, "berth-pause");
    assert_non_null(
        strstr(probe(c, A("cat"), A("/proc/1/environ")), "Permission denied"));
}

static void another_program_makes_no_containers_of_a_pod(void **state)
{
    static const struct sandbox_spec spec = {.has_ids = false};
    static const struct container_external external = {.argv = NULL};
    with_sandbox(sandbox, make(&spec));
    struct container_spec container = fixture()->spec;
    struct container *c;
    struct err err;

    (void)state;
    container.sandbox = sandbox;
    container.external = &external;
    assert_int_equal(container_create(&container, &c, &err), -ENOTSUP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(containers_share_all_but_files_and_processes),
        cmocka_unit_test(a_sandbox_of_the_nodes_network_has_its_name),
        cmocka_unit_test(what_one_writes_the_other_does_not_see),
        cmocka_unit_test(root_is_root_in_all_of_them),
        cmocka_unit_test(all_appear_as_whom_they_are_told_to),
        cmocka_unit_test(one_that_ends_leaves_the_others_and_can_come_again),
        cmocka_unit_test(the_sandbox_lives_on_without_containers),
        cmocka_unit_test(processes_are_shared_when_that_is_wished),
        cmocka_unit_test(who_shares_processes_takes_what_it_started_along),
        cmocka_unit_test(nobody_inside_looks_into_the_first_processes),
        cmocka_unit_test(memory_is_seen_by_the_containers_and_nobody_else),
        cmocka_unit_test(a_part_of_a_volume_is_not_left_by_a_link),
        cmocka_unit_test(sockets_are_of_the_sandboxs_network),
        cmocka_unit_test(a_family_that_there_is_not_is_told),
        cmocka_unit_test(a_late_answer_is_not_taken_for_the_next),
        cmocka_unit_test(its_own_program_does_the_same),
        cmocka_unit_test(another_program_makes_no_containers_of_a_pod),
    };

    return run_as_each("sandbox", tests, ARRAY_SIZE(tests));
}
