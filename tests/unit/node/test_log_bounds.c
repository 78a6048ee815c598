/* SPDX-License-Identifier: Apache-2.0
 *
 * test_log_bounds.c - which of what pods wrote is to go
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "node/log_bounds.h"

#define NOW 1000000
#define MANY UINT64_MAX

static void choose(struct kept_log *logs, size_t n, uint64_t user, uint64_t node)
{
    log_bounds_choose(logs, n, NOW, user, node);
}

/* Of this job. */
static bool goes(const struct kept_log *logs, size_t n, uint32_t job)
{
    for (size_t i = 0; i < n; i++)
        if (logs[i].job == job)
            return logs[i].goes;
    fail_msg("job %u is not there", job);
    return false;
}

static void a_user_who_has_too_much_loses_his_oldest(void **state)
{
    struct kept_log logs[] = {
        {.job = 1, .uid = 7, .time = NOW - 30, .bytes = 50},
        {.job = 2, .uid = 7, .time = NOW - 20, .bytes = 40},
        {.job = 3, .uid = 8, .time = NOW - 40, .bytes = 90},
        {.job = 4, .uid = 7, .time = NOW - 10, .bytes = 50},
    };

    (void)state;
    choose(logs, ARRAY_SIZE(logs), 100, MANY);
    assert_true(goes(logs, 4, 1));
    assert_false(goes(logs, 4, 2));
    assert_false(goes(logs, 4, 3));
    assert_false(goes(logs, 4, 4));
}

static void what_runs_counts_and_stays(void **state)
{
    struct kept_log logs[] = {
        {.job = 1, .uid = 7, .time = NOW - 10, .bytes = 60},
        {.job = 2, .uid = 7, .time = 0, .bytes = 150, .runs = true},
        {.job = 3, .uid = 8, .time = NOW - 10, .bytes = 60},
    };

    (void)state;
    choose(logs, ARRAY_SIZE(logs), 100, MANY);
    assert_true(goes(logs, 3, 1));
    assert_false(goes(logs, 3, 2));
    assert_false(goes(logs, 3, 3));
}

static void all_together_are_bounded_by_the_oldest(void **state)
{
    struct kept_log logs[] = {
        {.job = 1, .uid = 1, .time = NOW - 30, .bytes = 50},
        {.job = 2, .uid = 2, .time = NOW - 20, .bytes = 50},
        {.job = 3, .uid = 3, .time = NOW - 10, .bytes = 50},
    };

    (void)state;
    choose(logs, ARRAY_SIZE(logs), MANY, 100);
    assert_true(goes(logs, 3, 1));
    assert_false(goes(logs, 3, 2));
    assert_false(goes(logs, 3, 3));
    choose(logs, ARRAY_SIZE(logs), MANY, 150);
    assert_false(goes(logs, 3, 1));
}

static void a_day_is_enough(void **state)
{
    struct kept_log logs[] = {{.job = 1, .time = NOW - 86401}, {.job = 2, .time = NOW}};

    (void)state;
    choose(logs, ARRAY_SIZE(logs), MANY, MANY);
    assert_true(goes(logs, 2, 1));
    assert_false(goes(logs, 2, 2));
    choose(logs, 0, MANY, MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_who_has_too_much_loses_his_oldest),
        cmocka_unit_test(what_runs_counts_and_stays),
        cmocka_unit_test(all_together_are_bounded_by_the_oldest),
        cmocka_unit_test(a_day_is_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
