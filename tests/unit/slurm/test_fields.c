/* SPDX-License-Identifier: Apache-2.0
 *
 * test_fields.c - formats in three spellings, and rows printed by them
 */
#include "slurm/fields.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct row {
    const char *name;
    int n;
};

static void put_name(const void *p, struct strbuf *out)
{
    strbuf_puts(out, ((const struct row *)p)->name);
}

static void put_n(const void *p, struct strbuf *out)
{
    strbuf_printf(out, "%d", ((const struct row *)p)->n);
}

static const struct field list[] = {
    {'n', "name", "NAME", put_name, NULL, -8, 1},
    {'i', "number", "NUM", put_n, NULL, 5, 2},
    {0, "long", "LONG", put_n, NULL, 3, 4},
};
static const struct field_table table = {list, ARRAY_SIZE(list), "job"};
static const struct row row = {"J\xc3\xb6rg's job", 17};

static void assert_text(struct strbuf *out, const char *wanted)
{
    assert_string_equal(out->s ? out->s : "", wanted);
    strbuf_fini(out);
}

static void assert_letters(const char *text, const char *header, const char *line)
{
    struct strbuf out = STRBUF_INIT;
    struct format format;

    format_parse(&table, text, &format);
    format_header(&format, &out);
    assert_text(&out, header);
    out = (struct strbuf)STRBUF_INIT;
    format_row(&format, &row, &out);
    assert_text(&out, line);
    format_fini(&format);
}

static void letters_have_widths_and_text_between_them(void **state)
{
    (void)state;
    assert_letters("%n|%i", "NAME|NUM", "J\xc3\xb6rg's job|17");
    assert_letters("a %.5i b %6i c", "a   NUM b NUM    c", "a    17 b 17     c");
    /* What does not fit is cut by characters, not bytes. */
    assert_letters("[%4n][%.2n]", "[NAME][NA]", "[J\xc3\xb6rg][J\xc3\xb6]");
    assert_letters("%0i", "NUM", "17");
    assert_letters("", "", "");
    assert_letters("plain", "plain", "plain");
    assert_letters("%all", "NAME|NUM", "J\xc3\xb6rg's job|17");
}

static void what_is_no_field_is_printed_and_named(void **state)
{
    struct format format;

    (void)state;
    assert_letters("%z %i", "%z NUM", "%z 17");
    format_parse(&table, "%i %5z %y", &format);
    assert_string_equal(format.unknown, "z");
    assert_int_equal(format.needs, 2);
    format_fini(&format);
    format_parse(&table, "%n%", &format);
    assert_null(format.unknown);
    assert_int_equal(format.needs, 1);
    format_fini(&format);
}

static void a_width_has_a_bound(void **state)
{
    struct format format;

    (void)state;
    format_parse(&table, "%99999999999999999999i", &format);
    assert_int_equal(format.items[0].width, -FIELD_WIDTH_MAX);
    format_fini(&format);
}

static void long_names_are_twenty_wide_unless_said(void **state)
{
    struct strbuf out = STRBUF_INIT;
    struct format format;

    (void)state;
    assert_int_equal(format_parse_long(&table, "Name:4,NUMBER:.6,long", &format, NULL),
                     0);
    format_row(&format, &row, &out);
    assert_text(&out, "J\xc3\xb6rg    1717                  ");
    assert_int_equal(format.needs, 7);
    format_fini(&format);
}

static void lists_have_a_rule_and_mark_what_was_cut(void **state)
{
    struct strbuf out = STRBUF_INIT;
    struct format format;

    (void)state;
    assert_int_equal(format_parse_list(&table, "name%-5,number,long%0", &format, NULL),
                     0);
    format_header(&format, &out);
    strbuf_putc(&out, '/');
    format_rule(&format, &out);
    strbuf_putc(&out, '/');
    format_row(&format, &row, &out);
    assert_text(&out, "NAME    NUM LONG /----- -----  /J\xc3\xb6rg+    17 17 ");
    format_set_bars(&format, "|", false);
    out = (struct strbuf)STRBUF_INIT;
    format_row(&format, &row, &out);
    assert_text(&out, "J\xc3\xb6rg's job|17|17");
    format_set_bars(&format, ";", true);
    out = (struct strbuf)STRBUF_INIT;
    format_row(&format, &row, &out);
    assert_text(&out, "J\xc3\xb6rg's job;17;17;");
    format_fini(&format);
}

static void a_wrong_name_gets_the_nearest_right_one(void **state)
{
    struct format format;
    struct err err = {0};

    (void)state;
    assert_int_equal(format_parse_long(&table, "nmae", &format, &err), -EINVAL);
    assert_string_equal(err.text,
                        "Invalid job format specification: nmae (did you mean name?)");
    assert_string_equal(format.unknown, "nmae");
    format_fini(&format);
    assert_int_equal(format_parse_list(&table, "name%x", &format, &err), -EINVAL);
    assert_non_null(strstr(err.text, "is no width"));
    format_fini(&format);
    assert_int_equal(format_parse_list(&table, "name%99999", &format, &err), -EINVAL);
    format_fini(&format);
}

static void controls_do_not_reach_the_terminal(void **state)
{
    static const struct row evil = {"a\033[2Jb\nc\177", 1};
    struct strbuf out = STRBUF_INIT;
    struct format format;

    (void)state;
    format_parse(&table, "%n", &format);
    format_row(&format, &evil, &out);
    assert_text(&out, "a?[2Jb?c?");
    format_fini(&format);
}

static void the_help_names_all_fields(void **state)
{
    cleanup(freep) char *text = fields_help(&table);

    (void)state;
    assert_non_null(strstr(text, "name"));
    assert_non_null(strstr(text, "long"));
    assert_int_equal(text[strlen(text) - 1], '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_have_widths_and_text_between_them),
        cmocka_unit_test(what_is_no_field_is_printed_and_named),
        cmocka_unit_test(a_width_has_a_bound),
        cmocka_unit_test(long_names_are_twenty_wide_unless_said),
        cmocka_unit_test(lists_have_a_rule_and_mark_what_was_cut),
        cmocka_unit_test(a_wrong_name_gets_the_nearest_right_one),
        cmocka_unit_test(controls_do_not_reach_the_terminal),
        cmocka_unit_test(the_help_names_all_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
