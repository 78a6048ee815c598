/* SPDX-License-Identifier: Apache-2.0
 *
 * test_schedule.c - a schedule that is written is a log that can be read
 */
#include "text.h"

#include "base/mem.h"
#include "sim/schedule.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct trace_job jobs[] = {
    {.number = 7,
     .submit = 100,
     .run = 30,
     .request = 60,
     .procs = 4,
     .user = 3,
     .group = -1,
     .queue = 2},
    {.number = 8,
     .submit = 110,
     .run = 20,
     .request = 20,
     .procs = 900,
     .user = -1,
     .group = -1,
     .queue = -1},
    {.number = 1,
     .label = "1.50",
     .submit = 120,
     .run = 10,
     .request = 10,
     .procs = 1,
     .user = -1,
     .group = -1,
     .queue = -1},
};
static const struct outcome outcomes[] = {
    {.submit = 100, .start = 105, .end = 135, .procs = 4},
    {.submit = 110, .start = -1, .procs = 0},
    {.submit = 120, .start = 120, .end = 130, .procs = 1},
};

static char *write_schedule(char *const *places)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    schedule_write_header("easy", 64, out);
    schedule_write(jobs, outcomes, places, 3, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void a_line_says_when_and_on_how_many(void **state)
{
    cleanup(freep) char *text = write_schedule(NULL);

    (void)state;
    assert_non_null(strstr(text, "; MaxProcs: 64\n"));
    assert_non_null(
        strstr(text, "\n7 100 5 30 4 -1 -1 4 60 -1 1 3 -1 -1 2 -1 -1 -1\n"));
    assert_non_null(
        strstr(text, "\n8 110 -1 -1 900 -1 -1 900 20 -1 5 -1 -1 -1 -1 -1 -1 -1\n"));
    assert_non_null(strstr(text, "\n1.50 120 0 10 1 "));
}

static void a_schedule_is_a_trace_again(void **state)
{
    const struct trace_rules rules = TRACE_RULES_DEFAULT;
    char *places[] = {(char[]){"n[1-2]"}, NULL, (char[]){"n3"}};
    cleanup(freep) char *text = write_schedule(places);
    struct trace t;
    struct err err = {0};

    (void)state;
    assert_non_null(strstr(text, " -1 n[1-2]\n"));
    assert_int_equal(read_text(text, &rules, &t, &err), 0);
    assert_int_equal(t.header.max_procs, 64);
    assert_int_equal(t.n, 2);
    assert_int_equal(t.counts.no_run, 1);
    assert_int_equal(t.jobs[0].number, 7);
    assert_int_equal(t.jobs[0].procs, 4);
    assert_int_equal(t.jobs[0].request, 60);
    trace_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_says_when_and_on_how_many),
        cmocka_unit_test(a_schedule_is_a_trace_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
