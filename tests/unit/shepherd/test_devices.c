/* SPDX-License-Identifier: Apache-2.0
 *
 * test_devices.c - what a job may ask for by name, and how it is told of its GPUs
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "shepherd/devices.h"

static char cuda[] = "CUDA_VISIBLE_DEVICES", rocr[] = "ROCR_VISIBLE_DEVICES",
            empty[] = "";
static char gpu1[] = "nvidia.com/gpu=1", kind[] = "nvidia.com/gpu",
            allowed[] = "acme.com/*";
static char files[] = "/dev/null";

static Berth__GivenDevice given[3];
static Berth__GivenDevice *given_pointers[3];
static char *kinds[] = {kind}, *patterns[] = {allowed}, *paths[] = {files};
static Berth__DevicePolicy policy;

/* GPUs 1 and 3 by CUDA, 2 by ROCm; indexes as they stand in the node's table. */
static int setup(void **state)
{
    const uint32_t numbers[] = {1, 2, 3};

    (void)state;
    berth__device_policy__init(&policy);
    for (int i = 0; i < 3; i++) {
        berth__given_device__init(&given[i]);
        given[i].index = numbers[i] + 4;
        given[i].number = numbers[i];
        given[i].variable = i == 1 ? rocr : cuda;
        given_pointers[i] = &given[i];
    }
    given[0].cdi = gpu1;
    policy.given = given_pointers;
    policy.n_given = 3;
    policy.cdi_given = kinds;
    policy.n_cdi_given = 1;
    policy.cdi_allow = patterns;
    policy.n_cdi_allow = 1;
    return 0;
}

static void assert_env(char *const *env, const char *name, const char *value)
{
    const char *found = strv_getenv(env, name);

    assert_non_null(found);
    assert_string_equal(found, value);
}

static void numbers_count_what_can_be_seen(void **state)
{
    cleanup(strv_freep) char **inside = NULL, **outside = NULL, **task = NULL;

    (void)state;
    devices_env(&inside, &policy, NULL, true, NULL);
    assert_env(inside, cuda, "0,1");
    assert_env(inside, rocr, "0");
    assert_env(inside, "SLURM_JOB_GPUS", "1,2,3");
    assert_env(inside, "BERTH_GPUS_ON_NODE", "3");
    devices_env(&outside, &policy, NULL, false, NULL);
    assert_env(outside, cuda, "1,3");
    assert_env(outside, rocr, "2");
    devices_env(&task, &policy, NULL, true, "7");
    assert_env(task, cuda, "1");
    assert_env(task, rocr, "");
}

static void a_job_without_gpus_is_told_nothing(void **state)
{
    cleanup(strv_freep) char **env = NULL;

    (void)state;
    for (int i = 0; i < 3; i++)
        given[i].variable = empty;
    devices_env(&env, &policy, NULL, true, NULL);
    devices_env(&env, NULL, NULL, true, NULL);
    assert_null(env);
}

static void specifications_lay_variables_over_those_that_are_there(void **state)
{
    char *cdi[] = {(char[]){"A=2"}, (char[]){"B=x=y"}, (char[]){"LD_LIBRARY_PATH=/gpu"},
                   NULL};
    cleanup(strv_freep) char **env = NULL;

    (void)state;
    strv_add(&env, "A=1");
    devices_env(&env, NULL, cdi, true, NULL);
    assert_env(env, "A", "2");
    assert_env(env, "B", "x=y");
    assert_env(env, "LD_LIBRARY_PATH", "/gpu");
    devices_env(&env, NULL, cdi, true, NULL);
    assert_env(env, "LD_LIBRARY_PATH", "/gpu:/gpu");
}

static void assert_refused(char *name, const char *words)
{
    struct devices devices;
    struct err err;

    assert_true(devices_find(&policy, &name, 1, &devices, &err) < 0);
    if (!strstr(err.text, words))
        fail_msg("'%s' is not in '%s'", words, err.text);
}

static void what_is_not_for_asking_is_refused(void **state)
{
    char other_gpu[] = "nvidia.com/gpu=0", other[] = "x.org/y=z", bad[] = "x";

    (void)state;
    assert_refused(other_gpu, "ask with --gres or --gpus");
    assert_refused(other, "this site does not allow it");
    assert_refused(bad, "--device: 'x' is no CDI name");
}

static void nothing_is_read_when_nothing_is_asked(void **state)
{
    struct devices devices;

    (void)state;
    given[0].cdi = empty;
    assert_int_equal(devices_find(&policy, NULL, 0, &devices, NULL), 0);
    assert_null(devices.registry);
    assert_int_equal(devices_find(NULL, NULL, 0, &devices, NULL), 0);
}

static void gpus_without_a_specification_are_their_files(void **state)
{
    cleanup(devices_fini) struct devices devices = {0};
    struct mounts mounts = {0};

    (void)state;
    given[0].paths = given[1].paths = paths;
    given[0].n_paths = given[1].n_paths = 1;
    assert_int_equal(devices_mount(&devices, &policy, true, &mounts, NULL), 0);
    assert_int_equal(mounts.n, 1);
    assert_string_equal(mounts.v[0].target, "/dev/null");
    assert_true(mounts.v[0].optional);
    mounts_fini(&mounts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(numbers_count_what_can_be_seen, setup),
        cmocka_unit_test_setup(a_job_without_gpus_is_told_nothing, setup),
        cmocka_unit_test_setup(specifications_lay_variables_over_those_that_are_there,
                               setup),
        cmocka_unit_test_setup(what_is_not_for_asking_is_refused, setup),
        cmocka_unit_test_setup(nothing_is_read_when_nothing_is_asked, setup),
        cmocka_unit_test_setup(gpus_without_a_specification_are_their_files, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
