/* SPDX-License-Identifier: Apache-2.0
 *
 * test_limits.c - what an account may use holds its jobs back, and is named
 */
#include "fixture.h"

struct world {
    struct fixture f;
    struct assoc *assoc;
    uint32_t account;
};

static void limit_jobs(struct world *w, enum limit limit, uint64_t value)
{
    struct limits limits = {0};
    limits_set(&limits, limit, value);
    assoc_set_limits(w->assoc, w->account, &limits);
}

static int setup(void **state)
{
    static struct world w;
    struct sched_options options = sched_options_default;
    w.assoc = assoc_create(&assoc_options_default, 0);
    assert_int_equal(assoc_add_account(w.assoc, "chem", NULL, &w.account, NULL), 0);
    assert_int_equal(assoc_add_user(w.assoc, "ada", "chem", NULL, NULL, NULL), 0);
    options.policy = (struct sched_policy){.order = SCHED_BY_SUBMIT, .promises = 1};
    options.assoc = w.assoc;
    fixture_init_with(&w.f, true, &options);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    fixture_fini(&w->f);
    assoc_check_invariants(w->assoc);
    assoc_destroy(w->assoc);
    return 0;
}

static struct sched_request of_ada(uint32_t job, uint32_t tasks)
{
    struct sched_request req = request_of(job, tasks);
    req.user = "ada";
    req.uid = 7;
    return req;
}

static void an_account_runs_no_more_cores_than_it_may(void **state)
{
    struct world *w = *state;
    limit_jobs(w, LIMIT_GRP_CORES, 6);
    struct sched_request req = of_ada(1, 4);
    add(&w->f, &req);
    req = of_ada(2, 3);
    add(&w->f, &req);
    add_tasks(&w->f, 3, 1); /* of nobody's account */
    assert_pass(&w->f, 100, "1 3");
    struct err words = {0};
    assert_int_equal(sched_why(w->f.sched, 2, &words), SCHED_LIMIT);
    assert_int_equal(sched_limit_of(w->f.sched, 2),
                     limit_reason_of(LIMIT_GRP_CORES, false));
    assert_string_not_equal(words.text, "");
    assert_int_equal(sched_promised(w->f.sched, 2), 0);
    end_at(&w->f, 1, 110);
    assert_pass(&w->f, 110, "2");
}

static void a_limit_that_is_raised_counts_at_once(void **state)
{
    struct world *w = *state;
    limit_jobs(w, LIMIT_GRP_JOBS, 1);
    for (uint32_t job = 1; job <= 3; job++) {
        struct sched_request req = of_ada(job, 1);
        add(&w->f, &req);
    }
    assert_pass(&w->f, 100, "1");
    assert_int_equal(pass_at(&w->f, 101), 0);
    limit_jobs(w, LIMIT_GRP_JOBS, 2);
    assert_pass(&w->f, 102, "2");
}

static void a_change_does_not_come_on_top_of_the_job_itself(void **state)
{
    struct world *w = *state;
    limit_jobs(w, LIMIT_GRP_SUBMIT, 1);
    struct sched_request req = of_ada(1, 17 - 1);
    req.held = true;
    add(&w->f, &req);
    req.nice = 3;
    assert_int_equal(sched_update(w->f.sched, &req, NULL), 0);
    req.job = 2;
    assert_int_equal(sched_check(w->f.sched, &req, NULL), -EAGAIN);
    sched_remove(w->f.sched, 1);
    assert_int_equal(sched_check(w->f.sched, &req, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_account_runs_no_more_cores_than_it_may),
        TEST(a_limit_that_is_raised_counts_at_once),
        TEST(a_change_does_not_come_on_top_of_the_job_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
