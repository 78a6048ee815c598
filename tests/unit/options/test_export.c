/* SPDX-License-Identifier: Apache-2.0
 *
 * test_export.c - which variables a job gets
 */
#include "options/export.h"

#include "base/mem.h"
#include "base/strv.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char home[] = "HOME=/home/a", path[] = "PATH=/bin", x[] = "X=1", y[] = "Y=2";
static char lead[] = "BERTH_LEAD=unix:/x", slurm[] = "SLURM_NTASKS=4";
static char *const outside[] = {home, path, x, y, slurm, NULL};
static char *const inside[] = {home, path, x, lead, slurm, NULL};

static void assert_export(const char *list, char *const *env, int new_job,
                          const char *joined)
{
    cleanup(strv_freep) char **got = NULL;
    cleanup(freep) char *text = NULL;

    assert_int_equal(export_env(list, env, new_job, &got, NULL), 0);
    text = strv_join(got, " ");
    assert_string_equal(text, joined);
}

static void all_is_everything(void **state)
{
    (void)state;
    assert_export(NULL, outside, 1, "HOME=/home/a PATH=/bin X=1 Y=2 SLURM_NTASKS=4");
    assert_export("ALL,Y=3,Z=4", outside, 1,
                  "HOME=/home/a PATH=/bin X=1 Y=3 SLURM_NTASKS=4 Z=4");
}

static void none_leaves_what_a_login_needs(void **state)
{
    (void)state;
    assert_export("NONE", outside, 1, "HOME=/home/a PATH=/bin");
    assert_export("NIL", outside, 1, "HOME=/home/a PATH=/bin");
}

static void names_are_taken_from_the_environment_or_set(void **state)
{
    (void)state;
    assert_export("X,Z=4,NOTSET", outside, 1, "HOME=/home/a PATH=/bin X=1 Z=4");
    assert_export("L='a,b',M=\"c d\"", outside, 1,
                  "HOME=/home/a PATH=/bin L=a,b M=c d");
}

static void a_new_job_forgets_the_one_it_is_submitted_from(void **state)
{
    (void)state;
    assert_export("ALL", inside, 1, "HOME=/home/a PATH=/bin X=1");
    assert_export("ALL", inside, 0,
                  "HOME=/home/a PATH=/bin X=1 BERTH_LEAD=unix:/x SLURM_NTASKS=4");
}

static void a_name_that_is_none_is_refused(void **state)
{
    struct err err;
    char **env;

    (void)state;
    assert_int_equal(export_env("ALL,1X=2", outside, 1, &env, &err), -EINVAL);
    assert_string_equal(err.text, "--export: '1X' is not the name of a variable");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_everything),
        cmocka_unit_test(none_leaves_what_a_login_needs),
        cmocka_unit_test(names_are_taken_from_the_environment_or_set),
        cmocka_unit_test(a_new_job_forgets_the_one_it_is_submitted_from),
        cmocka_unit_test(a_name_that_is_none_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
