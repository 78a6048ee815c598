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

/* ------------------------------------------------------- stopped, and going on */

static void init_suspending(struct fixture *f)
{
    struct sched_options options = sched_options_default;
    options.policy = (struct sched_policy){.order = SCHED_BY_SUBMIT, .promises = 1};
    options.preempt = SCHED_PREEMPT_PARTITION;
    options.preempt_mode = QOS_PREEMPT_SUSPEND;
    fixture_init_with(f, true, &options);
}

static struct sched_request urgent(struct sched_request req)
{
    req.partition = "urgent";
    return req;
}

/* Half a core of a gang of two. */
static struct sched_request member(uint32_t job)
{
    struct sched_request req = slice_of(job, 500);
    req.gang = 7;
    req.gang_size = 2;
    return req;
}

static void assert_resumed(const struct fixture *f, size_t n, int64_t left)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(f->decisions[i].verb, SCHED_RESUME);
        assert_int_equal(f->decisions[i].time_limit, left);
    }
}

/* Beside the slice that they made room for there is room for each, not for both. */
static void slices_go_on_when_there_is_room_for_all_of_them(void **state)
{
    (void)state;
    struct fixture f;
    struct sched_request one = member(1);
    struct sched_request two = member(2);
    struct sched_request pusher = urgent(slice_of(9, 500));
    init_suspending(&f);
    add(&f, &one);
    add(&f, &two);
    assert_pass(&f, 100, "1 2");
    struct sched_request whole = urgent(request_of(3, 15));
    add(&f, &whole);
    assert_pass(&f, 101, "3");
    add(&f, &pusher);
    assert_pass(&f, 200, "1 2 9");
    assert_int_equal(f.decisions[0].verb, SCHED_SUSPEND);
    assert_pass(&f, 201, "");
    assert_true(sched_is_stopped(f.sched, SCHED_JOB(1)));
    sched_set_limit(f.sched, SCHED_JOB(1), 700);
    sched_set_limit(f.sched, SCHED_JOB(2), 700);
    assert_pass(&f, 250, "");
    end_at(&f, 9, 300);
    assert_pass(&f, 300, "1 2");
    assert_resumed(&f, 2, 600);
    fixture_fini(&f);
}

/* The second of the helpers goes on where the first has opened a core. */
static void a_script_and_slices_of_one_core_fill_their_node_again(void **state)
{
    (void)state;
    struct fixture f;
    struct bitset *n0 = bitset_create(N_NODES);
    init_suspending(&f);
    bitset_set(n0, 0);
    for (uint32_t job = 1; job <= 3; job++) {
        struct sched_request req = job == 1 ? request_of(1, 3) : slice_of(job, 300);
        req.leader = 1;
        req.set_size = job == 1 ? 3 : 0;
        req.place.required = n0;
        add(&f, &req);
    }
    assert_pass(&f, 100, "1 2 3");
    struct sched_request pusher = urgent(request_of(9, 4));
    pusher.place.required = n0;
    add(&f, &pusher);
    assert_pass(&f, 200, "1 2 3 9");
    end_at(&f, 9, 300);
    assert_pass(&f, 300, "1 2 3");
    assert_resumed(&f, 3, 500);
    bitset_destroy(n0);
    fixture_fini(&f);
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
        cmocka_unit_test(slices_go_on_when_there_is_room_for_all_of_them),
        cmocka_unit_test(a_script_and_slices_of_one_core_fill_their_node_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
