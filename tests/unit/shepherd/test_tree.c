/* SPDX-License-Identifier: Apache-2.0
 *
 * test_tree.c - parents, children and ways in trees of all sizes up to 200
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shepherd/tree.h"

#define N_MAX 200
#define FANOUT_MAX 5

static void each_tree(void (*check)(uint32_t n, uint32_t fanout))
{
    for (uint32_t fanout = 1; fanout <= FANOUT_MAX; fanout++)
        for (uint32_t n = 1; n <= N_MAX; n++)
            check(n, fanout);
}

static void check_children(uint32_t n, uint32_t fanout)
{
    uint32_t children = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t first = tree_first_child(i, fanout);
        uint32_t count = tree_n_children(i, n, fanout);

        assert_true(count <= fanout);
        for (uint32_t c = 0; c < count; c++) {
            assert_true(first + c < n);
            assert_int_equal(tree_parent(first + c, fanout), i);
        }
        children += count;
    }
    assert_int_equal(children, n - 1);
}

static void everybody_but_the_root_is_one_nodes_child(void **state)
{
    (void)state;
    each_tree(check_children);
}

static uint32_t count_subtree(uint32_t index, uint32_t n, uint32_t fanout)
{
    uint32_t size = 1;

    for (uint32_t c = 0; c < tree_n_children(index, n, fanout); c++)
        size += count_subtree(tree_first_child(index, fanout) + c, n, fanout);
    return size;
}

static void check_sizes(uint32_t n, uint32_t fanout)
{
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(tree_subtree_size(i, n, fanout), count_subtree(i, n, fanout));
}

static void the_size_of_a_subtree_is_what_walking_it_finds(void **state)
{
    (void)state;
    each_tree(check_sizes);
}

/* The ancestor of 'to' that is a child of 'from', found by going up. */
static uint32_t way_down(uint32_t from, uint32_t to, uint32_t fanout)
{
    while (to != 0) {
        uint32_t parent = (to - 1) / fanout;

        if (parent == from)
            return to;
        to = parent;
    }
    return UINT32_MAX;
}

static void check_ways(uint32_t n, uint32_t fanout)
{
    for (uint32_t from = 0; from < n; from++)
        for (uint32_t to = 0; to < n; to++)
            assert_int_equal(tree_child_towards(from, to, fanout),
                             way_down(from, to, fanout));
}

static void each_pair_knows_the_way(void **state)
{
    (void)state;
    each_tree(check_ways);
}

static void sizes_near_the_end_of_the_numbers_do_not_wrap(void **state)
{
    (void)state;
    assert_int_equal(tree_n_children(UINT32_MAX / 2, UINT32_MAX, 1024), 0);
    assert_int_equal(tree_subtree_size(0, 1, 1024), 1);
    assert_int_equal(tree_child_towards(5, 5, 2), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_but_the_root_is_one_nodes_child),
        cmocka_unit_test(the_size_of_a_subtree_is_what_walking_it_finds),
        cmocka_unit_test(each_pair_knows_the_way),
        cmocka_unit_test(sizes_near_the_end_of_the_numbers_do_not_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
