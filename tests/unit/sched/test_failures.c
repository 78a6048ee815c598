/* SPDX-License-Identifier: Apache-2.0
 *
 * test_failures.c - what found no room spares others a try, and only those
 */
#include "fixture.h"

#define RUN_SHORT 60 /* ends before anything else does */

/* One task on one node, of user 1 unless somebody says otherwise. */
static struct sched_request small(uint32_t job, uint32_t memory, int64_t limit)
{
    struct sched_request req = request_of(job, 1);
    req.place.nodes_min = req.place.nodes_max = 1;
    req.place.mem_per_node = memory;
    req.time_limit = limit;
    req.uid = 1;
    return req;
}

static void add_small(struct fixture *f, uint32_t job, uint32_t memory, int64_t limit)
{
    struct sched_request req = small(job, memory, limit);
    add(f, &req);
}

/* Each node has 3 cores and 3192 MiB left, and the one promise there is is given. */
static void fill(struct fixture *f)
{
    for (uint32_t job = 1; job <= N_NODES; job++)
        add_small(f, job, 5000, 600);
    add_tasks(f, 5, 16);
    assert_pass(f, 10, "1 2 3 4");
}

/* One pass goes over all of them at the cost of a few. */
static void who_asks_for_more_memory_is_not_tried(void **state)
{
    struct fixture *f = *state;
    const uint32_t budget = 5;
    bool more;
    fill(f);
    for (uint32_t i = 0; i < 100; i++)
        add_small(f, 10 + i, 4000 + (i * 37) % 100, RUN_SHORT + i % 7);
    assert_int_equal(sched_pass(f->sched, 20, f->decisions, 64, budget, &more), 0);
    assert_false(more);
}

static void who_asks_for_less_is(void **state)
{
    struct fixture *f = *state;
    fill(f);
    add_small(f, 10, 4000, RUN_SHORT);
    add_small(f, 11, 4001, RUN_SHORT);
    add_small(f, 12, 3000, RUN_SHORT);
    assert_pass(f, 20, "12");
}

static void who_ends_before_a_promise_is(void **state)
{
    struct fixture *f = *state;
    fill(f);
    add_small(f, 10, 1000, 6000);
    add_small(f, 11, 2000, 7000);
    add_small(f, 12, 2000, RUN_SHORT);
    assert_pass(f, 20, "12");
}

/* More failures than are kept, each for its own time and memory. */
static void many_failures_hide_nobody(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (uint32_t i = 0; i < 20; i++)
        add_small(f, 10 + i, 3300 + 10 * i, 500 - 10 * i);
    add_small(f, 40, 3200, 400);
    add_small(f, 41, 3192, RUN_SHORT);
    assert_pass(f, 20, "41");
}

static void what_a_set_lacks_says_nothing_of_its_first(void **state)
{
    struct fixture *f = *state;
    struct sched_request first, second;
    fill(f);
    first = small(10, 1000, RUN_SHORT);
    first.set_size = 2;
    first.leader = 10;
    second = request_of(11, 14);
    second.leader = 10;
    second.time_limit = RUN_SHORT;
    add(f, &first);
    add(f, &second);
    add_small(f, 12, 1001, RUN_SHORT + 1);
    assert_pass(f, 20, "12");
}

/* Who keeps its nodes to itself has room there that others have not. */
static void who_has_nodes_of_its_own_finds_room_there(void **state)
{
    struct fixture *f = *state;
    struct sched_request own = small(1, 1000, 600), other = small(10, 1000, RUN_SHORT);
    own.uid = 7;
    own.exclusive = SCHED_OWN_NODES;
    add(f, &own);
    for (uint32_t job = 2; job <= N_NODES; job++)
        add_small(f, job, NODE_MEMORY, 600);
    add_tasks(f, 5, 16);
    assert_pass(f, 9, "1 2 3 4");
    add(f, &other);
    other = small(11, 1001, RUN_SHORT + 1);
    other.uid = 7;
    add(f, &other);
    assert_pass(f, 20, "11");
}

/* ----------------------------------------------------------- by the default policy */

#define DAY INT64_C(86400)
#define LATER (5 * DAY) /* what has waited since the start comes first, and binds */
#define PAIRS 400

static uint32_t next_random(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % below;
}

static int setup_default(void **state)
{
    static struct fixture f;
    fixture_init(&f, true, sched_options_default.policy);
    *state = &f;
    return 0;
}

/* A run on each node, of so much memory (MiB) and so many cores; and all nodes are
 * promised to the job after them. */
static void occupy(struct fixture *f, const uint32_t *memory, const uint32_t *cores)
{
    struct bitset *node = bitset_create(N_NODES);
    for (uint32_t i = 0; i < N_NODES; i++) {
        struct sched_request req = request_of(1 + i, cores[i]);
        bitset_clear_all(node);
        bitset_set(node, i);
        req.place.required = node;
        req.place.nodes_min = req.place.nodes_max = 1;
        req.place.mem_per_node = memory[i];
        req.time_limit = 30 * DAY;
        add(f, &req);
    }
    bitset_destroy(node);
    assert_int_equal(pass_at(f, 10), N_NODES);
    add_tasks(f, 1 + N_NODES, 4 * N_NODES);
    assert_int_equal(pass_at(f, 20), 0);
}

static struct sched_request late(uint32_t job, uint32_t tasks)
{
    struct sched_request req = request_of(job, tasks);
    req.submit_time = LATER - 100 + job;
    req.place.nodes_min = req.place.nodes_max = 1;
    req.time_limit = RUN_SHORT;
    return req;
}

/* 6000 MiB are wanted on one node, then 3000. */
static void memory_of_each_task_is_not_that_of_all(void **state)
{
    struct fixture *f = *state;
    static const uint32_t memory[N_NODES] = {1000, 1000, 1000, 3000};
    static const uint32_t cores[N_NODES] = {3, 3, 3, 1};
    struct sched_request a = late(10, 3), b = late(11, 3);
    occupy(f, memory, cores);
    a.place.mem_per_cpu = 2000;
    b.place.mem_per_node = 3000;
    b.time_limit = RUN_SHORT + 1;
    add(f, &a);
    add(f, &b);
    assert_pass(f, LATER, "11");
}

/* Of two tasks on a node one has 3000 MiB, or both have. */
static void nor_is_it_on_several_nodes(void **state)
{
    struct fixture *f = *state;
    static const uint32_t memory[N_NODES] = {4000, 4000, 4000, 4000};
    static const uint32_t cores[N_NODES] = {2, 2, 3, 3};
    struct sched_request a = late(10, 4), b = late(11, 4);
    occupy(f, memory, cores);
    a.place.nodes_min = a.place.nodes_max = 2;
    b.place.nodes_min = b.place.nodes_max = 2;
    a.place.mem_per_cpu = b.place.mem_per_node = 3000;
    b.time_limit = RUN_SHORT + 1;
    add(f, &a);
    add(f, &b);
    assert_pass(f, LATER, "11");
}

static struct sched_request any(uint32_t *seed, uint32_t job, uint32_t tasks,
                                uint32_t nodes)
{
    struct sched_request req = late(job, tasks);
    struct place_request *place = &req.place;
    place->nodes_min = place->nodes_max = nodes;
    place->cpus_per_task = next_random(seed, 4) ? 1 : 2;
    place->tasks_per_core = next_random(seed, 4) ? 1 : 2;
    if (next_random(seed, 4) == 0)
        place->tasks_per_node = tasks;
    switch (next_random(seed, 3)) {
    case 0:
        place->mem_per_node = 500 * next_random(seed, 12);
        break;
    case 1:
        place->mem_per_cpu = 500 * next_random(seed, 12);
        break;
    }
    if (job > 10) {
        place->exclusive = next_random(seed, 10) == 0;
        place->overcommit = next_random(seed, 10) == 0;
        place->tasks_per_package = next_random(seed, 8) ? 0 : 1 + next_random(seed, 2);
    }
    req.time_limit += next_random(seed, 3);
    return req;
}

/* Which of two random jobs start beside random runs; without the first: is the second
 * one of them? */
static void try_pair(uint32_t seed, bool with_first, bool ret_started[2])
{
    struct fixture f;
    uint32_t memory[N_NODES], cores[N_NODES];
    fixture_init(&f, true, sched_options_default.policy);
    for (uint32_t i = 0; i < N_NODES; i++) {
        memory[i] = 1000 * next_random(&seed, 8);
        cores[i] = 1 + next_random(&seed, 3);
    }
    occupy(&f, memory, cores);
    uint32_t tasks = 1 + next_random(&seed, 4),
             nodes = 1 + (next_random(&seed, 3) == 0);
    struct sched_request a = any(&seed, 10, tasks, nodes);
    struct sched_request b = any(&seed, 11, tasks, nodes);
    if (with_first && sched_check(f.sched, &a, NULL) == 0)
        add(&f, &a);
    if (sched_check(f.sched, &b, NULL) == 0)
        add(&f, &b);
    size_t n = pass_at(&f, LATER);
    for (size_t i = 0; i < n; i++)
        ret_started[f.decisions[i].id.job - 10] = true;
    fixture_fini(&f);
}

/* Who is spared a try would have failed: one that found no room changes nothing for
 * another. */
static void who_is_not_tried_would_fail(void **state)
{
    uint32_t n_seconds = 0, n_neither = 0;
    (void)state;
    for (uint32_t seed = 1; seed <= PAIRS; seed++) {
        bool both[2] = {false, false}, second[2] = {false, false};
        try_pair(seed, true, both);
        if (both[0])
            continue;
        try_pair(seed, false, second);
        if (both[1] != second[1])
            fail_msg("seed %u: the second starts only without the first", seed);
        n_seconds += both[1];
        n_neither += !both[1];
    }
    assert_true(n_seconds > 20 && n_neither > 20);
}

int main(void)
{
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, fixture_setup_easy, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(who_asks_for_more_memory_is_not_tried),
        TEST(who_asks_for_less_is),
        TEST(who_ends_before_a_promise_is),
        TEST(many_failures_hide_nobody),
        TEST(what_a_set_lacks_says_nothing_of_its_first),
        TEST(who_has_nodes_of_its_own_finds_room_there),
        cmocka_unit_test_setup_teardown(memory_of_each_task_is_not_that_of_all,
                                        setup_default, fixture_teardown),
        cmocka_unit_test_setup_teardown(nor_is_it_on_several_nodes, setup_default,
                                        fixture_teardown),
        cmocka_unit_test(who_is_not_tried_would_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
