/* SPDX-License-Identifier: Apache-2.0
 *
 * test_feature_spec.c - which nodes a constraint leaves
 */
#include "spec/feature_spec.h"

#include "base/mem.h"
#include "base/strbuf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Eight nodes: bit i of a feature's row says that node i has it. */
static const char *const names[] = {"intel", "amd", "gpu", "rack1", "rack2"};
static const unsigned int rows_of[] = {0x0f, 0xf0, 0x99, 0x33, 0xcc};
#define NODES 8

static struct bitset *sets[ARRAY_SIZE(names)];
static const struct feature_table table = {names, (const struct bitset *const *)sets,
                                           ARRAY_SIZE(names), NODES};

static struct bitset *set_of(unsigned int row)
{
    struct bitset *set = bitset_create(NODES);

    for (size_t i = 0; i < NODES; i++)
        if (row >> i & 1)
            bitset_set(set, i);
    return set;
}

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        sets[i] = set_of(rows_of[i]);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        bitset_destroyp(&sets[i]);
    return 0;
}

static struct feature_spec *parsed(const char *text)
{
    struct feature_spec *spec = NULL;
    struct err err;

    if (feature_spec_parse(text, &spec, &err) != 0)
        fail_msg("'%s': %s", text, err.text);
    return spec;
}

/* "0-3; 0-7 2x0,3" : alternatives apart by "; ", each its nodes and quotas. */
static char *told(const struct feature_choices *choices)
{
    struct strbuf sb = STRBUF_INIT;

    for (size_t i = 0; i < choices->n; i++) {
        const struct feature_choice *choice = &choices->choices[i];
        cleanup(freep) char *nodes = bitset_format(choice->nodes);

        strbuf_printf(&sb, "%s%s", i ? "; " : "", nodes);
        for (size_t j = 0; j < choice->n_quotas; j++) {
            cleanup(freep) char *among = bitset_format(choice->quotas[j].nodes);

            strbuf_printf(&sb, " %ux%s", choice->quotas[j].count, among);
        }
    }
    return strbuf_take(&sb);
}

static void expressions_leave_nodes_and_quotas(void **state)
{
    static const struct {
        const char *text, *printed, *choices;
    } rows[] = {
        {"intel", "intel", "0-3"},
        {" intel & gpu ", "intel&gpu", "0,3"},
        {"intel&&gpu", "intel&gpu", "0,3"},
        {"intel|gpu", "intel|gpu", "0-4,7"},
        {"!intel", "!intel", "4-7"},
        {"!!intel", "intel", "0-3"},
        {"!(intel|gpu)", "!(intel|gpu)", "5-6"},
        {"(intel|amd)&gpu", "(intel|amd)&gpu", "0,3-4,7"},
        {"intel|amd&gpu", "intel|amd&gpu", "0-4,7"},
        {"((intel))", "intel", "0-3"},
        {"intel&(amd&gpu)", "intel&(amd&gpu)", ""},
        {"gpu*2", "gpu*2", "0-7 2x0,3-4,7"},
        {"rack1*2&rack2*4", "rack1*2&rack2*4", "0-7 2x0-1,4-5 4x2-3,6-7"},
        {"intel&gpu*2", "intel&gpu*2", "0-3 2x0,3-4,7"},
        {"(intel&gpu)*2", "(intel&gpu)*2", "0-7 2x0,3"},
        {"!gpu*2", "!gpu*2", "0-7 2x1-2,5-6"},
        {"[rack1|rack2]", "[rack1|rack2]", "0-1,4-5; 2-3,6-7"},
        {"[rack1|rack2]&intel", "[rack1|rack2]&intel", "0-1; 2-3"},
        {"[rack1|rack2]&[intel|amd]", "[rack1|rack2]&[intel|amd]",
         "0-1; 4-5; 2-3; 6-7"},
        {"[(rack1|rack2)&gpu|intel]", "[(rack1|rack2)&gpu|intel]", "0,3-4,7; 0-3"},
        {"[rack1*2&rack2*1]", "[rack1*2&rack2*1]", "0-7 2x0-1,4-5 1x2-3,6-7"},
        {"gpu*2|intel|amd", "gpu*2|intel|amd", "0-7 2x0,3-4,7; 0-3; 4-7"},
        {"[gpu*2|intel]", "[gpu*2|intel]", "0-7 2x0,3-4,7; 0-3"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup(feature_spec_destroyp) struct feature_spec *spec = parsed(rows[i].text);
        cleanup(feature_choices_fini) struct feature_choices choices = {0};
        cleanup(freep) char *printed = feature_spec_format(spec);
        cleanup(freep) char *text = NULL;

        assert_string_equal(printed, rows[i].printed);
        assert_int_equal(feature_spec_choices(spec, &table, &choices, NULL), 0);
        text = told(&choices);
        if (strcmp(text, rows[i].choices) != 0)
            fail_msg("'%s': %s", rows[i].text, text);
    }
}

static void mistakes_are_named_by_column(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"", "a feature is missing at column 1 of ''"},
        {"intel&", "a feature is missing at column 7"},
        {"intel gpu", "'g' has no place at column 7"},
        {"intel,gpu", "write '&' for both or '|' for either: ',' at column 6"},
        {"(intel", "')' is missing at column 7"},
        {"[intel", "']' is missing at column 7"},
        {"intel)", "')' has no place at column 6"},
        {"[a|[b|c]]", "brackets in brackets at column 5"},
        {"gpu*", "a number is missing at column 5"},
        {"gpu*0", "a count of zero at column 6"},
        {"gpu*1000001", "more than 1000000 at column 5"},
        {"gpu*2*3", "'*' has no place at column 6"},
        {"[a|b]*3", "counts and brackets cannot be counted: '*' at column 6"},
        {"a&!(b*2)", "counts and brackets cannot be negated at column 3"},
        {"a\tb\nc", "'b' has no place at column 3"},
        {"((((((((((((((((((((((((((((((((((a", "parentheses deeper than 32"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct feature_spec *spec = NULL;
        struct err err;

        assert_true(feature_spec_parse(rows[i].text, &spec, &err) < 0);
        assert_null(spec);
        if (!strstr(err.text, rows[i].words))
            fail_msg("'%s': %s", rows[i].text, err.text);
    }
}

static void an_unknown_feature_is_named_with_the_nearest(void **state)
{
    cleanup(feature_spec_destroyp) struct feature_spec *spec = parsed("gpu&intle*2");
    struct feature_choices choices;
    struct err err;

    (void)state;
    assert_int_equal(feature_spec_choices(spec, &table, &choices, &err), -ENOENT);
    assert_string_equal(err.text,
                        "no node has the feature 'intle': did you mean 'intel'?");
}

static void alternatives_are_bounded(void **state)
{
    struct feature_spec *spec = NULL;
    struct err err;

    (void)state;
    assert_int_equal(
        feature_spec_parse("[a|b]&[a|b]&[a|b]&[a|b]&[a|b]&[a|b]&[a|b]", &spec, &err),
        -E2BIG);
    assert_non_null(strstr(err.text, "more than 64 alternatives"));
    assert_int_equal(
        feature_spec_parse("[a|b]&[a|b]&[a|b]&[a|b]&[a|b]&[a|b]", &spec, &err), 0);
    feature_spec_destroy(spec);
}

/* ------------------------------------------------------------------ properties */

/* Write a random plain expression and return its set, computed on its own. */
static unsigned int random_plain(struct strbuf *sb, int depth)
{
    unsigned int left, right, which = (unsigned int)rand() % (depth > 4 ? 1 : 4);

    if (which == 0) {
        size_t i = (size_t)rand() % ARRAY_SIZE(names);

        strbuf_puts(sb, names[i]);
        return rows_of[i];
    }
    strbuf_puts(sb, which == 1 ? "!(" : "(");
    left = random_plain(sb, depth + 1);
    if (which == 1) {
        strbuf_putc(sb, ')');
        return ~left & 0xff;
    }
    strbuf_putc(sb, which == 2 ? '&' : '|');
    right = random_plain(sb, depth + 1);
    strbuf_putc(sb, ')');
    return which == 2 ? left & right : left | right;
}

static void check_set(const char *text, unsigned int row)
{
    cleanup(feature_spec_destroyp) struct feature_spec *spec = parsed(text);
    cleanup(feature_choices_fini) struct feature_choices choices = {0};
    cleanup(bitset_destroyp) struct bitset *want = set_of(row);

    assert_int_equal(feature_spec_choices(spec, &table, &choices, NULL), 0);
    assert_int_equal(choices.n, 1);
    assert_int_equal(choices.choices[0].n_quotas, 0);
    if (!bitset_equals(choices.choices[0].nodes, want))
        fail_msg("'%s' is another set", text);
}

static void any_plain_expression_is_the_set_it_spells(void **state)
{
    (void)state;
    srand(5);
    for (int round = 0; round < 3000; round++) {
        struct strbuf sb = STRBUF_INIT;
        unsigned int row = random_plain(&sb, 0);
        cleanup(feature_spec_destroyp) struct feature_spec *spec = parsed(sb.s);
        cleanup(feature_spec_destroyp) struct feature_spec *again = NULL;
        cleanup(freep) char *once = feature_spec_format(spec);
        cleanup(freep) char *twice = NULL;

        check_set(sb.s, row);
        check_set(once, row);
        again = parsed(once);
        twice = feature_spec_format(again);
        assert_string_equal(once, twice);
        strbuf_fini(&sb);
    }
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(expressions_leave_nodes_and_quotas),
        TEST(mistakes_are_named_by_column),
        TEST(an_unknown_feature_is_named_with_the_nearest),
        TEST(alternatives_are_bounded),
        TEST(any_plain_expression_is_the_set_it_spells),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
