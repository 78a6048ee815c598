/* SPDX-License-Identifier: Apache-2.0
 *
 * test_container.c - the life of a container: namespaces, orders, end
 */
#include "fixture.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"

#define with(name, spec) \
    cleanup(container_destroyp) struct container *name = start(spec)

static void the_namespaces_are_its_own(void **state)
{
    static const char *const names[] = {"user", "mnt", "pid", "ipc"};
    char ours[64];
    with(c, &fixture()->spec);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        cleanup(freep) char *path = xasprintf("/proc/self/ns/%s", names[i]);
        ssize_t n = readlink(path, ours, sizeof(ours) - 1);

        assert_true(n > 0);
        ours[n] = 0;
        assert_string_not_equal(probe(c, A("link"), path), ours);
    }
    ours[readlink("/proc/self/ns/net", ours, sizeof(ours) - 1)] = 0;
    assert_string_equal(probe(c, A("link"), A("/proc/self/ns/net")), ours);
}

static void a_network_of_its_own_has_a_loopback_only(void **state)
{
    struct container_spec spec = fixture()->spec;

    (void)state;
    spec.no_network = true;
    with(c, &spec);
    assert_string_equal(probe(c, A("list"), A("/proc/sys/net/ipv4/neigh")), "lo ");
    assert_string_equal(probe(c, A("connect")), "Connection refused");
}

static void orphans_are_reaped(void **state)
{
    struct outcome o;
    with(c, &fixture()->spec);

    (void)state;
    run(c, &o, A("probe"), A("orphans"));
    assert_int_equal(o.status, 0);
    assert_string_equal(probe(c, A("wait-alone"), A("1")), "1");
}

/* Start 'n' tasks that sleep. */
static void start_sleepers(struct container *c, uint32_t n)
{
    char *argv[] = {A("probe"), A("sleep"), NULL};

    for (uint32_t i = 0; i < n; i++) {
        struct container_event e;
        char line[16];
        int out;

        begin(c, i, (struct task_spec){.argv = argv, .cwd = "/"}, &out);
        next_event(c, &e);
        assert_int_equal(e.kind, CONTAINER_TASK_STARTED);
        assert_true(read(out, line, sizeof(line)) > 0);
        (void)close(out);
    }
}

static void a_signal_reaches_one_task_or_all(void **state)
{
    struct container_event e;
    struct err err;
    with(c, &fixture()->spec);

    (void)state;
    start_sleepers(c, 3);
    assert_int_equal(container_signal(c, 1, SIGTERM, &err), 0);
    next_event(c, &e);
    assert_int_equal(e.kind, CONTAINER_TASK_ENDED);
    assert_int_equal(e.task, 1);
    assert_int_equal(WTERMSIG(e.status), SIGTERM);
    assert_int_equal(container_signal(c, UINT32_MAX, SIGUSR1, &err), 0);
    for (int i = 0; i < 2; i++) {
        next_event(c, &e);
        assert_int_equal(WTERMSIG(e.status), SIGUSR1);
        assert_int_not_equal(e.task, 1);
    }
    assert_int_not_equal(container_signal(c, 1, 4000, &err), 0);
}

static void kill_ends_all_and_gone_is_the_last_event(void **state)
{
    struct container_event e;
    struct err err;
    char *argv[] = {A("probe"), NULL};
    with(c, &fixture()->spec);

    (void)state;
    start_sleepers(c, 2);
    container_kill(c);
    next_event(c, &e);
    assert_int_equal(e.kind, CONTAINER_GONE);
    assert_int_equal(container_next_event(c, &e), -EPIPE);
    assert_int_equal(
        container_spawn(c, &(struct task_spec){.argv = argv, .fds = {0, 1, 2}}, &err),
        -EPIPE);
    assert_string_equal(err.text, "the container has ended");
}

static void tasks_may_be_ordered_before_the_root_is_built(void **state)
{
    char *argv[] = {A("probe"), A("exit"), A("5"), NULL};
    struct container *c;
    struct container_event e;
    struct err err;
    int out;

    (void)state;
    assert_int_equal(container_create(&fixture()->spec, &c, &err), 0);
    begin(c, 1, (struct task_spec){.argv = argv, .cwd = "/"}, &out);
    next_event(c, &e);
    assert_int_equal(e.kind, CONTAINER_TASK_STARTED);
    next_event(c, &e);
    assert_int_equal(WEXITSTATUS(e.status), 5);
    assert_int_equal(container_wait_ready(c, &err), 0);
    container_destroy(c);
    (void)close(out);
}

static void a_failed_build_is_told_as_an_event_too(void **state)
{
    struct container_spec spec = fixture()->spec;
    struct container *c;
    struct container_event e;
    struct err err;

    (void)state;
    spec.work_dir = "/no/work";
    assert_int_equal(container_create(&spec, &c, &err), 0);
    next_event(c, &e);
    assert_int_equal(e.kind, CONTAINER_GONE);
    assert_non_null(strstr(e.words, "/no/work"));
    assert_int_not_equal(container_wait_ready(c, &err), 0);
    container_destroy(c);
}

static void many_tasks_each_have_a_start_and_an_end(void **state)
{
    enum { N = 200 };
    char *argv[] = {A("probe"), A("exit"), A("3"), NULL};
    unsigned char started[N] = {0}, ended[N] = {0};
    with(c, &fixture()->spec);

    (void)state;
    for (uint32_t i = 0; i < N; i++) {
        int out;

        begin(c, i, (struct task_spec){.argv = argv, .cwd = "/"}, &out);
        (void)close(out);
    }
    for (int i = 0; i < 2 * N; i++) {
        struct container_event e;

        next_event(c, &e);
        assert_true(e.task < N);
        if (e.kind == CONTAINER_TASK_STARTED)
            assert_int_equal(started[e.task]++, 0);
        else
            assert_int_equal(ended[e.task]++, started[e.task] - 1);
    }
}

static void init_dies_with_its_caller(void **state)
{
    int pipefd[2];
    pid_t caller, init = 0;

    (void)state;
    assert_int_equal(pipe(pipefd), 0);
    caller = fork();
    if (caller == 0) {
        struct container *c = start(&fixture()->spec);

        init = container_init_pid(c);
        start_sleepers(c, 1);
        if (write(pipefd[1], &init, sizeof(init)) != (ssize_t)sizeof(init))
            _exit(1);
        (void)raise(SIGKILL);
    }
    assert_int_equal(read(pipefd[0], &init, sizeof(init)), sizeof(init));
    assert_int_equal(waitpid(caller, NULL, 0), caller);
    for (int i = 0; i < 500 && kill(init, 0) == 0; i++) {
        (void)waitpid(-1, NULL, WNOHANG);
        (void)poll(NULL, 0, 10);
    }
    assert_int_equal(kill(init, 0), -1);
    (void)close(pipefd[0]);
    (void)close(pipefd[1]);
}

static void nothing_is_left_behind(void **state)
{
    cleanup(freep) char *before = NULL;
    cleanup(freep) char *after = NULL;
    pid_t init;

    (void)state;
    assert_int_equal(io_read_file("/proc/self/mountinfo", 1 << 20, &before, NULL, NULL),
                     0);
    {
        with(c, &fixture()->spec);

        init = container_init_pid(c);
        start_sleepers(c, 1);
        assert_int_equal(kill(init, 0), 0);
    }
    assert_int_equal(kill(init, 0), -1);
    assert_int_equal(errno, ESRCH);
    assert_int_equal(io_read_file("/proc/self/mountinfo", 1 << 20, &after, NULL, NULL),
                     0);
    assert_string_equal(after, before);
    assert_int_equal(rmdir(fixture()->spec.work_dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_namespaces_are_its_own),
        cmocka_unit_test(a_network_of_its_own_has_a_loopback_only),
        cmocka_unit_test(orphans_are_reaped),
        cmocka_unit_test(a_signal_reaches_one_task_or_all),
        cmocka_unit_test(kill_ends_all_and_gone_is_the_last_event),
        cmocka_unit_test(tasks_may_be_ordered_before_the_root_is_built),
        cmocka_unit_test(a_failed_build_is_told_as_an_event_too),
        cmocka_unit_test(many_tasks_each_have_a_start_and_an_end),
        cmocka_unit_test(init_dies_with_its_caller),
        cmocka_unit_test(nothing_is_left_behind),
    };

    return run_as_each("container", tests, ARRAY_SIZE(tests));
}
