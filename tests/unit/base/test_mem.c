/* SPDX-License-Identifier: Apache-2.0
 *
 * test_mem.c - copies and locals that clean themselves
 */
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void copies_are_equal_and_separate(void **state)
{
    const char bytes[] = {'a', '\0', 'b'};
    cleanup(freep) char *s = xstrdup("abc");
    cleanup(freep) char *start = xstrndup("abcdef", 2);
    cleanup(freep) char *copy = xmemdup(bytes, sizeof(bytes));
    cleanup(freep) char *printed = xasprintf("%s-%d", "n", 7);

    (void)state;
    assert_string_equal(s, "abc");
    assert_string_equal(start, "ab");
    assert_memory_equal(copy, bytes, sizeof(bytes));
    assert_string_equal(printed, "n-7");
}

static void a_string_is_replaced_by_part_of_itself(void **state)
{
    char *s = xstrdup("abc");

    (void)state;
    str_replace(&s, s + 1);
    assert_string_equal(s, "bc");
    str_replace(&s, NULL);
    assert_null(s);
}

static void nothing_of_size_zero_is_still_something(void **state)
{
    cleanup(freep) void *a = xmalloc(0);
    cleanup(freep) void *b = xcalloc(0, 8);
    cleanup(freep) void *c = xmemdup("", 0);

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(c);
}

static void a_descriptor_is_closed_once(void **state)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int number = fd;

    (void)state;
    closep(&fd);
    assert_int_equal(fd, -1);
    assert_int_equal(fcntl(number, F_GETFD), -1);
    closep(&fd);
}

static void taking_leaves_nothing_behind(void **state)
{
    cleanup(closep) int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    cleanup(closep) int taken_fd = take_fd(fd);
    cleanup(freep) char *s = xstrdup("x");
    cleanup(freep) char *taken = take(s);

    (void)state;
    assert_null(s);
    assert_int_equal(fd, -1);
    assert_string_equal(taken, "x");
    assert_true(taken_fd >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_equal_and_separate),
        cmocka_unit_test(a_string_is_replaced_by_part_of_itself),
        cmocka_unit_test(nothing_of_size_zero_is_still_something),
        cmocka_unit_test(a_descriptor_is_closed_once),
        cmocka_unit_test(taking_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
