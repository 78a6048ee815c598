/* SPDX-License-Identifier: Apache-2.0
 *
 * test_json_path.c - kubectl's jsonpath on documents
 */
#include "cli/json_path.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static const char text[] =
    "{'kind': 'List', 'items': ["
    " {'metadata': {'name': 'a', 'labels': {'app.io/name': 'x'}},"
    "  'status': {'phase': 'Running', 'conditions': ["
    "   {'type': 'Initialized', 'status': 'True'}, {'type': 'Ready', 'status': "
    "'No'}]}},"
    " {'metadata': {'name': 'b'}, 'status': {'phase': 'Pending', 'n': 3, 'ok': "
    "true}}]}";

static json_t *document(void)
{
    cleanup(freep) char *copy = xstrdup(text);
    json_t *root;

    for (char *at = copy; *at; at++)
        if (*at == '\'')
            *at = '"';
    root = json_loads(copy, 0, NULL);
    assert_non_null(root);
    return root;
}

static void expect(const char *template, const char *words)
{
    struct strbuf out = STRBUF_INIT;
    json_t *root = document();
    struct err err = {0};

    if (json_path_print(template, root, &out, &err) < 0)
        fail_msg("%s: %s", template, err.text);
    assert_string_equal(out.s ? out.s : "", words);
    strbuf_fini(&out);
    json_decref(root);
}

static void refuse(const char *template, const char *words)
{
    struct strbuf out = STRBUF_INIT;
    json_t *root = document();
    struct err err = {0};

    assert_int_equal(json_path_print(template, root, &out, &err), -EINVAL);
    if (!strstr(err.text, words))
        fail_msg("'%s' is not in '%s'", words, err.text);
    strbuf_fini(&out);
    json_decref(root);
}

static void paths_lead_to_values(void **state)
{
    (void)state;
    expect("{.kind}", "List");
    expect(".kind", "List");
    expect("{$.items[0].metadata.name}", "a");
    expect("{.items[*].metadata.name}", "a b");
    expect("{.items[-1].status.n} {.items[-1:].status.ok}", "3 true");
    expect("{.items[0].metadata.labels['app.io/name']}", "x");
    expect("{.items[0].metadata.labels.app\\.io/name}", "x");
    expect("{.items[1].metadata}", "{\"name\":\"b\"}");
    expect("{.nothing.here[3].at}", "");
    expect("{.items[7].metadata}", "");
    expect("{..name}", "a b");
    expect("{.items[0]..type}", "Initialized Ready");
    expect("{.nothing..name}", "");
}

static void filters_keep_items(void **state)
{
    (void)state;
    expect("{.items[0].status.conditions[?(@.type==\"Ready\")].status}", "No");
    expect("{.items[*].status.conditions[?(@.type != 'Ready')].status}", "True");
    expect("{.items[?(@.status.n==3)].metadata.name}", "b");
    expect("{.items[?(@.status.n)].metadata.name}", "b");
    expect("{.items[0].none[?(@.x==1)].y}", "");
}

static void templates_repeat_and_have_texts(void **state)
{
    (void)state;
    expect("{range .items[*]}{.metadata.name}{\"\\t\"}{.status.phase}{\"\\n\"}{end}",
           "a\tRunning\nb\tPending\n");
    expect("{range .none[*]}{.metadata.name}x{end}done", "done");
    expect("{range .items[*]}{range .status.conditions[*]}{.type},{end};{end}",
           "Initialized,Ready,;;");
    expect("n={.items[1].status.n}!", "n=3!");
}

static void mistakes_are_named(void **state)
{
    (void)state;
    refuse("{.items[}", "an index");
    refuse("{.items[0}", "']' is missing");
    refuse("{.items", "'}' is missing");
    refuse("{.items[0:2]}", "slices");
    refuse("{range .items[*]}{.x}", "{end} is missing");
    refuse("{end}", "without a range");
    refuse("{.items[?(@.a>1)]}", "only == and !=");
    refuse("{\"a}", "does not end");
    refuse("{range .a}{range .a}{range .a}{range .a}{range .a}{range .a}{range .a}"
           "{range .a}{range .a}",
           "too many ranges");
}

static void a_path_is_found_with_or_without_braces(void **state)
{
    json_t *root = document(), *found;
    struct err err;

    (void)state;
    assert_int_equal(json_path_find(".items[1].status.n", root, &found, &err), 0);
    assert_int_equal(json_array_size(found), 1);
    json_decref(found);
    assert_int_equal(json_path_find("{.no}", root, &found, &err), 0);
    assert_int_equal(json_array_size(found), 0);
    json_decref(found);
    assert_int_equal(json_path_find("{.a} b", root, &found, &err), -EINVAL);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_to_values),
        cmocka_unit_test(filters_keep_items),
        cmocka_unit_test(templates_repeat_and_have_texts),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(a_path_is_found_with_or_without_braces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
