/* SPDX-License-Identifier: Apache-2.0
 *
 * test_plan.c - which stages are needed; who sees which variable
 */
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
#include "build/plan.h"

/* Plan 'text' for 'target' with the first ARG as v=2. */
static int plan_text(const char *text, const char *target, struct containerfile **ret,
                     struct plan *plan, struct err *err)
{
    static const struct scope_given given;
    struct scope globals;
    int rc;

    assert_int_equal(containerfile_parse("F", text, strlen(text), ret, err), 0);
    scope_init(&globals, &given, NULL);
    scope_declare(&globals, "v", "2");
    rc = plan_make(*ret, &globals, target, plan, err);
    scope_fini(&globals);
    return rc;
}

#define STAGES                                                        \
    "ARG v\nFROM x:$v AS a\nRUN a\n"                                  \
    "FROM scratch AS unused\nCOPY a b\n"                              \
    "FROM a AS b\nRUN --mount=type=bind,from=c0,target=/x b\nRUN c\n" \
    "FROM y\nCOPY --from=B /b /\nCOPY --from=0 /a /\nCOPY --from=img:1 / /\n"

static void only_what_the_target_needs_is_built(void **state)
{
    cleanup(containerfile_freep) struct containerfile *file = NULL;
    struct plan plan;
    struct err err = {.text = ""};

    (void)state;
    assert_int_equal(plan_text(STAGES, NULL, &file, &plan, &err), 0);
    assert_int_equal(plan.target, 3);
    assert_string_equal(plan.stages[0].image, "x:2");
    assert_true(plan.stages[0].is_needed);
    assert_false(plan.stages[1].is_needed);
    assert_true(plan.stages[1].is_scratch);
    assert_int_equal(plan.stages[2].base, 0);
    assert_true(plan.stages[2].is_needed && plan.stages[3].is_needed);
    assert_int_equal(plan.n_steps, 2 + 3 + 4);
    plan_fini(&plan);
}

static void a_target_ends_the_plan(void **state)
{
    cleanup(containerfile_freep) struct containerfile *file = NULL;
    struct plan plan;
    struct err err;

    (void)state;
    assert_int_equal(plan_text(STAGES, "unused", &file, &plan, &err), 0);
    assert_false(plan.stages[0].is_needed);
    assert_int_equal(plan.n_steps, 2);
    plan_fini(&plan);
}

static const struct {
    const char *text, *target, *words;
} refused[] = {
    {"FROM x AS base\n", "bose",
     "--target: F has no stage 'bose': did you mean 'base'?"},
    {"FROM $none\n", NULL, "F:1: FROM: '$none' is nothing: its ARG has no value"},
    {"FROM x AS a\nCOPY --from=b / /\nFROM y AS b\n", "a",
     "F:2: COPY: the stage 'b' is not built by then: it comes later"},
    {"FROM x AS a\nCOPY --from=a / /\n", NULL,
     "F:2: COPY: the stage 'a' is not built by then: it comes here"},
    {"FROM x\nCOPY --from=3 / /\n", NULL,
     "F:2: COPY: there is no stage 3 before this one"},
    {"FROM x\nRUN --mount=from=7,target=/x a\n", NULL,
     "F:2: RUN: there is no stage 7 before this one"},
};

static void wrong_stages_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        cleanup(containerfile_freep) struct containerfile *file = NULL;
        struct err err = {.text = "(accepted)"};
        struct plan plan;

        (void)plan_text(refused[i].text, refused[i].target, &file, &plan, &err);
        assert_string_equal(err.text, refused[i].words);
    }
}

static void arg_takes_given_then_default_then_global_then_platform(void **state)
{
    char *args[] = {(char[]){"given=cli"}, (char[]){"https_proxy=p"}, NULL};
    char *platform[] = {(char[]){"TARGETARCH=amd64"}, NULL};
    const struct scope_given given = {.args = args, .platform = platform};
    cleanup(strv_freep) char **env = NULL;
    struct scope globals, stage;

    (void)state;
    scope_init(&globals, &given, NULL);
    scope_declare(&globals, "global", "g");
    assert_string_equal(scope_get(&globals, "TARGETARCH"), "amd64");
    scope_init(&stage, &given, &globals);
    assert_null(scope_get(&stage, "global"));
    assert_null(scope_get(&stage, "given"));
    assert_null(scope_get(&stage, "TARGETARCH"));
    scope_declare(&stage, "given", "default");
    scope_declare(&stage, "global", NULL);
    scope_declare(&stage, "TARGETARCH", NULL);
    scope_declare(&stage, "nothing", NULL);
    assert_string_equal(scope_get(&stage, "given"), "cli");
    assert_string_equal(scope_get(&stage, "global"), "g");
    assert_string_equal(scope_get(&stage, "TARGETARCH"), "amd64");
    assert_null(scope_get(&stage, "nothing"));
    scope_setenv(&stage, "given", "env");
    assert_string_equal(scope_get(&stage, "given"), "env");
    env = scope_environment(&stage);
    assert_string_equal(strv_getenv(env, "given"), "env");
    assert_string_equal(strv_getenv(env, "https_proxy"), "p");
    scope_fini(&stage);
    scope_fini(&globals);
}

static void a_stage_on_a_stage_keeps_its_args_and_no_other_has_them(void **state)
{
    static const struct scope_given given;
    struct scope globals, first, second;

    (void)state;
    scope_init(&globals, &given, NULL);
    scope_init(&first, &given, &globals);
    scope_declare(&first, "a", "1");
    scope_init(&second, &given, &globals);
    assert_null(scope_get(&second, "a"));
    scope_inherit(&second, &first);
    assert_string_equal(scope_get(&second, "a"), "1");
    scope_fini(&first);
    scope_fini(&second);
    scope_fini(&globals);
}

static void an_argument_nobody_asks_for_is_found(void **state)
{
    char *args[] = {(char[]){"HTTP_PROXY=p"}, (char[]){"a=1"}, (char[]){"b=2"}, NULL};
    char *asked[] = {(char[]){"a"}, NULL};
    const struct scope_given given = {.args = args};

    (void)state;
    assert_string_equal(scope_unused(&given, asked), "b=2");
    args[2] = NULL;
    assert_null(scope_unused(&given, asked));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_the_target_needs_is_built),
        cmocka_unit_test(a_target_ends_the_plan),
        cmocka_unit_test(wrong_stages_are_named),
        cmocka_unit_test(arg_takes_given_then_default_then_global_then_platform),
        cmocka_unit_test(a_stage_on_a_stage_keeps_its_args_and_no_other_has_them),
        cmocka_unit_test(an_argument_nobody_asks_for_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
