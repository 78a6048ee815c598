/* SPDX-License-Identifier: Apache-2.0
 *
 * test_inherit.c - what jobs and steps inherit from the process that asks
 */
#include "options/inherit.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct job_args args;

static int setup(void **state)
{
    (void)state;
    job_args_init(&args, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    job_args_fini(&args);
    return 0;
}

static char x[] = "X=1", submit[] = "submit", option[] = "-N4", file[] = "a b.sh";
static char *env[] = {x, NULL};
static char *argv[] = {submit, option, file, NULL};
static const struct spec_source batch = {
    .env = env,
    .command = "berth submit",
    .argv = argv,
    .script = "#!/bin/sh\n",
    .script_len = 10,
    .script_name = "dir/a b.sh",
};

static void a_job_is_named_after_its_script(void **state)
{
    (void)state;
    assert_int_equal(spec_complete(&args, &batch, NULL), 0);
    assert_string_equal(args.spec->name, "a b.sh");
    assert_string_equal(args.spec->submit_line, "berth submit -N4 'a b.sh'");
}

static void a_given_name_stays(void **state)
{
    (void)state;
    spec_take_string(&args.spec->name, xstrdup("mine"));
    assert_int_equal(spec_complete(&args, &batch, NULL), 0);
    assert_string_equal(args.spec->name, "mine");
}

static void a_job_inherits_the_process_it_comes_from(void **state)
{
    cleanup(freep) char *here = getcwd(NULL, 0);
    mode_t before = umask(027);

    (void)state;
    assert_int_equal(spec_complete(&args, &batch, NULL), 0);
    umask(before);
    assert_int_equal(args.spec->umask, 027);
    assert_string_equal(args.spec->cwd, here);
    assert_int_equal(args.spec->n_env, 1);
    assert_string_equal(args.spec->env[0], "X=1");
    assert_true(args.spec->n_rlimits > 10);
    assert_int_equal(args.spec->script.len, 10);
}

static void a_step_in_a_job_asks_only_for_what_was_said(void **state)
{
    Berth__StepSpec *step;

    (void)state;
    args.spec->tasks = 4;
    assert_int_equal(step_spec_build(&args, env, argv, true, &step, NULL), 0);
    assert_int_equal(step->tasks, 4);
    assert_int_equal(step->nodes, 0);
    assert_null(step->container);
    assert_string_equal(step->mpi, "");
    assert_true(step->kill_on_bad_exit);
    assert_int_equal(step->n_argv, 3);
    berth__step_spec__free_unpacked(step, NULL);
    assert_int_equal(step_spec_build(&args, env, argv, false, &step, NULL), 0);
    assert_int_equal(step->tasks, 0);
    berth__step_spec__free_unpacked(step, NULL);
}

static void a_step_warns_of_what_only_jobs_are_asked_for(void **state)
{
    (void)state;
    spec_take_string(&args.spec->constraint, xstrdup("fast"));
    step_warn_unheard(&args);
    assert_string_equal(
        args.warnings[0],
        "--constraint is for a new job: this step has what its job has");
    assert_null(args.warnings[1]);
}

static void daemons_of_a_launcher_have_all_cores_and_no_server(void **state)
{
    char path[] = "/opt/mpi/bin/orted", *daemon[] = {path, NULL};
    char said[] = "SLURM_EXTERNAL_LAUNCHER=1", *hydra[] = {said, NULL};
    Berth__StepSpec *step;

    (void)state;
    assert_int_equal(step_spec_build(&args, env, argv, true, &step, NULL), 0);
    assert_false(step->launcher);
    berth__step_spec__free_unpacked(step, NULL);
    assert_int_equal(step_spec_build(&args, env, daemon, true, &step, NULL), 0);
    assert_true(step->launcher);
    assert_true(step->overlap);
    assert_string_equal(step->mpi, "none");
    assert_false(step->kill_on_bad_exit);
    berth__step_spec__free_unpacked(step, NULL);
    assert_int_equal(step_spec_build(&args, hydra, argv, true, &step, NULL), 0);
    assert_true(step->launcher);
    berth__step_spec__free_unpacked(step, NULL);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_job_is_named_after_its_script),
        TEST(a_given_name_stays),
        TEST(a_job_inherits_the_process_it_comes_from),
        TEST(a_step_in_a_job_asks_only_for_what_was_said),
        TEST(daemons_of_a_launcher_have_all_cores_and_no_server),
        TEST(a_step_warns_of_what_only_jobs_are_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
