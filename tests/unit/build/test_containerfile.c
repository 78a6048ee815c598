/* SPDX-License-Identifier: Apache-2.0
 *
 * test_containerfile.c - what is read, warned of and refused
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/strv.h"
#include "build/containerfile.h"

static struct containerfile *parse(const char *text)
{
    struct containerfile *file = NULL;
    struct err err = {.text = ""};

    if (containerfile_parse("F", text, strlen(text), &file, &err))
        fail_msg("%s", err.text);
    return file;
}

static const struct {
    const char *text, *words;
} refused[] = {
    {"", "F: no FROM: it says what to build on"},
    {"# only a comment\n\n", "F: no FROM: it says what to build on"},
    {"RUN make\nFROM x\n", "F:1: RUN before the first FROM: only ARG may stand there"},
    {"FROM x\nRUNN make\n", "F:2: unknown instruction 'RUNN': did you mean RUN?"},
    {"FROM x\n\n# c\nCOPPY a b\n",
     "F:4: unknown instruction 'COPPY': did you mean COPY?"},
    {"FROM x\nZZZZZZ\n", "F:2: unknown instruction 'ZZZZZZ'"},
    {"FROM x\nRUN\n", "F:2: RUN: needs something after it"},
    {"FROM x AS\n", "F:1: FROM: write FROM IMAGE [AS NAME]"},
    {"FROM x IS y\n", "F:1: FROM: 'IS' where AS was expected"},
    {"FROM x AS 9y\n", "F:1: FROM: '9y' is no name of a stage: a letter, then letters, "
                       "digits, '-', '_', '.'"},
    {"FROM x AS a\nFROM y AS A\n", "F:2: FROM: there is a stage named 'A' already"},
    {"FROM x\nCOPY a\n", "F:2: COPY: needs a source and a destination"},
    {"FROM x\nCOPY --form=a b c\n",
     "F:2: COPY: unknown option --form: did you mean --from?"},
    {"FROM x\nENV A=1 B\n",
     "F:2: ENV: 'B' is not NAME=VALUE (a value with blanks needs quotes)"},
    {"FROM x\nENV =1\n", "F:2: ENV: '=1' has no name before '='"},
    {"FROM x\nENV A\n", "F:2: ENV: 'A' has no value: write NAME=VALUE"},
    {"FROM x\nSHELL /bin/bash -c\n",
     "F:2: SHELL: needs a JSON list: SHELL [\"/bin/sh\", \"-c\"]"},
    {"FROM x\nRUN []\n", "F:2: RUN: the list of what to run is empty"},
    {"FROM x\nRUN <<EOF\nabc\n",
     "F:2: the here-document has no end: no line 'EOF' follows"},
    {"FROM x\nHEALTHCHECK curl x\n",
     "F:2: HEALTHCHECK: 'curl' is neither CMD nor NONE"},
    {"FROM x\nONBUILD FROM y\n", "F:2: ONBUILD: FROM cannot be left to a later build"},
    {"# escape=x\nFROM x\n", "F:1: escape must be '\\' or '`', not 'x'"},
    {"# escape=`\n# escape=`\nFROM x\n", "F:2: the directive 'escape' is there twice"},
};

static void mistakes_are_named_by_line_and_nearest_word(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        cleanup(containerfile_freep) struct containerfile *file = NULL;
        struct err err = {.text = "(accepted)"};

        (void)containerfile_parse("F", refused[i].text, strlen(refused[i].text), &file,
                                  &err);
        assert_string_equal(err.text, refused[i].words);
    }
}

static void a_zero_byte_is_found_by_its_line(void **state)
{
    static const char text[] = "FROM x\nRUN a\0b\n";
    struct containerfile *file = NULL;
    struct err err;

    (void)state;
    assert_int_equal(containerfile_parse("F", text, sizeof(text) - 1, &file, &err),
                     -EINVAL);
    assert_string_equal(err.text, "F:2: a zero byte: this is no text");
}

static void lines_go_on_over_comments_and_keep_blanks(void **state)
{
    cleanup(containerfile_freep) struct containerfile *file = parse(
        "FROM x\nRUN a && \\\n  # a comment\n   b \\  \n\n   c\nRUN d\\\\\nCMD e\n");

    (void)state;
    assert_int_equal(file->stages[0].n_steps, 3);
    assert_string_equal(file->stages[0].steps[0].rest, "a &&    b    c");
    assert_int_equal(file->stages[0].steps[0].line, 2);
    assert_string_equal(file->stages[0].steps[1].rest, "d\\\\");
    assert_int_equal(file->stages[0].steps[2].line, 8);
    assert_int_equal(strv_len(file->warnings), 1);
    assert_string_equal(file->warnings[0],
                        "F:5: an empty line inside of an instruction");
}

static void another_escape_character_joins_lines(void **state)
{
    cleanup(containerfile_freep) struct containerfile *file =
        parse("\xef\xbb\xbf#Escape = `\r\nFROM x\r\nRUN dir c:\\ `\r\n  more\r\n");

    (void)state;
    assert_int_equal(file->escape, '`');
    assert_string_equal(file->stages[0].steps[0].rest, "dir c:\\   more");
}

static void a_directive_after_a_comment_is_a_comment(void **state)
{
    cleanup(containerfile_freep) struct containerfile *file =
        parse("# hello\n# escape=`\nFROM x\nRUN a \\\nb\n");

    (void)state;
    assert_int_equal(file->escape, '\\');
    assert_string_equal(file->stages[0].steps[0].rest, "a b");
}

static void a_misspelt_directive_is_pointed_at(void **state)
{
    cleanup(containerfile_freep) struct containerfile *file =
        parse("# escpe=`\nFROM x\n");

    (void)state;
    assert_string_equal(file->warnings[0],
                        "F:1: '# escpe=' is taken for a comment: did "
                        "you mean '# escape='?");
}

static void exec_and_shell_forms_are_told_apart(void **state)
{
    cleanup(containerfile_freep) struct containerfile *file =
        parse("FROM x\nRUN [\"a\", \"b c\"]\nRUN ['a']\nRUN [ -f x ]\n"
              "COPY [\"a b\", \"/c\"]\nCMD []\n");
    const struct instruction *in = file->stages[0].steps;

    (void)state;
    assert_true(in[0].is_json);
    assert_string_equal(in[0].words[1], "b c");
    assert_false(in[1].is_json);
    assert_false(in[2].is_json);
    assert_int_equal(strv_len(file->warnings), 2);
    assert_true(in[3].is_json);
    assert_string_equal(in[3].words[0], "a b");
    assert_true(in[4].is_json);
    assert_int_equal(strv_len(in[4].words), 0);
}

static void options_come_before_the_words(void **state)
{
    cleanup(containerfile_freep) struct containerfile *file =
        parse("FROM --platform=linux/amd64 x AS y\n"
              "RUN --mount=type=cache,target=/a --network=none make --jobs\n"
              "COPY --from=y --chmod=755 -- --odd /b\n");
    const struct instruction *in = file->stages[0].steps;

    (void)state;
    assert_string_equal(file->stages[0].platform, "linux/amd64");
    assert_string_equal(file->stages[0].name, "y");
    assert_int_equal(strv_len(in[0].flags), 2);
    assert_string_equal(instruction_flag(&in[0], "network"), "none");
    assert_null(instruction_flag(&in[0], "net"));
    assert_string_equal(in[0].rest, "make --jobs");
    assert_string_equal(in[1].words[0], "--odd");
}

static void here_documents_are_gathered(void **state)
{
    cleanup(containerfile_freep) struct containerfile *file =
        parse("FROM x\n"
              "RUN <<EOF\necho \\\n# kept\n\nEOF\n"
              "COPY <<a.txt <<-'b' /d/\nA $x\na.txt\n\t\tB $y\n\tb\n"
              "RUN echo '<<no' $((1<<2)) <<<here\n"
              "RUN it's <<EOF\n");
    const struct instruction *in = file->stages[0].steps;

    (void)state;
    assert_int_equal(file->stages[0].n_steps, 4);
    assert_string_equal(in[0].docs[0].text, "echo \\\n# kept\n\n");
    assert_true(in[0].docs[0].expands);
    assert_int_equal(in[1].n_docs, 2);
    assert_string_equal(in[1].docs[0].name, "a.txt");
    assert_string_equal(in[1].docs[0].text, "A $x\n");
    assert_string_equal(in[1].docs[1].name, "b");
    assert_string_equal(in[1].docs[1].text, "B $y\n");
    assert_false(in[1].docs[1].expands);
    assert_int_equal(in[2].n_docs, 0);
    assert_int_equal(in[3].n_docs, 0);
}

static void pairs_keep_their_quotes(void **state)
{
    cleanup(containerfile_freep) struct containerfile *file =
        parse("ARG v=1\nFROM x:$v\nENV A=\"b c\" D=e\\ f\nENV OLD the rest  of it\n"
              "ARG x y=2\nLABEL \"a b\"=c\n");
    const struct instruction *in = file->stages[0].steps;

    (void)state;
    assert_int_equal(file->n_globals, 1);
    assert_string_equal(file->stages[0].image, "x:$v");
    assert_int_equal(in[0].n_pairs, 2);
    assert_string_equal(in[0].pairs[0].value, "\"b c\"");
    assert_string_equal(in[0].pairs[1].value, "e\\ f");
    assert_string_equal(in[1].pairs[0].name, "OLD");
    assert_string_equal(in[1].pairs[0].value, "the rest  of it");
    assert_null(in[2].pairs[0].value);
    assert_string_equal(in[2].pairs[1].value, "2");
    assert_string_equal(in[3].pairs[0].name, "\"a b\"");
}

static void a_health_check_may_be_a_list_a_text_or_none(void **state)
{
    cleanup(containerfile_freep) struct containerfile *file =
        parse("FROM x\nHEALTHCHECK --interval=5s CMD curl -f x\n"
              "HEALTHCHECK CMD [\"a\"]\nHEALTHCHECK none\n");
    const struct instruction *in = file->stages[0].steps;

    (void)state;
    assert_string_equal(in[0].rest, "curl -f x");
    assert_true(in[1].is_json);
    assert_string_equal(in[2].rest, "none");
}

static void triggers_are_a_stage_without_from(void **state)
{
    static const char text[] = "RUN a\nCOPY b c\n", bad[] = "RUN a\nFROM b\n";
    cleanup(containerfile_freep) struct containerfile *file = NULL;
    struct containerfile *none = NULL;
    struct err err;

    (void)state;
    assert_int_equal(containerfile_parse_triggers("F", text, strlen(text), &file, &err),
                     0);
    assert_int_equal(file->stages[0].n_steps, 2);
    assert_int_equal(containerfile_parse_triggers("F", bad, strlen(bad), &none, &err),
                     -EINVAL);
    assert_string_equal(err.text, "F:2: FROM in a trigger");
}

static void what_is_too_much_is_refused(void **state)
{
    static const struct {
        const char *head, *part, *words;
        size_t n;
    } cases[] = {
        {"FROM x\n", "RUN a\n", "F:4097: more than 4096 instructions", 4097},
        {"", "FROM x\n", "F:129: FROM: more than 128 stages", 129},
        {"FROM x\nCOPY", " a", "F:2: COPY: more than 4096 words", 4097},
        {"FROM x\nRUN", " --mount=x", "F:2: RUN: more than 64 options", 65},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        size_t head = strlen(cases[i].head), part = strlen(cases[i].part);
        size_t len = head + part * cases[i].n;
        cleanup(freep) char *text = xmalloc(len);
        cleanup(containerfile_freep) struct containerfile *file = NULL;
        struct err err = {.text = "(accepted)"};

        memcpy(text, cases[i].head, head);
        for (size_t n = 0; n < cases[i].n; n++)
            memcpy(text + head + n * part, cases[i].part, part);
        (void)containerfile_parse("F", text, len, &file, &err);
        assert_string_equal(err.text, cases[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_named_by_line_and_nearest_word),
        cmocka_unit_test(a_zero_byte_is_found_by_its_line),
        cmocka_unit_test(lines_go_on_over_comments_and_keep_blanks),
        cmocka_unit_test(another_escape_character_joins_lines),
        cmocka_unit_test(a_directive_after_a_comment_is_a_comment),
        cmocka_unit_test(a_misspelt_directive_is_pointed_at),
        cmocka_unit_test(exec_and_shell_forms_are_told_apart),
        cmocka_unit_test(options_come_before_the_words),
        cmocka_unit_test(here_documents_are_gathered),
        cmocka_unit_test(pairs_keep_their_quotes),
        cmocka_unit_test(a_health_check_may_be_a_list_a_text_or_none),
        cmocka_unit_test(triggers_are_a_stage_without_from),
        cmocka_unit_test(what_is_too_much_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
