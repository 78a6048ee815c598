/* SPDX-License-Identifier: Apache-2.0
 *
 * test_log.c - lines for the operator
 */
#include "base/log.h"

#include "base/io.h"
#include "base/mem.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char *written_by(void (*write_lines)(void))
{
    int saved = dup(STDERR_FILENO);
    FILE *file = tmpfile();
    char *text = NULL;

    assert_non_null(file);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    write_lines();
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(saved);
    rewind(file);
    assert_int_equal(io_read_fd(fileno(file), 65536, &text, NULL, NULL), 0);
    (void)fclose(file);
    return text;
}

static void write_each_level(void)
{
    log_error("e %d", 1);
    log_warn("w");
    log_info("i");
    log_debug("d");
}

static void lines_name_program_and_level(void **state)
{
    cleanup(freep) char *text = NULL;

    (void)state;
    log_init("berthx", LOG_DEBUG);
    text = written_by(write_each_level);
    assert_non_null(strstr(text, " berthx["));
    assert_non_null(strstr(text, "]: error: e 1\n"));
    assert_non_null(strstr(text, "]: warn: w\n"));
    assert_non_null(strstr(text, "]: info: i\n"));
    assert_non_null(strstr(text, "]: debug: d\n"));
    assert_int_equal(text[4], '-');
    assert_int_equal(text[10], 'T');
    assert_int_equal(text[19], '.');
}

static void less_important_lines_are_left_out(void **state)
{
    cleanup(freep) char *text = NULL;

    (void)state;
    log_init("berthx", LOG_WARN);
    text = written_by(write_each_level);
    assert_non_null(strstr(text, "warn: w\n"));
    assert_null(strstr(text, "info:"));
    assert_null(strstr(text, "debug:"));
}

static void write_forgery(void)
{
    log_error("%s", "name\n2026-01-31 forged\x1b[2J\x7f \xc3\xa9");
}

static void nobody_can_forge_a_line(void **state)
{
    cleanup(freep) char *text = written_by(write_forgery);

    (void)state;
    assert_non_null(strstr(text, "name\\n2026-01-31 forged\\x1b[2J\\x7f \xc3\xa9\n"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void write_much(void)
{
    log_error("%100000s", "x");
}

static void a_very_long_line_is_cut(void **state)
{
    cleanup(freep) char *text = written_by(write_much);

    (void)state;
    assert_true(strlen(text) < 5000);
    assert_int_equal(text[strlen(text) - 1], '\n');
}

static void levels_have_names(void **state)
{
    (void)state;
    assert_int_equal(log_level_parse("error"), LOG_ERROR);
    assert_int_equal(log_level_parse("debug"), LOG_DEBUG);
    assert_int_equal(log_level_parse("loud"), -1);
    assert_int_equal(log_level_parse(""), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_name_program_and_level),
        cmocka_unit_test(less_important_lines_are_left_out),
        cmocka_unit_test(nobody_can_forge_a_line),
        cmocka_unit_test(a_very_long_line_is_cut),
        cmocka_unit_test(levels_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
