/* SPDX-License-Identifier: Apache-2.0
 *
 * test_switch_tree.c - how the nodes hang together, and what is refused
 */
#include "topo/switch_tree.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const names[] = {"n0", "n1", "n2", "n3", "n4", "n5"};

static struct switch_tree *built(const struct switch_def *defs, size_t n)
{
    struct switch_tree *tree = NULL;
    struct err err;
    if (switch_tree_build(defs, n, names, ARRAY_SIZE(names), &tree, &err) < 0)
        fail_msg("%s", err.text);
    return tree;
}

static void assert_path(const struct switch_tree *tree, uint32_t node,
                        const char *expected)
{
    cleanup(freep) char *path = switch_tree_path(tree, node);
    assert_string_equal(path, expected);
}

static unsigned int span_of_two(const struct switch_tree *tree, uint32_t a, uint32_t b)
{
    return switch_tree_span(tree, (uint32_t[]){a, b}, 2);
}

static void without_definitions_all_nodes_share_one_switch(void **state)
{
    (void)state;
    struct switch_tree *tree = built(NULL, 0);
    assert_int_equal(switch_tree_n_switches(tree), 1);
    assert_int_equal(span_of_two(tree, 0, 5), 0);
    assert_path(tree, 3, "");
    switch_tree_destroy(tree);
}

static const struct switch_def uneven[] = {
    {.name = "core", .switches = "spine,leaf2", .nodes = "n5"},
    {.name = "spine", .switches = "leaf[0-1]"},
    {.name = "leaf0", .nodes = "n[0-1]"},
    {.name = "leaf1", .nodes = "n2"},
    {.name = "leaf2", .nodes = "n3"},
};

static void distance_counts_levels_up(void **state)
{
    (void)state;
    struct switch_tree *tree = built(uneven, ARRAY_SIZE(uneven));
    assert_int_equal(span_of_two(tree, 0, 0), 0);
    assert_int_equal(span_of_two(tree, 0, 1), 0);
    assert_int_equal(span_of_two(tree, 0, 2), 1);
    assert_int_equal(span_of_two(tree, 2, 0), 1);
    assert_int_equal(span_of_two(tree, 0, 3), 2);
    assert_int_equal(span_of_two(tree, 3, 0), 2);
    assert_int_equal(span_of_two(tree, 3, 5), 1);
    assert_int_equal(span_of_two(tree, 5, 0), 2);
    switch_tree_destroy(tree);
}

static void paths_name_the_switches_from_the_root(void **state)
{
    (void)state;
    struct switch_tree *tree = built(uneven, ARRAY_SIZE(uneven));
    assert_path(tree, 1, "core/spine/leaf0");
    assert_path(tree, 3, "core/leaf2");
    assert_path(tree, 5, "core");
    switch_tree_destroy(tree);
}

static void a_node_that_no_switch_names_hangs_from_the_root(void **state)
{
    (void)state;
    struct switch_tree *tree = built(uneven, ARRAY_SIZE(uneven));
    assert_path(tree, 4, "core");
    switch_tree_destroy(tree);
}

static void two_tops_get_a_root_without_a_name(void **state)
{
    (void)state;
    static const struct switch_def defs[] = {{.name = "a", .nodes = "n[0-2]"},
                                             {.name = "b", .nodes = "n[3-5]"}};
    struct switch_tree *tree = built(defs, 2);
    assert_int_equal(switch_tree_n_switches(tree), 3);
    assert_int_equal(span_of_two(tree, 0, 5), 1);
    assert_path(tree, 5, "b");
    switch_tree_destroy(tree);
}

static void switches_are_numbered_from_the_leaves_up(void **state)
{
    (void)state;
    struct switch_tree *tree = built(uneven, ARRAY_SIZE(uneven));
    static const unsigned int heights[] = {0, 0, 0, 1, 2};
    static const size_t below[] = {2, 1, 1, 3, 6};
    assert_int_equal(switch_tree_n_switches(tree), 5);
    for (uint32_t sw = 0; sw < 5; sw++) {
        assert_int_equal(switch_tree_height(tree, sw), heights[sw]);
        assert_int_equal(bitset_count(switch_tree_nodes_below(tree, sw)), below[sw]);
    }
    assert_int_equal(switch_tree_switch_of(tree, 5), 4);
    switch_tree_destroy(tree);
}

static void a_span_is_that_of_the_farthest_pair(void **state)
{
    (void)state;
    struct switch_tree *tree = built(uneven, ARRAY_SIZE(uneven));
    assert_int_equal(switch_tree_span(tree, (uint32_t[]){2}, 1), 0);
    assert_int_equal(switch_tree_span(tree, (uint32_t[]){2, 0, 1}, 3), 1);
    assert_int_equal(switch_tree_span(tree, (uint32_t[]){5, 2, 0}, 3), 2);
    switch_tree_destroy(tree);
}

static void mistakes_are_refused_with_words(void **state)
{
    (void)state;
    static const struct {
        struct switch_def defs[3];
        const char *words;
    } rows[] = {
        {{{.name = "a", .nodes = "n[0-9]"}},
         "switch a: there is no node n6 (did you mean n0?)"},
        {{{.name = "a", .switches = "b"},
          {.name = "b", .switches = "a"},
          {.name = "c"}},
         "switch a hangs from itself in a loop"},
        {{{.name = "leaf1", .switches = "leaf3"}, {.name = "leaf2"}, {.name = "c"}},
         "switch leaf1: there is no switch leaf3 (did you mean leaf1?)"},
        {{{.name = "a", .nodes = "n0"},
          {.name = "b", .nodes = "n[0-1]"},
          {.name = "c"}},
         "node n0 hangs from both a and b"},
        {{{.name = "a", .switches = "c"},
          {.name = "b", .switches = "c"},
          {.name = "c"}},
         "switch c hangs from both a and b"},
        {{{.name = "a"}, {.name = "a"}, {.name = "c"}}, "switch a is defined twice"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct switch_tree *tree = NULL;
        struct err err = {0};
        size_t n = rows[i].defs[1].name ? 3 : 1;
        assert_int_equal(
            switch_tree_build(rows[i].defs, n, names, ARRAY_SIZE(names), &tree, &err),
            -EINVAL);
        assert_string_equal(err.text, rows[i].words);
        assert_null(tree);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_definitions_all_nodes_share_one_switch),
        cmocka_unit_test(distance_counts_levels_up),
        cmocka_unit_test(paths_name_the_switches_from_the_root),
        cmocka_unit_test(a_node_that_no_switch_names_hangs_from_the_root),
        cmocka_unit_test(two_tops_get_a_root_without_a_name),
        cmocka_unit_test(switches_are_numbered_from_the_leaves_up),
        cmocka_unit_test(a_span_is_that_of_the_farthest_pair),
        cmocka_unit_test(mistakes_are_refused_with_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
