/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pod_command.c - what a container executes: its own words, the image's, variables
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/strv.h"
#include "shepherd/pod_command.h"

#define A(text) ((char[]){text})
#define V(...) ((char *[]){__VA_ARGS__, NULL})

static char *env[] = {(char[]){"NAME=web"}, (char[]){"EMPTY="}, NULL};

static const char *command_of(char **command, char **args, char **entrypoint,
                              char **cmd)
{
    static char *text;
    struct mf_container spec = {.command = command, .args = args};
    cleanup(strv_freep) char **argv = NULL;
    struct err err;

    free(text);
    text = NULL;
    if (pod_command(&spec, entrypoint, cmd, env, &argv, &err))
        return err.code == EINVAL ? "nothing" : "?";
    text = strv_join(argv, "|");
    return text;
}

static void the_images_words_stand_where_none_are_said(void **state)
{
    (void)state;
    assert_string_equal(command_of(NULL, NULL, V(A("ep")), V(A("c"), A("d"))),
                        "ep|c|d");
    assert_string_equal(command_of(NULL, NULL, NULL, V(A("c"))), "c");
}

static void args_stand_for_cmd_alone(void **state)
{
    (void)state;
    assert_string_equal(command_of(NULL, V(A("x")), V(A("ep")), V(A("c"))), "ep|x");
}

static void a_command_stands_for_both(void **state)
{
    (void)state;
    assert_string_equal(command_of(V(A("sh")), NULL, V(A("ep")), V(A("c"))), "sh");
    assert_string_equal(command_of(V(A("sh")), V(A("x")), V(A("ep")), V(A("c"))),
                        "sh|x");
}

static void nothing_to_run_is_an_error(void **state)
{
    (void)state;
    assert_string_equal(command_of(NULL, NULL, NULL, NULL), "nothing");
}

static void variables_are_put_in_but_not_into_the_images_words(void **state)
{
    (void)state;
    assert_string_equal(
        command_of(V(A("$(NAME)"), A("$$(NAME)"), A("$(NONE)$(EMPTY).")), NULL, NULL,
                   NULL),
        "web|$(NAME)|$(NONE).");
    assert_string_equal(command_of(NULL, NULL, V(A("$(NAME)")), NULL), "$(NAME)");
    assert_string_equal(command_of(V(A("a$"), A("$("), A("$x")), NULL, NULL, NULL),
                        "a$|$(|$x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_images_words_stand_where_none_are_said),
        cmocka_unit_test(args_stand_for_cmd_alone),
        cmocka_unit_test(a_command_stands_for_both),
        cmocka_unit_test(nothing_to_run_is_an_error),
        cmocka_unit_test(variables_are_put_in_but_not_into_the_images_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
