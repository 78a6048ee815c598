/* SPDX-License-Identifier: Apache-2.0
 *
 * test_table.c - columns that fit
 */
#include "cli/table.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct column columns[] = {
    {"ID", true, false},
    {"NAME", false, true},
    {"NODES", false, true},
};

static char *print(const char *const *cells, size_t n, bool has_header, size_t width)
{
    cleanup(table_destroyp) struct table *table = table_create(columns, 3);
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    for (size_t i = 0; i < n; i++)
        table_add(table, cells[i]);
    table_print(table, has_header, width, out);
    fclose(out);
    return text;
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
    static const char *const cells[] = {"1", "hpcc", "n[1-4]", "1234", "x", "n1"};
    cleanup(freep) char *text = print(cells, 6, true, 0);

    (void)state;
    assert_string_equal(text, "  ID  NAME  NODES\n"
                              "   1  hpcc  n[1-4]\n"
                              "1234  x     n1\n");
}

static void a_narrow_terminal_shrinks_the_widest(void **state)
{
    static const char *const cells[] = {"1", "a-rather-long-name", "n[1-4]"};
    cleanup(freep) char *text = print(cells, 3, false, 21);

    (void)state;
    assert_string_equal(text, "1  a-rather-+  n[1-4]\n");
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
    static const char *const cells[] = {"1", "a\033[2Jb\n", "n1"};
    cleanup(freep) char *text = print(cells, 3, false, 0);

    (void)state;
    assert_string_equal(text, "1  a?[2Jb?  n1\n");
}

static void utf8_counts_characters(void **state)
{
    static const char *const cells[] = {"1", "\xc3\xa4\xc3\xb6", "n1", "2", "abc",
                                        "n2"};
    cleanup(freep) char *text = print(cells, 6, false, 0);

    (void)state;
    assert_string_equal(text, "1  \xc3\xa4\xc3\xb6   n1\n2  abc  n2\n");
}

static void lines_do_not_end_in_spaces(void **state)
{
    static const char *const cells[] = {"1", "hpcc", ""};
    cleanup(freep) char *text = print(cells, 3, false, 0);

    (void)state;
    assert_string_equal(text, "1  hpcc\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(a_narrow_terminal_shrinks_the_widest),
        cmocka_unit_test(control_characters_do_not_reach_the_terminal),
        cmocka_unit_test(lines_do_not_end_in_spaces),
        cmocka_unit_test(utf8_counts_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
