/* SPDX-License-Identifier: Apache-2.0
 *
 * test_report.c - the keys that scripts read, and the table that people do
 */
#include "sim/report.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct outcome outcomes[] = {
    {.submit = 0, .start = 0, .end = 100, .procs = 2},
    {.submit = 0, .start = 100, .end = 200, .procs = 4},
};
static const struct trace_counts counts = {.lines = 4, .too_wide = 1, .no_run = 1};

static struct report a_report(void)
{
    struct report report = {.trace = "t.swf",
                            .policy = "easy",
                            .machine = "4 processors",
                            .procs = 4,
                            .counts = &counts,
                            .passes = 4,
                            .decisions = 2,
                            .tests = 3,
                            .seconds = 0.5,
                            .peak_rss = 1 << 20};

    metrics_of(outcomes, 2, 4, &report.metrics);
    return report;
}

static char *print(const struct report *report, bool as_json)
{
    char *text = NULL;
    struct err err = {0};
    size_t len;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    if (as_json)
        assert_int_equal(report_write_json(report, out, &err), 0);
    else
        report_print(report, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void the_keys_of_the_results_stand_at_the_top(void **state)
{
    static const struct {
        const char *key;
        double value;
    } rows[] = {{"jobs", 2},        {"makespan", 200},      {"utilisation", 0.75},
                {"mean_wait", 50},  {"p99_wait", 100},      {"max_wait", 100},
                {"mean_bsld", 1.5}, {"jobs_per_second", 4}, {"peak_rss", 1 << 20}};
    const struct report report = a_report();
    cleanup(freep) char *text = print(&report, true);
    json_t *object = json_loads(text, 0, NULL);

    (void)state;
    assert_non_null(object);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        json_t *value = json_object_get(object, rows[i].key);

        assert_true(json_is_number(value));
        assert_true(json_number_value(value) == rows[i].value);
    }
    assert_true(json_is_integer(json_object_get(object, "makespan")));
    json_decref(object);
}

static void classes_trace_and_engine_stand_below(void **state)
{
    const struct report report = a_report();
    cleanup(freep) char *text = print(&report, true);
    json_t *object = json_loads(text, 0, NULL), *classes, *trace, *engine;

    (void)state;
    assert_non_null(object);
    classes = json_object_get(object, "classes");
    trace = json_object_get(object, "trace");
    engine = json_object_get(object, "engine");
    assert_int_equal(json_array_size(classes), 1);
    assert_int_equal(
        json_integer_value(json_object_get(json_array_get(classes, 0), "max_procs")),
        4);
    assert_int_equal(json_integer_value(json_object_get(trace, "too_wide")), 1);
    assert_int_equal(json_integer_value(json_object_get(engine, "decisions")), 2);
    assert_true(json_real_value(json_object_get(engine, "decisions_per_second")) == 4);
    json_decref(object);
}

static void the_table_names_what_was_left_out(void **state)
{
    const struct report report = a_report();
    cleanup(freep) char *text = print(&report, false);

    (void)state;
    assert_non_null(strstr(text, "trace          t.swf: 4 jobs\n"));
    assert_non_null(strstr(text, "1 left out: wider than the machine\n"));
    assert_non_null(strstr(text, "1 left out: no run time is known\n"));
    assert_null(strstr(text, "pieces"));
    assert_non_null(strstr(text, "utilisation    75.00 %\n"));
    assert_non_null(strstr(text, "\n2-4 "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_keys_of_the_results_stand_at_the_top),
        cmocka_unit_test(classes_trace_and_engine_stand_below),
        cmocka_unit_test(the_table_names_what_was_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
