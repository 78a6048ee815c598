/* SPDX-License-Identifier: Apache-2.0
 *
 * test_stream_choice.c - what --input, --output and --error mean
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "wire/stream_choice.h"

static void texts_of_the_options_have_their_meaning(void **state)
{
    static const struct {
        const char *text;
        enum stream_choice choice;
        uint32_t task;
    } rows[] = {
        {"", STREAM_ALL, 9},          {"all", STREAM_ALL, 9},
        {"none", STREAM_NONE, 9},     {"0", STREAM_ONE, 0},
        {"007", STREAM_ONE, 7},       {"1234567890", STREAM_FILE, 9},
        {"0x", STREAM_FILE, 9},       {"./0", STREAM_FILE, 9},
        {"out", STREAM_FILE, 9},      {"out.%j.%s-%A_%a-%x", STREAM_FILE, 9},
        {"out.%t", STREAM_FILES, 9},  {"%4t", STREAM_FILES, 9},
        {"%j-%n", STREAM_FILES, 9},   {"%N/out", STREAM_FILES, 9},
        {"%%t", STREAM_FILE, 9},      {"%%%t", STREAM_FILES, 9},
        {"out\\.%t", STREAM_FILE, 9}, /* a backslash: no patterns */
        {"out%", STREAM_FILE, 9},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint32_t task = 9;

        assert_int_equal(stream_choose(rows[i].text, &task), rows[i].choice);
        assert_int_equal(task, rows[i].task);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_the_options_have_their_meaning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
