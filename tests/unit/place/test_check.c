/* SPDX-License-Identifier: Apache-2.0
 *
 * test_check.c - refusals name the option at fault
 */
#include "cluster.h"

static int setup(void **state)
{
    static struct cluster c;
    cluster_init(&c, "synthetic:pack:2 core:4 pu:1", 4, NULL, 0);
    *state = &c;
    return 0;
}

static int teardown(void **state)
{
    cluster_fini(*state);
    return 0;
}

static void assert_refused(const struct cluster *c, const struct place_request *req,
                           const char *words)
{
    struct err err = {0};
    assert_int_equal(place_check(c->cluster, req, " in partition batch", &err),
                     -EINVAL);
    assert_string_equal(err.text, words);
}

static void each_option_is_named(void **state)
{
    static const struct {
        struct place_request req;
        const char *words;
    } rows[] = {
        {{.nodes_min = 9}, "--nodes=9: the cluster has 4 nodes in partition batch"},
        {{.nodes_min = 4, .nodes_max = 2}, "--nodes=4-2: the range is empty"},
        {{.cpus_per_task = 64},
         "--cpus-per-task=64: the largest node in partition batch has 8 cores"},
        {{.tasks_per_node = 5, .cpus_per_task = 2},
         "--ntasks-per-node=5: the largest node in partition batch has 8 cores, for 4 "
         "tasks"},
        {{.mem_per_node = 1 << 20},
         "--mem=1T: the largest node in partition batch has 16G"},
        {{.mem_per_cpu = 8192, .cpus_per_task = 4},
         "--mem-per-cpu=8G: the largest node in partition batch has 16G"},
        {{.tasks = 33},
         "--ntasks=33: the largest 4 nodes in partition batch hold 32 such tasks"},
        {{.tasks = 17, .nodes_min = 2},
         "--ntasks=17: the largest 2 nodes in partition batch hold 16 such tasks"},
        {{.tasks = 9, .tasks_per_node = 2},
         "--ntasks=9: the largest 4 nodes in partition batch hold 8 such tasks"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_refused(*state, &rows[i].req, rows[i].words);
}

static void what_fits_an_empty_cluster_is_not_refused(void **state)
{
    const struct cluster *c = *state;
    cluster_use(*state, 0, "0-7");
    static const struct place_request rows[] = {
        {.nodes_min = 4, .exclusive = true},
        {.tasks = 32},
        {.cpus_per_task = 8},
        {.tasks = 33, .overcommit = true},
        {.mem_per_node = 16384},
        {.nodes_min = 4, .tasks = 2},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(place_check(c->cluster, &rows[i], NULL, NULL), 0);
}

static void node_lists_that_contradict_are_refused(void **state)
{
    struct cluster *c = *state;
    cleanup(bitset_destroyp) struct bitset *two = NULL;
    assert_int_equal(bitset_parse("1-2", 4, &two, NULL), 0);
    struct place_request req = {.nodes_min = 2, .required = two, .excluded = two};
    assert_refused(c, &req, "--nodelist=n1: the node is in --exclude as well");
    req.excluded = NULL;
    req.nodes_min = 1;
    assert_refused(c, &req, "--nodes=1: --nodelist names 2 nodes");
    req.nodes_min = 2;
    cleanup(bitset_destroyp) struct bitset *allowed = NULL;
    assert_int_equal(bitset_parse("0-1,3", 4, &allowed, NULL), 0);
    req.allowed = allowed;
    assert_refused(c, &req, "--nodelist=n2: there is no such node in partition batch");
    req.required = req.allowed = NULL;
    req.excluded = two;
    req.nodes_min = 3;
    assert_refused(
        c, &req,
        "--nodes=3: the cluster has 2 nodes in partition batch, without those "
        "of --exclude");
}

static void a_node_that_is_not_known_yet_may_hold_anything(void **state)
{
    struct cluster *c = *state;
    struct place_request req = {.cpus_per_task = 64};
    place_cluster_set(c->cluster, 3, NULL, 0);
    assert_int_equal(place_check(c->cluster, &req, NULL, NULL), 0);
    cleanup(bitset_destroyp) struct bitset *allowed = NULL;
    assert_int_equal(bitset_parse("0-2", 4, &allowed, NULL), 0);
    req.allowed = allowed;
    assert_int_equal(place_check(c->cluster, &req, NULL, NULL), -EINVAL);
}

static void a_cluster_without_nodes_holds_nothing(void **state)
{
    const struct cluster *c = *state;
    struct err err;
    cleanup(bitset_destroyp) struct bitset *none = bitset_create(4);
    struct place_request req = {.tasks = 1, .allowed = none};
    assert_int_equal(place_check(c->cluster, &req, NULL, &err), -EINVAL);
    assert_string_equal(err.text, "--nodes=1: the cluster has 0 nodes");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_option_is_named),
        TEST(what_fits_an_empty_cluster_is_not_refused),
        TEST(node_lists_that_contradict_are_refused),
        TEST(a_node_that_is_not_known_yet_may_hold_anything),
        TEST(a_cluster_without_nodes_holds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
