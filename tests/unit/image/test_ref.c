/* SPDX-License-Identifier: Apache-2.0
 *
 * test_ref.c - names of images, good and bad
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "image/ref.h"
#include "image/store.h"

static void good_names_get_a_tag(void **state)
{
    static const char *const pairs[][2] = {
        {"debian", "debian:latest"},
        {"debian:12", "debian:12"},
        {"site/hpcc-1.5", "site/hpcc-1.5:latest"},
        {"localhost:5000/x", "localhost:5000/x:latest"},
        {"host.example:5000/a/b:t", "host.example:5000/a/b:t"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        cleanup(freep) char *name = NULL;

        assert_int_equal(ref_normalise(pairs[i][0], &name, NULL), 0);
        assert_string_equal(name, pairs[i][1]);
    }
}

static void bad_names_are_refused(void **state)
{
    static const char *const names[] = {
        "",      "/",    "a/",        "/a",         ":12",      "a:",
        "a:b:c", "a b",  "..",        "a/..",       ".a",       "-a",
        "a@b",   "a\nb", "x:5000a/b", "a/b:5000/c", "sha256:0", "a:t/b:u",
    };
    char huge[300];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (image_check_name(names[i], NULL) == 0)
            fail_msg("accepted '%s'", names[i]);
    memset(huge, 'a', sizeof(huge));
    huge[sizeof(huge) - 1] = '\0';
    assert_int_not_equal(image_check_name(huge, NULL), 0);
}

static void a_name_is_one_file_and_comes_back(void **state)
{
    cleanup(freep) char *file = ref_to_file("a.b:5/c/d:e");
    cleanup(freep) char *name = ref_from_file(file);

    (void)state;
    assert_null(strchr(file, '/'));
    assert_string_equal(name, "a.b:5/c/d:e");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_names_get_a_tag),
        cmocka_unit_test(bad_names_are_refused),
        cmocka_unit_test(a_name_is_one_file_and_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
