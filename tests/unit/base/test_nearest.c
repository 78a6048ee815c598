/* SPDX-License-Identifier: Apache-2.0
 *
 * test_nearest.c - which name was meant
 */
#include "base/nearest.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const options[] = {"--nodes",     "--ntasks", NULL,      "--time",
                                      "--partition", "--output", "--error", "--image"};

static void a_typing_mistake_finds_the_name(void **state)
{
    static const struct {
        const char *word, *name;
    } rows[] = {
        {"--nodes", "--nodes"},    {"--nodse", "--nodes"},
        {"--node", "--nodes"},     {"--tiem", "--time"},
        {"--timme", "--time"},     {"--outptu", "--output"},
        {"--part", "--partition"}, {"--patrition", "--partition"},
        {"--imge", "--image"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *name = nearest_name(rows[i].word, options, ARRAY_SIZE(options));

        if (!name)
            fail_msg("nothing is near %s", rows[i].word);
        assert_string_equal(name, rows[i].name);
    }
}

static void another_word_finds_nothing(void **state)
{
    static const char *const words[] = {"", "x", "--qos", "--frobnicate", "-"};

    (void)state;
    for (size_t i = 0; i + 1 < ARRAY_SIZE(words); i++)
        assert_null(nearest_name(words[i], options, ARRAY_SIZE(options)));
}

static void a_very_long_word_finds_nothing(void **state)
{
    char word[200];

    (void)state;
    for (size_t i = 0; i < sizeof(word) - 1; i++)
        word[i] = 'n';
    word[sizeof(word) - 1] = '\0';
    assert_null(nearest_name(word, options, ARRAY_SIZE(options)));
}

static void the_first_of_equally_near_names_is_taken(void **state)
{
    static const char *const names[] = {"cat", "car"};

    (void)state;
    assert_string_equal(nearest_name("cap", names, 2), "cat");
    assert_null(nearest_name("cap", names, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_typing_mistake_finds_the_name),
        cmocka_unit_test(another_word_finds_nothing),
        cmocka_unit_test(a_very_long_word_finds_nothing),
        cmocka_unit_test(the_first_of_equally_near_names_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
