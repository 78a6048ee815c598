/* SPDX-License-Identifier: Apache-2.0
 *
 * test_linebuf.c - whatever pieces bytes come in, lines come out whole
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/linebuf.h"
#include "base/mem.h"

/* What was handed on: each piece between brackets. */
static void note(const char *line, size_t len, void *ctx)
{
    strbuf_putc(ctx, '[');
    strbuf_add(ctx, line, len);
    strbuf_putc(ctx, ']');
}

static void lines_come_out_whole_however_they_are_cut(void **state)
{
    static const char text[] = "one\n\ntwo and more\nrest";

    (void)state;
    for (size_t size = 1; size < sizeof(text); size++) {
        struct strbuf part = STRBUF_INIT, seen = STRBUF_INIT;

        for (size_t at = 0; at < sizeof(text) - 1; at += size) {
            size_t left = sizeof(text) - 1 - at;

            linebuf_take(&part, text + at, size < left ? size : left, note, &seen);
        }
        assert_string_equal(seen.s, "[one\n][\n][two and more\n]");
        linebuf_end(&part, note, &seen);
        assert_string_equal(seen.s, "[one\n][\n][two and more\n][rest]");
        strbuf_fini(&seen);
    }
}

static void an_end_without_a_rest_hands_on_nothing(void **state)
{
    struct strbuf part = STRBUF_INIT, seen = STRBUF_INIT;

    (void)state;
    linebuf_take(&part, "x\n", 2, note, &seen);
    linebuf_end(&part, note, &seen);
    linebuf_end(&part, note, &seen);
    assert_string_equal(seen.s, "[x\n]");
    strbuf_fini(&seen);
}

static void a_line_without_end_comes_in_pieces(void **state)
{
    static char block[1000];
    struct strbuf part = STRBUF_INIT, seen = STRBUF_INIT;
    size_t total = 0;

    (void)state;
    memset(block, 'x', sizeof(block));
    for (; total < 10 * LINEBUF_MAX; total += sizeof(block)) {
        linebuf_take(&part, block, sizeof(block), note, &seen);
        assert_true(part.len <= LINEBUF_MAX);
    }
    linebuf_end(&part, note, &seen);
    for (size_t i = 0; i < seen.len; i++)
        total -= seen.s[i] == 'x';
    assert_int_equal(total, 0);
    strbuf_fini(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_out_whole_however_they_are_cut),
        cmocka_unit_test(an_end_without_a_rest_hands_on_nothing),
        cmocka_unit_test(a_line_without_end_comes_in_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
