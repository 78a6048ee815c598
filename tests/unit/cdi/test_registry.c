/* SPDX-License-Identifier: Apache-2.0
 *
 * test_registry.c - directories of specifications: which file names a device
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cdi/cdi.h"

struct world {
    char root[32];
    char **dirs; /* "etc", then "run" */
};

static int make_world(void **state)
{
    struct world *w = xcalloc(1, sizeof(*w));

    strcpy(w->root, "/tmp/berth-cdi-XXXXXX");
    if (!mkdtemp(w->root))
        return -1;
    strv_take(&w->dirs, xasprintf("%s/etc", w->root));
    strv_take(&w->dirs, xasprintf("%s/run", w->root));
    *state = w;
    return mkdir(w->dirs[0], 0755) || mkdir(w->dirs[1], 0755);
}

static int remove_world(void **state)
{
    struct world *w = *state;

    (void)io_remove_tree(w->root, NULL);
    strv_free(w->dirs);
    free(w);
    return 0;
}

/* A file with one device of acme.com/box, whose FROM says where it is from. */
static void put(const struct world *w, size_t dir, const char *name, const char *device,
                const char *from)
{
    cleanup(freep) char *path = xasprintf("%s/%s", w->dirs[dir], name);
    cleanup(freep) char *text =
        xasprintf("cdiVersion: 0.6.0\nkind: acme.com/box\ndevices:\n"
                  "- {name: %s, containerEdits: {env: [FROM=%s]}}\n",
                  device, from);

    assert_int_equal(io_write_file_atomic(path, text, strlen(text), 0644, NULL), 0);
}

static void assert_from(const struct cdi_registry *registry, const char *name,
                        const char *from)
{
    const struct cdi_device *device;
    const struct cdi_spec *spec;

    assert_int_equal(cdi_registry_find(registry, name, &spec, &device, NULL), 0);
    assert_string_equal(device->edits.env[0] + 5, from);
}

static void a_later_directory_goes_first(void **state)
{
    const struct world *w = *state;
    cleanup(cdi_registry_freep) struct cdi_registry *registry = NULL;
    cleanup(strv_freep) char **names = NULL;

    put(w, 0, "a.yaml", "x", "etc");
    put(w, 1, "z.yaml", "x", "run");
    put(w, 0, "b.yaml", "y", "etc");
    registry = cdi_registry_load(w->dirs);
    assert_null(registry->problems);
    assert_from(registry, "acme.com/box=x", "run");
    assert_from(registry, "acme.com/box=y", "etc");
    names = cdi_registry_names(registry);
    assert_int_equal(strv_len(names), 2);
    assert_string_equal(names[0], "acme.com/box=x");
    assert_string_equal(names[1], "acme.com/box=y");
}

static void two_files_of_a_directory_make_a_device_unusable(void **state)
{
    const struct world *w = *state;
    cleanup(cdi_registry_freep) struct cdi_registry *registry = NULL;
    const struct cdi_device *device;
    const struct cdi_spec *spec;
    struct err err;

    put(w, 1, "a.yaml", "x", "a");
    put(w, 1, "b.yaml", "x", "b");
    put(w, 0, "c.yaml", "x", "c");
    registry = cdi_registry_load(w->dirs);
    assert_int_equal(
        cdi_registry_find(registry, "acme.com/box=x", &spec, &device, &err), -17);
    assert_non_null(strstr(err.text, "a.yaml and in "));
}

static void a_wrong_file_hinders_no_other(void **state)
{
    const struct world *w = *state;
    cleanup(freep) char *path = xasprintf("%s/bad.json", w->dirs[0]);
    cleanup(cdi_registry_freep) struct cdi_registry *registry = NULL;
    const struct cdi_device *device;
    const struct cdi_spec *spec;
    struct err err;

    put(w, 0, "good.yaml", "x", "good");
    put(w, 0, "ignored.txt", "t", "txt");
    assert_int_equal(io_write_file_atomic(path, "{", 1, 0644, NULL), 0);
    registry = cdi_registry_load(w->dirs);
    assert_int_equal(strv_len(registry->problems), 1);
    assert_non_null(strstr(registry->problems[0], "bad.json:1: not valid JSON"));
    assert_from(registry, "acme.com/box=x", "good");
    assert_int_equal(cdi_registry_find(registry, "other.org/t=1", &spec, &device, &err),
                     -2);
    assert_non_null(strstr(err.text, "bad.json"));
}

static void an_unknown_device_is_told_the_nearest(void **state)
{
    const struct world *w = *state;
    cleanup(cdi_registry_freep) struct cdi_registry *registry = NULL;
    const struct cdi_device *device;
    const struct cdi_spec *spec;
    struct err err;

    put(w, 0, "a.yaml", "disk", "a");
    registry = cdi_registry_load(w->dirs);
    assert_int_equal(
        cdi_registry_find(registry, "acme.com/box=dsik", &spec, &device, &err), -2);
    assert_non_null(strstr(err.text, "did you mean acme.com/box=disk?"));
}

static void missing_directories_are_empty(void **state)
{
    static char *dirs[] = {NULL, NULL};
    const struct world *w = *state;
    cleanup(freep) char *missing = xasprintf("%s/nothing", w->root);
    cleanup(cdi_registry_freep) struct cdi_registry *registry = NULL;

    dirs[0] = missing;
    registry = cdi_registry_load(dirs);
    assert_int_equal(registry->n_specs, 0);
    assert_null(registry->problems);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, remove_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_later_directory_goes_first),
        TEST(two_files_of_a_directory_make_a_device_unusable),
        TEST(a_wrong_file_hinders_no_other),
        TEST(an_unknown_device_is_told_the_nearest),
        TEST(missing_directories_are_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
