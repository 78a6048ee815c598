/* SPDX-License-Identifier: Apache-2.0
 *
 * test_ignore.c - what of a context is left out; paths
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
#include "build/ignore.h"
#include "build/paths.h"

static const struct {
    const char *rules, *path;
    bool out;
} cases[] = {
    {"", "a", false},
    {"a", "a", true},
    {"/a/", "a", true},
    {"a", "b/a", false},
    {"a", "a/b/c", true},
    {"*.o", "x.o", true},
    {"*.o", "d/x.o", false},
    {"*/x.o", "d/x.o", true},
    {"*/x.o", "d/e/x.o", false},
    {"**/x.o", "x.o", true},
    {"**/x.o", "d/e/x.o", true},
    {"**/*.o", "d/e/x.o", true},
    {"d/**", "d", false},
    {"d/**", "d/e", true},
    {"d/**/x", "d/x", true},
    {"d/**/x", "d/e/f/x", true},
    {"d/**/x", "e/x", false},
    {"**", "a/b", true},
    {"?.c", "a.c", true},
    {"[ab].c", "b.c", true},
    {"[!ab].c", "b.c", false},
    {"*\n!keep", "keep", false},
    {"*\n!keep", "other", true},
    {"d\n!d/keep", "d/keep", false},
    {"d\n!d/keep", "d/other", true},
    {"!a\na", "a", true},
    {"# a\n\n  b  \r\n", "a", false},
    {"# a\n\n  b  \r\n", "b", true},
    {"./x/../a", "a", true},
    {"../a", "a", true},
    {".", "a", false},
    {"a?c", "a/c", false},
};

static void the_last_rule_that_matches_decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ignore ignore = {0};

        assert_int_equal(ignore_parse(cases[i].rules, &ignore, NULL), 0);
        if (ignore_matches(&ignore, cases[i].path) != cases[i].out)
            fail_msg("'%s' and '%s'", cases[i].rules, cases[i].path);
        ignore_fini(&ignore);
    }
}

static void a_mark_without_a_pattern_is_named_by_line(void **state)
{
    struct ignore ignore;
    struct err err;

    (void)state;
    assert_true(ignore_parse("a\n! \n", &ignore, &err) < 0);
    assert_string_equal(err.text, "line 2: '!' without a pattern");
}

/* A hundred "**" over a long path: exponential if it were tried naively. */
static void many_stars_end_soon(void **state)
{
    char pattern[512] = "", path[512] = "";

    (void)state;
    for (int i = 0; i < 60; i++) {
        (void)strcat(pattern, "**/a/");
        (void)strcat(path, "a/a/");
    }
    (void)strcat(pattern, "b");
    assert_false(path_matches(pattern, path));
}

static void paths_stay_inside(void **state)
{
    static const char *const paths[][3] = {
        {NULL, "/a", "a"},      {"/w", "a", "w/a"},    {"/w", "/a/", "a"},
        {"/w", "../../a", "a"}, {"/w", ".", "w"},      {"/w/x", "..//./y", "w/y"},
        {NULL, "/", ""},        {"rel", "a", "rel/a"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        cleanup(freep) char *path = path_inside(paths[i][0], paths[i][1]);

        assert_string_equal(path, paths[i][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_rule_that_matches_decides),
        cmocka_unit_test(a_mark_without_a_pattern_is_named_by_line),
        cmocka_unit_test(many_stars_end_soon),
        cmocka_unit_test(paths_stay_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
