/* SPDX-License-Identifier: Apache-2.0
 *
 * test_outputs.c - output finds its file, its label and its patience
 */
#include "cli/outputs.h"

#include "base/io.h"
#include "base/mem.h"
#include "cli/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char directory[] = "/tmp/berth-test-outputs-XXXXXX";

static int group_setup(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int group_teardown(void **state)
{
    (void)state;
    return io_remove_tree(directory, NULL);
}

static struct outputs *create(const char *output, const char *error, bool has_labels,
                              uint32_t tasks)
{
    struct outputs_options options = {.output = output,
                                      .error = error,
                                      .has_labels = has_labels,
                                      .job = 17,
                                      .tasks = tasks};
    struct outputs *outputs = NULL;
    struct err err;

    assert_int_equal(outputs_create(&options, &outputs, &err), 0);
    return outputs;
}

static void give(struct outputs *outputs, uint32_t rank, uint32_t stream,
                 const char *text)
{
    outputs_take(outputs, rank, stream, text, strlen(text));
}

static void assert_file(const char *name, const char *expected)
{
    cleanup(freep) char *path = xasprintf("%s/%s", directory, name);
    cleanup(freep) char *text = NULL;

    assert_int_equal(io_read_file(path, 1 << 20, &text, NULL, NULL), 0);
    assert_string_equal(text, expected);
}

static void files_of_single_tasks_are_none_of_ours(void **state)
{
    cleanup(freep) char *pattern = xasprintf("%s/each-%%j-%%t", directory);
    cleanup(freep) char *path = xasprintf("%s/each-17-0", directory);
    struct outputs *outputs = create(pattern, "", false, 2);

    (void)state;
    give(outputs, 0, 1, "zero\n");
    give(outputs, 2, 1, "no such task\n");
    assert_true(outputs_is_empty(outputs));
    outputs_destroy(outputs);
    assert_int_equal(access(path, F_OK), -1);
}

static void one_file_has_the_output_and_errors_of_all(void **state)
{
    cleanup(freep) char *pattern = xasprintf("%s/all-%%j", directory);
    struct outputs *outputs = create(pattern, "", false, 2);

    (void)state;
    give(outputs, 0, 1, "zero\n");
    give(outputs, 1, 1, "one\n");
    give(outputs, 1, 2, "error\n");
    outputs_destroy(outputs);
    assert_file("all-17", "zero\none\nerror\n");
}

static void a_task_that_is_not_there_is_refused(void **state)
{
    struct outputs_options options = {.output = "2", .error = "", .tasks = 2};
    struct outputs *outputs;
    struct err err;

    (void)state;
    assert_int_equal(outputs_create(&options, &outputs, &err), -EINVAL);
    assert_non_null(strstr(err.text, "--output=2"));
}

static void labels_stand_before_whole_lines(void **state)
{
    cleanup(freep) char *pattern = xasprintf("%s/labels", directory);
    struct outputs *outputs = create(pattern, "none", true, 11);

    (void)state;
    give(outputs, 3, 1, "par");
    give(outputs, 10, 1, "a\nb\n");
    give(outputs, 3, 1, "tial\nrest");
    give(outputs, 3, 2, "dropped\n");
    outputs_take(outputs, 3, 1, NULL, 0);
    outputs_destroy(outputs);
    assert_file("labels", "10: a\n10: b\n03: partial\n03: rest\n");
}

static void lines_of_tasks_are_whole_without_labels_too(void **state)
{
    cleanup(freep) char *pattern = xasprintf("%s/lines", directory);
    struct outputs *outputs = create(pattern, "", false, 2);

    (void)state;
    give(outputs, 0, 1, "ab");
    give(outputs, 1, 1, "cd");
    give(outputs, 0, 1, "ef\n");
    outputs_take(outputs, 1, 1, NULL, 0);
    outputs_destroy(outputs);
    assert_file("lines", "abef\ncd");
}

static void unbuffered_bytes_come_as_they_are(void **state)
{
    cleanup(freep) char *pattern = xasprintf("%s/raw", directory);
    struct outputs_options options = {
        .output = pattern, .error = "", .unbuffered = true, .tasks = 2};
    struct outputs *outputs;
    struct err err;

    (void)state;
    assert_int_equal(outputs_create(&options, &outputs, &err), 0);
    give(outputs, 0, 1, "ab");
    give(outputs, 1, 1, "cd");
    give(outputs, 0, 1, "ef\n");
    outputs_destroy(outputs);
    assert_file("raw", "abcdef\n");
}

static void a_file_that_cannot_be_made_is_named(void **state)
{
    struct outputs_options options = {
        .output = "/no/such/directory/x", .error = "", .tasks = 1};
    struct outputs *outputs;
    struct err err;

    (void)state;
    assert_int_equal(outputs_create(&options, &outputs, &err), -ENOENT);
    assert_non_null(strstr(err.text, "/no/such/directory/x"));
}

static void a_slow_reader_fills_the_sink_without_blocking(void **state)
{
    static char block[64 << 10];
    struct sink *sink;
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    sink = sink_create(NULL, ends[1]);
    for (int i = 0; i < 17; i++)
        sink_take(sink, block, sizeof(block));
    assert_true(sink_queued(sink) > SINK_FULL);
    sink_flush(sink);
    assert_int_equal(sink_queued(sink), 17 * sizeof(block) - 4096);
    assert_int_equal(sink->failure, 0);
    sink_destroy(sink);
    close(ends[0]);
    close(ends[1]);
}

static void a_reader_that_went_away_is_a_failure(void **state)
{
    struct sink *sink;
    int ends[2];

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    sink = sink_create(NULL, ends[1]);
    sink_take(sink, "x", 1);
    sink_flush(sink);
    assert_int_equal(sink->failure, -EPIPE);
    assert_int_equal(sink_queued(sink), 0);
    sink_destroy(sink);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_single_tasks_are_none_of_ours),
        cmocka_unit_test(one_file_has_the_output_and_errors_of_all),
        cmocka_unit_test(a_task_that_is_not_there_is_refused),
        cmocka_unit_test(labels_stand_before_whole_lines),
        cmocka_unit_test(lines_of_tasks_are_whole_without_labels_too),
        cmocka_unit_test(unbuffered_bytes_come_as_they_are),
        cmocka_unit_test(a_file_that_cannot_be_made_is_named),
        cmocka_unit_test(a_slow_reader_fills_the_sink_without_blocking),
        cmocka_unit_test(a_reader_that_went_away_is_a_failure),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
