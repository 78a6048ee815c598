/* SPDX-License-Identifier: Apache-2.0
 *
 * test_follow.c - the last lines of a file, and what comes after them
 */
#include "base/follow.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

static int file_of(const char *text, char name[32])
{
    int fd;

    (void)snprintf(name, 32, "/tmp/test-follow-XXXXXX");
    fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    return fd;
}

static void expect_tail(const char *text, int64_t lines, int64_t at)
{
    char name[32];
    cleanup(closep) int fd = file_of(text, name);

    (void)unlink(name);
    assert_int_equal(follow_tail(fd, lines), at);
}

static void the_last_lines_are_found(void **state)
{
    (void)state;
    expect_tail("", 3, 0);
    expect_tail("a\nbb\nccc\n", 0, 9);
    expect_tail("a\nbb\nccc\n", 1, 5);
    expect_tail("a\nbb\nccc\n", 2, 2);
    expect_tail("a\nbb\nccc\n", 3, 0);
    expect_tail("a\nbb\nccc\n", 9, 0);
    expect_tail("a\nbb\nccc", 1, 5);
    expect_tail("\n\n\n", 2, 1);
}

static void lines_may_be_longer_than_a_block(void **state)
{
    char text[20001];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    text[99] = text[9999] = '\n';
    expect_tail(text, 1, 10000);
    expect_tail(text, 2, 100);
    expect_tail(text, 3, 0);
}

static void what_is_not_there_is_said(void **state)
{
    struct follow how = {.tail = -1};
    struct err err;

    (void)state;
    assert_int_equal(follow_file("/nonexistent/x", &how, 1, &err), -ENOENT);
    assert_non_null(strstr(err.text, "/nonexistent/x"));
    assert_int_equal(follow_file("/dev/null", &how, 1, &err), -EINVAL);
}

/* The end of 'until' has been reached from the start: all that is there comes once. */
static void following_ends_with_what_is_written_last(void **state)
{
    char name[32], bytes[64] = "";
    cleanup(closep) int fd = file_of("a\nb\n", name);
    int until[2], out[2];
    struct follow how = {.tail = 1, .wants_more = true};
    struct err err;

    (void)state;
    assert_int_equal(pipe(until), 0);
    assert_int_equal(pipe(out), 0);
    (void)close(until[1]);
    how.until = until[0];
    assert_int_equal(follow_file(name, &how, out[1], &err), 0);
    assert_int_equal(read(out[0], bytes, sizeof(bytes) - 1), 2);
    assert_string_equal(bytes, "b\n");
    (void)unlink(name);
    (void)close(until[0]);
    (void)close(out[0]);
    (void)close(out[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_lines_are_found),
        cmocka_unit_test(lines_may_be_longer_than_a_block),
        cmocka_unit_test(what_is_not_there_is_said),
        cmocka_unit_test(following_ends_with_what_is_written_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
