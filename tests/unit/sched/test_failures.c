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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
