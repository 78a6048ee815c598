/* SPDX-License-Identifier: Apache-2.0
 *
 * test_directives.c - options in the comments of scripts
 */
#include "options/directives.h"

#include "base/mem.h"
#include "base/strv.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct job_args args;
static struct err err;

static int setup(void **state)
{
    (void)state;
    job_args_init(&args, 1700000000);
    err = (struct err){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    job_args_fini(&args);
    return 0;
}

static int read_script(const char *script)
{
    return directives_read(script, strlen(script), &args, &err);
}

static void assert_words(const char *text, const char *joined)
{
    cleanup(strv_freep) char **words = NULL;
    cleanup(freep) char *got = NULL;

    assert_int_equal(directive_split(text, strlen(text), &words, &err), 0);
    got = strv_join(words, "|");
    assert_string_equal(got, joined);
}

static void words_are_split_as_sbatch_does(void **state)
{
    (void)state;
    assert_words("--nodes=4  -n 2\t# four", "--nodes=4|-n|2");
    assert_words("-J \"two words\" 'a b'c", "-J|two words|a bc");
    assert_words("--container-image=nvcr.io\\#nvidia/x",
                 "--container-image=nvcr.io#nvidia/x");
    assert_words("-J mid#dle", "-J|mid");
    assert_words("-J \"a\\\"b\"", "-J|a\"b");
    assert_words("-J '#1'", "-J|#1");
    assert_words("-J ''", "-J|");
}

static void an_open_quote_is_refused_with_the_line(void **state)
{
    (void)state;
    assert_int_equal(read_script("#!/bin/sh\n#SBATCH -J 'x\n"), -EINVAL);
    assert_string_equal(err.text, "line 2: a quote ' is not closed");
}

static void directives_end_at_the_first_command(void **state)
{
    (void)state;
    assert_int_equal(read_script("#!/bin/sh\n\n# words\n#SBATCH -N2\n#BERTH -n 8\n"
                                 "echo\n#SBATCH -N9\n"),
                     0);
    assert_int_equal(args.spec->nodes_min, 2);
    assert_int_equal(args.spec->tasks, 8);
}

static void the_marker_stands_at_the_start_of_the_line(void **state)
{
    (void)state;
    assert_int_equal(read_script("#!/bin/sh\n #SBATCH -N2\n##SBATCH -N3\n#sbatch -N4\n"
                                 "#SBATCHED -N5\n"),
                     0);
    assert_int_equal(args.spec->nodes_min, 0);
}

static void an_unknown_option_is_named_with_its_line(void **state)
{
    (void)state;
    assert_int_equal(read_script("#!/bin/sh\n#SBATCH --nods=4\n"), -EINVAL);
    assert_string_equal(err.text,
                        "line 2: unknown option --nods: did you mean --nodes?");
}

static void a_stray_word_is_refused(void **state)
{
    (void)state;
    assert_int_equal(read_script("#!/bin/sh\n#SBATCH --time = 10\n"), -EINVAL);
    assert_int_equal(read_script("#!/bin/sh\n#SBATCH -N2 four\n"), -EINVAL);
    assert_string_equal(err.text,
                        "line 2: Invalid directive found in batch script: four");
}

static void a_lone_word_begins_the_next_component(void **state)
{
    (void)state;
    assert_int_equal(read_script("#!/bin/sh\n#SBATCH -N2 -J both\n#SBATCH hetjob\n"
                                 "#SBATCH -n8 --gres=gpu:1\n#SBATCH packjob\n"
                                 "#SBATCH -n9\n"),
                     0);
    assert_int_equal(args.n_components, 3);
    assert_int_equal(args.spec->nodes_min, 2);
    assert_int_equal(args.components[1]->tasks, 8);
    assert_string_equal(args.components[1]->gres, "gpu:1");
    assert_int_equal(args.components[2]->tasks, 9);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(words_are_split_as_sbatch_does),
        TEST(an_open_quote_is_refused_with_the_line),
        TEST(directives_end_at_the_first_command),
        TEST(the_marker_stands_at_the_start_of_the_line),
        TEST(an_unknown_option_is_named_with_its_line),
        TEST(a_stray_word_is_refused),
        TEST(a_lone_word_begins_the_next_component),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
