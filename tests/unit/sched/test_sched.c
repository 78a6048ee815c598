/* SPDX-License-Identifier: Apache-2.0
 *
 * test_sched.c - what the scheduler is told, and what it refuses
 */
#include "fixture.h"

static int adopt(struct fixture *f, const struct sched_request *req,
                 const struct place_result *where, struct err *err)
{
    return sched_adopt(f->sched, SCHED_JOB(req->job), req, where, req->submit_time,
                       err);
}

static void assert_check(const struct fixture *f, const struct sched_request *req,
                         const char *words)
{
    struct err err = {0};
    assert_int_equal(sched_check(f->sched, req, &err), words ? -EINVAL : 0);
    if (words)
        assert_string_equal(err.text, words);
}

static void impossible_requests_are_refused_with_words(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = request_of(1, 1);
    assert_check(f, &req, NULL);
    req.place.nodes_min = 9;
    assert_check(f, &req, "--nodes=9: the cluster has 4 nodes in partition batch");
    req.place.nodes_min = 3;
    req.partition = "debug";
    assert_check(f, &req, "--nodes=3: the cluster has 2 nodes in partition debug");
    req.time_limit = 7200;
    assert_check(f, &req, "--time=02:00:00: partition debug allows at most 01:00:00");
    req.time_limit = TIME_UNLIMITED;
    assert_check(f, &req, "--time=UNLIMITED: partition debug allows at most 01:00:00");
    req.partition = "bacth";
    assert_check(f, &req,
                 "--partition=bacth: there is no such partition (did you mean batch?)");
}

static void a_request_is_judged_as_if_all_nodes_were_up_and_empty(void **state)
{
    struct fixture *f = *state;
    add_tasks(f, 1, 16);
    assert_int_equal(pass_at(f, 100), 1);
    sched_node_up(f->sched, 0, false);
    struct sched_request req = request_of(2, 16);
    assert_check(f, &req, NULL);
}

static void an_id_is_taken_once(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = request_of(1, 1);
    add(f, &req);
    struct err err;
    assert_int_equal(sched_add(f->sched, &req, &err), -EEXIST);
    assert_string_equal(err.text, "job 1 is known already");
    sched_remove(f->sched, 1);
    assert_int_equal(sched_add(f->sched, &req, NULL), 0);
}

static void removing_what_is_unknown_changes_nothing(void **state)
{
    struct fixture *f = *state;
    sched_remove(f->sched, 99);
    sched_hold(f->sched, 99, true);
    assert_int_equal(sched_why(f->sched, 99, NULL), SCHED_NONE);
    assert_int_equal(sched_priority(f->sched, 99, 0), 0);
}

static void assert_usage(const struct fixture *f, uint32_t node, uint32_t cores,
                         uint64_t memory)
{
    uint32_t cores_used;
    uint64_t memory_used;
    sched_node_usage(f->sched, node, &cores_used, &memory_used);
    assert_int_equal(cores_used, cores);
    assert_int_equal(memory_used, memory);
}

static void usage_follows_starts_and_ends(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = request_of(1, 6);
    req.place.mem_per_cpu = 1000;
    add(f, &req);
    assert_int_equal(pass_at(f, 100), 1);
    assert_usage(f, 0, 4, 4000);
    assert_usage(f, 1, 2, 2000);
    sched_remove(f->sched, 1);
    assert_usage(f, 0, 0, 0);
    assert_usage(f, 1, 0, 0);
}

static void cores_stay_in_use_while_a_node_is_down(void **state)
{
    struct fixture *f = *state;
    add_tasks(f, 1, 16);
    assert_int_equal(pass_at(f, 100), 1);
    sched_node_up(f->sched, 0, false);
    sched_node_set(f->sched, 0, NULL, 0);
    sched_node_set(f->sched, 0, f->topo, NODE_MEMORY);
    sched_node_up(f->sched, 0, true);
    assert_usage(f, 0, 4, 0);
    add_tasks(f, 2, 1);
    assert_int_equal(pass_at(f, 101), 0);
    assert_why(f, 2, SCHED_RESOURCES, "1 node is needed, 0 have room now");
}

static void a_node_may_come_back_smaller(void **state)
{
    struct fixture *f = *state;
    struct node_topo *small;
    add_tasks(f, 1, 16);
    assert_int_equal(pass_at(f, 100), 1);
    assert_int_equal(node_topo_load("synthetic:core:2 pu:1", &small, NULL, NULL), 0);
    sched_node_set(f->sched, 0, small, NODE_MEMORY);
    sched_check_invariants(f->sched);
    sched_remove(f->sched, 1);
    sched_check_invariants(f->sched);
    sched_node_set(f->sched, 0, NULL, 0);
    node_topo_destroy(small);
}

static struct place_share share_on(uint32_t node, struct bitset *cores)
{
    return (struct place_share){.node = node, .cores = cores, .memory = 100};
}

static void running_jobs_are_adopted_before_their_nodes_are_known(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, false, (struct sched_policy){.order = SCHED_BY_PRIORITY});
    cleanup(bitset_destroyp) struct bitset *cores = bitset_create(4);
    bitset_set_range(cores, 1, 2);
    struct place_share share = share_on(2, cores);
    struct place_result where = {.shares = &share, .n_shares = 1};
    struct sched_request req = request_of(7, 2), again = request_of(8, 2);
    struct err err;
    assert_int_equal(adopt(&f, &req, &where, &err), 0);
    assert_int_equal(adopt(&f, &req, &where, &err), -EEXIST);
    assert_int_equal(adopt(&f, &again, &where, &err), -EBUSY);
    assert_string_equal(err.text, "job 8 runs on cores of job 7");
    sched_node_set(f.sched, 2, f.topo, NODE_MEMORY);
    sched_node_up(f.sched, 2, true);
    assert_usage(&f, 2, 2, 100);
    add_tasks(&f, 9, 3);
    assert_int_equal(pass_at(&f, 100), 0);
    sched_remove(f.sched, 7);
    assert_int_equal(pass_at(&f, 101), 1);
    fixture_fini(&f);
}

static void adopting_on_a_node_that_is_gone_is_refused(void **state)
{
    struct fixture *f = *state;
    cleanup(bitset_destroyp) struct bitset *cores = bitset_create(4);
    struct place_share share = share_on(N_NODES, cores);
    struct place_result where = {.shares = &share, .n_shares = 1};
    struct sched_request req = request_of(7, 2);
    assert_int_equal(adopt(f, &req, &where, NULL), -EINVAL);
}

static void a_switch_tree_with_a_mistake_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"n0"};
    static const struct switch_def def = {.name = "s", .nodes = "n9"};
    struct sched *sched = NULL;
    struct err err;
    assert_int_equal(
        sched_create(&sched_options_default, &def, 1, names, 1, NULL, 0, &sched, &err),
        -EINVAL);
    assert_string_equal(err.text, "switch s: there is no node n9 (did you mean n0?)");
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(impossible_requests_are_refused_with_words),
        TEST(a_request_is_judged_as_if_all_nodes_were_up_and_empty),
        TEST(an_id_is_taken_once),
        TEST(removing_what_is_unknown_changes_nothing),
        TEST(usage_follows_starts_and_ends),
        TEST(cores_stay_in_use_while_a_node_is_down),
        TEST(a_node_may_come_back_smaller),
        cmocka_unit_test(running_jobs_are_adopted_before_their_nodes_are_known),
        TEST(adopting_on_a_node_that_is_gone_is_refused),
        cmocka_unit_test(a_switch_tree_with_a_mistake_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
