/* SPDX-License-Identifier: Apache-2.0
 *
 * test_reader.c - YAML and JSON as Kubernetes reads them, and what is refused
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "manifest/reader.h"
#include "manifest/scalar.h"

static struct documents read_text(const char *text)
{
    struct documents documents;
    struct err err;

    if (documents_read("t", text, strlen(text), &documents, &err) < 0)
        fail_msg("%s", err.text);
    return documents;
}

static void expect_refusal(const char *text, const char *words)
{
    struct documents documents;
    struct err err;

    if (documents_read("t", text, strlen(text), &documents, &err) == 0)
        fail_msg("accepted: %s", text);
    if (!strstr(err.text, words))
        fail_msg("'%s' is not in '%s'", words, err.text);
}

static void words_are_what_yaml_1_1_makes_of_them(void **state)
{
    static const struct {
        const char *text;
        enum node_kind kind;
        int64_t number;
    } cases[] = {
        {"", NODE_NULL, 0},
        {"~", NODE_NULL, 0},
        {"null", NODE_NULL, 0},
        {"nUll", NODE_STRING, 0},
        {"yes", NODE_BOOL, 1},
        {"On", NODE_BOOL, 1},
        {"n", NODE_BOOL, 0},
        {"off", NODE_BOOL, 0},
        {"tRue", NODE_STRING, 0},
        {"17", NODE_INT, 17},
        {"-17", NODE_INT, -17},
        {"+3", NODE_INT, 3},
        {"0x1f", NODE_INT, 31},
        {"0b101", NODE_INT, 5},
        {"0o17", NODE_INT, 15},
        {"0644", NODE_INT, 420},
        {"1_000", NODE_INT, 1000},
        {"0", NODE_INT, 0},
        {"089", NODE_FLOAT, 0},
        {"1.5", NODE_FLOAT, 0},
        {".5", NODE_FLOAT, 0},
        {"1e3", NODE_FLOAT, 0},
        {"1.", NODE_FLOAT, 0},
        {".", NODE_STRING, 0},
        {"1e", NODE_STRING, 0},
        {"0x", NODE_STRING, 0},
        {"-", NODE_STRING, 0},
        {"500m", NODE_STRING, 0},
        {"1:30", NODE_STRING, 0},
        {"1.2.3", NODE_STRING, 0},
        {"2026-11-26", NODE_STRING, 0},
        {"9223372036854775807", NODE_INT, INT64_MAX},
        {"-9223372036854775808", NODE_INT, INT64_MIN},
        {"9223372036854775808", NODE_FLOAT, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct scalar scalar = scalar_resolve(cases[i].text);

        if (scalar.kind != cases[i].kind)
            fail_msg("'%s' is %s", cases[i].text, node_kind_name(scalar.kind));
        if (scalar.kind == NODE_INT)
            assert_int_equal(scalar.number, cases[i].number);
        if (scalar.kind == NODE_BOOL)
            assert_int_equal(scalar.truth, cases[i].number);
    }
}

static void quotes_and_tags_make_texts(void **state)
{
    struct documents d = read_text("{a: 'yes', b: \"17\", c: !!str 17, d: ! 17, y: z}");

    (void)state;
    assert_string_equal(node_string(d.roots[0], "a"), "yes");
    assert_string_equal(node_string(d.roots[0], "b"), "17");
    assert_string_equal(node_string(d.roots[0], "c"), "17");
    assert_string_equal(node_string(d.roots[0], "d"), "17");
    /* A key without quotes is what JSON makes of it. */
    assert_string_equal(node_string(d.roots[0], "true"), "z");
    documents_fini(&d);
}

static void each_value_knows_its_line(void **state)
{
    struct documents d =
        read_text("# words\na:\n  - b: 1\n    c.d/e: x\n---\n---\nf: 2\n");
    const struct node *c = node_at(d.roots[0], "a[0][c.d/e]");

    (void)state;
    assert_int_equal(d.n, 2);
    assert_int_equal(c->line, 4);
    assert_int_equal(c->column, 12);
    /* What is not there is told of where it would be. */
    assert_int_equal(node_at(d.roots[0], "a[0].missing")->line, 3);
    assert_int_equal(node_get(d.roots[1], "f")->line, 7);
    documents_fini(&d);
}

static void json_is_read_with_tabs_and_pairs_of_escapes(void **state)
{
    struct documents d =
        read_text("{\n\t\"a\":\"\\ud83d\\ude00\\/\\u00e9\\\"\",\n\t\"b\":[1,"
                  "-2.5e3,true,null]}\n{\"c\":{}}{\"d\":1}");

    (void)state;
    assert_int_equal(d.n, 3);
    assert_string_equal(node_string(d.roots[0], "a"), "\xf0\x9f\x98\x80/\xc3\xa9\"");
    assert_int_equal(node_get(d.roots[0], "b")->items[1]->kind, NODE_FLOAT);
    assert_int_equal(node_get(d.roots[2], "d")->number, 1);
    documents_fini(&d);
}

static void aliases_are_copies(void **state)
{
    struct documents d = read_text("a: &x {b: 1}\nc: *x\n");
    struct node *a = node_get(d.roots[0], "a"), *c = node_get(d.roots[0], "c");

    (void)state;
    assert_ptr_not_equal(a, c);
    assert_int_equal(node_get(c, "b")->number, 1);
    documents_fini(&d);
}

static void a_merge_is_weaker_than_what_is_said(void **state)
{
    struct documents d = read_text("x: &x {a: 1, b: 1, c: 1}\ny: &y {b: 2, d: 2}\n"
                                   "z:\n  a: 9\n  <<: [*y, *x]\n");
    const struct node *z = node_get(d.roots[0], "z");

    (void)state;
    assert_int_equal(node_get(z, "a")->number, 9);
    assert_int_equal(node_get(z, "b")->number, 2);
    assert_int_equal(node_get(z, "c")->number, 1);
    assert_int_equal(node_get(z, "d")->number, 2);
    assert_null(node_get(z, "<<"));
    documents_fini(&d);
}

static void comments_do_not_count_in_what_looks_like_json(void **state)
{
    struct documents d = read_text("{ # not }, and not {\"\n  a: \"x # {\", #}\n"
                                   "  b: [{c: 1}], # }}\n}\n{a: y#}\n");

    (void)state;
    assert_int_equal(d.n, 2);
    assert_string_equal(node_string(d.roots[0], "a"), "x # {");
    assert_int_equal(node_get(node_get(d.roots[0], "b")->items[0], "c")->number, 1);
    documents_fini(&d);
}

static void what_is_wrong_is_refused_with_its_line(void **state)
{
    (void)state;
    expect_refusal("a: 1\nb: 2\na: 3\n", "t:3: key 'a' stands twice");
    expect_refusal("a: &a [*a]\n", "t:1: this alias contains itself");
    expect_refusal("a: *b\n", "t:1: no anchor '&b'");
    expect_refusal("a: &x 1\n---\nb: *x\n", "no anchor '&x'");
    expect_refusal("a: !secret x\n", "tag '!secret'");
    expect_refusal("a: !!int x\n", "is not what its tag says");
    expect_refusal("a: .inf\n", "is no number that JSON has");
    expect_refusal(
        "? [a]\n: b\n",
        "a key must be a single value (quote a value that begins with '{'; a "
        "template is filled in first)");
    expect_refusal("a: \"b\n\nc: d\n", "not valid YAML: found unexpected end of stream "
                                       "(of what begins in line 1)");
    expect_refusal("a: \"\\0\"\n", "a NUL character");
    expect_refusal("a:\n\tb: 1\n", "indent with blanks, not tabs");
    expect_refusal("a: b: c\n", "not valid YAML");
    expect_refusal("a: b\nc: caf\xe9 x\n", "t:2: not valid YAML: invalid");
    expect_refusal("a: b\n\nc: \x01\n", "t:3: not valid YAML: control characters");
    expect_refusal("a: b\nc: \"it\\'s\"\n", "t:2: not valid YAML: found unknown escape "
                                            "character (in double quotes \\ begins an "
                                            "escape, and ' needs none)");
    expect_refusal("a: !!binary aGVsbG8=\n", "binary': only those of texts");
    expect_refusal("<<: 3\n", "'<<' takes a group");
}

static void a_text_that_would_grow_without_end_is_refused(void **state)
{
    struct strbuf text = STRBUF_INIT;

    (void)state;
    strbuf_puts(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 12; i++) {
        strbuf_printf(&text, "a%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++)
            strbuf_printf(&text, "%s*a%d", j ? "," : "", i - 1);
        strbuf_puts(&text, "]\n");
    }
    expect_refusal(text.s, "aliases make this file too large");
    strbuf_cut(&text, 0);
    for (int i = 0; i < 100; i++)
        strbuf_putc(&text, '[');
    expect_refusal(text.s, "nested too deep");
    strbuf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_what_yaml_1_1_makes_of_them),
        cmocka_unit_test(quotes_and_tags_make_texts),
        cmocka_unit_test(each_value_knows_its_line),
        cmocka_unit_test(json_is_read_with_tabs_and_pairs_of_escapes),
        cmocka_unit_test(aliases_are_copies),
        cmocka_unit_test(a_merge_is_weaker_than_what_is_said),
        cmocka_unit_test(comments_do_not_count_in_what_looks_like_json),
        cmocka_unit_test(what_is_wrong_is_refused_with_its_line),
        cmocka_unit_test(a_text_that_would_grow_without_end_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
