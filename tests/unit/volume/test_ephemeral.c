/* SPDX-License-Identifier: Apache-2.0
 *
 * test_ephemeral.c - what a pod has on disk, held against limits of ephemeral-storage
 */
#include "volume/ephemeral.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "volume_test.h"

#define LIMIT(amount) "    resources: {limits: {ephemeral-storage: " amount "}}\n"
#define POD(a, b)                                                            \
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n" \
    "  - name: one\n    image: i\n" a "  - name: two\n    image: i\n" b
#define KIB 1024

static char top[] = "/tmp/berth-ephemeral-XXXXXX";
static char *volumes, *logs;

static int make_dirs(void **state)
{
    (void)state;
    (void)memcpy(strrchr(top, '-') + 1, "XXXXXX", 6);
    if (!mkdtemp(top))
        return -1;
    volumes = xasprintf("%s/volumes/scratch", top);
    logs = xasprintf("%s/logs", top);
    return io_mkdir_p(volumes, 0755, NULL) || io_mkdir_p(logs, 0755, NULL) ? -1 : 0;
}

static int remove_dirs(void **state)
{
    (void)state;
    free(volumes);
    free(logs);
    return io_remove_tree(top, NULL);
}

static void write_kib(const char *dir, const char *name, size_t kib)
{
    cleanup(freep) char *path = xasprintf("%s/%s", dir, name);
    cleanup(freep) char *bytes = xcalloc(kib, KIB);

    memset(bytes, 'x', kib * KIB);
    assert_int_equal(io_write_file_atomic(path, bytes, kib * KIB, 0600, NULL), 0);
}

/* Until it has counted all, or says that it is too much. */
static int count(const char *text, struct err *err)
{
    cleanup(freep) char *all = xasprintf("%s/volumes", top);
    struct manifest manifest = one_object(text);
    const struct mf_pod *pod = manifest.objects[0].object;
    struct ephemeral *e = ephemeral_create(pod->spec, all, logs);
    int rc = 1;

    if (!e)
        rc = 0;
    for (int64_t now = 1000; e && rc > 0 && now < 1000 + 5000; now += 100)
        rc = ephemeral_watch(e, now, err);
    ephemeral_destroy(e);
    manifest_fini(&manifest);
    return rc;
}

static void without_limits_nobody_counts(void **state)
{
    struct err err;

    (void)state;
    write_kib(volumes, "x", 500);
    assert_int_equal(count(POD("", ""), &err), 0);
}

static void what_is_within_all_limits_stays(void **state)
{
    struct err err;

    (void)state;
    write_kib(volumes, "x", 100);
    write_kib(logs, "one.0.log", 40);
    assert_true(count(POD(LIMIT("100Ki"), LIMIT("200Ki")), &err) > 0);
}

static void volumes_and_logs_together_are_held_against_the_sum(void **state)
{
    struct err err;

    (void)state;
    write_kib(volumes, "x", 200);
    write_kib(logs, "two.0.log", 150);
    assert_int_equal(count(POD(LIMIT("100Ki"), LIMIT("200Ki")), &err), -EDQUOT);
    assert_string_equal(err.text,
                        "Pod ephemeral local storage usage exceeds the total limit of "
                        "containers 300K.");
}

static void a_container_has_its_own_limit_for_what_it_logs(void **state)
{
    struct err err;

    (void)state;
    write_kib(logs, "one.0.log", 60);
    write_kib(logs, "one.0.log.old", 60);
    write_kib(logs, "one-more.0.log", 1);
    assert_int_equal(count(POD(LIMIT("100Ki"), LIMIT("500Ki")), &err), -EDQUOT);
    assert_string_equal(err.text, "Container one exceeded its local ephemeral storage "
                                  "limit \"100Ki\".");
    /* The other one's are not its own. */
    assert_true(count(POD(LIMIT("500Ki"), LIMIT("100Ki")), &err) > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dirs, remove_dirs)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_limits_nobody_counts),
        TEST(what_is_within_all_limits_stays),
        TEST(volumes_and_logs_together_are_held_against_the_sum),
        TEST(a_container_has_its_own_limit_for_what_it_logs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
