/* SPDX-License-Identifier: Apache-2.0
 *
 * test_swf.c - lines of the Standard Workload Format
 */
#include "sim/swf.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_job_has_eighteen_numbers(void **state)
{
    struct swf_record r;
    struct err err = {0};

    (void)state;
    assert_int_equal(
        swf_record_read("  7 10 2\t30 4 -1 6 8 90 10 1 12 13 14 15 16 17 18 ", &r,
                        &err),
        0);
    assert_int_equal(r.field[SWF_NUMBER], 7);
    assert_int_equal(r.field[SWF_SUBMIT], 10);
    assert_int_equal(r.field[SWF_RUN], 30);
    assert_int_equal(r.field[SWF_ALLOCATED], 4);
    assert_int_equal(r.field[SWF_CPU_TIME], -1);
    assert_int_equal(r.field[SWF_REQUESTED], 8);
    assert_int_equal(r.field[SWF_REQUESTED_TIME], 90);
    assert_int_equal(r.field[SWF_THINK_TIME], 18);
}

static void missing_fields_are_unknown_and_more_are_passed_over(void **state)
{
    struct swf_record r;
    struct err err = {0};

    (void)state;
    assert_int_equal(swf_record_read("1 2 3 4 5", &r, &err), 0);
    assert_int_equal(r.field[SWF_ALLOCATED], 5);
    assert_int_equal(r.field[SWF_REQUESTED], -1);
    assert_int_equal(r.field[SWF_THINK_TIME], -1);
    assert_int_equal(
        swf_record_read("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 DAG-1 x", &r,
                        &err),
        0);
    assert_int_equal(r.field[SWF_THINK_TIME], 18);
}

static void fractions_are_cut_off(void **state)
{
    struct swf_record r;
    struct err err = {0};

    (void)state;
    assert_int_equal(swf_record_read("1 2.9 3. +4 5 .75 -0.5", &r, &err), 0);
    assert_int_equal(r.field[SWF_SUBMIT], 2);
    assert_int_equal(r.field[SWF_WAIT], 3);
    assert_int_equal(r.field[SWF_RUN], 4);
    assert_int_equal(r.field[SWF_CPU_TIME], 0);
    assert_int_equal(r.field[SWF_MEMORY], 0);
}

static void what_is_no_number_is_named_with_its_field(void **state)
{
    static const struct {
        const char *line, *words;
    } rows[] = {
        {"1 2 3", "the line ends before field 4, run time"},
        {"1 2 3 4x 5", "field 4, run time: '4x' is not a number"},
        {"1 2 3 4 nan", "field 5, allocated processors: 'nan' is not a number"},
        {"1 - 3 4 5", "field 2, submit time: '-' is not a number"},
        {"1 . 3 4 5", "field 2, submit time: '.' is not a number"},
        {"1 2 3 4 5 1e3", "field 6, CPU time: '1e3' is not a number"},
        {"1 9999999999999999999999 3 4 5",
         "field 2, submit time: the number is too large"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct swf_record r;
        struct err err = {0};

        assert_true(swf_record_read(rows[i].line, &r, &err) < 0);
        assert_string_equal(err.text, rows[i].words);
    }
}

static void only_a_time_may_be_too_large(void **state)
{
    struct swf_record r;
    struct err err = {0};

    (void)state;
    assert_int_equal(
        swf_record_read("99999999999999999999 2 3 4 5 6 88888888888888888888", &r,
                        &err),
        0);
    assert_int_equal(r.field[SWF_NUMBER], SWF_NUMBER_MAX);
    assert_int_equal(r.field[SWF_MEMORY], SWF_NUMBER_MAX);
}

static void the_header_says_how_large_the_machine_is(void **state)
{
    struct swf_header h = {0};

    (void)state;
    swf_header_read(&h, "; MaxProcs: 128");
    swf_header_read(&h, ";maxnodes:  64 ");
    swf_header_read(&h, "; UnixStartTime: 893466664");
    swf_header_read(&h, "; Note: MaxJobs: 5");
    swf_header_read(&h, "; MaxJobs: many");
    swf_header_read(&h, "; MaxProcs: -1");
    swf_header_read(&h, ";");
    assert_int_equal(h.max_procs, 128);
    assert_int_equal(h.max_nodes, 64);
    assert_int_equal(h.unix_start, 893466664);
    assert_int_equal(h.max_jobs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_has_eighteen_numbers),
        cmocka_unit_test(missing_fields_are_unknown_and_more_are_passed_over),
        cmocka_unit_test(fractions_are_cut_off),
        cmocka_unit_test(what_is_no_number_is_named_with_its_field),
        cmocka_unit_test(only_a_time_may_be_too_large),
        cmocka_unit_test(the_header_says_how_large_the_machine_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
