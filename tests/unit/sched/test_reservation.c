/* SPDX-License-Identifier: Apache-2.0
 *
 * test_reservation.c - who may use what is set aside, and when
 */
#include "fixture.h"

#define ALICE 1000
#define BOB 1001

/* Nodes n0 and n1 for alice, from 1000 to 2000. */
static void set_aside(struct fixture *f, int64_t every)
{
    struct bitset *nodes = bitset_create(N_NODES);
    uint32_t uid = ALICE;
    struct sched_reservation what = {.name = "course",
                                     .nodes = nodes,
                                     .start = 1000,
                                     .end = 2000,
                                     .every = every,
                                     .uids = &uid,
                                     .n_uids = 1};
    struct err err;
    bitset_set_range(nodes, 0, 2);
    if (sched_reserve(f->sched, &what, false, 1, &err) < 0)
        fail_msg("%s", err.text);
    bitset_destroy(nodes);
}

static struct sched_request of(uint32_t job, uint32_t uid, const char *reservation,
                               int64_t limit)
{
    struct sched_request req = request_of(job, 4);
    req.uid = uid;
    req.reservation = reservation;
    req.time_limit = limit;
    return req;
}

static int check(struct fixture *f, const struct sched_request *req)
{
    struct err err;
    return sched_check(f->sched, req, &err);
}

static void only_its_users_may_ask_for_it(void **state)
{
    struct fixture *f = *state;
    struct sched_request alice = of(5, ALICE, "course", 500);
    struct sched_request bob = of(6, BOB, "course", 500);
    struct sched_request other = of(7, ALICE, "cours", 500);
    set_aside(f, 0);
    assert_int_equal(check(f, &alice), 0);
    assert_int_equal(check(f, &bob), -EACCES);
    assert_int_equal(check(f, &other), -EINVAL);
}

static void its_jobs_start_within_it_on_its_nodes(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = of(5, ALICE, "course", 500);
    set_aside(f, 0);
    add(f, &req);
    assert_int_equal(pass_at(f, 10), 0);
    assert_why(f, 5, SCHED_RESERVATION, "reservation course is not open yet");
    assert_int_equal(sched_next_time(f->sched, 10), 1000);
    bool more;
    assert_int_equal(sched_pass(f->sched, 1000, f->decisions, 4, 0, &more), 1);
    assert_true(f->decisions[0].where->shares[0].node < 2);
    place_result_destroy(f->decisions[0].where);
}

static void a_job_that_would_outlast_it_waits_for_the_next_one(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = of(5, ALICE, "course", 500);
    struct sched_explanation e;
    set_aside(f, 10000);
    assert_int_equal(pass_at(f, 1600), 0);
    add(f, &req);
    assert_int_equal(pass_at(f, 1600), 0);
    assert_int_equal(sched_explain(f->sched, 5, 1600, &e, NULL), 0);
    assert_int_equal(e.start, 11000);
    sched_explanation_fini(&e);
    assert_int_equal(pass_at(f, 11000), 1);
}

static void a_job_longer_than_it_never_starts(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = of(5, ALICE, "course", 1001);
    set_aside(f, 10000);
    add(f, &req);
    assert_int_equal(pass_at(f, 1000), 0);
    assert_why(f, 5, SCHED_RESERVATION,
               "reservation course is too short for its time limit");
}

static void a_job_without_a_limit_ends_with_it(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = of(5, ALICE, "course", TIME_UNLIMITED);
    set_aside(f, 0);
    add(f, &req);
    assert_int_equal(pass_at(f, 10), 0);
    assert_int_equal(pass_at(f, 1200), 1);
    assert_int_equal(f->decisions[0].time_limit, 800);
}

static void others_keep_off_its_nodes(void **state)
{
    struct fixture *f = *state;
    bool more;
    set_aside(f, 0);
    for (uint32_t job = 5; job < 9; job++) {
        struct sched_request req = of(job, BOB, NULL, 5000);
        add(f, &req);
    }
    /* Two of the four nodes are not reserved. */
    assert_int_equal(sched_pass(f->sched, 10, f->decisions, 8, 0, &more), 2);
    for (int i = 0; i < 2; i++) {
        assert_true(f->decisions[i].where->shares[0].node >= 2);
        place_result_destroy(f->decisions[i].where);
    }
    /* What ends before it begins may start there, if nobody is before it. */
    sched_remove(f->sched, 7);
    sched_remove(f->sched, 8);
    struct sched_request brief = of(9, BOB, NULL, 900);
    add(f, &brief);
    assert_int_equal(pass_at(f, 11), 1);
    assert_int_equal(f->decisions[0].id.job, 9);
}

static void its_jobs_wait_when_it_is_gone(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = of(5, ALICE, "course", 500);
    set_aside(f, 0);
    add(f, &req);
    sched_unreserve(f->sched, "course");
    assert_int_equal(pass_at(f, 1000), 0);
    assert_why(f, 5, SCHED_RESERVATION, "there is no reservation course any more");
    set_aside(f, 0);
    assert_int_equal(pass_at(f, 1000), 1);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_its_users_may_ask_for_it),
        TEST(its_jobs_start_within_it_on_its_nodes),
        TEST(a_job_that_would_outlast_it_waits_for_the_next_one),
        TEST(a_job_longer_than_it_never_starts),
        TEST(a_job_without_a_limit_ends_with_it),
        TEST(others_keep_off_its_nodes),
        TEST(its_jobs_wait_when_it_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
