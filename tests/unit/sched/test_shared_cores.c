/* SPDX-License-Identifier: Apache-2.0
 *
 * test_shared_cores.c - slices of cores beside jobs of whole ones
 */
#include "fixture.h"

static struct sched_request slice_of(uint32_t job, uint32_t milli)
{
    struct sched_request req = request_of(job, 1);
    req.place.nodes_min = 1;
    req.place.milli = milli;
    return req;
}

static void add_slice(struct fixture *f, uint32_t job, uint32_t milli, int64_t limit)
{
    struct sched_request req = slice_of(job, milli);
    req.time_limit = limit;
    add(f, &req);
}

static uint32_t cores_used(const struct fixture *f)
{
    uint32_t all = 0, cores;
    uint64_t memory;
    for (uint32_t node = 0; node < N_NODES; node++) {
        sched_node_usage(f->sched, node, &cores, &memory);
        all += cores;
    }
    return all;
}

/* Ten cores of the sixteen; the six that are left are whole, for whoever wants them. */
static void a_hundred_tenths_are_ten_cores_beside_whole_ones(void **state)
{
    size_t n = 0;
    for (uint32_t job = 1; job <= 100; job++)
        add_slice(*state, job, 100, 600);
    for (int i = 0; i < 3; i++) {
        bool more;
        struct fixture *f = *state;
        size_t got =
            sched_pass(f->sched, 1, f->decisions, ARRAY_SIZE(f->decisions), 0, &more);
        for (size_t d = 0; d < got; d++)
            place_result_destroy(f->decisions[d].where);
        n += got;
    }
    assert_int_equal(n, 100);
    assert_int_equal(cores_used(*state), 10);
    add_tasks(*state, 101, 6);
    add_tasks(*state, 102, 1);
    assert_started(*state, pass_at(*state, 2), "101");
    add_slice(*state, 103, 100, 600);
    assert_started(*state, pass_at(*state, 3), "");
    sched_ended(((struct fixture *)*state)->sched, SCHED_JOB(50), 4);
    assert_started(*state, pass_at(*state, 4), "103");
}

/* n0's cores go to slices that end at 110, at 310 and at 210; the promised job gets
 * its whole node when the last of them has ended. */
static void a_promise_waits_for_the_last_slice_of_a_core(void **state)
{
    struct fixture *f = *state;
    add_tasks(f, 1, 15);
    add_slice(f, 2, 300, 100);
    add_slice(f, 3, 300, 300);
    add_slice(f, 4, 300, 200);
    assert_started(f, pass_at(f, 10), "1 2 3 4");
    struct sched_request whole = request_of(5, 1);
    add(f, &whole);
    assert_int_equal(pass_at(f, 10), 0);
    assert_int_equal(sched_promised(f->sched, 5), 310);
    sched_ended(f->sched, SCHED_JOB(3), 20);
    assert_int_equal(pass_at(f, 20), 0);
    assert_int_equal(sched_promised(f->sched, 5), 210);
}

/* The promised job relies on the shared core; a slice that ends in time may still
 * join it, one that would stay longer may not. */
static void a_slice_joins_only_as_long_as_nobody_relies_on_the_core(void **state)
{
    struct fixture *f = *state;
    add_tasks(f, 1, 15);
    add_slice(f, 2, 300, 100);
    assert_started(f, pass_at(f, 10), "1 2");
    add_tasks(f, 3, 1);
    assert_int_equal(pass_at(f, 10), 0);
    assert_int_equal(sched_promised(f->sched, 3), 110);
    add_slice(f, 4, 300, 101);
    add_slice(f, 5, 300, 100);
    assert_started(f, pass_at(f, 10), "5");
    assert_int_equal(sched_promised(f->sched, 3), 110);
}

static void what_runs_is_adopted_with_its_slice(void **state)
{
    struct fixture *f = *state;
    for (uint32_t job = 1; job <= 3; job++) {
        struct sched_request req = slice_of(job, 400);
        cleanup(bitset_destroyp) struct bitset *cores = bitset_create(4);
        struct place_share share = {
            .node = 0, .cores = cores, .milli = 400, .shared = 2};
        struct place_result *where = place_result_create(1);
        struct err err;
        bitset_set(cores, 2);
        where->shares[0] = share;
        where->shares[0].cores = bitset_dup(cores);
        int rc = sched_adopt(f->sched, SCHED_JOB(job), &req, where, 0, &err);
        assert_int_equal(rc, job < 3 ? 0 : -EBUSY);
        place_result_destroy(where);
    }
    assert_int_equal(cores_used(f), 1);
    sched_check_invariants(f->sched);
}

#define TEST(f, setup) cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_hundred_tenths_are_ten_cores_beside_whole_ones, fixture_setup_easy),
        TEST(a_promise_waits_for_the_last_slice_of_a_core, fixture_setup_easy),
        TEST(a_slice_joins_only_as_long_as_nobody_relies_on_the_core,
             fixture_setup_easy),
        TEST(what_runs_is_adopted_with_its_slice, fixture_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
