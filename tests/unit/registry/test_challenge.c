/* SPDX-License-Identifier: Apache-2.0
 *
 * test_challenge.c - how registries say who may ask them
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "registry/catalogue.h"
#include "registry/challenge.h"

static void assert_text(const char *found, const char *expected)
{
    if (expected)
        assert_string_equal(found, expected);
    else
        assert_null(found);
}

static void a_challenge_is_read(void **state)
{
    static const struct {
        const char *text;
        enum challenge_kind kind;
        const char *realm, *service, *scope;
    } cases[] = {
        {"Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:x:pull,push\"",
         CHALLENGE_BEARER, "https://a/t", "s", "repository:x:pull,push"},
        {"bearer  realm = \"https://a/t\" , error=\"x\"", CHALLENGE_BEARER,
         "https://a/t", NULL, NULL},
        {"Basic realm=\"a \\\"b\\\"\"", CHALLENGE_BASIC, "a \"b\"", NULL, NULL},
        {"Basic", CHALLENGE_BASIC, NULL, NULL, NULL},
        {"Basic realm=\"x\", Bearer realm=\"https://a/t\"", CHALLENGE_BEARER,
         "https://a/t", NULL, NULL},
        {"Bearer realm=https://a/t,service=s", CHALLENGE_BEARER, "https://a/t", "s",
         NULL},
        {"Negotiate, Basic realm=\"x\"", CHALLENGE_BASIC, "x", NULL, NULL},
        {"Digest realm=\"x\", nonce=\"y\"", CHALLENGE_NONE, NULL, NULL, NULL},
        {"Bearer service=\"s\"", CHALLENGE_NONE, NULL, NULL, NULL},
        {"Bearer realm=\"https://a", CHALLENGE_BEARER, "https://a", NULL, NULL},
        {"", CHALLENGE_NONE, NULL, NULL, NULL},
        {"=,=\"", CHALLENGE_NONE, NULL, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup(challenge_fini) struct challenge c = challenge_parse(cases[i].text);

        assert_int_equal(c.kind, cases[i].kind);
        if (c.kind == CHALLENGE_NONE)
            continue;
        assert_text(c.realm, cases[i].realm);
        assert_text(c.service, cases[i].service);
        assert_text(c.scope, cases[i].scope);
    }
}

static void the_next_page_is_found(void **state)
{
    static const char *const cases[][2] = {
        {"</v2/_catalog?last=x&n=5>; rel=\"next\"", "/v2/_catalog?last=x&n=5"},
        {"<https://a/b>;rel=next", "https://a/b"},
        {"</a>; rel=\"prev\"", NULL},
        {"<>; rel=\"next\"", NULL},
        {"a; rel=\"next\"", NULL},
        {">next<", NULL},
    };

    (void)state;
    assert_null(catalogue_next(NULL));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup(freep) char *next = catalogue_next(cases[i][0]);

        assert_text(next, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_challenge_is_read),
        cmocka_unit_test(the_next_page_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
