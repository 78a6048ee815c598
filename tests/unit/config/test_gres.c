/* SPDX-License-Identifier: Apache-2.0
 *
 * test_gres.c - devices that a site says its nodes have
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/config.h"
#include "config/gres.h"

static void every_part_is_read(void **state)
{
    struct config_gres *list;
    size_t n;

    (void)state;
    assert_int_equal(config_gres_parse("gpu:a100:4[0-15]@nvidia.com/gpu,fpga,"
                                       "tape:2@old.org/tape=t%d-%b",
                                       &list, &n, NULL),
                     0);
    assert_int_equal(n, 3);
    assert_string_equal(list[0].name, "gpu");
    assert_string_equal(list[0].type, "a100");
    assert_int_equal(list[0].count, 4);
    assert_string_equal(list[0].cores, "0-15");
    assert_string_equal(list[0].cdi, "nvidia.com/gpu=%d");
    assert_null(list[1].cdi);
    assert_int_equal(list[1].count, 1);
    assert_string_equal(list[2].cdi, "old.org/tape=t%d-%b");
    config_gres_free(list, n);
}

static void names_are_made_of_number_and_bus(void **state)
{
    struct config_gres gres = {.cdi = (char[]){"a.b/c=x%d.%b"}};
    cleanup(freep) char *name = config_gres_cdi_name(&gres, 3, "0000:3b:00.0");

    (void)state;
    assert_string_equal(name, "a.b/c=x3.0000:3b:00.0");
    assert_null(config_gres_cdi_name(&gres, 3, NULL));
}

static void assert_refused(const char *text, const char *words)
{
    struct config_gres *list;
    struct err err;
    size_t n;

    assert_int_equal(config_gres_parse(text, &list, &n, &err), -22);
    if (!strstr(err.text, words))
        fail_msg("'%s' is not in '%s'", words, err.text);
}

static void wrong_names_are_refused(void **state)
{
    (void)state;
    assert_refused("gpu:2@nvidia", "'nvidia' is no kind of devices");
    assert_refused("gpu:2@", "is no kind of devices");
    assert_refused("gpu:2@a=b/c", "is no kind of devices");
    assert_refused("gpu:2@nvidia.com/gpu=0", "is one name for 2 devices");
    assert_refused("gpu:2@nvidia.com/gpu=%x", "may have %d and %b");
    assert_refused("gpu:2@nvidia.com/gpu=%", "may have %d and %b");
}

static void lists_and_groups_of_keys_say_the_same(void **state)
{
    static const char text[] =
        "nodes:\n"
        "  - names: n1\n"
        "    gres: [{name: gpu, count: 2, cdi: nvidia.com/gpu}, "
        "'box@acme.com/box=only']\n"
        "container: {cdi_dirs: [/a, /b], cdi_allow: [], cdi_hooks: none}\n";
    cleanup(config_freep) struct config *config = NULL;

    (void)state;
    assert_int_equal(config_parse("t.yaml", text, strlen(text), &config, NULL), 0);
    assert_string_equal(config->nodes[0].gres,
                        "gpu:2@nvidia.com/gpu,box@acme.com/box=only");
    assert_string_equal(config->container.cdi_dirs, "/a,/b");
    assert_null(config->container.cdi_allow);
    assert_int_equal(config->container.cdi_hooks, CONFIG_HOOKS_NONE);
}

static void libraries_are_a_list_in_a_section(void **state)
{
    static const char text[] =
        "nodes: [{names: n1}]\ncontainer:\n  host_libraries:\n"
        "    - {name: a, libraries: [/a/libmpi.so.40, /b], env: [X=1, Y=2]}\n"
        "    - {name: b, libraries: /c}\n";
    cleanup(config_freep) struct config *config = NULL;
    const struct config_libraries *sets;

    (void)state;
    assert_int_equal(config_parse("t.yaml", text, strlen(text), &config, NULL), 0);
    assert_int_equal(config->container.n_libraries, 2);
    sets = config->container.libraries;
    assert_string_equal(sets[0].name, "a");
    assert_string_equal(sets[0].libraries, "/a/libmpi.so.40,/b");
    assert_string_equal(sets[0].env, "X=1,Y=2");
    assert_string_equal(sets[1].libraries, "/c");
    assert_null(sets[1].env);
}

static void assert_no_libraries(const char *item, const char *words)
{
    cleanup(freep) char *text =
        xasprintf("nodes: [{names: n1}]\ncontainer:\n  host_libraries:\n"
                  "    - {name: a, libraries: /a}\n    - {%s}\n",
                  item);
    struct config *config;
    struct err err;

    assert_true(config_parse("t.yaml", text, strlen(text), &config, &err) < 0);
    if (strcmp(err.text, words) != 0)
        fail_msg("%s", err.text);
}

static void wrong_libraries_are_refused(void **state)
{
    (void)state;
    assert_no_libraries("name: a, libraries: /b",
                        "t.yaml:5: container.host_libraries[].name: a is in line 4 "
                        "already");
    assert_no_libraries("name: b",
                        "t.yaml:5: container.host_libraries[].libraries: is missing");
    assert_no_libraries("name: b, libraries: []",
                        "t.yaml:5: container.host_libraries[].libraries: there are "
                        "none");
    assert_no_libraries("name: b, libraries: libmpi.so.40",
                        "t.yaml:5: container.host_libraries[].libraries: "
                        "'libmpi.so.40' is no absolute path");
    assert_no_libraries("name: b, libraries: /b, env: [X]",
                        "t.yaml:5: container.host_libraries[].env: 'X' is not "
                        "NAME=VALUE");
    assert_no_libraries("name: b, librarie: /b",
                        "t.yaml:5: container.host_libraries[].librarie: no such key, "
                        "did you mean 'libraries'?");
}

static void directories_of_specifications_are_absolute(void **state)
{
    static const char text[] =
        "nodes: [{names: n1}]\ncontainer:\n  cdi_dirs: [/a, b]\n";
    struct config *config;
    struct err err;

    (void)state;
    assert_true(config_parse("t.yaml", text, strlen(text), &config, &err) < 0);
    assert_string_equal(err.text,
                        "t.yaml:3: container.cdi_dirs: 'b' is no absolute path");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_is_read),
        cmocka_unit_test(names_are_made_of_number_and_bus),
        cmocka_unit_test(wrong_names_are_refused),
        cmocka_unit_test(lists_and_groups_of_keys_say_the_same),
        cmocka_unit_test(libraries_are_a_list_in_a_section),
        cmocka_unit_test(wrong_libraries_are_refused),
        cmocka_unit_test(directories_of_specifications_are_absolute),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
