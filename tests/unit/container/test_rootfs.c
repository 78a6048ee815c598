/* SPDX-License-Identifier: Apache-2.0
 *
 * test_rootfs.c - what a container's root shows, hides and forgets
 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define with(name, spec) \
    cleanup(container_destroyp) struct container *name = start(spec)

static void the_upper_layer_wins_and_whiteouts_hide(void **state)
{
    with(c, &fixture()->spec);

    (void)state;
    assert_string_equal(probe(c, A("cat"), A("/data/both")), "top");
    assert_string_equal(probe(c, A("cat"), A("/data/base")), "base");
    assert_non_null(strstr(probe(c, A("cat"), A("/data/hidden")), "No such file"));
}

static void writes_to_the_root_vanish_with_the_container(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        with(c, &fixture()->spec);

        assert_non_null(strstr(probe(c, A("cat"), A("/left")), "No such file"));
        assert_string_equal(probe(c, A("write"), A("/left"), A("x")), "ok");
        assert_string_equal(probe(c, A("cat"), A("/left")), "x");
    }
}

static void tmp_and_shm_are_private_and_open_to_all(void **state)
{
    with(c, &fixture()->spec);

    (void)state;
    assert_string_equal(probe(c, A("stat"), A("/tmp")), "41777");
    assert_string_equal(probe(c, A("stat"), A("/dev/shm")), "41777");
    assert_string_equal(probe(c, A("list"), A("/tmp")), "");
    assert_string_equal(probe(c, A("list"), A("/dev/shm")), "");
    assert_string_equal(probe(c, A("write"), A("/dev/shm/x"), A("y")), "ok");
    assert_int_not_equal(access("/dev/shm/x", F_OK), 0);
}

static void proc_shows_only_the_containers_processes(void **state)
{
    with(c, &fixture()->spec);

    (void)state;
    assert_string_equal(probe(c, A("wait-alone"), A("0")), "0");
    assert_string_equal(probe(c, A("cat"), A("/proc/1/comm")), "berth-init");
}

static void devices_work_and_others_are_absent(void **state)
{
    with(c, &fixture()->spec);
    const char *names;

    (void)state;
    assert_string_equal(probe(c, A("write"), A("/dev/null"), A("x")), "ok");
    assert_string_equal(probe(c, A("cat"), A("/dev/null")), "");
    assert_string_equal(probe(c, A("link"), A("/dev/stdout")), "/proc/self/fd/1");
    assert_string_equal(probe(c, A("link"), A("/dev/ptmx")), "pts/ptmx");
    assert_string_equal(probe(c, A("list"), A("/dev/pts")), "ptmx ");
    names = probe(c, A("list"), A("/dev"));
    assert_non_null(strstr(names, "urandom "));
    assert_null(strstr(names, "mem "));
    assert_null(strstr(names, "kmsg "));
}

static void sys_is_read_only(void **state)
{
    with(c, &fixture()->spec);

    (void)state;
    assert_non_null(strstr(probe(c, A("list"), A("/sys")), "devices"));
    assert_non_null(strstr(probe(c, A("mkdir"), A("/sys/x")), "Read-only"));
    assert_non_null(strstr(probe(c, A("mkdir"), A("/sys/fs/cgroup/x")), "Read-only"));
}

static void the_old_root_cannot_be_reached(void **state)
{
    with(c, &fixture()->spec);

    (void)state;
    assert_null(
        strstr(probe(c, A("cat"), A("/proc/self/mounts")), fixture()->spec.work_dir));
    assert_non_null(strstr(probe(c, A("stat"), fixture()->outside), "No such file"));
    assert_non_null(
        strstr(probe(c, A("link"), A("/proc/1/fd/3")), "Permission denied"));
    assert_non_null(strstr(probe(c, A("link"), A("/proc/1/cwd")), "Permission denied"));
}

static void the_user_has_a_passwd_entry_before_the_images(void **state)
{
    cleanup(freep) char *line =
        xasprintf("alice:x:%u:%u:alice:/home/alice:/bin/probe\n", geteuid(), getegid());
    cleanup(freep) char *group = xasprintf("alice:x:%u:\n", getegid());
    with(c, &fixture()->spec);

    (void)state;
    assert_memory_equal(probe(c, A("cat"), A("/etc/passwd")), line, strlen(line));
    assert_non_null(strstr(probe(c, A("cat"), A("/etc/passwd")), "root:x:0:0:"));
    assert_non_null(strstr(probe(c, A("cat"), A("/etc/group")), "staff:x:50:"));
    if (getegid())
        assert_non_null(strstr(probe(c, A("cat"), A("/etc/group")), group));
}

static void a_host_name_is_given_on_request_only(void **state)
{
    struct container_spec spec = fixture()->spec;
    char name[256];

    (void)state;
    spec.hostname = "rank-host";
    with(named, &spec);
    with(unnamed, &fixture()->spec);
    assert_string_equal(probe(named, A("cat"), A("/proc/sys/kernel/hostname")),
                        "rank-host");
    assert_string_equal(probe(named, A("cat"), A("/etc/hostname")), "rank-host");
    assert_int_equal(gethostname(name, sizeof(name)), 0);
    assert_string_equal(probe(unnamed, A("cat"), A("/proc/sys/kernel/hostname")), name);
}

static void many_layers_fit_into_one_mount(void **state)
{
    char *layers[120];
    struct container_spec spec = fixture()->spec;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(layers); i++) {
        char *dir = xasprintf("%s/layer-with-a-name-as-long-as-a-digest-%zu",
                              fixture()->outside, i);

        if (mkdir(dir, 0755) && access(dir, F_OK))
            fail_msg("%s", dir);
        layers[i] = dir;
    }
    str_replace(&layers[ARRAY_SIZE(layers) - 1], fixture()->base);
    spec.layers = (const char *const *)layers;
    spec.n_layers = ARRAY_SIZE(layers);
    with(c, &spec);
    assert_string_equal(probe(c, A("cat"), A("/data/both")), "base");
    for (size_t i = 0; i < ARRAY_SIZE(layers); i++)
        free(layers[i]);
}

static void a_missing_layer_is_named(void **state)
{
    const char *layers[] = {"/nowhere/layer"};
    struct container_spec spec = fixture()->spec;

    (void)state;
    spec.layers = layers;
    spec.n_layers = 1;
    assert_string_equal(start_refused(&spec),
                        "image layer /nowhere/layer: No such file or directory");
}

static void a_removed_directory_can_be_made_again(void **state)
{
    with(c, &fixture()->spec);

    (void)state;
    assert_string_equal(probe(c, A("mkdir"), A("/new")), "ok");
    assert_string_equal(probe(c, A("rmdir"), A("/new")), "ok");
    assert_string_equal(probe(c, A("mkdir"), A("/new")), "ok");
}

static void without_an_image_the_nodes_root_is_seen(void **state)
{
    struct container_spec spec = fixture()->spec;
    cleanup(freep) char *program = xasprintf("%s/bin/probe", fixture()->base);
    struct outcome o;

    (void)state;
    spec.n_layers = 0;
    with(c, &spec);
    run(c, &o, program, A("cat"), A("/proc/1/comm"));
    assert_string_equal(o.out, "berth-init\n");
    run(c, &o, program, A("list"), A("/dev/shm"));
    assert_string_equal(o.out, "\n");
    run(c, &o, program, A("stat"), fixture()->outside);
    assert_string_equal(o.out, "40755\n");
    run(c, &o, A("no-such-program"));
    assert_string_equal(o.words,
                        "exec no-such-program: not found in PATH on this node");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_upper_layer_wins_and_whiteouts_hide),
        cmocka_unit_test(writes_to_the_root_vanish_with_the_container),
        cmocka_unit_test(tmp_and_shm_are_private_and_open_to_all),
        cmocka_unit_test(proc_shows_only_the_containers_processes),
        cmocka_unit_test(devices_work_and_others_are_absent),
        cmocka_unit_test(sys_is_read_only),
        cmocka_unit_test(the_old_root_cannot_be_reached),
        cmocka_unit_test(the_user_has_a_passwd_entry_before_the_images),
        cmocka_unit_test(a_host_name_is_given_on_request_only),
        cmocka_unit_test(many_layers_fit_into_one_mount),
        cmocka_unit_test(a_missing_layer_is_named),
        cmocka_unit_test(a_removed_directory_can_be_made_again),
        cmocka_unit_test(without_an_image_the_nodes_root_is_seen),
    };

    return run_as_each("root file system", tests, ARRAY_SIZE(tests));
}
