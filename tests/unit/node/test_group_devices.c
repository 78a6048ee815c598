/* SPDX-License-Identifier: Apache-2.0
 *
 * test_group_devices.c - which devices a job may use
 *
 * Links to this machine's devices stand for those of the /dev that is made up.
 */
#include "node/group_devices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

static char dev[64];

/* /dev/NAME is what TARGET is: each test has one target for each name. */
static void device(const char *name, const char *target)
{
    cleanup(freep) char *path = xasprintf("%s/%s", dev, name);
    cleanup(freep) char *dir = xstrdup(path);
    struct err err;

    *strrchr(dir, '/') = '\0';
    assert_int_equal(io_mkdir_p(dir, 0755, &err), 0);
    assert_int_equal(symlink(target, path), 0);
}

static bool allows(const struct device_rules *rules, const char *target)
{
    struct stat st;

    assert_int_equal(stat(target, &st), 0);
    for (size_t i = 0; i < rules->n; i++)
        if (rules->v[i].type == 'c' &&
            rules->v[i].major == (int32_t)major(st.st_rdev) &&
            (rules->v[i].minor < 0 || rules->v[i].minor == (int32_t)minor(st.st_rdev)))
            return true;
    return false;
}

static int set_up(void **state)
{
    (void)state;
    (void)strcpy(dev, "/tmp/berth-dev-XXXXXX");
    return mkdtemp(dev) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return io_remove_tree(dev, NULL);
}

static void common_devices_and_fabrics_are_for_everybody(void **state)
{
    struct device_rules rules;

    (void)state;
    device("null", "/dev/null");
    device("infiniband/uverbs0", "/dev/zero");
    device("cxi0", "/dev/full");
    device("cxi1", "/dev/random");
    device("mem", "/dev/urandom");
    rules = group_devices(dev, NULL, NULL);
    assert_true(allows(&rules, "/dev/null"));
    assert_true(allows(&rules, "/dev/zero"));
    assert_true(allows(&rules, "/dev/full"));
    assert_true(allows(&rules, "/dev/random"));
    assert_false(allows(&rules, "/dev/urandom"));
    free(rules.v);
}

static void gpus_are_for_those_they_were_given_to(void **state)
{
    char path[128], *paths[] = {path};
    Berth__GivenDevice given = BERTH__GIVEN_DEVICE__INIT, *all[] = {&given};
    Berth__DevicePolicy policy = BERTH__DEVICE_POLICY__INIT;
    struct device_rules rules;

    (void)state;
    device("nvidia0", "/dev/zero");
    device("nvidia1", "/dev/full");
    rules = group_devices(dev, &policy, NULL);
    assert_true(allows(&rules, "/dev/zero") && allows(&rules, "/dev/full"));
    free(rules.v);
    policy.gpus_are_given = true;
    rules = group_devices(dev, &policy, NULL);
    assert_false(allows(&rules, "/dev/zero") || allows(&rules, "/dev/full"));
    free(rules.v);
    (void)snprintf(path, sizeof(path), "%s/nvidia1", dev);
    given.paths = paths;
    given.n_paths = 1;
    policy.given = all;
    policy.n_given = 1;
    rules = group_devices(dev, &policy, NULL);
    assert_false(allows(&rules, "/dev/zero"));
    assert_true(allows(&rules, "/dev/full"));
    free(rules.v);
}

static void a_site_may_add_some(void **state)
{
    struct device_rules rules;

    (void)state;
    device("kvm", "/dev/zero");
    device("dri/renderD128", "/dev/full");
    rules = group_devices(dev, &(Berth__DevicePolicy)BERTH__DEVICE_POLICY__INIT,
                          "kvm,none");
    assert_true(allows(&rules, "/dev/zero"));
    free(rules.v);
}

static void specifications_name_more_unless_it_has_to_be_given(void **state)
{
    char text[512], kind[] = "vendor.com/gpu";
    char *dirs[] = {dev, NULL}, *kinds[] = {kind};
    Berth__DevicePolicy policy = BERTH__DEVICE_POLICY__INIT;
    cleanup(freep) char *path = xasprintf("%s/vendor.json", dev);
    struct device_rules rules;
    struct err err;

    (void)state;
    device("gpu7", "/dev/zero");
    (void)snprintf(text, sizeof(text),
                   "{\"cdiVersion\": \"0.6.0\", \"kind\": \"vendor.com/gpu\", "
                   "\"devices\": [{\"name\": \"7\", \"containerEdits\": "
                   "{\"deviceNodes\": [{\"path\": \"%s/gpu7\"}]}}]}",
                   dev);
    assert_int_equal(io_write_file_atomic(path, text, strlen(text), 0644, &err), 0);
    policy.cdi_dirs = dirs;
    policy.n_cdi_dirs = 1;
    rules = group_devices(dev, &policy, NULL);
    assert_true(allows(&rules, "/dev/zero"));
    free(rules.v);
    policy.cdi_given = kinds;
    policy.n_cdi_given = 1;
    rules = group_devices(dev, &policy, NULL);
    assert_false(allows(&rules, "/dev/zero"));
    free(rules.v);
}

int main(void)
{
#define IN_A_DEV(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_A_DEV(common_devices_and_fabrics_are_for_everybody),
        IN_A_DEV(gpus_are_for_those_they_were_given_to),
        IN_A_DEV(a_site_may_add_some),
        IN_A_DEV(specifications_name_more_unless_it_has_to_be_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
