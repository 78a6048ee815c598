/* SPDX-License-Identifier: Apache-2.0
 *
 * test_bag.c - lines, words, log, held output and words of a bag
 */
#include "cli/bag_ledger.h"
#include "cli/bag_lines.h"
#include "cli/bag_log.h"
#include "cli/bag_report.h"
#include "cli/bag_spill.h"
#include "cli/bag_words.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"

#define BYTES(text) text, sizeof(text)

/* ------------------------------------------------------------------- words */

static void only_plain_lines_go_without_a_shell(void **state)
{
    static const char *const simple[] = {"true",         " ./a.out  -x\t7 ",
                                         "cp a=b c",     "f 50%",
                                         "grep -v ^x f", "echo 1,2:3@4+5 a#b a~b"};
    static const char *const other[] = {
        "a | b",  "a && b", "a; b",  "a > f",   "echo $X", "echo `b`", "echo \"a b\"",
        "ls *.c", "ls ?",   "A=1 b", "cd /tmp", "exit 3",  "ls ~/x",   "a # b",
        "(a)",    "{ a; }", "a\\ b", "time a",  "! true",  "[[ a ]]",  "echo 'a'",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(simple); i++)
        if (!bag_line_is_simple(simple[i]))
            fail_msg("'%s' needs no shell", simple[i]);
    for (size_t i = 0; i < ARRAY_SIZE(other); i++)
        if (bag_line_is_simple(other[i]))
            fail_msg("'%s' needs a shell", other[i]);
}

static void assert_argv(const struct strbuf *argv, const char *bytes, size_t len)
{
    assert_int_equal(argv->len, len);
    assert_memory_equal(argv->s, bytes, len);
}

static void a_line_becomes_arguments(void **state)
{
    struct strbuf argv = STRBUF_INIT;

    (void)state;
    bag_line_argv("  cp  a\tb ", &argv);
    assert_argv(&argv, BYTES("cp\0a\0b"));
    bag_line_argv("a | b", &argv);
    assert_argv(&argv, BYTES("/bin/sh\0-c\0a | b"));
    strbuf_fini(&argv);
}

static void a_template_takes_values(void **state)
{
    char *const words[] = {(char[]){"x{}y{}"}, (char[]){"{#}"}, NULL};
    char *const plain[] = {(char[]){"wc"}, NULL};
    struct strbuf argv = STRBUF_INIT;

    (void)state;
    bag_template_argv(words, "a b", 7, true, &argv);
    assert_argv(&argv, BYTES("xa bya b\0"
                             "7"));
    bag_template_argv(plain, "a b", 7, true, &argv);
    assert_argv(&argv, BYTES("wc\0a b"));
    bag_template_argv(plain, "7", 7, false, &argv);
    assert_argv(&argv, BYTES("wc"));
    strbuf_fini(&argv);
}

static void a_command_is_shown_as_it_was_written(void **state)
{
    cleanup(freep) char *line = bag_argv_text(BYTES("/bin/sh\0-c\0a | b"), 100);
    cleanup(freep) char *words = bag_argv_text(BYTES("a\0b\nc"), 100);
    cleanup(freep) char *cut = bag_argv_text(BYTES("abcdefghijklm"), 8);

    (void)state;
    assert_string_equal(line, "a | b");
    assert_string_equal(words, "a b c");
    assert_string_equal(cut, "abcde...");
}

/* ------------------------------------------------------------------- lines */

static void lines_come_whole_however_they_are_fed(void **state)
{
    static const char text[] = "one\n\n# no\n  # neither\r\ntwo words\r\n\t\nlast";

    (void)state;
    for (size_t step = 1; step < sizeof(text); step++) {
        struct bag_lines lines = {.number = 0};
        static const char *const wanted[] = {"one", "two words", "last"};
        const char *line;
        size_t n = 0;
        struct err err;

        for (size_t at = 0; at < sizeof(text) - 1; at += step) {
            size_t left = sizeof(text) - 1 - at;

            bag_lines_feed(&lines, text + at, left < step ? left : step);
            if (at + step >= sizeof(text) - 1)
                bag_lines_end(&lines);
            while (bag_lines_next(&lines, &line, &err) > 0)
                assert_string_equal(line, wanted[n++]);
        }
        assert_int_equal(n, 3);
        bag_lines_fini(&lines);
    }
}

static void bad_lines_are_named(void **state)
{
    cleanup(freep) char *big = xcalloc(1, BAG_LINE_MAX + 1);
    struct bag_lines lines = {.number = 0};
    const char *line;
    struct err err;

    (void)state;
    bag_lines_feed(&lines, BYTES("one\ntw") /* with its NUL */);
    assert_int_equal(bag_lines_next(&lines, &line, &err), 1);
    assert_int_equal(bag_lines_next(&lines, &line, &err), -EINVAL);
    assert_string_equal(err.text, "line 2: a NUL byte in it");
    bag_lines_fini(&lines);
    lines = (struct bag_lines){.number = 0};
    memset(big, 'x', BAG_LINE_MAX);
    bag_lines_feed(&lines, big, BAG_LINE_MAX);
    assert_int_equal(bag_lines_next(&lines, &line, &err), -E2BIG);
    bag_lines_fini(&lines);
}

/* --------------------------------------------------------------------- log */

static void an_entry_is_read_as_it_was_written(void **state)
{
    const struct bag_entry entry = {.index = 1234567890123,
                                    .hash = 0xfedcba9876543210,
                                    .attempt = 3,
                                    .code = 7,
                                    .signo = 0,
                                    .start_usec = 1700000000123456,
                                    .usec = 4567,
                                    .node = "n1",
                                    .command = "a\tb"};
    struct strbuf sb = STRBUF_INIT;
    struct bag_entry back;

    (void)state;
    bag_entry_format(&entry, &sb);
    assert_string_equal(sb.s, "1234567890123\t3\t7\t0\tn1\t1700000000.123\t0.004\t"
                              "fedcba9876543210\ta\tb\n");
    assert_true(bag_entry_parse(sb.s, sb.len - 1, &back));
    assert_true(back.index == entry.index && back.hash == entry.hash);
    assert_true(back.attempt == 3 && back.code == 7 && back.signo == 0);
    for (size_t len = 0; len < 40; len++)
        assert_false(bag_entry_parse(sb.s, len, &back));
    strbuf_fini(&sb);
}

#define HEAD "# berth bag log 1\n# index\n"
#define LINE(index, code) \
    index "\t1\t" code "\t0\tn1\t1.000\t0.000\t00000000000000ab\tx\n"

static void a_log_tells_what_succeeded(void **state)
{
    static const char text[] = HEAD LINE("7", "0") LINE("3", "1") LINE("2", "0") "9\t1";
    struct bag_done *done;
    size_t good;
    bool complete;
    struct err err;

    (void)state;
    assert_int_equal(
        bag_done_read(text, sizeof(text) - 1, &done, &good, &complete, &err), 0);
    assert_int_equal(good, sizeof(text) - 1 - 3); /* the torn line is left out */
    assert_false(complete);
    assert_int_equal(bag_done_count(done), 2);
    assert_true(bag_done_has(done, 2, 0xab));
    assert_false(bag_done_has(done, 2, 0xac)); /* the command is another one now */
    assert_false(bag_done_has(done, 3, 0xab));
    bag_done_destroy(done);
    assert_int_equal(bag_done_read("hello\n", 6, &done, &good, &complete, &err),
                     -EINVAL);
    assert_int_equal(bag_done_read(HEAD, 5, &done, &good, &complete, &err), 0);
    bag_done_destroy(done);
}

static char *temporary(void)
{
    char *name = xstrdup("/tmp/test_bag.XXXXXX");
    int fd = mkstemp(name);

    assert_true(fd >= 0);
    close(fd);
    return name;
}

static void a_log_that_was_broken_off_is_not_overwritten(void **state)
{
    const struct bag_entry entry = {
        .index = 5, .hash = 1, .node = "n1", .command = "x"};
    cleanup(freep) char *name = temporary();
    struct bag_log *log, *second;
    struct bag_done *done;
    struct err err;

    (void)state;
    assert_int_equal(bag_log_open(name, false, &log, &done, &err), 0);
    assert_int_equal(bag_log_open(name, false, &second, &done, &err), -EBUSY);
    bag_log_add(log, &entry);
    assert_int_equal(bag_log_flush(log, 0, true, &err), 0);
    bag_log_close(log);
    assert_int_equal(bag_log_open(name, false, &log, &done, &err), -EEXIST);
    assert_int_equal(bag_log_open(name, true, &log, &done, &err), 0);
    assert_true(bag_done_has(done, 5, 1));
    bag_done_destroy(done);
    bag_log_complete(log);
    assert_int_equal(bag_log_flush(log, 0, true, &err), 0);
    bag_log_close(log);
    assert_int_equal(bag_log_open(name, false, &log, &done, &err), 0);
    assert_null(done);
    bag_log_close(log);
    unlink(name);
}

static void writes_and_syncs_come_in_batches(void **state)
{
    const struct bag_entry entry = {.node = "n1", .command = "x"};
    cleanup(freep) char *name = temporary();
    cleanup(freep) char *bytes = NULL;
    struct bag_log *log;
    struct bag_done *done;
    size_t before, after;
    struct err err;

    (void)state;
    assert_int_equal(bag_log_open(name, false, &log, &done, &err), 0);
    assert_int_equal(bag_log_flush(log, 5000, false, &err), 0);
    assert_int_equal(bag_log_due_in(log, 5000), -1);
    bag_log_add(log, &entry);
    assert_int_equal(bag_log_flush(log, 6000, false, &err), 0); /* long ago: at once */
    assert_int_equal(bag_log_due_in(log, 6000), -1);
    assert_int_equal(io_read_file(name, 4096, &bytes, &before, &err), 0);
    bag_log_add(log, &entry);
    assert_int_equal(bag_log_due_in(log, 6020), 80);
    assert_int_equal(bag_log_flush(log, 6020, false, &err), 0);
    freep(&bytes);
    assert_int_equal(io_read_file(name, 4096, &bytes, &after, &err), 0);
    assert_int_equal(before, after);
    assert_int_equal(bag_log_flush(log, 6100, false, &err), 0);
    assert_int_equal(bag_log_due_in(log, 6100), 900); /* written, to be synced */
    freep(&bytes);
    assert_int_equal(io_read_file(name, 4096, &bytes, &after, &err), 0);
    assert_true(after > before);
    bag_log_close(log);
    unlink(name);
}

/* ------------------------------------------------------------- held output */

static void what_does_not_fit_in_memory_comes_back_from_a_file(void **state)
{
    struct bag_spill *spill = bag_spill_create(4);
    struct bag_pieces pieces = {.first = NULL};
    static const char *const wanted[] = {"abc", "defgh", "i"};
    struct bag_piece *piece;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(
            bag_pieces_add(spill, &pieces, 1, wanted[i], strlen(wanted[i])), 0);
    assert_int_equal(bag_spill_size(spill), 5);
    for (size_t i = 0; (piece = bag_pieces_pop(&pieces)); i++) {
        cleanup(freep) char *own = NULL;

        assert_memory_equal(bag_piece_bytes(spill, piece, &own), wanted[i], piece->len);
        bag_piece_free(spill, piece);
    }
    assert_int_equal(bag_spill_size(spill), 0);
    bag_spill_destroy(spill);
}

static void the_last_bytes_of_stderr_are_kept(void **state)
{
    struct bag_ledger *ledger = bag_ledger_create();
    struct bag_open_command *command;
    char bytes[3 * BAG_TAIL_MAX];

    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    bag_ledger_add(ledger, 9, BYTES("a\0b"));
    command = bag_ledger_find(ledger, 9);
    assert_string_equal(command->text, "a b");
    bag_ledger_note_stderr(command, bytes, sizeof(bytes));
    bag_ledger_note_stderr(command, "end", 3);
    assert_int_equal(command->tail.len, BAG_TAIL_MAX);
    assert_string_equal(command->tail.s + BAG_TAIL_MAX - 4, "xend");
    bag_ledger_remove(ledger, 9);
    assert_null(bag_ledger_find(ledger, 9));
    assert_int_equal(bag_ledger_count(ledger), 0);
    bag_ledger_destroy(ledger);
}

/* ------------------------------------------------------------------- report */

static void note(struct bag_report *report, uint64_t index, int code, const char *tail)
{
    const struct bag_failure failure = {.index = index,
                                        .attempts = 2,
                                        .code = code,
                                        .usec = 1500000,
                                        .node = xstrdup("n1"),
                                        .command = xstrdup("./a \"x\""),
                                        .words = xstrdup(""),
                                        .tail = xstrdup(tail)};

    bag_report_fail(report, &failure);
}

static void failures_are_a_table_and_a_document(void **state)
{
    struct bag_report report = {.total = 10,
                                .succeeded = 9,
                                .now_ms = 2000,
                                .is_complete = true,
                                .log = "in.baglog"};
    struct strbuf sb = STRBUF_INIT;

    (void)state;
    note(&report, 7, 3, "1\n2\n3\nfour\n\x1b[1mfive\xff\n");
    bag_report_table(&report, &sb);
    assert_non_null(strstr(sb.s,
                           "         7  exit 3      n1                  2      1.500"
                           "  ./a \"x\"\n           | 3\n           | four\n"));
    assert_null(strchr(sb.s, '\x1b'));
    strbuf_cut(&sb, 0);
    bag_report_sentence(&report, &sb);
    assert_string_equal(sb.s, "9 commands succeeded, 1 failed; 2.0 s, 5.0/s");
    strbuf_cut(&sb, 0);
    bag_report_json(&report, &sb);
    assert_non_null(strstr(sb.s, "\"command\": \"./a \\\"x\\\"\""));
    assert_non_null(strstr(sb.s, "\\u001b[1mfive\xef\xbf\xbd\\u000a\""));
    strbuf_fini(&sb);
    bag_report_fini(&report);
}

static void the_line_says_how_far_it_is(void **state)
{
    struct bag_report report = {
        .total = 1000, .skipped = 100, .succeeded = 400, .now_ms = 4000, .log = ""};
    struct strbuf sb = STRBUF_INIT;

    (void)state;
    bag_report_line(&report, 80, &sb);
    assert_string_equal(sb.s,
                        "[==========          ] 500 of 1000, 100/s, 00:00:05 left");
    strbuf_cut(&sb, 0);
    bag_report_line(&report, 10, &sb);
    assert_string_equal(sb.s, "500 of 100");
    strbuf_fini(&sb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_plain_lines_go_without_a_shell),
        cmocka_unit_test(a_line_becomes_arguments),
        cmocka_unit_test(a_template_takes_values),
        cmocka_unit_test(a_command_is_shown_as_it_was_written),
        cmocka_unit_test(lines_come_whole_however_they_are_fed),
        cmocka_unit_test(bad_lines_are_named),
        cmocka_unit_test(an_entry_is_read_as_it_was_written),
        cmocka_unit_test(a_log_tells_what_succeeded),
        cmocka_unit_test(a_log_that_was_broken_off_is_not_overwritten),
        cmocka_unit_test(writes_and_syncs_come_in_batches),
        cmocka_unit_test(what_does_not_fit_in_memory_comes_back_from_a_file),
        cmocka_unit_test(the_last_bytes_of_stderr_are_kept),
        cmocka_unit_test(failures_are_a_table_and_a_document),
        cmocka_unit_test(the_line_says_how_far_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
