/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pod_log_file.c - what containers wrote, as it is in their files
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "shepherd/pod_log_file.h"

#define NOON 1764158400000000 /* 2025-11-26T12:00:00Z */

static char dir[] = "/tmp/berth-log-XXXXXX";
static char *path, *old;

static struct pod_log_file *open_file(uint64_t max)
{
    struct pod_log_file *file;
    struct err err;

    if (pod_log_file_create(path, max, &file, &err))
        fail_msg("%s", err.text);
    return file;
}

static void put(struct pod_log_file *file, unsigned int stream, const char *text)
{
    struct err err;

    if (pod_log_file_write(file, stream, text, strlen(text), NOON + 5, &err))
        fail_msg("%s", err.text);
}

static char *text_of(const char *name)
{
    char *text;

    assert_int_equal(io_read_file(name, 1 << 20, &text, NULL, NULL), 0);
    return text;
}

static void each_line_has_its_time_and_stream(void **state)
{
    struct pod_log_file *file = open_file(0);
    cleanup(freep) char *text = NULL;

    (void)state;
    put(file, 1, "one\ntwo\n");
    put(file, 2, "bad\n");
    pod_log_file_close(file, NOON);
    text = text_of(path);
    assert_string_equal(text, "2025-11-26T12:00:00.000005000Z stdout F one\n"
                              "2025-11-26T12:00:00.000005000Z stdout F two\n"
                              "2025-11-26T12:00:00.000005000Z stderr F bad\n");
}

static void pieces_of_a_line_are_put_together(void **state)
{
    struct pod_log_file *file = open_file(0);
    cleanup(freep) char *text = NULL;

    (void)state;
    put(file, 1, "on");
    put(file, 2, "else\n");
    put(file, 1, "e\nlast");
    pod_log_file_close(file, NOON + 7);
    text = text_of(path);
    assert_string_equal(text, "2025-11-26T12:00:00.000005000Z stderr F else\n"
                              "2025-11-26T12:00:00.000005000Z stdout F one\n"
                              "2025-11-26T12:00:00.000007000Z stdout P last\n");
}

static void a_line_without_end_is_written_in_parts(void **state)
{
    struct pod_log_file *file = open_file(0);
    cleanup(freep) char *line = xmalloc(2 * POD_LOG_LINE_MAX + 2);
    cleanup(freep) char *text = NULL;
    size_t parts = 0;

    (void)state;
    memset(line, 'x', 2 * POD_LOG_LINE_MAX + 1);
    line[2 * POD_LOG_LINE_MAX + 1] = '\0';
    put(file, 1, line);
    pod_log_file_close(file, NOON);
    text = text_of(path);
    for (const char *at = text; (at = strstr(at, " P ")); at++)
        parts++;
    assert_int_equal(parts, 3);
}

static void both_files_together_are_bounded(void **state)
{
    struct pod_log_file *file = open_file(4096);
    struct stat now, before;
    cleanup(freep) char *text = NULL;

    (void)state;
    for (int i = 0; i < 1000; i++)
        put(file, 1, "a line that is as long as any other\n");
    put(file, 1, "the last\n");
    pod_log_file_close(file, NOON);
    assert_int_equal(stat(path, &now), 0);
    assert_int_equal(stat(old, &before), 0);
    assert_true(now.st_size <= 4096 && before.st_size <= 4096);
    text = text_of(path);
    assert_non_null(strstr(text, "the last"));
}

static void a_new_run_begins_with_empty_files(void **state)
{
    cleanup(freep) char *text = NULL;

    (void)state;
    pod_log_file_close(open_file(0), NOON);
    text = text_of(path);
    assert_string_equal(text, "");
    assert_int_equal(access(old, F_OK), -1);
}

static void the_tail_is_without_times_and_bounded(void **state)
{
    struct pod_log_file *file = open_file(0);
    cleanup(freep) char *two = NULL;
    cleanup(freep) char *few = NULL;
    cleanup(freep) char *none = NULL;

    (void)state;
    put(file, 1, "one\ntwo\nthree\n");
    pod_log_file_close(file, NOON);
    two = pod_log_file_tail(path, 2, 1000);
    few = pod_log_file_tail(path, 80, 4);
    none = pod_log_file_tail("/nonexistent", 80, 2048);
    assert_string_equal(two, "two\nthree\n");
    assert_string_equal(few, "ree\n");
    assert_string_equal(none, "");
}

static void a_link_in_its_place_is_not_followed(void **state)
{
    struct pod_log_file *file;
    struct err err;

    (void)state;
    (void)unlink(path);
    assert_int_equal(symlink("/tmp/berth-log-elsewhere", path), 0);
    assert_int_not_equal(pod_log_file_create(path, 0, &file, &err), 0);
    assert_int_equal(access("/tmp/berth-log-elsewhere", F_OK), -1);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_has_its_time_and_stream),
        cmocka_unit_test(pieces_of_a_line_are_put_together),
        cmocka_unit_test(a_line_without_end_is_written_in_parts),
        cmocka_unit_test(both_files_together_are_bounded),
        cmocka_unit_test(a_new_run_begins_with_empty_files),
        cmocka_unit_test(the_tail_is_without_times_and_bounded),
        cmocka_unit_test(a_link_in_its_place_is_not_followed),
    };
    int failed;

    if (!mkdtemp(dir))
        return 99;
    path = xasprintf("%s/a.0.log", dir);
    old = xasprintf("%s.old", path);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)io_remove_tree(dir, NULL);
    free(path);
    free(old);
    return failed;
}
