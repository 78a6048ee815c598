/* SPDX-License-Identifier: Apache-2.0
 *
 * test_expand.c - variables, quotes, escapes
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/strv.h"
#include "build/expand.h"

/* a=1, file=/x/y.tar.gz, empty="", words="p q", deep=$a */
static const char *get(const void *ctx, const char *name)
{
    static const char *const env[][2] = {{"a", "1"},
                                         {"file", "/x/y.tar.gz"},
                                         {"empty", ""},
                                         {"words", "p q"},
                                         {"deep", "$a"}};

    (void)ctx;
    for (size_t i = 0; i < ARRAY_SIZE(env); i++) {
        if (strcmp(env[i][0], name) == 0)
            return env[i][1];
    }
    return NULL;
}

static const struct expansion ex = {.get = get, .escape = '\\'};

static const struct {
    const char *text, *outcome;
} cases[] = {
    {"", ""},
    {"plain", "plain"},
    {"$a", "1"},
    {"x${a}y$a", "x1y1"},
    {"$none.", "."},
    {"$", "$"},
    {"a$ b", "a$ b"},
    {"$deep", "$a"},
    {"\\$a", "$a"},
    {"\\\\$a", "\\1"},
    {"'$a'", "$a"},
    {"\"$a 'b'\"", "1 'b'"},
    {"\"\\$a \\\" \\n\"", "$a \" \\n"},
    {"a\\ b", "a b"},
    {"trail\\", "trail"},
    {"${a:-d}", "1"},
    {"${empty:-d}", "d"},
    {"${empty-d}", ""},
    {"${none-d}", "d"},
    {"${none:-${a}x}", "1x"},
    {"${none:-'}'}", "}"},
    {"${a:+d}", "d"},
    {"${empty:+d}", ""},
    {"${empty+d}", "d"},
    {"${none:+d}", ""},
    {"${a:?no}", "1"},
    {"${file#*/}", "x/y.tar.gz"},
    {"${file##*/}", "y.tar.gz"},
    {"${file%.*}", "/x/y.tar"},
    {"${file%%.*}", "/x/y"},
    {"${file/\\//_}", "_x/y.tar.gz"},
    {"${file//\\//_}", "_x_y.tar.gz"},
    {"${none#x}", ""},
};

static void words_expand_as_documented(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup(freep) char *out = NULL;
        struct err err = {.text = ""};

        if (expand_word(&ex, cases[i].text, &out, &err))
            fail_msg("%s: %s", cases[i].text, err.text);
        assert_string_equal(out, cases[i].outcome);
    }
}

static const struct {
    const char *text, *words;
} refused[] = {
    {"'a", "a ' without a second one"},
    {"\"a", "a \" without a second one"},
    {"${a", "'${a': '}' was expected"},
    {"${a:-b", "'${' without a '}'"},
    {"${}", "'${}' is no variable"},
    {"${a!}", "'${a!}': '}' was expected"},
    {"${none:?must be given}", "none: must be given"},
    {"${none?}", "none: it has no value, and must have one"},
};

static void mistakes_have_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        cleanup(freep) char *out = NULL;
        struct err err = {.text = "(accepted)"};

        (void)expand_word(&ex, refused[i].text, &out, &err);
        assert_string_equal(err.text, refused[i].words);
    }
}

static void another_escape_leaves_backslashes(void **state)
{
    const struct expansion other = {.get = get, .escape = '`'};
    cleanup(freep) char *out = NULL;

    (void)state;
    assert_int_equal(expand_word(&other, "c:\\$a`$a", &out, NULL), 0);
    assert_string_equal(out, "c:\\1$a");
}

static void values_split_unless_quoted(void **state)
{
    cleanup(strv_freep) char **words = NULL;
    cleanup(freep) char *joined = NULL;

    (void)state;
    assert_int_equal(
        expand_words(&ex, "a $words \"$words\" '' x${words}y", &words, NULL), 0);
    joined = strv_join(words, "|");
    assert_string_equal(joined, "a|p|q|p q||xp|qy");
}

static void a_document_keeps_quotes_and_other_backslashes(void **state)
{
    cleanup(freep) char *out = NULL;

    (void)state;
    assert_int_equal(expand_text(&ex, "\"$a\" '$a' \\$a \\n \\\\ it's\n", &out, NULL),
                     0);
    assert_string_equal(out, "\"1\" '1' $a \\n \\ it's\n");
}

static void depth_and_size_are_bounded(void **state)
{
    char deep[8 * 20 + 1] = "";
    cleanup(freep) char *out = NULL;
    struct err err;

    (void)state;
    for (int i = 0; i < 20; i++)
        (void)strcat(deep, "${n:-");
    assert_int_equal(expand_word(&ex, deep, &out, &err), -EINVAL);
    assert_string_equal(err.text, "variables inside of variables, more than 16 deep");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_expand_as_documented),
        cmocka_unit_test(mistakes_have_words),
        cmocka_unit_test(another_escape_leaves_backslashes),
        cmocka_unit_test(values_split_unless_quoted),
        cmocka_unit_test(a_document_keeps_quotes_and_other_backslashes),
        cmocka_unit_test(depth_and_size_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
