/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pattern.c - names of output files
 */
#include "base/pattern.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct pattern_values batch = {
    .job = 17,
    .step = -1,
    .node_name = "n1",
    .user = "ann",
    .job_name = "hpl",
};

static const struct pattern_values element = {
    .job = 21,
    .has_array = true,
    .array_job = 20,
    .array_task = 13,
    .step = 2,
    .task = 5,
    .node = 1,
    .restarts = 3,
    .node_name = "n2",
};

struct row {
    const char *text, *name;
};

static void check_rows(const struct row *rows, size_t n, const struct pattern_values *v)
{
    for (size_t i = 0; i < n; i++) {
        cleanup(freep) char *name = pattern_expand(rows[i].text, v);

        assert_string_equal(name, rows[i].name);
    }
}

static void a_batch_script_fills_its_letters(void **state)
{
    static const struct row rows[] = {
        {"", ""},
        {"plain.out", "plain.out"},
        {"slurm-%j.out", "slurm-17.out"},
        {"%x-%u-%N", "hpl-ann-n1"},
        {"%A %J %s", "17 17 batch"},
        {"100%%", "100%"},
        {"%t%n%r", "000"},
    };

    (void)state;
    check_rows(rows, ARRAY_SIZE(rows), &batch);
}

static void a_task_of_an_array_fills_its_letters(void **state)
{
    static const struct row rows[] = {
        {"%A_%a", "20_13"}, {"%b", "3"},          {"%j", "21"}, {"%J", "21.2"},
        {"%s %S", "2 2"},   {"%t", "5"},          {"%n", "1"},  {"%r", "3"},
        {"%N", "n2"},       {"[%u][%x]", "[][]"},
    };

    (void)state;
    check_rows(rows, ARRAY_SIZE(rows), &element);
}

static void a_width_pads_numbers_only(void **state)
{
    static const struct row rows[] = {
        {"%4t", "0005"}, {"%10j", "0000000021"}, {"%99j", "0000000021"},
        {"%4N", "n2"},   {"%04t", "0005"},       {"%1j", "21"},
    };

    (void)state;
    check_rows(rows, ARRAY_SIZE(rows), &element);
}

static void an_unknown_letter_stays_as_written(void **state)
{
    static const struct row rows[] = {
        {"%q", "%q"},         {"a%", "a%"},   {"a%4", "a%4"},
        {"%4q-%j", "%4q-21"}, {"%-j", "%-j"},
    };

    (void)state;
    check_rows(rows, ARRAY_SIZE(rows), &element);
}

static void a_backslash_switches_patterns_off(void **state)
{
    static const struct row rows[] = {{"\\%j.out", "%j.out"}, {"%j\\", "%j"}};

    (void)state;
    check_rows(rows, ARRAY_SIZE(rows), &element);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_script_fills_its_letters),
        cmocka_unit_test(a_task_of_an_array_fills_its_letters),
        cmocka_unit_test(a_width_pads_numbers_only),
        cmocka_unit_test(an_unknown_letter_stays_as_written),
        cmocka_unit_test(a_backslash_switches_patterns_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
