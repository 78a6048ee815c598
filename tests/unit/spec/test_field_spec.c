/* SPDX-License-Identifier: Apache-2.0
 *
 * test_field_spec.c - selectors of fields
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "spec/field_spec.h"

static const char *const names[] = {"metadata.name", "status.phase", "spec.nodeName"};
static const char *const values[] = {"web,1=a\\", "Running", ""};

static const char *value(const void *object, size_t field)
{
    (void)object;
    return values[field];
}

static bool holds(const char *selector)
{
    struct field_spec spec;
    struct err err;
    bool verdict;

    if (field_spec_parse(selector, names, ARRAY_SIZE(names), &spec, &err) < 0)
        fail_msg("%s", err.text);
    verdict = field_spec_holds(&spec, value, NULL);
    field_spec_fini(&spec);
    return verdict;
}

static void selectors_hold_for_what_they_mean(void **state)
{
    (void)state;
    assert_true(holds(""));
    assert_true(holds("status.phase=Running"));
    assert_true(holds(" status.phase ==Running, spec.nodeName="));
    assert_false(holds("status.phase=Pending"));
    assert_false(holds("status.phase=Running,spec.nodeName=n1"));
    assert_true(holds("status.phase!=Pending,"));
    assert_false(holds("status.phase!=Running"));
    assert_false(holds("spec.nodeName!="));
    assert_true(holds("metadata.name=web\\,1\\=a\\\\"));
}

static void assert_refused(const char *selector, const char *words)
{
    struct field_spec spec;
    struct err err;

    assert_int_equal(field_spec_parse(selector, names, ARRAY_SIZE(names), &spec, &err),
                     -EINVAL);
    assert_string_equal(err.text, words);
    assert_int_equal(spec.n, 0);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    assert_refused("status.phas=x",
                   "there is no field 'status.phas' to select by (did you mean "
                   "status.phase?); there are metadata.name, status.phase, "
                   "spec.nodeName");
    assert_refused("status.phase", "'=', '==' or '!=' is missing at column 13 of "
                                   "'status.phase'");
    assert_refused("status.phase!x", "'=', '==' or '!=' is missing at column 14 of "
                                     "'status.phase!x'");
    assert_refused("status.phase=a=b",
                   "'\\' is missing before '=' at column 15 of 'status.phase=a=b'");
    assert_refused("status.phase=a\\",
                   "'\\' has nothing behind it at column 16 of 'status.phase=a\\'");
    assert_refused("status.phase=\\a", "'\\' is only before '\\', ',' and '=' at "
                                       "column 14 of 'status.phase=\\a'");
    assert_refused("=a", "a field's name is missing at column 1 of '=a'");
}

static void there_are_so_many_terms(void **state)
{
    char text[16 * (FIELD_TERMS_MAX + 1)] = "";
    struct field_spec spec;
    struct err err;

    (void)state;
    for (int i = 0; i <= FIELD_TERMS_MAX; i++)
        strcat(text, "spec.nodeName=,");
    assert_int_equal(field_spec_parse(text, names, ARRAY_SIZE(names), &spec, &err),
                     -EINVAL);
    assert_non_null(strstr(err.text, "more than 256 terms"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selectors_hold_for_what_they_mean),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(there_are_so_many_terms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
