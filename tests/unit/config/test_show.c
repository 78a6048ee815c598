/* SPDX-License-Identifier: Apache-2.0
 *
 * test_show.c - what is shown reads back as the same configuration
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/config.h"

static const char text[] =
    "cluster: demo\n"
    "node:\n"
    "  heartbeat: 20s\n"
    "nodes:\n"
    "  - {names: 'n[1-2]', memory: 2G, features: [x, y], topology: \"synthetic:pack:2 "
    "core:4 pu:1\"}\n"
    "licences: {matlab: 10}\n"
    "scheduling: {policy: easy}\n"
    "partitions: [{name: p, nodes: 'n[1-2]', time_max: 36h, allow_qos: [a, b]}]\n"
    "switches: [{name: s, nodes: 'n[1-2]'}]\n";

static char *shown(const char *yaml)
{
    cleanup(config_freep) struct config *c = NULL;
    char *out = NULL;
    size_t len;
    FILE *file = open_memstream(&out, &len);
    struct err err = {0};

    if (config_parse("/etc/berth/berth.yaml", yaml, strlen(yaml), &c, &err) < 0)
        fail_msg("%s", err.text);
    config_show(c, file);
    (void)fclose(file);
    return out;
}

/* Cut every line's comment off, as positions differ between two files. */
static void strip_origins(char *s)
{
    char *to = s;
    int skipping = 0;

    for (; *s; s++) {
        skipping = *s == '\n' ? 0 : skipping || *s == '#';
        if (!skipping)
            *to++ = *s;
    }
    *to = '\0';
}

static void every_value_says_where_it_comes_from(void **state)
{
    cleanup(freep) char *out = shown("log: {level: warn}\nnode: {heartbeat: 9s}\n"
                                     "nodes: [{names: n1}]\n");

    (void)state;
    assert_non_null(strstr(out, "\n  heartbeat: 9s                                   "
                                "# berth.yaml:2\n"));
    assert_non_null(strstr(out, "\n  fanout: 16                                      "
                                "# default\n"));
    assert_non_null(strstr(out, "\n  placement:\n    switch: 100 "));
    assert_non_null(strstr(out, "  - {names: n1, address: n1, port: 7818}"));
    assert_non_null(strstr(out, "# berth.yaml:3\npartitions:"));
}

static void what_is_shown_reads_back_the_same(void **state)
{
    cleanup(freep) char *once = shown(text);
    cleanup(freep) char *twice = shown(once);

    (void)state;
    assert_non_null(strstr(once, "heartbeat: 20s"));
    assert_non_null(strstr(once, "time_max: 36h"));
    assert_non_null(strstr(once, "features: \"x,y\""));
    assert_non_null(strstr(once, "allow_qos: \"a,b\""));
    assert_non_null(strstr(once, "licences: \"matlab:10\""));
    assert_non_null(strstr(once, "policy: easy"));
    strip_origins(once);
    strip_origins(twice);
    assert_string_equal(once, twice);
}

static void nodes_of_one_line_are_shown_on_one(void **state)
{
    cleanup(freep) char *out =
        shown("nodes:\n- {names: 'n[1-3]', address: '10.0.0.[7-9]'}\n"
              "- {names: [b, a]}\n"
              "- {names: c}\n");

    (void)state;
    assert_non_null(strstr(out, "{names: \"n[1-3]\", address: \"10.0.0.[7-9]\", "));
    /* A list is sorted when it is made short, so these two stand alone. */
    assert_non_null(strstr(out, "  - {names: b, address: b, port: 7818}"));
    assert_non_null(strstr(out, "  - {names: c, address: c, port: 7818}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_says_where_it_comes_from),
        cmocka_unit_test(nodes_of_one_line_are_shown_on_one),
        cmocka_unit_test(what_is_shown_reads_back_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
