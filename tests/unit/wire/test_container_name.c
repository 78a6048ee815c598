/* SPDX-License-Identifier: Apache-2.0
 *
 * test_container_name.c - names of containers that steps share
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "wire/container_name.h"

static void a_name_may_say_how_it_is_meant(void **state)
{
    static const struct {
        const char *text, *name;
        enum container_name_mode mode;
    } good[] = {
        {"work", "work", CONTAINER_NAME_AUTO},
        {"work:auto", "work", CONTAINER_NAME_AUTO},
        {"a-1.b_C:create", "a-1.b_C", CONTAINER_NAME_CREATE},
        {"7:exec", "7", CONTAINER_NAME_EXEC},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        char name[CONTAINER_NAME_MAX + 1];
        enum container_name_mode mode;
        struct err err;

        assert_int_equal(container_name_parse(good[i].text, name, &mode, &err), 0);
        assert_string_equal(name, good[i].name);
        assert_int_equal(mode, good[i].mode);
    }
}

static void other_names_are_refused_with_words(void **state)
{
    static const char *const bad[][2] = {
        {"", "has 1 to 64"},
        {":create", "has 1 to 64"},
        {"../up", "begins with none"},
        {".hidden", "begins with none"},
        {"-n", "begins with none"},
        {"a/b", "is of letters"},
        {"a b", "is of letters"},
        {"a:crate", "did you mean ':create'"},
        {"a:", "comes auto, create or exec"},
        {"a:no_exec", "take another name"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "1 to 64"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char name[CONTAINER_NAME_MAX + 1] = "untouched";
        enum container_name_mode mode;
        struct err err = {0};

        assert_int_equal(container_name_parse(bad[i][0], name, &mode, &err), -22);
        assert_non_null(strstr(err.text, bad[i][1]));
        assert_string_equal(name, "untouched");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_may_say_how_it_is_meant),
        cmocka_unit_test(other_names_are_refused_with_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
