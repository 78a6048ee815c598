/* SPDX-License-Identifier: Apache-2.0
 *
 * test_hostlist.c - lists of host names
 */
#include "base/hostlist.h"

#include "base/mem.h"
#include "base/strv.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_list_expands_in_the_order_written(void **state)
{
    static const struct {
        const char *text, *names;
    } rows[] = {
        {"", ""},
        {"n1", "n1"},
        {"n3,n1,n3", "n3 n1 n3"},
        {"n[1-3]", "n1 n2 n3"},
        {"n[001-003,7]", "n001 n002 n003 n7"},
        {"n[8-11]", "n8 n9 n10 n11"},
        {"n[08-11]", "n08 n09 n10 n11"},
        {"r[0-1]n[1-2]", "r0n1 r0n2 r1n1 r1n2"},
        {"n[1-2]-ib", "n1-ib n2-ib"},
        {"n[1,2],login,x[5]y", "n1 n2 login x5y"},
        {"[1-3]", "1 2 3"},
        {"foo[2-4,12],bar", "foo2 foo3 foo4 foo12 bar"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup(strv_freep) char **names = NULL;
        cleanup(freep) char *joined = NULL;

        assert_int_equal(hostlist_expand(rows[i].text, &names, NULL), 0);
        joined = strv_join(names, " ");
        assert_string_equal(joined, rows[i].names);
    }
}

static void bad_lists_are_refused_at_the_spot(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {",", "a name is missing at character 1"},
        {"a,", "a name is missing at character 3"},
        {"a,,b", "a name is missing at character 3"},
        {"n[1-3", "']' is missing at character 6"},
        {"n[1-[3]]", "']' is missing at character 5"},
        {"n1]", "']' without '['"},
        {"n[]", "a number is missing at character 3"},
        {"n[1,]", "a number is missing at character 5"},
        {"n[-3]", "a number is missing at character 3"},
        {"n[1-]", "a number is missing at character 5"},
        {"n[3-1]", "a range runs backwards at character 3"},
        {"n[a-b]", "a number is missing"},
        {"n[1 2]", "a comma is missing at character 4"},
        {"n 1", "a character that no name has at character 2"},
        {"n\n", "a character that no name has"},
        {"n[1-9999999999999999999]", "a number is too long"},
        {"[1][1][1][1][1][1][1][1][1]", "too many brackets"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char **names = NULL;
        struct err err;

        assert_int_equal(hostlist_expand(rows[i].text, &names, &err), -EINVAL);
        assert_null(names);
        if (!strstr(err.text, rows[i].words))
            fail_msg("'%s': %s", rows[i].text, err.text);
    }
}

static void too_many_names_are_refused(void **state)
{
    static const char *const texts[] = {"n[1-1000001]", "n[0-9999]-[0-9999]",
                                        "n[1-999999999999999999]"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        char **names = NULL;

        assert_int_equal(hostlist_expand(texts[i], &names, NULL), -E2BIG);
    }
}

static void a_name_longer_than_any_host_is_refused(void **state)
{
    char text[HOSTLIST_NAME_MAX + 2];
    char **names = NULL;

    (void)state;
    memset(text, 'n', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(hostlist_expand(text, &names, NULL), -EINVAL);
}

static void names_compress_to_the_shortest_text(void **state)
{
    static const struct {
        const char *names, *text;
    } rows[] = {
        {"", ""},
        {"n1", "n1"},
        {"login", "login"},
        {"n2 n1 n3", "n[1-3]"},
        {"n1 n1 n1", "n1"},
        {"n1 n3", "n[1,3]"},
        {"n9 n10 n11", "n[9-11]"},
        {"n09 n10 n11", "n[09-11]"},
        {"n001 n002 n100", "n[001-002,100]"},
        {"n1 n01", "n[1,01]"},
        {"b1 a2 a1", "a[1-2],b1"},
        {"r1n1 r1n2 r2n1", "r1n[1-2],r2n1"},
        {"n1-ib n2-ib n1", "n1,n[1-2]-ib"},
        {"n n1 n2", "n,n[1-2]"},
        {"n99 n100 n101", "n[99-101]"},
        {"x1234567890123456789", "x1234567890123456789"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup(strv_freep) char **names = strv_split(rows[i].names, " ");
        cleanup(freep) char *text = hostlist_compress(names);

        assert_string_equal(text, rows[i].text);
    }
}

static void what_is_compressed_expands_to_the_same_names(void **state)
{
    static const char *const texts[] = {"n[001-128,200],login1", "a[8-9],a[08-12]",
                                        "r[0-3]n[00-15]s,x"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        cleanup(strv_freep) char **names = NULL;
        cleanup(strv_freep) char **again = NULL;
        cleanup(freep) char *once = NULL;
        cleanup(freep) char *twice = NULL;

        assert_int_equal(hostlist_expand(texts[i], &names, NULL), 0);
        once = hostlist_compress(names);
        assert_int_equal(hostlist_expand(once, &again, NULL), 0);
        assert_int_equal(strv_len(again), strv_len(names));
        twice = hostlist_compress(again);
        assert_string_equal(once, twice);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_expands_in_the_order_written),
        cmocka_unit_test(bad_lists_are_refused_at_the_spot),
        cmocka_unit_test(too_many_names_are_refused),
        cmocka_unit_test(a_name_longer_than_any_host_is_refused),
        cmocka_unit_test(names_compress_to_the_shortest_text),
        cmocka_unit_test(what_is_compressed_expands_to_the_same_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
