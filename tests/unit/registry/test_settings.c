/* SPDX-License-Identifier: Apache-2.0
 *
 * test_settings.c - where a name is looked for, and who is believed
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/strv.h"
#include "registry/settings.h"

static void hosts_are_insecure_by_name(void **state)
{
    const struct registry_settings some = {.insecure = "a.org,b.org:5000"};
    const struct registry_settings all = {.all_insecure = true}, none = {0};

    (void)state;
    assert_true(settings_are_insecure(&some, "a.org"));
    assert_true(settings_are_insecure(&some, "a.org:5000"));
    assert_true(settings_are_insecure(&some, "b.org:5000"));
    assert_false(settings_are_insecure(&some, "b.org"));
    assert_false(settings_are_insecure(&some, "b.org:50"));
    assert_false(settings_are_insecure(&some, "a.org.evil"));
    assert_true(settings_are_insecure(&all, "x"));
    assert_false(settings_are_insecure(&none, "x"));
}

static void mirrors_come_first_and_the_registry_last(void **state)
{
    const struct registry_settings settings = {
        .mirrors = "a.org=m1.org:5000, a.org/deep=m2.org/a,b.org=m3.org,broken"};
    static const char *const cases[][3] = {
        {"a.org", "x", "m1.org:5000/x a.org/x"},
        {"a.org", "deep/x", "m1.org:5000/deep/x m2.org/a/x a.org/deep/x"},
        {"a.org", "deeper", "m1.org:5000/deeper a.org/deeper"},
        {"a.org.evil", "x", "a.org.evil/x"},
        {"c.org", "x", "c.org/x"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup(strv_freep) char **sources =
            settings_sources(&settings, cases[i][0], cases[i][1]);
        cleanup(freep) char *line = strv_join(sources, " ");

        assert_string_equal(line, cases[i][2]);
    }
}

static void short_names_need_a_place_to_look(void **state)
{
    const struct registry_settings none = {0}, two = {.search = "a.org,b.org"};
    cleanup(strv_freep) char **hosts = NULL;
    struct err err;

    (void)state;
    assert_int_equal(settings_search(&none, "x", &hosts, &err), -EINVAL);
    assert_non_null(strstr(err.text, "image.registries"));
    assert_int_equal(settings_search(&two, "x", &hosts, &err), 0);
    assert_int_equal(strv_len(hosts), 2);
    assert_string_equal(hosts[1], "b.org");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_are_insecure_by_name),
        cmocka_unit_test(mirrors_come_first_and_the_registry_last),
        cmocka_unit_test(short_names_need_a_place_to_look),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
