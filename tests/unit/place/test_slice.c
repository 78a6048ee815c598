/* SPDX-License-Identifier: Apache-2.0
 *
 * test_slice.c - parts of cores: where they go, and what always holds
 */
#include "cluster.h"

#include <string.h>

#define N_NODES 4
#define N_CORES 8

static const struct switch_def one_switch[] = {{.name = "top", .nodes = "n[0-3]"}};

static int setup(void **state)
{
    static struct cluster c;
    cluster_init(&c, "synthetic:pack:2 [numa] l3:1 core:4 pu:1", N_NODES, one_switch,
                 1);
    *state = &c;
    return 0;
}

static int teardown(void **state)
{
    cluster_fini(*state);
    return 0;
}

static struct place_result *choose(const struct cluster *c,
                                   const struct place_request *req)
{
    struct place_result *result = NULL;
    (void)place_choose(c->cluster, req, &place_weights_default, 0, &result, NULL);
    return result;
}

/* Place it, and hold what it got. */
static struct place_result *start(const struct cluster *c,
                                  const struct place_request *req)
{
    struct place_result *result = choose(c, req);
    for (size_t i = 0; result && i < result->n_shares; i++)
        place_cluster_take(c->cluster, &result->shares[i]);
    return result;
}

static void end(const struct cluster *c, struct place_result *result)
{
    for (size_t i = 0; i < result->n_shares; i++)
        place_cluster_release(c->cluster, &result->shares[i]);
    place_result_destroy(result);
}

/* "n0 7:100", "n0 0-1+7:500": whole cores, then the shared one and how much of it. */
static char *start_text(const struct cluster *c, const struct place_request *req)
{
    cleanup(bitset_destroyp) struct bitset *whole = NULL;
    struct place_result *result = start(c, req);
    if (!result)
        return xstrdup("later");
    const struct place_share *share = &result->shares[0];
    whole = bitset_dup(share->cores);
    if (share->milli)
        bitset_clear(whole, share->shared);
    assert_int_equal(place_share_cores(share), bitset_count(whole));
    cleanup(freep) char *cores = bitset_format(whole);
    char *text = share->milli
                     ? xasprintf("%s %s%s%u:%u", c->names[share->node], cores,
                                 *cores ? "+" : "", share->shared, share->milli)
                     : xasprintf("%s %s", c->names[share->node], cores);
    place_result_destroy(result);
    return text;
}

static void assert_starts(const struct cluster *c, struct place_request req,
                          const char *expected)
{
    cleanup(freep) char *text = start_text(c, &req);
    assert_string_equal(text, expected);
}

static struct place_request slice(uint32_t milli)
{
    return (struct place_request){.nodes_min = 1, .tasks = 1, .milli = milli};
}

static void ten_tenths_fill_one_core_before_another_is_opened(void **state)
{
    for (int i = 0; i < 10; i++)
        assert_starts(*state, slice(100), "n0 0:100");
    assert_starts(*state, slice(100), "n0 1:100");
}

static void a_slice_goes_to_the_core_that_it_leaves_fullest(void **state)
{
    assert_starts(*state, slice(700), "n0 0:700");
    assert_starts(*state, slice(500), "n0 1:500");
    assert_starts(*state, slice(300), "n0 0:300");
    assert_starts(*state, slice(600), "n0 2:600");
    assert_starts(*state, slice(450), "n0 1:450");
}

static void a_job_of_whole_cores_is_never_beside_slices(void **state)
{
    assert_starts(*state, slice(1), "n0 0:1");
    assert_starts(*state, (struct place_request){.tasks = 8}, "n1 0-7");
    assert_starts(*state, (struct place_request){.tasks = 7}, "n0 1-7");
}

static void a_node_of_ones_own_has_no_slices_of_others(void **state)
{
    struct place_request own = {.nodes_min = 1, .exclusive = true};
    struct place_request own_slice = slice(100);
    own_slice.exclusive = true;
    assert_starts(*state, slice(100), "n0 0:100");
    assert_starts(*state, own, "n1 0-7");
    assert_starts(*state, own_slice, "n2 0-7");
    assert_starts(*state, slice(100), "n0 0:100");
}

static void whole_cores_and_a_slice_come_from_one_node(void **state)
{
    struct place_request req = slice(500);
    req.cpus_per_task = 2;
    assert_starts(*state, req, "n0 0-1+2:500");
    assert_starts(*state, req, "n0 4-5+2:500");
    assert_starts(*state, slice(1), "n0 3:1");
    req.cpus_per_task = 3;
    assert_starts(*state, req, "n1 0-2+3:500");
}

static void a_full_node_still_takes_slices_where_a_core_is_shared(void **state)
{
    assert_starts(*state, slice(900), "n0 0:900");
    for (size_t i = 0; i < N_NODES; i++)
        cluster_use(*state, i, "0-7");
    assert_starts(*state, slice(100), "n0 0:100");
    assert_starts(*state, slice(100), "later");
}

static void memory_and_required_nodes_count_for_slices_too(void **state)
{
    cleanup(bitset_destroyp) struct bitset *required = NULL;
    assert_int_equal(bitset_parse("2", N_NODES, &required, NULL), 0);
    struct place_request req = slice(100);
    assert_starts(*state, req, "n0 0:100");
    req.required = required;
    assert_starts(*state, req, "n2 0:100");
    req.required = NULL;
    req.mem_per_node = 16000;
    assert_starts(*state, req, "n0 0:100");
    assert_starts(*state, req, "n2 0:100");
    assert_starts(*state, req, "n1 0:100");
}

static void a_level_is_left_when_it_costs_more_than_it_saves(void **state)
{
    cleanup(bitset_destroyp) struct bitset *good = NULL;
    cleanup(bitset_destroyp) struct bitset *bad = NULL;
    assert_int_equal(bitset_parse("3", N_NODES, &good, NULL), 0);
    assert_int_equal(bitset_parse("0-2", N_NODES, &bad, NULL), 0);
    struct place_level levels[] = {{.nodes = good}, {.nodes = bad, .cost = 3}};
    struct place_request req = slice(400);
    req.levels = levels;
    req.n_levels = 2;
    cluster_use(*state, 0, "0");
    /* Breaking up a free node costs 4. */
    assert_starts(*state, req, "n0 1:400");
    levels[1].cost = 5;
    assert_starts(*state, req, "n3 0:400");
    levels[1].cost = 3;
    assert_starts(*state, req, "n3 0:400");
    cluster_use(*state, 3, "1-7");
    assert_starts(*state, req, "n0 1:400");
}

/* ------------------------------------------------------------- random events */

#define HELD_MAX 64

/* What of each core is given, written down apart from the cluster. */
struct ledger {
    uint32_t slices[N_NODES][N_CORES], whole[N_NODES][N_CORES];
    struct place_result *held[HELD_MAX];
    size_t n;
    uint64_t random;
};

static uint32_t draw(struct ledger *l, uint32_t n)
{
    l->random = l->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(l->random >> 33) % n;
}

static void note(struct ledger *l, const struct place_result *r, int by)
{
    for (size_t i = 0; i < r->n_shares; i++) {
        const struct place_share *share = &r->shares[i];
        for (uint32_t core = 0; core < N_CORES; core++) {
            if (!bitset_test(share->cores, core))
                continue;
            if (share->milli && core == share->shared)
                l->slices[share->node][core] += (uint32_t)(by * (int)share->milli);
            else
                l->whole[share->node][core] += (uint32_t)by;
        }
    }
}

static void assert_sound(const struct ledger *l, const struct cluster *c)
{
    place_cluster_check(c->cluster);
    for (uint32_t n = 0; n < N_NODES; n++)
        for (uint32_t core = 0; core < N_CORES; core++) {
            assert_in_range(l->slices[n][core], 0, 1000);
            assert_in_range(l->whole[n][core], 0, 1);
            assert_false(l->slices[n][core] && l->whole[n][core]);
            assert_int_equal(bitset_test(cluster_free(c, n), core),
                             !l->slices[n][core] && !l->whole[n][core]);
        }
}

/* Whether some core with slices has room, on a node with the whole ones beside it. */
static bool had_room(const struct ledger *l, const struct cluster *c, uint32_t milli,
                     uint32_t whole)
{
    for (uint32_t n = 0; n < N_NODES; n++)
        for (uint32_t core = 0; core < N_CORES; core++)
            if (l->slices[n][core] && l->slices[n][core] + milli <= 1000 &&
                bitset_count(cluster_free(c, n)) >= whole)
                return true;
    return false;
}

static struct place_request random_request(struct ledger *l)
{
    struct place_request req = {.nodes_min = 1, .tasks = 1};
    switch (draw(l, 4)) {
    case 0:
        return (struct place_request){.tasks = 1 + draw(l, 12)};
    case 1:
        return (struct place_request){.nodes_min = 1 + draw(l, 2), .exclusive = true};
    case 2:
        req.cpus_per_task = draw(l, 4);
        break;
    default:
        break;
    }
    req.milli = 1 + draw(l, 999);
    if (draw(l, 8) == 0)
        req.policy = PLACE_SPREAD;
    return req;
}

static void begin_one(struct ledger *l, const struct cluster *c)
{
    struct place_request req = random_request(l);
    bool room = req.milli && had_room(l, c, req.milli, req.cpus_per_task);
    struct place_result *result = l->n < HELD_MAX ? choose(c, &req) : NULL;
    if (!result)
        return;
    const struct place_share *share = &result->shares[0];
    if (req.milli)
        assert_int_equal(l->slices[share->node][share->shared] > 0, room);
    for (size_t i = 0; i < result->n_shares; i++)
        place_cluster_take(c->cluster, &result->shares[i]);
    note(l, result, 1);
    l->held[l->n++] = result;
}

static void end_one(struct ledger *l, const struct cluster *c)
{
    uint32_t i = draw(l, (uint32_t)l->n);
    note(l, l->held[i], -1);
    end(c, l->held[i]);
    l->held[i] = l->held[--l->n];
}

static void over_random_events_no_core_is_given_twice(void **state)
{
    struct ledger l = {.random = 17};
    uint32_t most = 0;
    for (int i = 0; i < 20000; i++) {
        if (l.n > 0 && draw(&l, 100) < 46)
            end_one(&l, *state);
        else
            begin_one(&l, *state);
        assert_sound(&l, *state);
        most = l.n > most ? (uint32_t)l.n : most;
    }
    assert_in_range(most, 16, HELD_MAX);
    while (l.n > 0)
        end_one(&l, *state);
    assert_sound(&l, *state);
    for (size_t n = 0; n < N_NODES; n++)
        assert_int_equal(bitset_count(cluster_free(*state, n)), N_CORES);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ten_tenths_fill_one_core_before_another_is_opened),
        TEST(a_slice_goes_to_the_core_that_it_leaves_fullest),
        TEST(a_job_of_whole_cores_is_never_beside_slices),
        TEST(a_node_of_ones_own_has_no_slices_of_others),
        TEST(whole_cores_and_a_slice_come_from_one_node),
        TEST(a_full_node_still_takes_slices_where_a_core_is_shared),
        TEST(memory_and_required_nodes_count_for_slices_too),
        TEST(a_level_is_left_when_it_costs_more_than_it_saves),
        TEST(over_random_events_no_core_is_given_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
