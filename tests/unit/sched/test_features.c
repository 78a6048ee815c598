/* SPDX-License-Identifier: Apache-2.0
 *
 * test_features.c - nodes by what they have: all of it, either, so many of each
 *
 * n0 and n1 are "fat", n1 and n2 "near"; n3 has nothing.
 */
#include "fixture.h"

#include <string.h>

static int setup(void **state)
{
    fixture_setup_easy(state);
    struct fixture *f = *state;
    cleanup(bitset_destroyp) struct bitset *set = bitset_create(N_NODES);
    bitset_set_range(set, 0, 2);
    sched_feature_set(f->sched, "fat", set);
    bitset_clear(set, 0);
    bitset_set(set, 2);
    sched_feature_set(f->sched, "near", set);
    return 0;
}

static struct sched_request nodes_with(uint32_t job, uint32_t nodes, const char *text)
{
    struct sched_request req = request_of(job, 4 * nodes);
    req.place.nodes_min = nodes;
    req.features = text;
    return req;
}

/* The nodes of the only job that starts, one bit each. */
static uint32_t nodes_at(struct fixture *f, int64_t now)
{
    bool more;
    uint32_t bits = 0;
    assert_int_equal(sched_pass(f->sched, now, f->decisions, 64, 0, &more), 1);
    for (size_t i = 0; i < f->decisions[0].where->n_shares; i++)
        bits |= 1u << f->decisions[0].where->shares[i].node;
    place_result_destroy(f->decisions[0].where);
    return bits;
}

static void each_node_has_what_is_asked(void **state)
{
    static const struct {
        const char *text;
        uint32_t nodes, bits;
    } cases[] = {
        {"fat&near", 1, 2},  {"fat|near", 3, 7},        {"!fat&!near", 1, 8},
        {"near&!fat", 1, 4}, {"[fat*2&near*1]", 3, 11},
    };
    struct fixture *f = *state;
    for (uint32_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct sched_request req = nodes_with(i + 1, cases[i].nodes, cases[i].text);
        add(f, &req);
        assert_int_equal(nodes_at(f, 100), cases[i].bits);
        sched_remove(f->sched, i + 1);
    }
}

static void brackets_take_one_kind_whichever_is_free(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = nodes_with(1, 2, "[fat|near]");
    add(f, &req);
    assert_int_equal(nodes_at(f, 100), 3); /* n0 and n1, not n0 and n2 */
    sched_remove(f->sched, 1);
    sched_node_up(f->sched, 0, false);
    add(f, &req);
    assert_int_equal(nodes_at(f, 101), 6);
    sched_remove(f->sched, 1);
    /* Of neither kind there are two: it waits for nodes that are down. */
    sched_node_up(f->sched, 2, false);
    add(f, &req);
    assert_int_equal(pass_at(f, 102), 0);
    assert_int_equal(sched_why(f->sched, 1, NULL), SCHED_NODES_DOWN);
    sched_node_up(f->sched, 2, true);
    assert_int_equal(nodes_at(f, 103), 6);
}

static void one_kind_is_down_and_the_other_busy(void **state)
{
    struct fixture *f = *state;
    struct sched_request busy = nodes_with(1, 1, "near&!fat");
    add(f, &busy);
    assert_int_equal(nodes_at(f, 100), 4);
    sched_node_up(f->sched, 0, false);
    struct sched_request req = nodes_with(2, 2, "[fat|near]");
    add(f, &req);
    assert_int_equal(pass_at(f, 101), 0);
    assert_int_equal(sched_why(f->sched, 2, NULL), SCHED_RESOURCES);
    assert_int_equal(sched_promised(f->sched, 2), 700);
}

static void mistakes_are_named(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = nodes_with(1, 1, "fatt");
    struct err err;
    assert_int_equal(sched_check(f->sched, &req, &err), -EINVAL);
    assert_non_null(strstr(err.text, "--constraint=fatt"));
    req = nodes_with(1, 3, "fat");
    assert_int_equal(sched_check(f->sched, &req, &err), -EINVAL);
    assert_non_null(strstr(err.text, "--constraint=fat"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_node_has_what_is_asked),
        TEST(brackets_take_one_kind_whichever_is_free),
        TEST(one_kind_is_down_and_the_other_busy),
        TEST(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
