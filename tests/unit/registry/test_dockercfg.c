/* SPDX-License-Identifier: Apache-2.0
 *
 * test_dockercfg.c - credentials as other tools keep them
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "registry/dockercfg.h"

static int find(const char *text, const char *host, const char *path,
                struct dockercfg_answer *ret)
{
    *ret = (struct dockercfg_answer){0};
    return dockercfg_find(text, strlen(text), host, path, ret, NULL);
}

/* YTpi is a:b, YzpkOmU= is c:d:e. */
static const char file[] = "{\"auths\": {\"a.org\": {\"auth\": \"YTpi\"},"
                           " \"a.org/deep\": {\"auth\": \"YzpkOmU=\"},"
                           " \"https://old.org/v1/\": {\"auth\": \"YTpi\"},"
                           " \"t.org\": {\"identitytoken\": \"TOKEN\"},"
                           " \"h.org\": {\"auth\": \"YTpi\"}, \"empty.org\": {}},"
                           " \"credHelpers\": {\"h.org\": \"pass\"}}";

static void the_longest_key_that_covers_the_name_counts(void **state)
{
    static const struct {
        const char *host, *path, *user, *password;
    } cases[] = {
        {"a.org", "x", "a", "b"},        {"a.org", "deep/x", "c", "d:e"},
        {"a.org", "deeper", "a", "b"},   {"old.org", "x", "a", "b"},
        {"a.org:5000", "x", NULL, NULL}, {"empty.org", "x", NULL, NULL},
        {"b.org", "x", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup(dockercfg_answer_fini) struct dockercfg_answer answer;

        assert_int_equal(find(file, cases[i].host, cases[i].path, &answer), 0);
        assert_null(answer.helper);
        if (!cases[i].user) {
            assert_null(answer.credentials.password);
            continue;
        }
        assert_string_equal(answer.credentials.user, cases[i].user);
        assert_string_equal(answer.credentials.password, cases[i].password);
    }
}

static void tokens_and_helpers_are_found(void **state)
{
    cleanup(dockercfg_answer_fini) struct dockercfg_answer token, helper, store;

    (void)state;
    assert_int_equal(find(file, "t.org", "x", &token), 0);
    assert_string_equal(token.credentials.token, "TOKEN");
    assert_int_equal(find(file, "h.org", "x", &helper), 0);
    assert_string_equal(helper.helper, "pass");
    assert_int_equal(find("{\"credsStore\": \"secretservice\"}", "x.org", "x", &store),
                     0);
    assert_string_equal(store.helper, "secretservice");
}

static void what_is_damaged_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "[]",
        "{",
        "{\"auths\": {\"a.org\": {\"auth\": \"***\"}}}",
        "{\"auths\": {\"a.org\": {\"auth\": \"YWI=\"}}}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct dockercfg_answer answer;

        assert_int_equal(find(cases[i], "a.org", "x", &answer), -EINVAL);
    }
}

static void a_login_changes_nothing_else(void **state)
{
    cleanup(dockercfg_answer_fini) struct dockercfg_answer answer;
    cleanup(freep) char *in = NULL, *out = NULL, *none = NULL;

    (void)state;
    assert_int_equal(
        dockercfg_change(file, strlen(file), "new.org", "u", "p:q", &in, NULL), 0);
    assert_int_equal(find(in, "new.org", "x", &answer), 0);
    assert_string_equal(answer.credentials.user, "u");
    assert_string_equal(answer.credentials.password, "p:q");
    assert_non_null(strstr(in, "credHelpers"));
    assert_non_null(strstr(in, "identitytoken"));
    assert_int_equal(
        dockercfg_change(in, strlen(in), "new.org", NULL, NULL, &out, NULL), 0);
    assert_null(strstr(out, "new.org"));
    assert_int_equal(
        dockercfg_change(out, strlen(out), "new.org", NULL, NULL, &none, NULL),
        -ENOENT);
}

static void a_helpers_answer_is_read(void **state)
{
    static const char good[] = "{\"Username\": \"u\", \"Secret\": \"s\"}";
    static const char token[] = "{\"Username\": \"<token>\", \"Secret\": \"s\"}";
    cleanup(credentials_fini) struct credentials a = {0}, b = {0}, c = {0};

    (void)state;
    assert_int_equal(dockercfg_parse_helper(good, strlen(good), &a, NULL), 0);
    assert_string_equal(a.user, "u");
    assert_string_equal(a.password, "s");
    assert_int_equal(dockercfg_parse_helper(token, strlen(token), &b, NULL), 0);
    assert_string_equal(b.token, "s");
    assert_null(b.password);
    assert_int_equal(dockercfg_parse_helper("{}", 2, &c, NULL), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_key_that_covers_the_name_counts),
        cmocka_unit_test(tokens_and_helpers_are_found),
        cmocka_unit_test(what_is_damaged_is_refused),
        cmocka_unit_test(a_login_changes_nothing_else),
        cmocka_unit_test(a_helpers_answer_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
