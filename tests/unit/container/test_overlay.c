/* SPDX-License-Identifier: Apache-2.0
 *
 * test_overlay.c - what lies over the image: nothing, or a directory that stays
 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/io.h"

#define with(name, spec) \
    cleanup(container_destroyp) struct container *name = start(spec)

/* A directory of the caller's for an upper layer. */
static char *fresh_overlay(const char *name)
{
    char *dir = xasprintf("%s/%s", fixture()->outside, name);

    if (mkdir(dir, 0755))
        fail_msg("%s", dir);
    return dir;
}

static void a_read_only_root_takes_nothing_but_tmp_and_run(void **state)
{
    struct container_spec spec = fixture()->spec;

    (void)state;
    spec.read_only = true;
    with(c, &spec);
    assert_string_equal(probe(c, A("write"), A("/left"), A("x")),
                        "/left: Read-only file system");
    assert_string_equal(probe(c, A("write"), A("/data/both"), A("x")),
                        "/data/both: Read-only file system");
    assert_string_equal(probe(c, A("write"), A("/etc/passwd"), A("x")),
                        "/etc/passwd: Read-only file system");
    assert_string_equal(probe(c, A("cat"), A("/data/both")), "top");
    assert_non_null(strstr(probe(c, A("cat"), A("/etc/passwd")), "alice:x:"));
    assert_string_equal(probe(c, A("write"), A("/tmp/x"), A("x")), "ok");
    assert_string_equal(probe(c, A("write"), A("/run/x"), A("x")), "ok");
    assert_string_equal(probe(c, A("write"), A("/dev/shm/x"), A("x")), "ok");
}

static void an_overlay_keeps_what_was_written_and_nothing_else(void **state)
{
    cleanup(freep) char *dir = fresh_overlay("kept");
    cleanup(freep) char *left = xasprintf("%s/upper/left", dir);
    cleanup(freep) char *etc = xasprintf("%s/upper/etc", dir);
    cleanup(freep) char *text = NULL;
    struct container_spec spec = fixture()->spec;

    (void)state;
    spec.overlay = dir;
    for (int i = 0; i < 2; i++) {
        with(c, &spec);

        assert_string_equal(probe(c, A("write"), A("/left"), A("x")), "ok");
        assert_string_equal(probe(c, A("write"), A("/tmp/not-left"), A("x")), "ok");
        assert_string_equal(probe(c, A("cat"), A("/data/both")), "top");
        if (i)
            assert_string_equal(probe(c, A("mkdir"), A("/d")), "/d: File exists");
        else
            assert_string_equal(probe(c, A("mkdir"), A("/d")), "ok");
    }
    assert_int_equal(io_read_file(left, 10, &text, NULL, NULL), 0);
    assert_string_equal(text, "x");
    /* Neither mount points nor the files that Berth writes. */
    assert_int_not_equal(access(etc, F_OK), 0);
}

static void an_overlay_is_used_by_one_container_at_a_time(void **state)
{
    cleanup(freep) char *dir = fresh_overlay("busy");
    cleanup(freep) char *words =
        xasprintf("--overlay: %s is in use by another container", dir);
    struct container_spec spec = fixture()->spec;

    (void)state;
    spec.overlay = dir;
    {
        with(c, &spec);

        assert_string_equal(start_refused(&spec), words);
    }
    with(c, &spec);
}

static void an_overlay_by_a_link_is_refused(void **state)
{
    cleanup(freep) char *dir = fresh_overlay("real");
    cleanup(freep) char *link = xasprintf("%s/link", fixture()->outside);
    cleanup(freep) char *inner = xasprintf("%s/upper", dir);
    struct container_spec spec = fixture()->spec;

    (void)state;
    assert_int_equal(symlink(dir, link), 0);
    spec.overlay = link;
    assert_non_null(strstr(start_refused(&spec), "link is a symbolic link"));
    assert_int_equal(symlink(fixture()->outside, inner), 0);
    spec.overlay = dir;
    assert_string_equal(start_refused(&spec), "--overlay: upper is a symbolic link");
    spec.overlay = "/no/such";
    assert_string_equal(start_refused(&spec),
                        "--overlay: /no/such: No such file or directory");
    spec.overlay = "/usr";
    if (geteuid())
        assert_string_equal(start_refused(&spec),
                            "--overlay: /usr belongs to somebody else");
}

static void the_images_own_passwd_can_be_kept(void **state)
{
    struct container_spec spec = fixture()->spec;

    (void)state;
    spec.image_etc = true;
    with(c, &spec);
    assert_string_equal(probe(c, A("cat"), A("/etc/passwd")),
                        "root:x:0:0:root:/root:/bin/sh");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_only_root_takes_nothing_but_tmp_and_run),
        cmocka_unit_test(an_overlay_keeps_what_was_written_and_nothing_else),
        cmocka_unit_test(an_overlay_is_used_by_one_container_at_a_time),
        cmocka_unit_test(an_overlay_by_a_link_is_refused),
        cmocka_unit_test(the_images_own_passwd_can_be_kept),
    };

    return run_as_each("overlay", tests, ARRAY_SIZE(tests));
}
