/* SPDX-License-Identifier: Apache-2.0
 *
 * test_mask.c - what a task inherits and sees of the node besides its root
 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define with(name, spec) \
    cleanup(container_destroyp) struct container *name = start(spec)

static void what_concerns_the_whole_node_is_hidden(void **state)
{
    static const char *const files[] = {"/proc/keys", "/proc/kcore", "/proc/interrupts",
                                        "/proc/timer_list"};
    static const char *const dirs[] = {"/proc/acpi", "/proc/scsi", "/sys/firmware",
                                       "/sys/devices/virtual/powercap"};
    int n = 0;
    with(c, &fixture()->spec);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        cleanup(freep) char *path = xstrdup(files[i]);

        if (access(path, R_OK))
            continue;
        assert_string_equal(probe(c, A("cat"), path), "");
        n++;
    }
    for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
        cleanup(freep) char *path = xstrdup(dirs[i]);

        if (access(path, F_OK))
            continue;
        assert_string_equal(probe(c, A("list"), path), "");
        assert_non_null(
            strstr(probe(c, A("mkdir"), A("/sys/firmware/x")), "Read-only"));
        n++;
    }
    assert_true(n > 3);
}

/* Also for the container's root, whom rights alone would not stop. */
static void orders_to_the_kernel_are_not_taken(void **state)
{
    struct container_spec spec = fixture()->spec;

    (void)state;
    spec.as_root = true;
    with(c, &spec);
    if (!geteuid() && !access("/proc/irq/default_smp_affinity", F_OK))
        assert_string_equal(
            probe(c, A("write"), A("/proc/irq/default_smp_affinity"), A("f")),
            "/proc/irq/default_smp_affinity: Read-only file system");
    assert_string_equal(probe(c, A("write"), A("/proc/sys/kernel/msgmax"), A("8192")),
                        "/proc/sys/kernel/msgmax: Read-only file system");
    assert_string_equal(probe(c, A("write"), A("/proc/self/oom_score_adj"), A("500")),
                        "ok");
}

static void topology_can_still_be_seen(void **state)
{
    with(c, &fixture()->spec);

    (void)state;
    assert_non_null(strstr(probe(c, A("list"), A("/sys/devices/system/cpu")), "cpu0 "));
    assert_non_null(
        strstr(probe(c, A("list"), A("/sys/devices/system/cpu/cpu0")), "topology "));
    assert_non_null(strstr(probe(c, A("list"), A("/proc")), "cpuinfo "));
}

static void session_and_keyring_are_fresh(void **state)
{
    struct container_spec spec = fixture()->spec;
    long ours = syscall(SYS_keyctl, 0L, -3L, 0L), theirs;
    const char *text;
    char *end;

    (void)state;
    spec.unconfined = true; /* or it could not ask */
    with(c, &spec);
    text = probe(c, A("session"));
    theirs = strtol(text, &end, 10);
    assert_string_equal(end, " 1");
    assert_true(theirs > 0);
    assert_int_not_equal(theirs, ours);
}

static void limits_are_carried_over(void **state)
{
    struct rlimit core, memlock;
    cleanup(freep) char *want = NULL;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
    assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &memlock), 0);
    core.rlim_cur = core.rlim_max < 12345 ? core.rlim_max : 12345;
    memlock.rlim_cur = memlock.rlim_max < 40960 ? memlock.rlim_max : 40960;
    assert_int_equal(setrlimit(RLIMIT_CORE, &core), 0);
    assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &memlock), 0);
    want = xasprintf("%lu %lu", core.rlim_cur, memlock.rlim_cur);
    with(c, &fixture()->spec);
    assert_string_equal(probe(c, A("limits")), want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_concerns_the_whole_node_is_hidden),
        cmocka_unit_test(orders_to_the_kernel_are_not_taken),
        cmocka_unit_test(topology_can_still_be_seen),
        cmocka_unit_test(session_and_keyring_are_fresh),
        cmocka_unit_test(limits_are_carried_over),
    };

    return run_as_each("masks", tests, ARRAY_SIZE(tests));
}
