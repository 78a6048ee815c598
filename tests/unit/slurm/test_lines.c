/* SPDX-License-Identifier: Apache-2.0
 *
 * test_lines.c - lists in the order that was asked for
 */
#include "slurm/lines.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

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

static double key_n(const void *p)
{
    return ((const struct row *)p)->n;
}

static const struct field list[] = {
    {'j', "name", "NAME", put_name, NULL, 0, 1},
    {'i', "number", "NUM", put_n, key_n, 0, 2},
};
static const struct field_table table = {list, ARRAY_SIZE(list), "job"};

static const struct row rows[] = {
    {"b", 10}, {"a", 9}, {"b", 2}, {"", 100}, {"a", 9},
};

/* The numbers in the order in which 'order' puts them, with the names. */
static char *listed(const char *order)
{
    struct format format;
    struct lines *lines;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    format_parse(&table, "%j%i ", &format);
    assert_int_equal(lines_create(&table, order, &format, &lines, NULL), 0);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        lines_add(lines, &rows[i]);
    lines_print(lines, out);
    fclose(out);
    for (char *p = text; *p; p++)
        *p = *p == '\n' ? '/' : *p;
    lines_destroy(lines);
    format_fini(&format);
    return text;
}

static void assert_listed(const char *order, const char *wanted)
{
    cleanup(freep) char *text = listed(order);

    assert_string_equal(text, wanted);
}

static void numbers_are_ordered_as_numbers_and_words_as_words(void **state)
{
    (void)state;
    assert_listed(NULL, "b10 /a9 /b2 /100 /a9 /");
    assert_listed("i", "b2 /a9 /a9 /b10 /100 /");
    assert_listed("-i", "100 /b10 /a9 /a9 /b2 /");
    assert_listed("j", "100 /a9 /a9 /b10 /b2 /");
    assert_listed("-j,i", "b2 /b10 /a9 /a9 /100 /");
    assert_listed("j,-i", "100 /a9 /a9 /b10 /b2 /");
}

static void a_letter_without_a_field_is_refused(void **state)
{
    struct format format;
    struct lines *lines;
    struct err err = {0};

    (void)state;
    format_parse(&table, "%j", &format);
    assert_int_equal(lines_create(&table, "i,z", &format, &lines, &err), -EINVAL);
    assert_true(err.text[0] != '\0');
    format_fini(&format);
}

static void rows_must_hold_what_order_and_format_need(void **state)
{
    struct format format;
    struct lines *lines;

    (void)state;
    format_parse(&table, "%j", &format);
    assert_int_equal(lines_create(&table, "i", &format, &lines, NULL), 0);
    assert_int_equal(lines_needs(lines), 3);
    lines_destroy(lines);
    format_fini(&format);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_ordered_as_numbers_and_words_as_words),
        cmocka_unit_test(a_letter_without_a_field_is_refused),
        cmocka_unit_test(rows_must_hold_what_order_and_format_need),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
