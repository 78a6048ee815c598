/* SPDX-License-Identifier: Apache-2.0
 *
 * test_workload.c - what is generated is a trace, the same for the same seed
 */
#include "text.h"

#include "base/mem.h"
#include "sim/workload.h"

#include <math.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char *generate(const struct workload_options *options)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    workload_write(options, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void read_generated(const struct workload_options *options, struct trace *ret)
{
    const struct trace_rules rules = TRACE_RULES_DEFAULT;
    cleanup(freep) char *text = generate(options);
    struct err err = {0};

    if (read_text(text, &rules, ret, &err))
        fail_msg("%s", err.text);
}

static void what_is_generated_can_be_read(void **state)
{
    struct workload_options options = WORKLOAD_OPTIONS_DEFAULT;
    struct trace t;

    (void)state;
    options.jobs = 2000;
    options.procs = 100;
    options.users = 10;
    read_generated(&options, &t);
    assert_int_equal(t.n, 2000);
    assert_int_equal(t.header.max_procs, 100);
    assert_int_equal(t.counts.out_of_order, 0);
    assert_int_equal(t.counts.overrun, 0);
    for (size_t i = 0; i < t.n; i++) {
        assert_int_equal(t.jobs[i].number, i + 1);
        assert_in_range(t.jobs[i].procs, 1, 100);
        assert_in_range(t.jobs[i].user, 1, 10);
        assert_int_equal(t.jobs[i].request % 60, 0);
        assert_true(t.jobs[i].request < 4 * t.jobs[i].run + 60);
    }
    trace_fini(&t);
}

static void a_seed_gives_the_same_bytes_again(void **state)
{
    struct workload_options options = WORKLOAD_OPTIONS_DEFAULT;

    (void)state;
    options.jobs = 500;
    options.procs = 64;
    cleanup(freep) char *first = generate(&options);
    cleanup(freep) char *second = generate(&options);
    options.seed = 2;
    cleanup(freep) char *other = generate(&options);
    assert_string_equal(first, second);
    assert_string_not_equal(first, other);
}

static void the_load_is_the_one_asked_for(void **state)
{
    struct workload_options options = WORKLOAD_OPTIONS_DEFAULT;
    double work = 0;
    struct trace t;

    (void)state;
    options.jobs = 5000;
    options.procs = 128;
    options.load = 0.85;
    options.overestimate = 0;
    read_generated(&options, &t);
    for (size_t i = 0; i < t.n; i++) {
        assert_int_equal(t.jobs[i].request, t.jobs[i].run);
        work += (double)t.jobs[i].run * t.jobs[i].procs;
    }
    work /= 128 * (double)t.jobs[t.n - 1].submit;
    if (fabs(work - 0.85) > 0.001)
        fail_msg("load %g", work);
    trace_fini(&t);
}

static void a_few_users_send_most(void **state)
{
    struct workload_options options = WORKLOAD_OPTIONS_DEFAULT;
    size_t by_user[65] = {0};
    struct trace t;

    (void)state;
    options.jobs = 20000;
    options.procs = 64;
    read_generated(&options, &t);
    for (size_t i = 0; i < t.n; i++)
        by_user[t.jobs[i].user]++;
    assert_true(by_user[1] > 1.7 * (double)by_user[2] && by_user[2] > by_user[8]);
    assert_true(by_user[64] > 0);
    trace_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_generated_can_be_read),
        cmocka_unit_test(a_seed_gives_the_same_bytes_again),
        cmocka_unit_test(the_load_is_the_one_asked_for),
        cmocka_unit_test(a_few_users_send_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
