/* SPDX-License-Identifier: Apache-2.0
 *
 * test_opts.c - the spelling of options
 */
#include "base/opts.h"

#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct args {
    bool label, unbuffered;
    const char *nodes, *nice;
};

static const struct opt table[] = {
    {"label", 'l', OPT_NONE, NULL, opt_flag, offsetof(struct args, label), 0, "l",
     NULL},
    {"unbuffered", 'u', OPT_NONE, NULL, opt_flag, offsetof(struct args, unbuffered), 0,
     "u", NULL},
    {"nodes", 'N', OPT_NEEDED, "N", opt_string, offsetof(struct args, nodes), 0, "n",
     NULL},
    {"nodelist", 'w', OPT_NEEDED, "L", opt_string, offsetof(struct args, nodes), 2, "w",
     NULL},
    {"nice", 0, OPT_OPTIONAL, "N", opt_string, offsetof(struct args, nice), 0, "n",
     NULL},
    {"help", 'h', OPT_NONE, NULL, opt_help, 0, 0, "h", NULL},
    OPTS_END,
};

/* Parse the words of 'line'; they live in 'words' afterwards. */
static int parse(const char *line, enum opts_order order, unsigned int where,
                 char **words, struct args *args, int *ret_next, struct err *err)
{
    static char copy[256];
    char *save = NULL;
    int argc = 1;

    *args = (struct args){0};
    *err = (struct err){0};
    snprintf(copy, sizeof(copy), "%s", line);
    words[0] = copy + sizeof(copy) - 1;
    for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
        words[argc++] = w;
    words[argc] = NULL;
    return opts_parse(table, where, order, argc, words, args, ret_next, err);
}

static void an_option_may_be_spelled_in_all_of_getopts_ways(void **state)
{
    static const char *const lines[] = {"--nodes=4", "--nodes 4", "-N4",    "-N 4",
                                        "--node 4",  "-lN4",      "-luN 4", "--nod=4"};
    char *words[32];
    struct args args;
    struct err err;
    int next;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        assert_int_equal(parse(lines[i], OPTS_STOP, 1, words, &args, &next, &err), 0);
        assert_string_equal(args.nodes, "4");
    }
}

static void an_ambiguous_beginning_names_both(void **state)
{
    char *words[32];
    struct args args;
    struct err err;
    int next;

    (void)state;
    assert_int_equal(parse("--n 4", OPTS_STOP, 1, words, &args, &next, &err), -EINVAL);
    assert_string_equal(err.text, "option --n could be --nodes or --nice");
}

static void an_unknown_option_suggests_the_nearest(void **state)
{
    char *words[32];
    struct args args;
    struct err err;
    int next;

    (void)state;
    assert_int_equal(parse("--nods 4", OPTS_STOP, 1, words, &args, &next, &err),
                     -EINVAL);
    assert_string_equal(err.text, "unknown option --nods: did you mean --nodes?");
    assert_int_equal(parse("--zzzzzz", OPTS_STOP, 1, words, &args, &next, &err),
                     -EINVAL);
    assert_string_equal(err.text, "unknown option --zzzzzz");
    assert_int_equal(parse("-z", OPTS_STOP, 1, words, &args, &next, &err), -EINVAL);
    assert_string_equal(err.text, "unknown option -z");
}

static void an_option_of_another_command_is_unknown(void **state)
{
    char *words[32];
    struct args args;
    struct err err;
    int next;

    (void)state;
    assert_int_equal(parse("--nodelist n1", OPTS_STOP, 1, words, &args, &next, &err),
                     -EINVAL);
    assert_int_equal(parse("--nodelist n1", OPTS_STOP, 2, words, &args, &next, &err),
                     0);
}

static void a_missing_or_surplus_value_is_refused(void **state)
{
    char *words[32];
    struct args args;
    struct err err;
    int next;

    (void)state;
    assert_int_equal(parse("--nodes", OPTS_STOP, 0, words, &args, &next, &err),
                     -EINVAL);
    assert_string_equal(err.text, "--nodes needs a value");
    assert_int_equal(parse("-N", OPTS_STOP, 0, words, &args, &next, &err), -EINVAL);
    assert_string_equal(err.text, "-N needs a value");
    assert_int_equal(parse("--label=1", OPTS_STOP, 0, words, &args, &next, &err),
                     -EINVAL);
    assert_string_equal(err.text, "--label takes no value");
}

static void an_optional_value_stands_in_the_same_word(void **state)
{
    char *words[32];
    struct args args;
    struct err err;
    int next;

    (void)state;
    assert_int_equal(parse("--nice 5", OPTS_STOP, 0, words, &args, &next, &err), 0);
    assert_null(args.nice);
    assert_string_equal(words[next], "5");
    assert_int_equal(parse("--nice=5", OPTS_STOP, 0, words, &args, &next, &err), 0);
    assert_string_equal(args.nice, "5");
}

static void options_end_at_the_first_operand_of_a_program(void **state)
{
    char *words[32];
    struct args args;
    struct err err;
    int next;

    (void)state;
    assert_int_equal(
        parse("-l prog -u --nodes=3", OPTS_STOP, 0, words, &args, &next, &err), 0);
    assert_int_equal(next, 2);
    assert_string_equal(words[2], "prog");
    assert_false(args.unbuffered);
    assert_null(args.nodes);
}

static void operands_and_options_mix_where_that_is_allowed(void **state)
{
    char *words[32];
    struct args args;
    struct err err;
    int next;

    (void)state;
    assert_int_equal(
        parse("a -l b -N 4 c -- -u", OPTS_ANYWHERE, 0, words, &args, &next, &err), 0);
    assert_true(args.label);
    assert_false(args.unbuffered);
    assert_string_equal(args.nodes, "4");
    assert_int_equal(next, 5);
    assert_string_equal(words[5], "a");
    assert_string_equal(words[6], "b");
    assert_string_equal(words[7], "c");
    assert_string_equal(words[8], "-u");
    assert_null(words[9]);
}

static void help_ends_the_parsing(void **state)
{
    char *words[32];
    struct args args;
    struct err err;
    int next;

    (void)state;
    assert_int_equal(parse("-l --help --nods", OPTS_STOP, 0, words, &args, &next, &err),
                     -ECANCELED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_option_may_be_spelled_in_all_of_getopts_ways),
        cmocka_unit_test(an_ambiguous_beginning_names_both),
        cmocka_unit_test(an_unknown_option_suggests_the_nearest),
        cmocka_unit_test(an_option_of_another_command_is_unknown),
        cmocka_unit_test(a_missing_or_surplus_value_is_refused),
        cmocka_unit_test(an_optional_value_stands_in_the_same_word),
        cmocka_unit_test(options_end_at_the_first_operand_of_a_program),
        cmocka_unit_test(operands_and_options_mix_where_that_is_allowed),
        cmocka_unit_test(help_ends_the_parsing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
