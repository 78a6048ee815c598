/* SPDX-License-Identifier: Apache-2.0
 *
 * test_trace.c - what the rules make of a log
 */
#include "text.h"

#include "base/mem.h"

#include <stdlib.h>

#include <zlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct trace_rules defaults = TRACE_RULES_DEFAULT;

static void read_right(const char *text, const struct trace_rules *rules,
                       struct trace *ret)
{
    struct err err = {0};

    if (read_text(text, rules, ret, &err))
        fail_msg("%s", err.text);
}

static void a_plain_job_is_taken_as_it_is(void **state)
{
    struct trace t;

    (void)state;
    read_right("; MaxProcs: 64\n\n4 10 -1 30 5 -1 -1 5 60 -1 1 7 8 -1 2 -1 -1 -1\n",
               &defaults, &t);
    assert_int_equal(t.n, 1);
    assert_int_equal(t.header.max_procs, 64);
    assert_int_equal(t.jobs[0].number, 4);
    assert_int_equal(t.jobs[0].submit, 10);
    assert_int_equal(t.jobs[0].run, 30);
    assert_int_equal(t.jobs[0].request, 60);
    assert_int_equal(t.jobs[0].procs, 5);
    assert_int_equal(t.jobs[0].user, 7);
    assert_int_equal(t.jobs[0].group, 8);
    assert_int_equal(t.jobs[0].queue, 2);
    assert_null(t.jobs[0].label);
    trace_fini(&t);
}

static void a_job_without_a_request_asks_for_its_run_time(void **state)
{
    struct trace t;

    (void)state;
    read_right("1 0 -1 30 5\n2 0 -1 0 5\n", &defaults, &t);
    assert_int_equal(t.jobs[0].request, 30);
    assert_int_equal(t.jobs[1].request, 1);
    assert_int_equal(t.counts.no_request, 2);
    trace_fini(&t);
}

static void exact_requests_are_run_times(void **state)
{
    const struct trace_rules rules = {.unknown_run = -1, .exact = true};
    struct trace t;

    (void)state;
    read_right("1 0 -1 30 5 -1 -1 5 60\n2 0 -1 90 5 -1 -1 5 60\n", &rules, &t);
    assert_int_equal(t.jobs[0].request, 30);
    assert_int_equal(t.jobs[1].request, 90);
    assert_int_equal(t.jobs[1].run, 90);
    assert_int_equal(t.counts.overrun, 0);
    trace_fini(&t);
}

static void a_job_past_its_request_is_killed_at_it_or_kept(void **state)
{
    const struct trace_rules keep = {.unknown_run = -1, .keep_overrun = true};
    static const char text[] = "1 0 -1 90 5 -1 -1 5 60\n";
    struct trace t;

    (void)state;
    read_right(text, &defaults, &t);
    assert_int_equal(t.jobs[0].run, 60);
    assert_int_equal(t.counts.overrun, 1);
    trace_fini(&t);
    read_right(text, &keep, &t);
    assert_int_equal(t.jobs[0].run, 90);
    assert_int_equal(t.jobs[0].request, 60);
    assert_int_equal(t.counts.overrun, 1);
    trace_fini(&t);
}

static void what_cannot_be_replayed_is_counted(void **state)
{
    struct trace t;

    (void)state;
    read_right("1 0 -1 -1 5 -1 -1 5 60\n"         /* no run time */
               "2 0 -1 9 -1 -1 -1 -1 60\n"        /* no size */
               "3 -1 -1 9 1 -1 -1 1 60\n"         /* no submit time */
               "4 0 -1 9 1 -1 -1 1 60 -1 3\n"     /* a piece */
               "5 0 -1 9 4294967297 -1 -1 1 60\n" /* no such machine */
               "6 0 -1 0 1 -1 -1 1 60 -1 5\n"     /* cancelled at once: a job */
               "7 0 -1 9 9 -1 -1 8 60\n8 0 -1 9 8 -1 -1 8 60\n",
               &defaults, &t);
    trace_drop_wide(&t, 8);
    assert_int_equal(t.counts.lines, 8);
    assert_int_equal(t.counts.no_run, 1);
    assert_int_equal(t.counts.no_procs, 2);
    assert_int_equal(t.counts.no_submit, 1);
    assert_int_equal(t.counts.pieces, 1);
    assert_int_equal(t.counts.too_wide, 1);
    assert_int_equal(t.n, 2);
    assert_int_equal(t.jobs[0].number, 6);
    assert_int_equal(t.jobs[1].number, 8);
    trace_fini(&t);
}

static void run_times_of_zero_and_unknown_ones_follow_the_rules(void **state)
{
    const struct trace_rules rules = {.unknown_run = 10, .drop_zero = true};
    struct trace t;

    (void)state;
    read_right("1 0 -1 -1 5\n2 0 -1 0 5\n", &rules, &t);
    assert_int_equal(t.n, 1);
    assert_int_equal(t.jobs[0].run, 10);
    assert_int_equal(t.counts.zero_run, 1);
    trace_fini(&t);
}

static void the_size_is_the_larger_number_or_the_one_asked_for(void **state)
{
    static const struct {
        enum trace_procs which;
        uint32_t first, second;
    } rows[] = {{TRACE_PROCS_LARGER, 8, 3},
                {TRACE_PROCS_REQUESTED, 8, 3},
                {TRACE_PROCS_ALLOCATED, 4, 3}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct trace_rules rules = {.unknown_run = -1, .procs = rows[i].which};
        struct trace t;

        read_right("1 0 -1 9 4 -1 -1 8 9\n2 0 -1 9 3 -1 -1 -1 9\n", &rules, &t);
        assert_int_equal(t.jobs[0].procs, rows[i].first);
        assert_int_equal(t.jobs[1].procs, rows[i].second);
        trace_fini(&t);
    }
}

static void jobs_come_by_submit_time_and_equal_ones_as_in_the_file(void **state)
{
    const struct trace_rules by_number = {.unknown_run = -1, .by_number = true};
    static const char text[] = "1 5 -1 9 1\n4 3 -1 9 1\n2 5 -1 9 1\n3 5 -1 9 1\n";
    static const int64_t sorted[] = {4, 1, 2, 3};
    struct trace t;

    (void)state;
    read_right(text, &defaults, &t);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(t.jobs[i].number, sorted[i]);
    assert_int_equal(t.counts.out_of_order, 1);
    trace_fini(&t);
    read_right(text, &by_number, &t);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(t.jobs[i].number, i + 1);
    trace_fini(&t);
}

static void a_case_of_pyss_is_known_by_its_look(void **state)
{
    struct trace t;

    (void)state;
    read_right("# words\n0 600 600 50 700 0 0 uid_1\n2 36.10 500 10 200 0 0 uid_3\n",
               &defaults, &t);
    assert_int_equal(t.n, 2);
    assert_int_equal(t.jobs[0].run, 600);
    assert_int_equal(t.jobs[0].procs, 50);
    assert_int_equal(t.jobs[1].number, 36);
    assert_string_equal(t.jobs[1].label, "36.10");
    assert_int_equal(t.jobs[1].request, 500);
    assert_int_equal(t.jobs[1].user, 3);
    trace_fini(&t);
}

static void a_line_that_names_the_columns_is_passed_over(void **state)
{
    struct trace t;

    (void)state;
    read_right("id\tsubmit\twait\truntime\r\n1\t20\t0\t1200\t3\r\n", &defaults, &t);
    assert_int_equal(t.n, 1);
    assert_int_equal(t.jobs[0].procs, 3);
    trace_fini(&t);
}

static void reading_stops_after_so_many_jobs(void **state)
{
    const struct trace_rules rules = {.unknown_run = -1, .max_jobs = 2};
    struct trace t;

    (void)state;
    read_right("1 0 -1 9 1\n2 0 -1 -1 1\n3 0 -1 9 1\n4 0 -1 9 1\nwrong\n", &rules, &t);
    assert_int_equal(t.n, 2);
    assert_int_equal(t.jobs[1].number, 3);
    trace_fini(&t);
}

static void more_load_brings_arrivals_closer(void **state)
{
    struct trace t;

    (void)state;
    read_right("1 100 -1 9 1\n2 150 -1 9 1\n3 201 -1 9 1\n", &defaults, &t);
    trace_scale_load(&t, 2);
    assert_int_equal(t.jobs[0].submit, 100);
    assert_int_equal(t.jobs[1].submit, 125);
    assert_int_equal(t.jobs[2].submit, 151);
    trace_fini(&t);
}

static void a_mistake_is_named_by_file_and_line(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"; x\n1 0 -1 9 1\n\n2 x -1 9 1\n",
         "t:4: field 2, submit time: 'x' is not a number"},
        {"# pyss\n0 1 2 3\n", "t:2: a Pyss job has 8 fields, here are 4"},
        {"1 0 -1 9 1\nid submit\n", "t:2: field 1, job number: 'id' is not a number"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct trace t = {0};
        struct err err = {0};

        assert_int_equal(read_text(rows[i].text, &defaults, &t, &err), -EINVAL);
        assert_string_equal(err.text, rows[i].words);
        assert_null(t.jobs);
    }
}

static void a_line_without_an_end_is_refused(void **state)
{
    cleanup(freep) char *text = xmalloc(100001);
    struct trace t = {0};
    struct err err = {0};

    (void)state;
    memset(text, '1', 100000);
    text[100000] = '\0';
    assert_int_equal(read_text(text, &defaults, &t, &err), -EINVAL);
    assert_string_equal(err.text, "t:1: the line is too long");
}

/* 'text' as gzip has it. */
static size_t compress_text(const char *text, unsigned char *ret, size_t size)
{
    z_stream z = {0};
    unsigned char *in = xmemdup(text, strlen(text));

    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = in;
    z.avail_in = (unsigned int)strlen(text);
    z.next_out = ret;
    z.avail_out = (unsigned int)size;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(deflateEnd(&z), Z_OK);
    free(in);
    return z.total_out;
}

static void gzip_is_seen_and_broken_gzip_is_refused(void **state)
{
    unsigned char bytes[1024];
    const size_t len =
        compress_text("; x\n1 0 -1 9 1\n2 0 -1 9 1\n", bytes, sizeof(bytes));
    struct trace t = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(read_bytes((char *)bytes, len, &defaults, &t, &err), 0);
    assert_int_equal(t.n, 2);
    trace_fini(&t);
    assert_int_equal(read_bytes((char *)bytes, len - 12, &defaults, &t, &err), -EINVAL);
    assert_non_null(strstr(err.text, "unexpected end of file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_job_is_taken_as_it_is),
        cmocka_unit_test(a_job_without_a_request_asks_for_its_run_time),
        cmocka_unit_test(exact_requests_are_run_times),
        cmocka_unit_test(a_job_past_its_request_is_killed_at_it_or_kept),
        cmocka_unit_test(what_cannot_be_replayed_is_counted),
        cmocka_unit_test(run_times_of_zero_and_unknown_ones_follow_the_rules),
        cmocka_unit_test(the_size_is_the_larger_number_or_the_one_asked_for),
        cmocka_unit_test(jobs_come_by_submit_time_and_equal_ones_as_in_the_file),
        cmocka_unit_test(a_case_of_pyss_is_known_by_its_look),
        cmocka_unit_test(a_line_that_names_the_columns_is_passed_over),
        cmocka_unit_test(reading_stops_after_so_many_jobs),
        cmocka_unit_test(more_load_brings_arrivals_closer),
        cmocka_unit_test(a_mistake_is_named_by_file_and_line),
        cmocka_unit_test(a_line_without_an_end_is_refused),
        cmocka_unit_test(gzip_is_seen_and_broken_gzip_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
