/* SPDX-License-Identifier: Apache-2.0
 *
 * test_reserved.c - nodes set aside, for some people or for nobody
 *
 * Jobs are of user 7 and take 100 seconds, unless said otherwise. User 5 may use
 * what is reserved.
 */
#include "fixture.h"

static const uint32_t members[] = {5};

static struct sched_reservation reservation_of(const struct bitset *nodes,
                                               int64_t start, int64_t end)
{
    return (struct sched_reservation){.name = "course",
                                      .nodes = nodes,
                                      .start = start,
                                      .end = end,
                                      .uids = members,
                                      .n_uids = 1};
}

static struct bitset *first_nodes(size_t n)
{
    struct bitset *set = bitset_create(N_NODES);
    bitset_set_range(set, 0, n);
    return set;
}

/* All nodes but the last 'left' are reserved. */
static void reserve(struct fixture *f, size_t left, struct sched_reservation what)
{
    cleanup(bitset_destroyp) struct bitset *nodes = first_nodes(N_NODES - left);
    struct err err = {0};
    what.nodes = nodes;
    if (sched_reserve(f->sched, &what, false, 0, &err) < 0)
        fail_msg("%s", err.text);
}

static void add_job(struct fixture *f, uint32_t job, uint32_t tasks, int64_t limit,
                    uint32_t uid, const char *reservation)
{
    struct sched_request req = request_of(job, tasks);
    req.time_limit = limit;
    req.uid = uid;
    req.reservation = reservation;
    add(f, &req);
}

static void others_are_kept_out_also_before_it_begins(void **state)
{
    struct fixture *f = *state;
    reserve(f, 0, reservation_of(NULL, 150, 300));
    add_job(f, 1, 1, 100, 7, NULL);
    add_job(f, 2, 1, 50, 7, NULL);
    assert_pass(f, 100, "2");
    assert_why(f, 1, SCHED_RESERVATION, "reservation course stands in the way");
    assert_int_equal(sched_promised(f->sched, 1), 300);
    assert_int_equal(sched_next_time(f->sched, 100), 150);
    assert_int_equal(pass_at(f, 299), 0);
    assert_pass(f, 300, "1");
}

static void others_go_to_nodes_beside_it(void **state)
{
    struct fixture *f = *state;
    reserve(f, 1, reservation_of(NULL, 150, 300));
    add_job(f, 1, 4, 100, 7, NULL);
    add_job(f, 2, 4, 100, 7, NULL);
    assert_pass(f, 100, "1");
    assert_int_equal(sched_promised(f->sched, 2), 200);
}

static void members_start_when_it_begins_and_on_its_nodes(void **state)
{
    struct fixture *f = *state;
    reserve(f, 2, reservation_of(NULL, 150, 400));
    add_job(f, 1, 4, 100, 5, "course");
    add_job(f, 2, 9, 100, 5, NULL);
    assert_int_equal(pass_at(f, 100), 0);
    assert_int_equal(sched_promised(f->sched, 1), 150);
    assert_int_equal(sched_next_time(f->sched, 100), 150);
    bool more;
    assert_int_equal(sched_pass(f->sched, 150, f->decisions, 64, 0, &more), 1);
    assert_int_equal(f->decisions[0].id.job, 1);
    assert_true(f->decisions[0].where->shares[0].node < 2);
    place_result_destroy(f->decisions[0].where);
}

static void a_member_whose_job_lasts_longer_waits_or_is_flexible(void **state)
{
    struct fixture *f = *state;
    struct sched_reservation what = reservation_of(NULL, 150, 400);
    reserve(f, 2, what);
    add_job(f, 1, 1, 300, 5, "course");
    assert_int_equal(pass_at(f, 200), 0);
    what.flexible = true;
    reserve(f, 2, what);
    assert_pass(f, 201, "1");
}

static void strangers_cannot_name_it(void **state)
{
    struct fixture *f = *state;
    struct sched_request req = request_of(1, 1);
    struct err err;
    reserve(f, 2, reservation_of(NULL, 150, 400));
    req.uid = 7;
    req.reservation = "course";
    assert_int_equal(sched_check(f->sched, &req, &err), -EACCES);
    req.reservation = "curse";
    assert_int_equal(sched_check(f->sched, &req, &err), -EINVAL);
}

static void a_recurring_one_comes_again(void **state)
{
    struct fixture *f = *state;
    struct sched_reservation what = reservation_of(NULL, 150, 200);
    what.every = 200; /* 150-200, 350-400, 550-600 */
    reserve(f, 0, what);
    add_job(f, 1, 16, 100, 7, NULL);
    add_job(f, 2, 16, 100, 7, NULL);
    assert_int_equal(pass_at(f, 100), 0);
    assert_int_equal(sched_promised(f->sched, 1), 200);
    assert_pass(f, 200, "1");
    assert_int_equal(sched_promised(f->sched, 2), 400);
    end_at(f, 1, 300);
    assert_int_equal(pass_at(f, 300), 0);
    assert_pass(f, 400, "2");
    /* Nothing without an end fits between two of them, ever. */
    add_job(f, 3, 1, TIME_UNLIMITED, 7, NULL);
    end_at(f, 2, 450);
    assert_int_equal(pass_at(f, 450), 0);
    assert_int_equal(sched_promised(f->sched, 3), 0);
}

static void a_floating_one_lets_only_short_jobs_in(void **state)
{
    struct fixture *f = *state;
    struct sched_reservation what = reservation_of(NULL, 0, 1000);
    what.floating = 60;
    reserve(f, 1, what);
    add_job(f, 1, 16, 60, 7, NULL);
    assert_pass(f, 100, "1");
    end_at(f, 1, 150);
    add_job(f, 2, 8, 61, 7, NULL);
    add_job(f, 3, 4, 61, 7, NULL);
    assert_pass(f, 150, "3");
    end_at(f, 3, 200);
    assert_int_equal(pass_at(f, 5000), 0);
    assert_int_equal(sched_promised(f->sched, 2), 0);
}

static void maintenance_is_for_nobody(void **state)
{
    struct fixture *f = *state;
    struct sched_reservation what = reservation_of(NULL, 150, 400);
    reserve(f, 0, what);
    what.name = "repairs";
    what.maintenance = true;
    what.start = 200;
    reserve(f, 0, what); /* may overlap */
    add_job(f, 1, 1, 100, 5, "course");
    assert_int_equal(pass_at(f, 150), 0);
    sched_unreserve(f->sched, "repairs");
    assert_pass(f, 151, "1");
}

static void two_on_the_same_nodes_overlap(void **state)
{
    struct fixture *f = *state;
    cleanup(bitset_destroyp) struct bitset *nodes = first_nodes(2);
    struct sched_reservation what = reservation_of(nodes, 100, 200);
    struct err err;
    assert_int_equal(sched_reserve(f->sched, &what, false, 0, &err), 0);
    what.name = "other";
    assert_int_equal(sched_reserve(f->sched, &what, false, 0, &err), -EBUSY);
    assert_string_equal(err.text,
                        "reservation other overlaps course on the same nodes");
    what.start = 200;
    what.end = 300;
    assert_int_equal(sched_reserve(f->sched, &what, false, 0, &err), 0);
}

static void a_job_that_may_still_run_refuses_it(void **state)
{
    struct fixture *f = *state;
    cleanup(bitset_destroyp) struct bitset *nodes = first_nodes(1);
    struct sched_reservation what = reservation_of(nodes, 150, 200);
    struct err err;
    add_job(f, 1, 1, 100, 7, NULL);
    assert_pass(f, 100, "1");
    assert_int_equal(sched_reserve(f->sched, &what, false, 100, &err), -EBUSY);
    assert_int_equal(sched_reserve(f->sched, &what, true, 100, &err), 0);
}

static void a_new_one_makes_a_promise_anew(void **state)
{
    struct fixture *f = *state;
    add_job(f, 1, 16, 100, 7, NULL);
    assert_pass(f, 100, "1");
    add_job(f, 2, 16, 100, 7, NULL);
    assert_int_equal(pass_at(f, 100), 0);
    assert_int_equal(sched_promised(f->sched, 2), 200);
    reserve(f, 0, reservation_of(NULL, 250, 400));
    assert_int_equal(pass_at(f, 101), 0);
    assert_int_equal(sched_promised(f->sched, 2), 400);
    /* And forward again when it is taken away. */
    sched_unreserve(f->sched, "course");
    assert_int_equal(pass_at(f, 102), 0);
    assert_int_equal(sched_promised(f->sched, 2), 200);
}

static void the_emptiest_nodes_are_picked(void **state)
{
    struct fixture *f = *state;
    struct bitset *picked;
    struct err err;
    add_job(f, 1, 4, 100, 7, NULL);
    assert_pass(f, 100, "1");
    assert_int_equal(sched_reserve_pick(f->sched, "batch", 3, 150, 300, &picked, &err),
                     0);
    assert_int_equal(bitset_count(picked), 3);
    assert_false(bitset_test(picked, 0));
    bitset_destroy(picked);
    assert_int_equal(sched_reserve_pick(f->sched, "batch", 4, 150, 300, &picked, &err),
                     -EBUSY);
    assert_int_equal(sched_reserve_pick(f->sched, "batch", 4, 200, 300, &picked, &err),
                     0);
    bitset_destroy(picked);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, fixture_setup_easy, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(others_are_kept_out_also_before_it_begins),
        TEST(others_go_to_nodes_beside_it),
        TEST(members_start_when_it_begins_and_on_its_nodes),
        TEST(a_member_whose_job_lasts_longer_waits_or_is_flexible),
        TEST(strangers_cannot_name_it),
        TEST(a_recurring_one_comes_again),
        TEST(a_floating_one_lets_only_short_jobs_in),
        TEST(maintenance_is_for_nobody),
        TEST(two_on_the_same_nodes_overlap),
        TEST(a_job_that_may_still_run_refuses_it),
        TEST(a_new_one_makes_a_promise_anew),
        TEST(the_emptiest_nodes_are_picked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
