/* SPDX-License-Identifier: Apache-2.0
 *
 * test_machine.c - a machine from a number, and from a configuration
 */
#include "sim/machine.h"

#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A file with this text; the caller unlinks it. */
static char *write_file(const char *text)
{
    char *path = xstrdup("/tmp/berth-machine-XXXXXX");
    const int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(io_write_full(fd, text, strlen(text)), 0);
    (void)close(fd);
    return path;
}

static int load(const char *text, struct machine *ret, struct err *err)
{
    cleanup(freep) char *path = write_file(text);
    const int rc = machine_load(path, ret, err);

    (void)unlink(path);
    return rc;
}

static void a_flat_machine_is_one_node(void **state)
{
    struct machine machine;

    (void)state;
    machine_flat(&machine, 240);
    assert_int_equal(machine.procs, 240);
    assert_int_equal(machine.n_nodes, 1);
    assert_null(machine.config);
    machine_fini(&machine);
}

static void nodes_of_a_kind_share_their_topology(void **state)
{
    struct machine machine;
    struct err err = {0};

    (void)state;
    if (load("nodes:\n"
             "  - {names: \"a[1-3]\", topology: \"synthetic:pack:2 core:4 pu:1\"}\n"
             "  - {names: \"b[1-2]\", topology: \"synthetic:core:16 pu:2\"}\n"
             "switches:\n"
             "  - {name: s1, nodes: \"a[1-3]\"}\n"
             "  - {name: s2, nodes: \"b[1-2]\"}\n"
             "  - {name: top, switches: \"s[1-2]\"}\n",
             &machine, &err))
        fail_msg("%s", err.text);
    assert_int_equal(machine.n_nodes, 5);
    assert_int_equal(machine.procs, 3 * 8 + 2 * 16);
    assert_int_equal(machine.n_topos, 2);
    assert_ptr_equal(machine.topo_of[0], machine.topo_of[2]);
    assert_int_equal(machine.topo_of[4]->n_cores, 16);
    assert_string_equal(machine.names[3], "b1");
    assert_string_equal(machine.switches[2].switches, "s[1-2]");
    machine_fini(&machine);
}

static void a_wrong_topology_is_named_with_its_node(void **state)
{
    struct machine machine;
    struct err err = {0};

    (void)state;
    assert_true(
        load("nodes:\n  - {names: \"a[1-3]\", topology: \"synthetic:bogus:2\"}\n",
             &machine, &err) < 0);
    assert_non_null(strstr(err.text, ":2: node a1: "));
    assert_int_equal(machine_load("/nonexistent/b.yaml", &machine, &err), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flat_machine_is_one_node),
        cmocka_unit_test(nodes_of_a_kind_share_their_topology),
        cmocka_unit_test(a_wrong_topology_is_named_with_its_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
