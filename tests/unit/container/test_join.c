/* SPDX-License-Identifier: Apache-2.0
 *
 * test_join.c - several callers in one container
 */
#include "fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"

#define with(name, value) cleanup(container_destroyp) struct container *name = value

static struct container *start_joinable(void)
{
    struct container_spec spec = fixture()->spec;

    spec.joinable = true;
    return start(&spec);
}

static struct container *join(const struct container *c)
{
    struct container *joined = NULL;
    struct err err;

    if (container_join(&fixture()->spec, container_namespaces(c), &joined, &err) ||
        container_wait_ready(joined, &err))
        fail_msg("%s", err.text);
    return joined;
}

static void who_joins_is_in_the_same_namespaces(void **state)
{
    static const char *const names[] = {"user", "mnt", "pid", "ipc", "uts", "net"};
    with(c, start_joinable());
    with(guest, join(c));

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        cleanup(freep) char *path = xasprintf("/proc/self/ns/%s", names[i]);
        cleanup(freep) char *theirs = xstrdup(probe(c, A("link"), path));

        assert_string_equal(probe(guest, A("link"), path), theirs);
    }
}

static void who_joins_sees_what_was_written(void **state)
{
    with(c, start_joinable());
    with(guest, join(c));

    (void)state;
    assert_string_equal(probe(c, A("write"), A("/run/new"), A("text")), "ok");
    assert_string_equal(probe(guest, A("cat"), A("/run/new")), "text");
    assert_string_equal(probe(guest, A("write"), A("/tmp/new"), A("more")), "ok");
    assert_string_equal(probe(c, A("cat"), A("/tmp/new")), "more");
}

static void begin_sleeper(struct container *c)
{
    char *argv[] = {A("probe"), A("sleep"), NULL};
    struct container_event e;
    char line[16];
    int out;

    begin(c, 3, (struct task_spec){.argv = argv, .cwd = "/"}, &out);
    next_event(c, &e);
    assert_int_equal(e.kind, CONTAINER_TASK_STARTED);
    assert_true(e.pid > 0 && kill(e.pid, 0) == 0);
    assert_true(read(out, line, sizeof(line)) > 0);
    (void)close(out);
}

static void expect_killed(struct container *c)
{
    struct container_event e;

    next_event(c, &e);
    assert_int_equal(e.kind, CONTAINER_TASK_ENDED);
    assert_int_equal(e.task, 3);
    assert_int_equal(WTERMSIG(e.status), SIGKILL);
}

static void a_guest_ends_with_what_it_started_and_nothing_else(void **state)
{
    struct container_event e;
    with(c, start_joinable());
    with(guest, join(c));
    with(other, join(c));

    (void)state;
    begin_sleeper(c);
    begin_sleeper(guest);
    begin_sleeper(other);
    container_kill(guest);
    expect_killed(guest);
    next_event(guest, &e);
    assert_int_equal(e.kind, CONTAINER_GONE);
    assert_int_equal(container_next_event(c, &e), 0);
    assert_int_equal(container_next_event(other, &e), 0);
}

static void a_sweep_ends_ones_own_and_keeps_the_container(void **state)
{
    struct container_event e;
    struct outcome o;
    struct err err;
    with(c, start_joinable());
    with(guest, join(c));

    (void)state;
    begin_sleeper(c);
    begin_sleeper(guest);
    run(c, &o, A("probe"), A("orphans"));
    assert_int_equal(container_sweep(c, &err), 0);
    expect_killed(c);
    assert_int_equal(container_next_event(guest, &e), 0);
    assert_string_equal(probe(c, A("wait-alone"), A("2")), "2");
    assert_int_equal(container_sweep(guest, &err), 0);
    expect_killed(guest);
    assert_string_equal(probe(guest, A("wait-alone"), A("1")), "1");
}

static void what_a_guest_leaves_behind_ends_with_it(void **state)
{
    with(c, start_joinable());
    struct container *guest = join(c);
    struct outcome o;

    (void)state;
    run(guest, &o, A("probe"), A("orphans"));
    assert_int_equal(o.status, 0);
    container_destroy(guest);
    assert_string_equal(probe(c, A("wait-alone"), A("0")), "0");
}

static void the_end_of_the_container_ends_its_guests(void **state)
{
    struct container_event e;
    struct container *c = start_joinable();
    with(guest, join(c));

    (void)state;
    begin_sleeper(guest);
    container_kill(c);
    do
        next_event(guest, &e);
    while (e.kind != CONTAINER_GONE);
    /* The kernel has it wait for all that were inside. */
    container_destroy(c);
}

static char *capabilities(struct container *c)
{
    const char *status = probe(c, A("cat"), A("/proc/self/status"));
    const char *caps = strstr(status, "CapInh:");

    assert_non_null(caps);
    return xstrndup(caps, (size_t)(strstr(caps, "Speculation") - caps));
}

static void a_guest_has_no_more_rights_than_others(void **state)
{
    with(c, start_joinable());
    with(guest, join(c));
    cleanup(freep) char *theirs = capabilities(c);
    cleanup(freep) char *guests = capabilities(guest);
    cleanup(freep) char *environ = xasprintf("/proc/%d/environ", inside_pid(guest));

    (void)state;
    assert_string_equal(guests, theirs);
    assert_non_null(strstr(probe(c, A("cat"), environ), "Permission denied"));
    assert_non_null(strstr(probe(guest, A("cat"), environ), "Permission denied"));
}

static void a_container_that_is_gone_cannot_be_joined(void **state)
{
    struct container *c = start_joinable(), *guest;
    int namespaces[CONTAINER_NAMESPACES];
    struct err err;

    (void)state;
    for (size_t i = 0; i < CONTAINER_NAMESPACES; i++) {
        namespaces[i] = dup(container_namespaces(c)[i]);
        assert_true(namespaces[i] >= 0);
    }
    container_destroy(c);
    assert_int_not_equal(container_join(&fixture()->spec, namespaces, &guest, &err), 0);
    for (size_t i = 0; i < CONTAINER_NAMESPACES; i++)
        (void)close(namespaces[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_joins_is_in_the_same_namespaces),
        cmocka_unit_test(who_joins_sees_what_was_written),
        cmocka_unit_test(a_guest_ends_with_what_it_started_and_nothing_else),
        cmocka_unit_test(a_sweep_ends_ones_own_and_keeps_the_container),
        cmocka_unit_test(what_a_guest_leaves_behind_ends_with_it),
        cmocka_unit_test(the_end_of_the_container_ends_its_guests),
        cmocka_unit_test(a_guest_has_no_more_rights_than_others),
        cmocka_unit_test(a_container_that_is_gone_cannot_be_joined),
    };

    return run_as_each("join", tests, ARRAY_SIZE(tests));
}
