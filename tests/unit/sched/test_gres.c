/* SPDX-License-Identifier: Apache-2.0
 *
 * test_gres.c - devices by node and by task; one of a type is one of its name too
 *
 * n0 and n1 have two GPUs of type a and two of type b; n2 and n3 have none.
 */
#include "fixture.h"

#include "place/cluster.h"

struct world {
    struct fixture f;
    struct node_topo *equipped;
    struct place_gres gres;
};

static int setup(void **state)
{
    static const struct topo_gres devices[] = {
        {.name = "gpu", .type = "a", .count = 2, .cores = "0-1"},
        {.name = "gpu", .type = "b", .count = 2, .cores = "2-3"}};
    static struct world w;
    struct err err;
    fixture_init(&w.f, true,
                 (struct sched_policy){.order = SCHED_BY_SUBMIT, .promises = 1});
    if (node_topo_equip(w.f.topo, devices, 2, &w.equipped, &err) < 0)
        fail_msg("%s", err.text);
    sched_node_set(w.f.sched, 0, w.equipped, NODE_MEMORY);
    sched_node_set(w.f.sched, 1, w.equipped, NODE_MEMORY);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    fixture_fini(&w->f);
    node_topo_destroy(w->equipped);
    return 0;
}

static int add_gpus(struct world *w, uint32_t job, uint32_t tasks, const char *type,
                    uint32_t count, enum place_per per)
{
    struct sched_request req = request_of(job, tasks);
    w->gres = (struct place_gres){
        .kind = sched_gres_kind(w->f.sched, "gpu", type), .count = count, .per = per};
    req.place.gres = &w->gres;
    req.place.n_gres = 1;
    if (sched_check(w->f.sched, &req, NULL) < 0)
        return -EINVAL;
    add(&w->f, &req);
    return 0;
}

static void a_typed_device_counts_as_one_of_its_name(void **state)
{
    struct world *w = *state;
    add_gpus(w, 1, 1, "a", 2, PLACE_PER_NODE);
    add_gpus(w, 2, 1, "a", 2, PLACE_PER_NODE);
    add_gpus(w, 3, 1, NULL, 3, PLACE_PER_NODE);
    add_gpus(w, 4, 1, "b", 2, PLACE_PER_NODE);
    assert_pass(&w->f, 100, "1 2 4");
    /* Three of any type are there when either has ended, 1 or 2 or 4. */
    assert_int_equal(sched_promised(w->f.sched, 3), 700);
    end_at(&w->f, 2, 110);
    assert_pass(&w->f, 110, "3");
    assert_false(sched_is_overbooked(w->f.sched));
}

static void devices_are_counted_by_task(void **state)
{
    struct world *w = *state;
    assert_int_equal(add_gpus(w, 1, 3, NULL, 2, PLACE_PER_TASK), 0);
    assert_int_equal(add_gpus(w, 2, 1, NULL, 3, PLACE_PER_TASK), 0);
    assert_int_equal(add_gpus(w, 3, 5, NULL, 2, PLACE_PER_TASK), -EINVAL);
    assert_pass(&w->f, 100, "1");
    assert_int_equal(sched_promised(w->f.sched, 2), 700);
    /* Two are left of one node. */
    assert_int_equal(add_gpus(w, 4, 1, NULL, 2, PLACE_PER_NODE), 0);
    bool more;
    struct sched_decision *d = w->f.decisions;
    assert_int_equal(sched_pass(w->f.sched, 101, d, 64, 0, &more), 1);
    assert_int_equal(bitset_count(d[0].where->shares[0].devices), 2);
    place_result_destroy(d[0].where);
}

static void what_is_promised_is_left_free(void **state)
{
    struct world *w = *state;
    add_gpus(w, 1, 1, NULL, 4, PLACE_PER_NODE);
    add_gpus(w, 2, 1, "b", 1, PLACE_PER_NODE);
    assert_pass(&w->f, 100, "1 2");
    struct sched_request two = request_of(3, 2);
    w->gres = (struct place_gres){.kind = PLACE_KIND_GPU, .count = 4};
    two.place.gres = &w->gres;
    two.place.n_gres = 1;
    two.place.nodes_min = 2;
    add(&w->f, &two);
    assert_int_equal(pass_at(&w->f, 101), 0);
    assert_int_equal(sched_promised(w->f.sched, 3), 700);
    /* A longer one would hold a GPU that is promised; cores alone are free. */
    struct sched_request longer = request_of(4, 1), cores = request_of(5, 1);
    longer.time_limit = cores.time_limit = 6000;
    struct place_gres one = {.kind = PLACE_KIND_GPU, .count = 1};
    longer.place.gres = &one;
    longer.place.n_gres = 1;
    add(&w->f, &longer);
    add(&w->f, &cores);
    assert_pass(&w->f, 102, "5");
    assert_false(sched_is_overbooked(w->f.sched));
}

static void kinds_past_those_planned_ahead_are_found_all_the_same(void **state)
{
    struct world *w = *state;
    static const char *const names[] = {"k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7"};
    struct topo_gres late = {.name = "fpga", .count = 1};
    struct node_topo *topo;
    uint32_t kind = 0;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        sched_gres_kind(w->f.sched, names[i], NULL);
    kind = sched_gres_kind(w->f.sched, "fpga", NULL);
    assert_true(kind >= 8);
    assert_int_equal(node_topo_equip(w->f.topo, &late, 1, &topo, NULL), 0);
    sched_node_set(w->f.sched, 2, topo, NODE_MEMORY);
    struct sched_request req = request_of(1, 1);
    w->gres = (struct place_gres){.kind = kind, .count = 1};
    req.place.gres = &w->gres;
    req.place.n_gres = 1;
    add(&w->f, &req);
    req.job = 2;
    add(&w->f, &req);
    assert_pass(&w->f, 100, "1");
    end_at(&w->f, 1, 110);
    assert_pass(&w->f, 110, "2");
    end_at(&w->f, 2, 120);
    sched_node_set(w->f.sched, 2, w->f.topo, NODE_MEMORY);
    node_topo_destroy(topo);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_typed_device_counts_as_one_of_its_name),
        TEST(devices_are_counted_by_task),
        TEST(what_is_promised_is_left_free),
        TEST(kinds_past_those_planned_ahead_are_found_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
