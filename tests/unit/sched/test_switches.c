/* SPDX-License-Identifier: Apache-2.0
 *
 * test_switches.c - a job that wants few switches waits for them, but not for ever
 *
 * n0 and n1 hang from one leaf, n2 and n3 from the other.
 */
#include "fixture.h"

static int setup(void **state)
{
    static struct fixture f;
    static const char *const names[] = {"n0", "n1", "n2", "n3"};
    static const struct switch_def defs[] = {{.name = "left", .nodes = "n[0-1]"},
                                             {.name = "right", .nodes = "n[2-3]"},
                                             {.name = "top", .switches = "left,right"}};
    struct bitset *all = bitset_create(N_NODES);
    bitset_set_range(all, 0, N_NODES);
    struct sched_partition batch = {
        .name = "batch", .nodes = all, .time_max = TIME_UNLIMITED, .up = true};
    struct sched_options options = sched_options_default;
    struct err err;
    options.policy = (struct sched_policy){.order = SCHED_BY_SUBMIT, .promises = 1};
    if (node_topo_load("synthetic:core:4 pu:1", &f.topo, NULL, &err) < 0 ||
        sched_create(&options, defs, 3, names, N_NODES, &batch, 1, &f.sched, &err) < 0)
        fail_msg("%s", err.text);
    bitset_destroy(all);
    for (uint32_t i = 0; i < N_NODES; i++) {
        sched_node_set(f.sched, i, f.topo, NODE_MEMORY);
        sched_node_up(f.sched, i, true);
    }
    *state = &f;
    return 0;
}

static void add_on(struct fixture *f, uint32_t job, uint32_t node, int64_t limit)
{
    struct sched_request req = request_of(job, 4);
    cleanup(bitset_destroyp) struct bitset *nodes = bitset_create(N_NODES);
    bitset_set(nodes, node);
    req.place.required = nodes;
    req.time_limit = limit;
    add(f, &req);
}

static struct sched_request wide(uint32_t job, int64_t wait)
{
    struct sched_request req = request_of(job, 8);
    req.place.nodes_min = 2;
    req.place.switches_max = 1;
    req.submit_time = 100;
    req.switches_wait = wait;
    return req;
}

static void it_waits_for_two_nodes_of_one_leaf(void **state)
{
    struct fixture *f = *state;
    add_on(f, 1, 0, 300);
    add_on(f, 2, 2, 500);
    assert_int_equal(pass_at(f, 90), 2);
    struct sched_request req = wide(3, 5000);
    add(f, &req);
    assert_int_equal(pass_at(f, 100), 0);
    assert_int_equal(sched_promised(f->sched, 3), 390);
    end_at(f, 2, 200);
    assert_pass(f, 200, "3");
}

static void after_its_wait_it_takes_any_by_itself(void **state)
{
    struct fixture *f = *state;
    add_on(f, 1, 0, 3000);
    add_on(f, 2, 2, 5000);
    assert_int_equal(pass_at(f, 90), 2);
    struct sched_request req = wide(3, 60);
    add(f, &req);
    assert_int_equal(pass_at(f, 100), 0);
    assert_int_equal(sched_next_time(f->sched, 100), 160);
    assert_int_equal(pass_at(f, 159), 0);
    assert_pass(f, 160, "3");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_waits_for_two_nodes_of_one_leaf),
        TEST(after_its_wait_it_takes_any_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
