/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pool.c - what nodes have, and who holds what of it
 */
#include "sched/pool.h"

#include <stdlib.h>

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const names[] = {"n0", "n1"};

struct fixture {
    struct node_topo *topo;
    struct switch_tree *tree;
    struct pool *pool;
    struct bitset *both;
    struct place_share share;
    struct place_result where;
};

static int setup(void **state)
{
    static struct fixture f;
    assert_int_equal(node_topo_load("synthetic:core:4 pu:1", &f.topo, NULL, NULL), 0);
    assert_int_equal(switch_tree_build(NULL, 0, names, 2, &f.tree, NULL), 0);
    f.pool = pool_create(f.tree, names, 2);
    f.both = bitset_create(2);
    bitset_set_range(f.both, 0, 2);
    f.share = (struct place_share){.node = 1, .cores = bitset_create(4), .memory = 70};
    bitset_set_range(f.share.cores, 1, 2);
    f.where = (struct place_result){.shares = &f.share, .n_shares = 1};
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    pool_check_invariants(f->pool);
    pool_destroy(f->pool);
    switch_tree_destroy(f->tree);
    node_topo_destroy(f->topo);
    bitset_destroy(f->both);
    bitset_destroy(f->share.cores);
    return 0;
}

static void assert_free(const struct fixture *f, const char *cores, uint64_t memory)
{
    const struct place_node *node = place_cluster_node(pool_cluster(f->pool), 1);
    cleanup(freep) char *text = bitset_format(node->free_cores);
    assert_string_equal(text, cores);
    assert_int_equal(place_node_free_memory(node), memory);
    pool_check_invariants(f->pool);
}

static void what_is_held_is_not_free(void **state)
{
    struct fixture *f = *state;
    pool_node_set(f->pool, 1, f->topo, 100);
    assert_free(f, "0-3", 100);
    pool_take(f->pool, 5, &f->where);
    assert_free(f, "0,3", 30);
    assert_int_equal(pool_holder(f->pool, &f->where), 5);
    assert_int_equal(pool_n_holds(f->pool), 1);
    pool_release(f->pool, 5, &f->where);
    assert_free(f, "0-3", 100);
    assert_int_equal(pool_holder(f->pool, &f->where), 0);
}

static void a_node_that_becomes_known_counts_what_is_held_already(void **state)
{
    struct fixture *f = *state;
    pool_take(f->pool, 5, &f->where);
    pool_node_set(f->pool, 1, f->topo, 50);
    assert_free(f, "0,3", 0);
    pool_release(f->pool, 5, &f->where);
    assert_free(f, "0-3", 50);
}

static void only_nodes_that_are_up_known_and_asked_for_are_usable_now(void **state)
{
    struct fixture *f = *state;
    struct bitset *one = bitset_create(2);
    bitset_set(one, 1);
    static const struct {
        bool known, up, usable;
    } rows[] = {{false, false, false},
                {false, true, false},
                {true, false, false},
                {true, true, true}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        pool_node_set(f->pool, 1, rows[i].known ? f->topo : NULL, 50);
        pool_node_set(f->pool, 0, rows[i].known ? f->topo : NULL, 50);
        pool_node_up(f->pool, 0, rows[i].up);
        pool_node_up(f->pool, 1, rows[i].up);
        cleanup(bitset_destroyp) struct bitset *up = pool_up_among(f->pool, one);
        assert_int_equal(bitset_test(up, 1), rows[i].usable);
        assert_false(bitset_test(up, 0));
    }
    bitset_destroy(one);
}

static void cores_of_known_nodes_are_summed(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(pool_cores(f->pool), 0);
    pool_node_set(f->pool, 0, f->topo, 100);
    pool_node_set(f->pool, 1, f->topo, 100);
    pool_node_set(f->pool, 1, f->topo, 100);
    assert_int_equal(pool_cores(f->pool), 8);
    pool_node_set(f->pool, 0, NULL, 0);
    assert_int_equal(pool_cores(f->pool), 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_held_is_not_free),
        TEST(a_node_that_becomes_known_counts_what_is_held_already),
        TEST(only_nodes_that_are_up_known_and_asked_for_are_usable_now),
        TEST(cores_of_known_nodes_are_summed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
