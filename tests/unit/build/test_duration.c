/* SPDX-License-Identifier: Apache-2.0
 *
 * test_duration.c - times as Go writes them
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "build/duration.h"

static void times_are_nanoseconds(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
    } good[] = {{"0", 0},
                {"30s", 30000000000},
                {"1m30s", 90000000000},
                {"500ms", 500000000},
                {"1.5h", 5400000000000},
                {"7ns", 7}};
    static const char *const bad[] = {"",   "5",   "s",  "-1s",
                                      "1d", "1s2", ".s", "9999999h"};
    int64_t ns;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        assert_int_equal(go_duration_parse(good[i].text, &ns), 0);
        assert_int_equal(ns, good[i].ns);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_true(go_duration_parse(bad[i], &ns) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_nanoseconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
