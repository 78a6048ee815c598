/* SPDX-License-Identifier: Apache-2.0
 *
 * test_write.c - what is written reads back as the same
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "manifest/base64.h"
#include "manifest/reader.h"
#include "manifest/write.h"

static char *written(const struct node *node, bool as_json)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (as_json)
        node_write_json(node, 0, out);
    else
        assert_int_equal(node_write_yaml(node, out), 0);
    (void)fclose(out);
    return text;
}

static void assert_same(const struct node *a, const struct node *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->n_items, b->n_items);
    if (a->kind == NODE_STRING)
        assert_string_equal(a->text, b->text);
    assert_int_equal(a->number, b->number);
    assert_int_equal(a->truth, b->truth);
    for (size_t i = 0; i < a->n_items; i++)
        assert_same(a->items[i], b->items[i]);
}

static void texts_stay_texts_and_numbers_numbers(void **state)
{
    static const char text[] =
        "a: 'yes'\nb: '17'\nc: ''\nd: '~'\ne: '<<'\nf: 'a: b'\ng: '# x'\nh: '- x'\n"
        "i: |\n  two\n  lines\nj: |+\n  end\n\n\nk: \"\\ttab \\x07\"\nl: ' lead'\n"
        "m: 0644\nn: yes\no: null\np: {}\nq: []\nr: [{s: 1}, [2]]\n\"y\": '0x1f'\n"
        "t: \"trail \\nx\"\nu: '*x'\nv: '2026-11-26'\nw: \"\\n\"\nx: '='\nz: '1e3'\n";
    struct documents first, second;
    struct err err;

    (void)state;
    assert_int_equal(documents_read("t", text, strlen(text), &first, &err), 0);
    for (int as_json = 0; as_json < 2; as_json++) {
        cleanup(freep) char *again = written(first.roots[0], as_json);

        if (documents_read("t", again, strlen(again), &second, &err) < 0)
            fail_msg("%s in:\n%s", err.text, again);
        assert_same(first.roots[0], second.roots[0]);
        documents_fini(&second);
    }
    documents_fini(&first);
}

static void json_has_its_own_escapes(void **state)
{
    static const char escapes[] = "a: \"\\\"\\\\\\n\\x01\"\n";
    struct documents documents;
    cleanup(freep) char *text = NULL;

    (void)state;
    assert_int_equal(documents_read("t", escapes, strlen(escapes), &documents, NULL),
                     0);
    text = written(documents.roots[0], true);
    assert_string_equal(text, "{\n    \"a\": \"\\\"\\\\\\n\\u0001\"\n}");
    documents_fini(&documents);
}

static void base64_comes_off_as_it_was_put_on(void **state)
{
    static const char bytes[] = "\xff\x00\x01more";
    static const char *const coded[] = {"", "/w==", "/wA=", "/wAB", "/wABbQ=="};

    (void)state;
    for (size_t len = 0; len < sizeof(coded) / sizeof(*coded); len++) {
        cleanup(freep) char *text = base64_encode(bytes, len);
        cleanup(freep) char *again = NULL;
        size_t again_len;

        assert_string_equal(text, coded[len]);
        assert_int_equal(base64_decode(text, &again, &again_len), 0);
        assert_int_equal(again_len, len);
        assert_memory_equal(again, bytes, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_stay_texts_and_numbers_numbers),
        cmocka_unit_test(json_has_its_own_escapes),
        cmocka_unit_test(base64_comes_off_as_it_was_put_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
