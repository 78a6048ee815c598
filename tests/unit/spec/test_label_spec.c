/* SPDX-License-Identifier: Apache-2.0
 *
 * test_label_spec.c - label selectors, and what objects may be called
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
#include "spec/label_spec.h"
#include "spec/object_name.h"

static const char *label(const void *object, const char *key)
{
    return strv_getenv((char *const *)(uintptr_t)object, key);
}

static bool holds(const char *selector)
{
    static const char *const object[] = {"app=web", "tier=front", "n=5",
                                         "empty=", NULL};
    cleanup(freep) char *text = NULL;
    struct label_spec spec, again;
    struct err err;
    bool verdict;

    if (label_spec_parse(selector, &spec, &err) < 0)
        fail_msg("%s", err.text);
    text = label_spec_format(&spec);
    assert_int_equal(label_spec_parse(text, &again, &err), 0);
    verdict = label_spec_holds(&spec, label, object);
    assert_int_equal(label_spec_holds(&again, label, object), verdict);
    label_spec_fini(&again);
    label_spec_fini(&spec);
    return verdict;
}

static void selectors_hold_for_what_they_mean(void **state)
{
    (void)state;
    assert_true(holds(""));
    assert_true(holds("app=web"));
    assert_true(holds(" app == web , tier=front"));
    assert_false(holds("app=db"));
    assert_true(holds("app!=db"));
    assert_true(holds("other!=db"));
    assert_true(holds("app in (db, web)"));
    assert_false(holds("app notin (db,web)"));
    assert_true(holds("other notin (db)"));
    assert_true(holds("app,!other"));
    assert_false(holds("!app"));
    assert_true(holds("n>4,n<6"));
    assert_false(holds("app>4"));
    assert_true(holds("empty="));
    assert_true(holds("empty in (,x)"));
    assert_false(holds("in"));
}

static void a_wrong_selector_names_the_column(void **state)
{
    static const char *const bad[] = {
        "=",    "app in web", "app in (web", "app!", "app=web x", "a b",
        "-app", "app=web,",   "a/b/c",       "n>x",  "app=a/b"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct label_spec spec;
        struct err err;

        assert_int_equal(label_spec_parse(bad[i], &spec, &err), -EINVAL);
        assert_non_null(strstr(err.text, "at column"));
    }
}

static void names_have_the_forms_of_kubernetes(void **state)
{
    char long_name[65];

    (void)state;
    memset(long_name, 'a', 64);
    long_name[64] = '\0';
    assert_int_equal(dns_label_check("web-1", NULL), 0);
    assert_true(dns_label_check("Web", NULL) < 0);
    assert_true(dns_label_check("-web", NULL) < 0);
    assert_true(dns_label_check("a.b", NULL) < 0);
    assert_true(dns_label_check("", NULL) < 0);
    assert_true(dns_label_check(long_name, NULL) < 0);
    assert_int_equal(dns_label_check(long_name + 1, NULL), 0);
    assert_int_equal(dns_name_check("a.b-c.d", NULL), 0);
    assert_true(dns_name_check("a..b", NULL) < 0);
    assert_int_equal(name_prefix_check("web-", NULL), 0);
    assert_int_equal(label_key_check("example.com/App_1", NULL), 0);
    assert_true(label_key_check("/app", NULL) < 0);
    assert_int_equal(label_value_check("", NULL), 0);
    assert_true(label_value_check("a b", NULL) < 0);
    assert_int_equal(env_name_check("my.NAME-1", NULL), 0);
    assert_true(env_name_check("A=B", NULL) < 0);
    assert_int_equal(data_key_check(".conf", NULL), 0);
    assert_true(data_key_check("..conf", NULL) < 0);
    assert_true(data_key_check("a/b", NULL) < 0);
    assert_int_equal(port_name_check("http", NULL), 0);
    assert_true(port_name_check("80", NULL) < 0);
    assert_true(port_name_check("a--b", NULL) < 0);
    assert_true(port_name_check("a-name-of-sixteen", NULL) < 0);
    assert_int_equal(relative_path_check("a/b..c", NULL), 0);
    assert_true(relative_path_check("a/../b", NULL) < 0);
    assert_true(relative_path_check("/a", NULL) < 0);
    assert_int_equal(ip_address_check("fe80::1", NULL), 0);
    assert_true(ip_address_check("1.2.3", NULL) < 0);
    assert_int_equal(time_zone_check("America/Argentina/Salta", NULL), 0);
    assert_true(time_zone_check("../etc", NULL) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selectors_hold_for_what_they_mean),
        cmocka_unit_test(a_wrong_selector_names_the_column),
        cmocka_unit_test(names_have_the_forms_of_kubernetes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
