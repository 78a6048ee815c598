/* SPDX-License-Identifier: Apache-2.0
 *
 * test_strbuf.c - growing strings
 */
#include "base/strbuf.h"

#include "base/mem.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void what_is_added_stands_in_order(void **state)
{
    struct strbuf sb = STRBUF_INIT;
    cleanup(freep) char *s = NULL;

    (void)state;
    strbuf_puts(&sb, "a");
    strbuf_putc(&sb, 'b');
    strbuf_add(&sb, "cd\0ef", 5);
    strbuf_printf(&sb, "%03d", 7);
    assert_int_equal(sb.len, 10);
    assert_memory_equal(sb.s, "abcd\0ef007", 11);
    s = strbuf_take(&sb);
    assert_string_equal(s, "abcd");
    assert_null(sb.s);
}

static void an_empty_buffer_gives_an_empty_string(void **state)
{
    struct strbuf sb = STRBUF_INIT;
    cleanup(freep) char *s = strbuf_take(&sb);

    (void)state;
    assert_string_equal(s, "");
}

static void cutting_keeps_the_start(void **state)
{
    struct strbuf sb = STRBUF_INIT;

    (void)state;
    strbuf_cut(&sb, 0);
    strbuf_puts(&sb, "abcdef");
    strbuf_cut(&sb, 2);
    strbuf_puts(&sb, "x");
    assert_string_equal(sb.s, "abx");
    strbuf_fini(&sb);
    assert_int_equal(sb.len, 0);
}

static void it_grows_over_many_additions(void **state)
{
    struct strbuf sb = STRBUF_INIT;

    (void)state;
    for (int i = 0; i < 10000; i++)
        strbuf_printf(&sb, "%d", i % 10);
    assert_int_equal(sb.len, 10000);
    for (size_t i = 0; i < sb.len; i++)
        assert_int_equal(sb.s[i], '0' + (char)(i % 10));
    strbuf_fini(&sb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_stands_in_order),
        cmocka_unit_test(an_empty_buffer_gives_an_empty_string),
        cmocka_unit_test(cutting_keeps_the_start),
        cmocka_unit_test(it_grows_over_many_additions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
