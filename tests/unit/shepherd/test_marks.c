/* SPDX-License-Identifier: Apache-2.0
 *
 * test_marks.c - when a file had which size
 */
#include "shepherd/marks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"

static void what_was_written_before_is_left_out(void **state)
{
    cleanup(freep) struct marks *marks = xcalloc(1, sizeof(*marks));

    (void)state;
    assert_int_equal(marks_offset(marks, 100), 0);
    marks_add(marks, 10, 0);
    marks_add(marks, 11, 50);
    marks_add(marks, 12, 50);
    marks_add(marks, 20, 70);
    assert_int_equal(marks->n, 3);
    assert_int_equal(marks_offset(marks, 9), 0);
    assert_int_equal(marks_offset(marks, 11), 0); /* 50 bytes may be of this second */
    assert_int_equal(marks_offset(marks, 12), 50);
    assert_int_equal(marks_offset(marks, 20), 50);
    assert_int_equal(marks_offset(marks, 99), 70);
}

static void a_file_that_was_begun_anew_is_followed(void **state)
{
    cleanup(freep) struct marks *marks = xcalloc(1, sizeof(*marks));

    (void)state;
    marks_add(marks, 10, 500);
    marks_add(marks, 20, 5);
    assert_int_equal(marks_offset(marks, 30), 5);
}

/* A file of one byte a second: whatever is forgotten, no byte that was written after
 * the asked time is missed. */
static void a_long_memory_is_coarse_but_never_late(void **state)
{
    cleanup(freep) struct marks *marks = xcalloc(1, sizeof(*marks));
    const int64_t end = 40 * MARKS_MAX;

    (void)state;
    for (int64_t t = 1; t <= end; t++)
        marks_add(marks, t, t);
    assert_true(marks->n <= MARKS_MAX);
    for (int64_t since = 0; since <= end; since += 7) {
        int64_t offset = marks_offset(marks, since);

        assert_true(offset < since || since == 0);
        assert_true(since - offset <= 2 * marks->apart + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_before_is_left_out),
        cmocka_unit_test(a_file_that_was_begun_anew_is_followed),
        cmocka_unit_test(a_long_memory_is_coarse_but_never_late),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
