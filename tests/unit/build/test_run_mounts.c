/* SPDX-License-Identifier: Apache-2.0
 *
 * test_run_mounts.c - what RUN --mount says
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
#include "build/run_mounts.h"

static void kinds_have_their_defaults(void **state)
{
    struct run_mount m;

    (void)state;
    assert_int_equal(run_mount_parse("target=/x", &m, NULL), 0);
    assert_int_equal(m.type, RUN_MOUNT_BIND);
    assert_true(m.readonly);
    run_mount_fini(&m);
    assert_int_equal(run_mount_parse("type=bind,from=a,src=b,dst=/x,rw", &m, NULL), 0);
    assert_string_equal(m.from, "a");
    assert_string_equal(m.source, "b");
    assert_false(m.readonly);
    run_mount_fini(&m);
    assert_int_equal(
        run_mount_parse("type=cache,destination=/x,id=i,sharing=locked", &m, NULL), 0);
    assert_int_equal(m.type, RUN_MOUNT_CACHE);
    assert_string_equal(m.id, "i");
    assert_false(m.readonly);
    run_mount_fini(&m);
    assert_int_equal(run_mount_parse("type=cache,target=/x,readonly=true", &m, NULL),
                     0);
    assert_true(m.readonly);
    run_mount_fini(&m);
    assert_int_equal(run_mount_parse("type=tmpfs,target=/x,size=64m", &m, NULL), 0);
    assert_int_equal(m.bytes, 64 << 20);
    run_mount_fini(&m);
}

static const struct {
    const char *text, *words;
} refused[] = {
    {"", "--mount: it needs target=PATH"},
    {"type=bind", "--mount: it needs target=PATH"},
    {"type=cahce,target=/x", "--mount: unknown type 'cahce': did you mean cache?"},
    {"type=secret,target=/x", "--mount: type=secret is not supported"},
    {"tagret=/x", "--mount: unknown key 'tagret': did you mean target?"},
    {"target=/x,rw=maybe", "--mount: 'maybe' is neither true nor false"},
    {"type=cache,target=/x,from=y", "--mount: from= is for type=bind only"},
    {"type=tmpfs,target=/x,size=lots", "--mount: size=lots is no size"},
};

static void mistakes_name_the_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        struct err err = {.text = "(accepted)"};
        struct run_mount m;

        (void)run_mount_parse(refused[i].text, &m, &err);
        run_mount_fini(&m);
        assert_string_equal(err.text, refused[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_have_their_defaults),
        cmocka_unit_test(mistakes_name_the_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
