/* SPDX-License-Identifier: Apache-2.0
 *
 * test_text.c - the little formats of control groups' files
 */
#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void fields_are_found_by_their_whole_name(void **state)
{
    const char *stat = "anon 4096\nfile 8192\nanon_thp 7\nshmem 16\n";

    (void)state;
    assert_int_equal(text_field(stat, "anon"), 4096);
    assert_int_equal(text_field(stat, "anon_thp"), 7);
    assert_int_equal(text_field(stat, "shmem"), 16);
    assert_int_equal(text_field(stat, "sh"), 0);
    assert_int_equal(text_field("", "anon"), 0);
    assert_int_equal(text_field("anon", "anon"), 0);
}

static void input_and_output_of_all_devices_add_up(void **state)
{
    uint64_t read = 0, written = 0;

    (void)state;
    text_io_stat("8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353\n"
                 "8:0 rbytes=800 wbytes=4 rios=1 wios=1 dbytes=0 dios=0\n"
                 "253:0 \n",
                 &read, &written);
    assert_int_equal(read, 1460000);
    assert_int_equal(written, 314773508);
    read = written = 0;
    text_blkio("8:0 Read 100\n8:0 Write 7\n8:0 Sync 107\n8:16 Read 1\nTotal 108\n",
               &read, &written);
    assert_int_equal(read, 101);
    assert_int_equal(written, 7);
}

static void pressure_is_that_of_some_processes_in_ten_seconds(void **state)
{
    (void)state;
    assert_float_equal(text_pressure("some avg10=1.50 avg60=0.00 total=5\n"
                                     "full avg10=9.00 avg60=0.00 total=1\n"),
                       1.5, 0.001);
    assert_float_equal(text_pressure(""), 0, 0.001);
}

static void words_are_whole(void **state)
{
    (void)state;
    assert_true(text_has_word("cpuset cpu io memory\n", "memory"));
    assert_true(text_has_word("rw,cpu,cpuacct", "cpu"));
    assert_false(text_has_word("rw,cpuacct", "cpu"));
    assert_false(text_has_word("", "cpu"));
}

static void a_mount_is_read_with_its_escapes(void **state)
{
    char line[] = "35 31 0:32 / /sys/fs/a\\040b rw,relatime shared:9 - cgroup cgroup "
                  "rw,memory\n";
    char other[] = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n";
    char broken[] = "31 23 0:28 / /sys\n";
    struct text_mount mount;

    (void)state;
    assert_true(text_mount(line, &mount));
    assert_string_equal(mount.root, "/");
    assert_string_equal(mount.point, "/sys/fs/a b");
    assert_string_equal(mount.type, "cgroup");
    assert_string_equal(mount.options, "rw,memory");
    assert_false(text_mount(other, &mount));
    assert_false(text_mount(broken, &mount));
}

static void a_membership_has_controllers_or_none(void **state)
{
    char first[] = "4:cpu,cpuacct:/a:b\n", unified[] = "0::/system.slice\n";
    char broken[] = "nothing\n";
    const char *controllers, *path;

    (void)state;
    assert_true(text_membership(first, &controllers, &path));
    assert_string_equal(controllers, "cpu,cpuacct");
    assert_string_equal(path, "/a:b");
    assert_true(text_membership(unified, &controllers, &path));
    assert_string_equal(controllers, "");
    assert_string_equal(path, "/system.slice");
    assert_false(text_membership(broken, &controllers, &path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_found_by_their_whole_name),
        cmocka_unit_test(input_and_output_of_all_devices_add_up),
        cmocka_unit_test(pressure_is_that_of_some_processes_in_ten_seconds),
        cmocka_unit_test(words_are_whole),
        cmocka_unit_test(a_mount_is_read_with_its_escapes),
        cmocka_unit_test(a_membership_has_controllers_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
