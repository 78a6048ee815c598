/* SPDX-License-Identifier: Apache-2.0
 *
 * test_explain.c - when it starts, what is in its way, what would help
 */
#include "fixture.h"

#include <string.h>

static void explain(struct fixture *f, uint32_t job, int64_t now,
                    struct sched_explanation *ret)
{
    struct err err;
    if (sched_explain(f->sched, job, now, ret, &err) < 0)
        fail_msg("%s", err.text);
    sched_check_invariants(f->sched);
}

static int64_t remedy_of(const struct sched_explanation *e, const char *change)
{
    for (size_t i = 0; i < e->n_remedies; i++)
        if (strcmp(e->remedies[i].change, change) == 0)
            return e->remedies[i].start;
    return 0;
}

static struct sched_request nodes_of(uint32_t job, uint32_t nodes, int64_t limit)
{
    struct sched_request req = request_of(job, 4 * nodes);
    req.place.nodes_min = nodes;
    req.time_limit = limit;
    return req;
}

static void add_nodes(struct fixture *f, uint32_t job, uint32_t nodes, int64_t limit)
{
    struct sched_request req = nodes_of(job, nodes, limit);
    add(f, &req);
}

static void the_runs_that_it_waits_for_are_named(void **state)
{
    struct fixture *f = *state;
    struct sched_explanation e;
    add_nodes(f, 1, 2, 300);
    add_nodes(f, 2, 1, 500);
    assert_int_equal(pass_at(f, 100), 2);
    add_nodes(f, 3, 3, 600);
    assert_int_equal(pass_at(f, 100), 0);
    explain(f, 3, 150, &e);
    assert_int_equal(e.reason, SCHED_RESOURCES);
    assert_int_equal(e.start, 400);
    assert_true(e.is_promised);
    assert_int_equal(e.n_blockers, 1);
    assert_int_equal(e.blockers[0].job, 1);
    assert_int_equal(e.blocker_ends[0], 400);
    assert_non_null(e.where);
    assert_int_equal(e.where->n_shares, 3);
    sched_explanation_fini(&e);
}

static void who_comes_before_it_is_planned_first(void **state)
{
    struct fixture *f = *state;
    struct sched_explanation e;
    add_nodes(f, 1, 4, 300);
    assert_int_equal(pass_at(f, 100), 1);
    for (uint32_t job = 2; job <= 5; job++)
        add_nodes(f, job, 4, 100);
    assert_int_equal(pass_at(f, 101), 0);
    explain(f, 5, 150, &e);
    assert_int_equal(e.start, 700);
    assert_false(e.is_promised);
    assert_int_equal(e.ahead, 2); /* 2 is promised its start */
    sched_explanation_fini(&e);
    struct sched_estimate all[8];
    assert_int_equal(sched_estimates(f->sched, 150, all, 8), 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(all[i].job, 2 + i);
        assert_int_equal(all[i].start, 400 + 100 * i);
        assert_int_equal(all[i].is_promised, i == 0);
    }
    assert_int_equal(sched_estimates(f->sched, 150, all, 2), 2);
}

static void remedies_are_less_time_fewer_nodes_another_partition(void **state)
{
    struct fixture *f = *state;
    struct sched_explanation e;
    cleanup(bitset_destroyp) struct bitset *low = bitset_create(N_NODES);
    bitset_set_range(low, 0, 2);
    struct sched_request req = nodes_of(1, 2, 1000);
    req.place.required = low;
    add(f, &req);
    assert_int_equal(pass_at(f, 100), 1);
    add_nodes(f, 2, 3, 1000); /* starts at 1100 and leaves one node */
    add_nodes(f, 3, 2, 3000);
    assert_int_equal(pass_at(f, 100), 0);
    explain(f, 3, 100, &e);
    assert_int_equal(e.start, 2100);
    assert_int_equal(remedy_of(&e, "--time=00:16:00"), 100);
    assert_int_equal(remedy_of(&e, "--nodes=1 --ntasks=4"), 100);
    sched_explanation_fini(&e);
    /* 970 seconds are left: with 16 minutes there would be no time to submit it. */
    explain(f, 3, 130, &e);
    assert_int_equal(remedy_of(&e, "--time=00:15:00"), 130);
    sched_explanation_fini(&e);
}

static void without_a_constraint_it_could_start(void **state)
{
    struct fixture *f = *state;
    struct sched_explanation e;
    cleanup(bitset_destroyp) struct bitset *fat = bitset_create(N_NODES);
    bitset_set(fat, 0);
    sched_feature_set(f->sched, "fat", fat);
    struct sched_request req = nodes_of(1, 1, 1000);
    req.features = "fat";
    add(f, &req);
    req.job = 2;
    add(f, &req);
    assert_pass(f, 100, "1");
    explain(f, 2, 110, &e);
    assert_int_equal(e.start, 1100);
    assert_int_equal(remedy_of(&e, "without --constraint"), 110);
    sched_explanation_fini(&e);
}

static void a_parked_job_says_what_it_waits_for(void **state)
{
    struct fixture *f = *state;
    struct sched_explanation e;
    struct err err;
    struct sched_request req = request_of(1, 1);
    req.eligible_time = 500;
    add(f, &req);
    explain(f, 1, 100, &e);
    assert_int_equal(e.reason, SCHED_BEGIN_TIME);
    assert_int_equal(e.start, 500);
    sched_explanation_fini(&e);
    assert_int_equal(sched_explain(f->sched, 99, 100, &e, &err), -ENOENT);
}

/* ----------------------------------------------------- it changes nothing */

/* The history of decisions of a small queue, asked about at every turn or not. */
static char *history(bool asks)
{
    struct fixture f;
    struct strbuf text = STRBUF_INIT;
    fixture_init(&f, true,
                 (struct sched_policy){.order = SCHED_BY_PRIORITY, .promises = 2});
    uint32_t seed = 5;
    int64_t ends[41] = {0};
    for (uint32_t now = 1; now < 600; now++) {
        seed = seed * 1664525u + 1013904223u;
        uint32_t job = now / 10;
        if (now % 10 == 0 && job <= 40) {
            struct sched_request req = nodes_of(job, 1 + (seed >> 9) % 4, 20);
            req.time_limit += (seed >> 12) % 100;
            add(&f, &req);
        }
        for (uint32_t j = 1; j <= 40; j++)
            if (ends[j] == now)
                end_at(&f, j, now);
        size_t n = pass_at(&f, now);
        for (size_t i = 0; i < n; i++) {
            uint32_t id = f.decisions[i].id.job;
            strbuf_printf(&text, "%u at %u\n", id, now);
            ends[id] = now + 1 + (int64_t)((seed >> 10) % 40);
        }
        for (uint32_t j = 1; asks && j <= 40; j++) {
            struct sched_explanation e;
            struct sched_estimate some[10];
            if (sched_explain(f.sched, j, now, &e, NULL) == 0)
                sched_explanation_fini(&e);
            sched_estimates(f.sched, now, some, 10);
        }
    }
    fixture_fini(&f);
    return strbuf_take(&text);
}

static void asking_changes_no_decision(void **state)
{
    (void)state;
    cleanup(freep) char *plain = history(false), *asked = history(true);
    assert_string_equal(plain, asked);
    assert_true(strlen(plain) > 80);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, fixture_setup_easy, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_runs_that_it_waits_for_are_named),
        TEST(who_comes_before_it_is_planned_first),
        TEST(remedies_are_less_time_fewer_nodes_another_partition),
        TEST(without_a_constraint_it_could_start),
        TEST(a_parked_job_says_what_it_waits_for),
        cmocka_unit_test(asking_changes_no_decision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
