/* SPDX-License-Identifier: Apache-2.0
 *
 * test_own_nodes.c - nodes that a user shares with nobody (--exclusive=user)
 */
#include "fixture.h"

static struct sched_request job_of(uint32_t job, uint32_t tasks, uint32_t uid,
                                   enum sched_exclusive exclusive)
{
    struct sched_request req = request_of(job, tasks);
    req.uid = uid;
    req.exclusive = exclusive;
    return req;
}

/* Where the only job that starts in a pass gets its first core. */
static uint32_t start_on(struct fixture *f, int64_t now)
{
    bool more;
    assert_int_equal(sched_pass(f->sched, now, f->decisions, 64, 0, &more), 1);
    uint32_t node = f->decisions[0].where->shares[0].node;
    place_result_destroy(f->decisions[0].where);
    return node;
}

static void it_goes_where_others_have_nothing(void **state)
{
    struct fixture *f = *state;
    struct sched_request other = job_of(1, 1, 7, SCHED_SHARED);
    struct sched_request own = job_of(2, 1, 8, SCHED_OWN_NODES);
    add(f, &other);
    uint32_t first = start_on(f, 100);
    add(f, &own);
    uint32_t second = start_on(f, 101);
    assert_int_not_equal(first, second);
    /* The same user comes beside it, another one does not. */
    struct sched_request same = job_of(3, 3, 8, SCHED_SHARED);
    struct sched_request three = job_of(4, 12, 9, SCHED_SHARED);
    add(f, &same);
    start_on(f, 102);
    add(f, &three);
    assert_int_equal(pass_at(f, 103), 0);
    /* What is left of the first user there shares its node. */
    end_at(f, 2, 110);
    assert_pass(f, 110, "4");
}

static void others_do_not_come_to_it(void **state)
{
    struct fixture *f = *state;
    for (uint32_t job = 1; job <= 4; job++) {
        struct sched_request own = job_of(job, 1, job, SCHED_OWN_NODES);
        add(f, &own);
    }
    assert_int_equal(pass_at(f, 100), 4);
    struct sched_request more = job_of(5, 1, 5, SCHED_SHARED);
    struct sched_request same = job_of(6, 1, 3, SCHED_OWN_NODES);
    add(f, &more);
    add(f, &same);
    assert_pass(f, 101, "6");
    end_at(f, 2, 110);
    assert_pass(f, 110, "5");
}

static void whole_nodes_are_nobody_elses(void **state)
{
    struct fixture *f = *state;
    struct sched_request whole = job_of(1, 1, 7, SCHED_WHOLE_NODES);
    struct sched_request same = job_of(2, 13, 7, SCHED_SHARED);
    add(f, &whole);
    add(f, &same);
    assert_pass(f, 100, "1");
    end_at(f, 1, 110);
    assert_pass(f, 110, "2");
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, fixture_setup_easy, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_goes_where_others_have_nothing),
        TEST(others_do_not_come_to_it),
        TEST(whole_nodes_are_nobody_elses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
