/* SPDX-License-Identifier: Apache-2.0
 *
 * test_place.c - which nodes: golden placements on small clusters
 */
#include "cluster.h"

static const struct switch_def two_leaves[] = {{.name = "top", .switches = "a,b"},
                                               {.name = "a", .nodes = "n[0-3]"},
                                               {.name = "b", .nodes = "n[4-7]"}};

/* Eight nodes of 2 packages, 4 cores each, under two leaf switches. */
static int setup(void **state)
{
    static struct cluster c;
    cluster_init(&c, "synthetic:pack:2 [numa] l3:1 core:4 pu:1", 8, two_leaves, 3);
    *state = &c;
    return 0;
}

static int teardown(void **state)
{
    cluster_fini(*state);
    return 0;
}

static void one_task_gets_one_core_of_the_first_node(void **state)
{
    assert_placed(*state, &(struct place_request){.tasks = 1}, "n0 0 (0)");
}

static void a_small_job_fills_a_node_in_use_before_it_splits_a_free_one(void **state)
{
    cluster_use(*state, 5, "0-5");
    assert_placed(*state, &(struct place_request){.tasks = 2}, "n5 6-7 (6 7)");
}

static void the_node_that_is_left_fullest_is_preferred(void **state)
{
    cluster_use(*state, 2, "0-3");
    cluster_use(*state, 6, "0-4");
    assert_placed(*state, &(struct place_request){.tasks = 3}, "n6 5-7 (5 6 7)");
}

/* Free nodes cost the same, so the one that has the image wins; a node in use that
 * does not have it costs less than breaking up a free one that does. */
static void a_node_that_has_the_image_is_preferred_when_it_costs_little(void **state)
{
    cleanup(bitset_destroyp) struct bitset *near = node_set("5-6");
    struct place_request req = {.tasks = 1, .preferred = near};
    assert_placed(*state, &req, "n5 0 (0)");
    cluster_use(*state, 3, "0-3");
    assert_placed(*state, &req, "n3 4 (4)");
    req.allowed = near;
    assert_placed(*state, &req, "n5 0 (0)");
}

static void tasks_without_nodes_use_as_few_nodes_as_hold_them(void **state)
{
    assert_placed(*state, &(struct place_request){.tasks = 10},
                  "n0 0-7 (0 1 2 3 4 5 6 7); n1 0-1 (0 1)");
}

static void the_rest_goes_to_a_node_in_use(void **state)
{
    cluster_use(*state, 3, "0-4");
    assert_placed(*state, &(struct place_request){.tasks = 10},
                  "n0 0-7 (0 1 2 3 4 5 6 7); n3 5-6 (5 6)");
}

static void nodes_that_were_asked_for_share_the_tasks_evenly(void **state)
{
    assert_placed(*state, &(struct place_request){.nodes_min = 4, .tasks = 10},
                  "n0 0-2 (0 1 2); n1 0-2 (0 1 2); n2 0-1 (0 1); n3 0-1 (0 1)");
}

static void tasks_per_node_bounds_each_node(void **state)
{
    assert_placed(*state, &(struct place_request){.tasks = 5, .tasks_per_node = 2},
                  "n0 0-1 (0 1); n1 0-1 (0 1); n2 0 (0)");
}

static void tasks_per_node_without_tasks_gives_each_node_so_many(void **state)
{
    assert_placed(*state, &(struct place_request){.nodes_min = 2, .tasks_per_node = 3},
                  "n0 0-2 (0 1 2); n1 0-2 (0 1 2)");
}

static void a_job_stays_under_one_leaf_switch_when_one_holds_it(void **state)
{
    cluster_use(*state, 0, "0-7");
    assert_placed(*state, &(struct place_request){.nodes_min = 4, .exclusive = true},
                  "n4 0-7 (0); n5 0-7 (0); n6 0-7 (0); n7 0-7 (0)");
}

static void a_job_that_no_leaf_holds_uses_few_of_them(void **state)
{
    (void)state;
    static const struct switch_def defs[] = {{.name = "top", .switches = "a,b,c"},
                                             {.name = "a", .nodes = "n[0-2]"},
                                             {.name = "b", .nodes = "n[3-5]"},
                                             {.name = "c", .nodes = "n[6-7]"}};
    struct cluster c;
    cluster_init(&c, "synthetic:core:2 pu:1", 8, defs, 4);
    cluster_use(&c, 0, "0");
    cluster_use(&c, 1, "0");
    struct place_request req = {.nodes_min = 5, .exclusive = true};
    assert_placed(&c, &req,
                  "n3 0-1 (0); n4 0-1 (0); n5 0-1 (0); n6 0-1 (0); n7 0-1 (0)");
    cluster_fini(&c);
}

static void a_range_without_tasks_takes_as_many_nodes_as_there_are(void **state)
{
    for (size_t i = 3; i < 8; i++)
        cluster_use(*state, i, "0");
    struct place_request req = {.nodes_min = 2, .nodes_max = 6, .exclusive = true};
    assert_placed(*state, &req, "n0 0-7 (0); n1 0-7 (0); n2 0-7 (0)");
}

static void required_nodes_are_part_of_it(void **state)
{
    cleanup(bitset_destroyp) struct bitset *required = node_set("1,6");
    assert_placed(
        *state,
        &(struct place_request){.nodes_min = 3, .nodes_max = 3, .required = required},
        "n0 0 (0); n1 0 (0); n6 0 (0)");
}

static void a_required_node_alone_holds_what_fits_on_it(void **state)
{
    cleanup(bitset_destroyp) struct bitset *required = node_set("6");
    assert_placed(*state, &(struct place_request){.tasks = 2, .required = required},
                  "n6 0-1 (0 1)");
}

static void excluded_nodes_are_not(void **state)
{
    cleanup(bitset_destroyp) struct bitset *excluded = node_set("0-2");
    assert_placed(*state, &(struct place_request){.nodes_min = 2, .excluded = excluded},
                  "n4 0 (0); n5 0 (0)");
}

static void exclusive_takes_all_cores_and_all_memory(void **state)
{
    const struct cluster *c = *state;
    struct place_result *result = NULL;
    struct place_request req = {.tasks = 2, .exclusive = true};
    cluster_use(*state, 0, "0");
    assert_int_equal(place_choose(c->cluster, &req, &place_weights_default, PLACE_WHY,
                                  &result, NULL),
                     0);
    assert_int_equal(result->shares[0].node, 1);
    assert_int_equal(bitset_count(result->shares[0].cores), 8);
    assert_int_equal(result->shares[0].memory, 16384);
    place_result_destroy(result);
}

static void memory_per_core_bounds_the_tasks_of_a_node(void **state)
{
    assert_placed(*state, &(struct place_request){.tasks = 4, .mem_per_cpu = 8192},
                  "n0 0-1 (0 1); n1 0-1 (0 1)");
}

static void a_node_without_the_memory_is_passed_over(void **state)
{
    struct cluster *c = *state;
    struct place_share held = {.node = 0, .memory = 16284};
    place_cluster_take(c->cluster, &held);
    assert_placed(c, &(struct place_request){.tasks = 1, .mem_per_node = 1000},
                  "n1 0 (0)");
}

static void overcommitted_tasks_go_round_over_the_cores(void **state)
{
    cluster_use(*state, 3, "0-5");
    cleanup(bitset_destroyp) struct bitset *required = node_set("3");
    struct place_request req = {.tasks = 5, .overcommit = true, .required = required};
    assert_placed(*state, &req, "n3 6-7 (6 7 6 7 6)");
}

static void fewer_tasks_than_nodes_leave_nodes_without_tasks(void **state)
{
    assert_placed(*state, &(struct place_request){.nodes_min = 3, .tasks = 2},
                  "n0 0 (0); n1 0 (0); n2 0 ()");
}

static void spread_prefers_the_emptiest_node_and_splits_it_evenly(void **state)
{
    cluster_use(*state, 0, "0");
    struct place_request req = {.tasks = 4, .policy = PLACE_SPREAD};
    assert_placed(*state, &req, "n1 0-1,4-5 (0 4 1 5)");
}

static void a_full_cluster_says_that_there_is_no_room_now(void **state)
{
    for (size_t i = 0; i < 8; i++)
        cluster_use(*state, i, i == 4 ? "0-5" : "0-7");
    assert_placed(*state, &(struct place_request){.nodes_min = 2},
                  "later: 2 nodes are needed, 1 has room now");
    assert_placed(*state, &(struct place_request){.tasks = 4},
                  "later: there is room for 2 of 4 tasks now");
    cleanup(bitset_destroyp) struct bitset *required = node_set("4,6");
    assert_placed(*state, &(struct place_request){.nodes_min = 2, .required = required},
                  "later: node n6 of --nodelist has no room now");
}

static void a_score_tells_its_parts(void **state)
{
    const struct cluster *c = *state;
    struct place_result *result = NULL;
    struct place_request req = {.nodes_min = 5, .tasks = 5, .cpus_per_task = 5};
    assert_int_equal(place_choose(c->cluster, &req, &place_weights_default, PLACE_WHY,
                                  &result, NULL),
                     0);
    assert_string_equal(result->why,
                        "2 switches (1 level up), 5 nodes, 5 split; past need: "
                        "0 packages, 0 NUMA nodes, 0 L3");
    assert_true(result->score == 40);
    place_result_destroy(result);
}

static void a_copy_is_equal_and_its_own(void **state)
{
    const struct cluster *c = *state;
    struct place_result *result = NULL;
    struct place_request req = {.nodes_min = 2, .tasks = 3};
    assert_int_equal(place_choose(c->cluster, &req, &place_weights_default, PLACE_WHY,
                                  &result, NULL),
                     0);
    cleanup(freep) char *before = placement_text(c, result);
    struct place_result *copy = place_result_dup(result);
    place_result_destroy(result);
    cleanup(freep) char *after = placement_text(c, copy);
    assert_string_equal(before, after);
    place_result_destroy(copy);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_task_gets_one_core_of_the_first_node),
        TEST(a_small_job_fills_a_node_in_use_before_it_splits_a_free_one),
        TEST(the_node_that_is_left_fullest_is_preferred),
        TEST(a_node_that_has_the_image_is_preferred_when_it_costs_little),
        TEST(tasks_without_nodes_use_as_few_nodes_as_hold_them),
        TEST(the_rest_goes_to_a_node_in_use),
        TEST(nodes_that_were_asked_for_share_the_tasks_evenly),
        TEST(tasks_per_node_bounds_each_node),
        TEST(tasks_per_node_without_tasks_gives_each_node_so_many),
        TEST(a_job_stays_under_one_leaf_switch_when_one_holds_it),
        TEST(a_job_that_no_leaf_holds_uses_few_of_them),
        TEST(a_range_without_tasks_takes_as_many_nodes_as_there_are),
        TEST(required_nodes_are_part_of_it),
        TEST(a_required_node_alone_holds_what_fits_on_it),
        TEST(excluded_nodes_are_not),
        TEST(exclusive_takes_all_cores_and_all_memory),
        TEST(memory_per_core_bounds_the_tasks_of_a_node),
        TEST(a_node_without_the_memory_is_passed_over),
        TEST(overcommitted_tasks_go_round_over_the_cores),
        TEST(fewer_tasks_than_nodes_leave_nodes_without_tasks),
        TEST(spread_prefers_the_emptiest_node_and_splits_it_evenly),
        TEST(a_full_cluster_says_that_there_is_no_room_now),
        TEST(a_score_tells_its_parts),
        TEST(a_copy_is_equal_and_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
