/* SPDX-License-Identifier: Apache-2.0
 *
 * test_step_specs.c - what steps wait for in other steps; which ranks run what
 */
#include "spec/program_spec.h"
#include "spec/step_depend.h"

#include "base/mem.h"
#include "base/strv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* ------------------------------------------------------------ dependencies */

/* Steps 0 to 4 are in these states. */
static enum step_state state_of(void *ctx, uint32_t step)
{
    static const enum step_state states[] = {STEP_ENDED_OK, STEP_ENDED_BADLY,
                                             STEP_RUNNING, STEP_WAITING};

    (void)ctx;
    return step < ARRAY_SIZE(states) ? states[step] : STEP_UNKNOWN;
}

static void each_kind_holds_waits_or_never_does(void **state)
{
    static const struct {
        const char *text;
        enum step_depend_verdict verdict;
        const char *words;
    } rows[] = {
        {"", STEP_DEPEND_HOLDS, ""},
        {"afterok:0", STEP_DEPEND_HOLDS, ""},
        {"afterok:1", STEP_DEPEND_NEVER, "--dependency: step 1 has ended badly"},
        {"afterok:2", STEP_DEPEND_WAITS, "step 2 has not ended"},
        {"afternotok:0", STEP_DEPEND_NEVER, "--dependency: step 0 has ended well"},
        {"afternotok:1", STEP_DEPEND_HOLDS, ""},
        {"afterany:0:1", STEP_DEPEND_HOLDS, ""},
        {"0:3", STEP_DEPEND_WAITS, "step 3 has not ended"},
        {"after:2", STEP_DEPEND_HOLDS, ""},
        {"after:3", STEP_DEPEND_WAITS, "step 3 has not begun"},
        {"afterok:17.0", STEP_DEPEND_HOLDS, ""},
        {"afterok:9", STEP_DEPEND_NEVER, "--dependency: there is no step 9"},
        /* All, and one of them. */
        {"afterok:0,afterok:2", STEP_DEPEND_WAITS, "step 2 has not ended"},
        {"afterok:2,afterok:1", STEP_DEPEND_NEVER,
         "--dependency: step 1 has ended badly"},
        {"afterok:1?afterok:0", STEP_DEPEND_HOLDS, ""},
        {"afterok:1?afterok:2", STEP_DEPEND_WAITS, "step 2 has not ended"},
        {"afterok:1?afterok:9", STEP_DEPEND_NEVER, "--dependency: there is no step 9"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup(step_depend_fini) struct step_depend depend = {0};
        struct err err = {0}, words = {0};

        if (step_depend_parse(rows[i].text, 17, &depend, &err))
            fail_msg("'%s': %s", rows[i].text, err.text);
        if (step_depend_judge(&depend, state_of, NULL, &words) != rows[i].verdict)
            fail_msg("'%s': another verdict (%s)", rows[i].text, words.text);
        if (rows[i].verdict != STEP_DEPEND_HOLDS)
            assert_string_equal(words.text, rows[i].words);
    }
}

static void mistakes_in_dependencies_are_named(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"aftrok:0", "did you mean 'afterok'?"},
        {"afterok", "':' and the number of a step are missing"},
        {"afterok:", "at column"},
        {"afterok:18.0", "job 18 is another one"},
        {"afterok:0,afterok:1?afterok:2", "not by both"},
        {"afterok:0;1", "';' has no place"},
        {"singleton", "none of after"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct step_depend depend;
        struct err err = {0};

        assert_int_not_equal(step_depend_parse(rows[i].text, 17, &depend, &err), 0);
        if (!strstr(err.text, rows[i].words))
            fail_msg("'%s': '%s' is not in '%s'", rows[i].text, rows[i].words,
                     err.text);
    }
}

/* ---------------------------------------------------------------- programs */

static void assert_program(const struct program_spec *spec, uint32_t rank,
                           const char *expected)
{
    cleanup(strv_freep) char **argv = program_spec_argv(spec, rank);
    cleanup(freep) char *line = argv ? strv_join(argv, "|") : xstrdup("none");

    assert_string_equal(line, expected);
}

static void ranks_get_their_programs_and_places(void **state)
{
    cleanup(program_spec_fini) struct program_spec spec = {0};
    struct err err;

    (void)state;
    assert_int_equal(program_spec_parse("# comment\n"
                                        "\n"
                                        "0  master --n=%t \"a b\" 'keep %t' \\%o\n"
                                        "  2-3,7 worker %o \\\n   %t 100%%\r\n"
                                        "*\trest %o",
                                        &spec, &err),
                     0);
    assert_program(&spec, 0, "master|--n=0|a b|keep %t|%o");
    assert_program(&spec, 2, "worker|0|2|100%");
    assert_program(&spec, 7, "worker|2|7|100%");
    assert_program(&spec, 1, "rest|0");
    assert_program(&spec, 4, "rest|1");
    assert_program(&spec, 8, "rest|4");
    assert_int_equal(program_spec_missing(&spec, 100), 100);
}

static void ranks_without_a_program_are_found(void **state)
{
    cleanup(program_spec_fini) struct program_spec spec = {0};
    struct err err;

    (void)state;
    assert_int_equal(program_spec_parse("0-1 a\n3 b\n", &spec, &err), 0);
    assert_program(&spec, 2, "none");
    assert_int_equal(program_spec_missing(&spec, 2), 2);
    assert_int_equal(program_spec_missing(&spec, 4), 2);
}

static void mistakes_in_programs_are_named_by_their_line(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"", "it names no program"},
        {"# nothing\n", "it names no program"},
        {"0 a\n1\n", "line 2: '1': a program is missing"},
        {"0 a\n0-3 b\n", "line 2: '0-3': some of these ranks have a program"},
        {"* a\n* b\n", "line 2: there can be one line for '*'"},
        {"0 'a\n", "line 1: a ' is not closed"},
        {"x a\n", "line 1: "},
        {"99999999 a\n", "line 1: "},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct program_spec spec;
        struct err err = {0};

        assert_int_not_equal(program_spec_parse(rows[i].text, &spec, &err), 0);
        if (!strstr(err.text, rows[i].words))
            fail_msg("'%s': '%s' is not in '%s'", rows[i].text, rows[i].words,
                     err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_holds_waits_or_never_does),
        cmocka_unit_test(mistakes_in_dependencies_are_named),
        cmocka_unit_test(ranks_get_their_programs_and_places),
        cmocka_unit_test(ranks_without_a_program_are_found),
        cmocka_unit_test(mistakes_in_programs_are_named_by_their_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
