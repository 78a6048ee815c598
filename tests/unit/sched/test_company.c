/* SPDX-License-Identifier: Apache-2.0
 *
 * test_company.c - nodes that are barred or liked for now, and pods that never end
 */
#include "fixture.h"

#include <string.h>

/* Costs of nodes for class 1; class 2 does not care. */
static uint32_t costs[N_NODES];
static int n_moved;

static bool like(void *ctx, uint32_t class, const struct bitset *nodes,
                 uint32_t *ret_costs)
{
    (void)ctx;
    for (size_t i = bitset_next(nodes, 0); class == 1 && i < nodes->nbits;
         i = bitset_next(nodes, i + 1))
        ret_costs[i] = costs[i];
    return class == 1;
}

static void moved(void *ctx, uint32_t class, uint32_t node, int by)
{
    (void)ctx;
    (void)class;
    (void)node;
    n_moved += by;
}

static int setup(void **state)
{
    static struct fixture f;
    struct sched_options options = sched_options_default;
    options.policy = (struct sched_policy){.order = SCHED_BY_SUBMIT, .promises = 1};
    options.company = (struct sched_company){.like = like, .moved = moved};
    memset(costs, 0, sizeof(costs));
    n_moved = 0;
    fixture_init_with(&f, true, &options);
    *state = &f;
    return 0;
}

/* A pod of so many thousandths of a core. */
static struct sched_request pod_of(uint32_t job, uint32_t milli, uint32_t class)
{
    struct sched_request req = request_of(job, 1);
    req.place.milli = milli;
    req.place.nodes_min = req.place.nodes_max = 1;
    req.class = class;
    req.time_limit = TIME_UNLIMITED;
    return req;
}

/* Where the one job went that starts in a pass. */
static uint32_t node_of_start(struct fixture *f, int64_t now)
{
    struct sched_decision d;
    uint32_t node;
    bool more;
    assert_int_equal(sched_pass(f->sched, now, &d, 1, 0, &more), 1);
    assert_int_equal(d.verb, SCHED_START);
    node = d.where->shares[0].node;
    place_result_destroy(d.where);
    sched_check_invariants(f->sched);
    return node;
}

/* ------------------------------------------------------------------ barred */

static void who_is_barred_goes_elsewhere_or_waits(void **state)
{
    struct fixture *f = *state;
    struct bitset *barred = bitset_create(N_NODES);
    struct sched_request one = request_of(1, 1), all = request_of(2, 1);
    bitset_set(barred, 0);
    one.barred = barred;
    add(f, &one);
    assert_int_equal(node_of_start(f, 10), 1);
    bitset_set_range(barred, 0, N_NODES);
    all.barred = barred;
    add(f, &all);
    add_tasks(f, 3, 1);
    assert_pass(f, 11, "3");
    assert_why(f, 2, SCHED_RESOURCES,
               "the nodes that have room have taints that it does not tolerate");
    all.barred = NULL;
    assert_int_equal(sched_update(f->sched, &all, NULL), 0);
    bitset_destroy(barred);
    assert_pass(f, 12, "2");
}

static void on_one_node_it_waits_as_well(void **state)
{
    struct fixture *f = *state;
    struct bitset *barred = bitset_create(N_NODES);
    struct sched_request one = request_of(1, 1);
    bitset_set_range(barred, 0, N_NODES);
    one.barred = barred;
    for (uint32_t i = 1; i < N_NODES; i++)
        sched_node_up(f->sched, i, false);
    add(f, &one);
    bitset_destroy(barred);
    assert_pass(f, 10, "");
    assert_int_equal(sched_promised(f->sched, 1), 0);
}

/* ------------------------------------------------------------------ liked */

static void the_node_that_is_liked_best_is_taken_while_it_has_room(void **state)
{
    struct fixture *f = *state;
    static const uint32_t likes[N_NODES] = {50, 20, 100, 0};
    static const uint32_t expected[] = {3, 1, 0, 2};
    memcpy(costs, likes, sizeof(costs));
    for (uint32_t i = 0; i < ARRAY_SIZE(expected); i++) {
        struct sched_request req = request_of(i + 1, 4);
        req.class = 1;
        req.place.nodes_min = req.place.nodes_max = 1;
        add(f, &req);
        assert_int_equal(node_of_start(f, 10 + i), expected[i]);
    }
    assert_int_equal(n_moved, 4);
}

static void likes_and_levels_of_nodes_add_up(void **state)
{
    struct fixture *f = *state;
    struct bitset *good = bitset_create(N_NODES), *rest = bitset_create(N_NODES);
    bitset_set(good, 2);
    bitset_set_range(rest, 0, 2);
    bitset_set(rest, 3);
    const struct place_level levels[] = {{.nodes = good}, {.nodes = rest, .cost = 60}};
    struct sched_request req = pod_of(1, 100, 1), other = pod_of(2, 100, 1),
                         careless = pod_of(3, 100, 2);
    req.place.levels = other.place.levels = careless.place.levels = levels;
    req.place.n_levels = other.place.n_levels = careless.place.n_levels = 2;
    costs[2] = 50;
    costs[0] = costs[1] = 10;
    add(f, &req);
    assert_int_equal(node_of_start(f, 10), 2);
    costs[2] = 80;
    add(f, &other);
    assert_int_equal(node_of_start(f, 11), 3);
    add(f, &careless);
    assert_int_equal(node_of_start(f, 12), 2);
    bitset_destroy(good);
    bitset_destroy(rest);
}

/* ------------------------------------------------------------------ without end */

/* Forty pods of a tenth are four cores of one node; the other twelve are whole. */
static void slices_without_end_leave_whole_cores_to_others(void **state)
{
    struct fixture *f = *state;
    for (uint32_t i = 1; i <= 40; i++) {
        struct sched_request req = pod_of(i, 100, 2);
        req.submit_time = 0;
        add(f, &req);
    }
    assert_int_equal(pass_at(f, 10), 40);
    add_tasks(f, 41, 13);
    add_tasks(f, 42, 12);
    /* It can be promised nothing, and holds back nobody. */
    assert_pass(f, 11, "42");
    assert_int_equal(sched_promised(f->sched, 41), 0);
    sched_ended(f->sched, SCHED_JOB(42), 20);
    for (uint32_t i = 1; i <= 10; i++)
        sched_ended(f->sched, SCHED_JOB(i), 20);
    assert_pass(f, 20, "41");
}

static void a_promise_is_kept_beside_pods_without_end(void **state)
{
    struct fixture *f = *state;
    struct sched_request late = pod_of(4, 500, 2), early = pod_of(3, 500, 2);
    early.time_limit = 100;
    add_tasks(f, 1, 8);
    assert_pass(f, 10, "1");
    add_tasks(f, 2, 16);
    assert_pass(f, 11, "");
    assert_int_equal(sched_promised(f->sched, 2), 610);
    /* One that ends before it fills the gap, one without end must not. */
    add(f, &early);
    add(f, &late);
    assert_pass(f, 12, "3");
    assert_int_equal(sched_promised(f->sched, 2), 610);
    sched_ended(f->sched, SCHED_JOB(3), 112);
    sched_ended(f->sched, SCHED_JOB(1), 300);
    assert_pass(f, 300, "2");
    sched_ended(f->sched, SCHED_JOB(2), 400);
    assert_pass(f, 400, "4");
}

static void a_pod_without_end_keeps_out_of_reservations(void **state)
{
    struct fixture *f = *state;
    struct bitset *nodes = bitset_create(N_NODES);
    struct sched_reservation later = {.name = "later",
                                      .nodes = nodes,
                                      .start = 1000,
                                      .end = 2000,
                                      .maintenance = true};
    struct sched_request pod = pod_of(1, 100, 2), expected = pod_of(2, 100, 2);
    struct err err;
    bitset_set_range(nodes, 0, 3);
    assert_int_equal(sched_reserve(f->sched, &later, false, 5, NULL), 0);
    add(f, &pod);
    assert_int_equal(node_of_start(f, 10), 3);
    /* What it is expected to take is no promise. */
    expected.time_expected = 60;
    add(f, &expected);
    assert_int_equal(node_of_start(f, 11), 3);
    /* And one that would come upon it is refused. */
    later.name = "upon";
    bitset_clear_all(nodes);
    bitset_set(nodes, 3);
    assert_int_equal(sched_reserve(f->sched, &later, false, 12, &err), -EBUSY);
    bitset_destroy(nodes);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_is_barred_goes_elsewhere_or_waits),
        TEST(on_one_node_it_waits_as_well),
        TEST(the_node_that_is_liked_best_is_taken_while_it_has_room),
        TEST(likes_and_levels_of_nodes_add_up),
        TEST(slices_without_end_leave_whole_cores_to_others),
        TEST(a_promise_is_kept_beside_pods_without_end),
        TEST(a_pod_without_end_keeps_out_of_reservations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
