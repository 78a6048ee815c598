/* SPDX-License-Identifier: Apache-2.0
 *
 * test_cores.c - which cores of a node: golden placements on one node
 */
#include "cluster.h"

/* Two packages with a NUMA node each, two L3 in each, four cores in each L3:
 * L3s are 0-3, 4-7, 8-11, 12-15. */
static int setup(void **state)
{
    static struct cluster c;
    cluster_init(&c, "synthetic:pack:2 [numa] l3:2 core:4 pu:1", 1, NULL, 0);
    *state = &c;
    return 0;
}

static int teardown(void **state)
{
    cluster_fini(*state);
    return 0;
}

static void tasks_lie_in_one_l3_when_they_fit(void **state)
{
    assert_placed(*state, &(struct place_request){.tasks = 2, .cpus_per_task = 2},
                  "n0 0-3 (0-1 2-3)");
}

static void the_l3_that_fits_best_is_taken(void **state)
{
    cluster_use(*state, 0, "0,8-9");
    assert_placed(*state, &(struct place_request){.tasks = 2}, "n0 10-11 (10 11)");
    assert_placed(*state, &(struct place_request){.tasks = 3}, "n0 1-3 (1 2 3)");
    assert_placed(*state, &(struct place_request){.tasks = 4}, "n0 4-7 (4 5 6 7)");
}

static void one_package_before_two(void **state)
{
    cluster_use(*state, 0, "0-1,8");
    assert_placed(*state, &(struct place_request){.tasks = 7},
                  "n0 9-15 (12 13 14 15 9 10 11)");
}

static void a_task_is_not_cut_when_an_l3_holds_it(void **state)
{
    cluster_use(*state, 0, "0,4,8");
    assert_placed(*state, &(struct place_request){.tasks = 4, .cpus_per_task = 3},
                  "n0 1-3,5-7,9-14 (1-3 5-7 9-11 12-14)");
}

static void a_task_that_no_l3_holds_lies_in_one_package(void **state)
{
    cluster_use(*state, 0, "0");
    assert_placed(*state, &(struct place_request){.tasks = 1, .cpus_per_task = 6},
                  "n0 1-2,4-7 (1-2,4-7)");
}

static void free_neighbours_are_preferred_to_scattered_cores(void **state)
{
    cluster_use(*state, 0, "1,4-15");
    assert_placed(*state, &(struct place_request){.tasks = 1, .cpus_per_task = 2},
                  "n0 2-3 (2-3)");
}

static void spread_tasks_lie_apart(void **state)
{
    struct place_request req = {.tasks = 4, .cpus_per_task = 2, .policy = PLACE_SPREAD};
    assert_placed(*state, &req, "n0 0-1,4-5,8-9,12-13 (0-1 8-9 4-5 12-13)");
}

static void binding_widens_tasks_within_their_share(void **state)
{
    struct place_request req = {.tasks = 6};
    req.bind = BIND_L3;
    assert_placed(*state, &req, "n0 0-5 (0-3 0-3 0-3 0-3 4-5 4-5)");
    req.bind = BIND_NUMA;
    assert_placed(*state, &req, "n0 0-5 (0-5 0-5 0-5 0-5 0-5 0-5)");
    req.tasks = 9;
    req.bind = BIND_PACKAGE;
    assert_placed(*state, &req, "n0 0-8 (0-7 0-7 0-7 0-7 0-7 0-7 0-7 0-7 8)");
    req.tasks = 2;
    req.bind = BIND_NONE;
    assert_placed(*state, &req, "n0 0-1 (0-1 0-1)");
}

static void exclusive_tasks_keep_to_their_own_cores(void **state)
{
    struct place_request req = {.tasks = 2, .exclusive = true};
    assert_placed(*state, &req, "n0 0-15 (0 1)");
}

static void overcommitted_wide_tasks_share_what_there_is(void **state)
{
    cluster_use(*state, 0, "0-12");
    struct place_request req = {.tasks = 2, .cpus_per_task = 2, .overcommit = true};
    assert_placed(*state, &req, "n0 13-15 (13-14 13,15)");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tasks_lie_in_one_l3_when_they_fit),
        TEST(the_l3_that_fits_best_is_taken),
        TEST(one_package_before_two),
        TEST(a_task_is_not_cut_when_an_l3_holds_it),
        TEST(a_task_that_no_l3_holds_lies_in_one_package),
        TEST(free_neighbours_are_preferred_to_scattered_cores),
        TEST(spread_tasks_lie_apart),
        TEST(binding_widens_tasks_within_their_share),
        TEST(exclusive_tasks_keep_to_their_own_cores),
        TEST(overcommitted_wide_tasks_share_what_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
