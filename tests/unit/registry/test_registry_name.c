/* SPDX-License-Identifier: Apache-2.0
 *
 * test_registry_name.c - names that are images of registries, and those that are not
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "registry/name.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void names_are_taken_apart(void **state)
{
    static const struct {
        const char *text, *host, *path, *tag, *digest, *reference, *local;
    } cases[] = {
        {"debian", NULL, "debian", NULL, "", "latest", "debian:latest"},
        {"debian:12", NULL, "debian", "12", "", "12", "debian:12"},
        {"hpc/debian:12", NULL, "hpc/debian", "12", "", "12", "hpc/debian:12"},
        {"a.org/x", "a.org", "x", NULL, "", "latest", "a.org/x:latest"},
        {"localhost/x:1", "localhost", "x", "1", "", "1", "localhost/x:1"},
        {"a:5000/x/y__z:V_1.2-3", "a:5000", "x/y__z", "V_1.2-3", "", "V_1.2-3",
         "a:5000/x/y__z:V_1.2-3"},
        {"docker://a.org/x:1", "a.org", "x", "1", "", "1", "a.org/x:1"},
        {"a.org/x@" DIGEST, "a.org", "x", NULL, DIGEST, DIGEST,
         "a.org/x:sha256-0123456789ab"},
        {"x:1@" DIGEST, NULL, "x", "1", DIGEST, DIGEST, "x:1"},
        {"a-b.c---d/e", "a-b.c---d", "e", NULL, "", "latest", "a-b.c---d/e:latest"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup(registry_name_fini) struct registry_name name = {0};
        cleanup(freep) char *local = NULL;

        assert_int_equal(registry_name_parse(cases[i].text, &name, NULL), 0);
        if (cases[i].host)
            assert_string_equal(name.host, cases[i].host);
        else
            assert_null(name.host);
        assert_string_equal(name.path, cases[i].path);
        if (cases[i].tag)
            assert_string_equal(name.tag, cases[i].tag);
        else
            assert_null(name.tag);
        assert_string_equal(name.digest, cases[i].digest);
        assert_string_equal(registry_name_reference(&name), cases[i].reference);
        local = registry_name_local(&name);
        assert_string_equal(local, cases[i].local);
    }
}

static void what_is_no_name_is_refused(void **state)
{
    static const char *const cases[] = {
        "",        ":1",         "/x",         "x/",        "x//y",  "x:",
        "X",       "a.org/X:1",  "x:1:2",      "-x",        "x-",    "x..y",
        "x___y",   "a:b/x",      "a:999999/x", "a.org:/x",  "x@",    "x@sha256:12",
        "x@md5:1", "http://a/x", "x y",        "a.org/x\n", "../x",  "x/../y",
        ".x",      "x:-1",       "a_b.org/x",  "docker://", "x:a/b",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct registry_name name;
        struct err err = {0};

        if (registry_name_parse(cases[i], &name, &err) != -EINVAL)
            fail_msg("'%s' was taken for a name", cases[i]);
        assert_non_null(strstr(err.text, "is no image name"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_taken_apart),
        cmocka_unit_test(what_is_no_name_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
