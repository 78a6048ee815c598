/* SPDX-License-Identifier: Apache-2.0
 *
 * test_preempt.c - who is pushed aside, how, and what comes back
 */
#include "fixture.h"

static void init(struct fixture *f, enum sched_preempt how, enum qos_preempt mode,
                 struct assoc *assoc)
{
    struct sched_options options = sched_options_default;
    options.policy = (struct sched_policy){.order = SCHED_BY_SUBMIT, .promises = 1};
    options.preempt = how;
    options.preempt_mode = mode;
    options.assoc = assoc;
    fixture_init_with(f, true, &options);
}

static void add_urgent(struct fixture *f, uint32_t job, uint32_t tasks)
{
    struct sched_request req = request_of(job, tasks);
    req.partition = "urgent";
    add(f, &req);
}

static void assert_decision(const struct fixture *f, size_t at, enum sched_verb verb,
                            uint32_t job)
{
    assert_int_equal(f->decisions[at].verb, verb);
    assert_int_equal(f->decisions[at].id.job, job);
    if (verb != SCHED_START && verb != SCHED_RESUME)
        assert_int_equal(f->decisions[at].for_job, 9);
}

static void a_higher_tier_requeues_the_youngest_and_no_more(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, SCHED_PREEMPT_PARTITION, QOS_PREEMPT_REQUEUE, NULL);
    for (uint32_t job = 1; job <= 4; job++) {
        add_tasks(&f, job, 4);
        assert_int_equal(pass_at(&f, 100 + job), 1);
    }
    add_urgent(&f, 9, 6);
    assert_int_equal(pass_at(&f, 200), 2);
    assert_decision(&f, 0, SCHED_REQUEUE, 4);
    assert_decision(&f, 1, SCHED_REQUEUE, 3);
    /* It waits for them, and pushes nobody else. */
    assert_int_equal(pass_at(&f, 200), 0);
    end_at(&f, 4, 201);
    assert_int_equal(pass_at(&f, 201), 0);
    end_at(&f, 3, 201);
    assert_pass(&f, 201, "9");
    fixture_fini(&f);
}

static void an_equal_tier_pushes_nobody(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, SCHED_PREEMPT_PARTITION, QOS_PREEMPT_REQUEUE, NULL);
    add_urgent(&f, 1, 16);
    assert_int_equal(pass_at(&f, 100), 1);
    add_urgent(&f, 9, 1);
    assert_int_equal(pass_at(&f, 101), 0);
    fixture_fini(&f);
}

static void who_cannot_be_requeued_is_cancelled(void **state)
{
    (void)state;
    struct fixture f;
    struct sched_request req = request_of(1, 16);
    init(&f, SCHED_PREEMPT_PARTITION, QOS_PREEMPT_REQUEUE, NULL);
    req.no_preempt = true;
    add(&f, &req);
    assert_int_equal(pass_at(&f, 100), 1);
    add_urgent(&f, 9, 1);
    assert_int_equal(pass_at(&f, 101), 1);
    assert_decision(&f, 0, SCHED_CANCEL, 1);
    fixture_fini(&f);
}

static void nobody_is_pushed_when_it_would_not_help(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, SCHED_PREEMPT_PARTITION, QOS_PREEMPT_REQUEUE, NULL);
    add_urgent(&f, 1, 8);
    add_tasks(&f, 2, 4);
    assert_int_equal(pass_at(&f, 100), 2);
    add_urgent(&f, 9, 9); /* eight are not to be had */
    assert_int_equal(pass_at(&f, 101), 0);
    fixture_fini(&f);
}

/* ---------------------------------------------------------------- suspended */

static void a_suspended_job_gives_its_cores_and_goes_on_later(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, SCHED_PREEMPT_PARTITION, QOS_PREEMPT_SUSPEND, NULL);
    add_tasks(&f, 1, 16);
    assert_int_equal(pass_at(&f, 100), 1);
    add_urgent(&f, 9, 2);
    assert_int_equal(pass_at(&f, 200), 2);
    assert_decision(&f, 0, SCHED_SUSPEND, 1);
    assert_decision(&f, 1, SCHED_START, 9);
    assert_int_equal(pass_at(&f, 300), 0);
    end_at(&f, 9, 400);
    assert_int_equal(pass_at(&f, 400), 1);
    assert_decision(&f, 0, SCHED_RESUME, 1);
    assert_int_equal(f.decisions[0].time_limit, 500); /* 100 of 600 have gone by */
    end_at(&f, 1, 500);
    fixture_fini(&f);
}

static void what_is_parked_is_resumed_only_when_it_may(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, SCHED_PREEMPT_NONE, QOS_PREEMPT_NONE, NULL);
    add_tasks(&f, 1, 16);
    assert_int_equal(pass_at(&f, 100), 1);
    sched_park(f.sched, SCHED_JOB(1), true, 200);
    add_tasks(&f, 2, 16);
    assert_pass(&f, 200, "2");
    end_at(&f, 2, 300);
    assert_int_equal(pass_at(&f, 300), 0);
    add_tasks(&f, 3, 16);
    assert_pass(&f, 300, "3");
    sched_park(f.sched, SCHED_JOB(1), false, 400);
    assert_int_equal(pass_at(&f, 400), 0); /* its cores are another's now */
    end_at(&f, 3, 500);
    assert_int_equal(pass_at(&f, 500), 1);
    assert_decision(&f, 0, SCHED_RESUME, 1);
    assert_int_equal(f.decisions[0].time_limit, 500); /* 100 of 600 have gone by */
    end_at(&f, 1, 600);
    fixture_fini(&f);
}

static void what_preemption_stopped_can_be_parked_too(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, SCHED_PREEMPT_PARTITION, QOS_PREEMPT_SUSPEND, NULL);
    add_tasks(&f, 1, 16);
    assert_int_equal(pass_at(&f, 100), 1);
    add_urgent(&f, 9, 2);
    assert_int_equal(pass_at(&f, 200), 2);
    sched_park(f.sched, SCHED_JOB(1), true, 250);
    end_at(&f, 9, 300);
    assert_int_equal(pass_at(&f, 300), 0);
    sched_park(f.sched, SCHED_JOB(1), false, 350);
    assert_int_equal(pass_at(&f, 350), 1);
    assert_decision(&f, 0, SCHED_RESUME, 1);
    end_at(&f, 1, 400);
    fixture_fini(&f);
}

static void memory_stays_held_while_suspended(void **state)
{
    (void)state;
    struct fixture f;
    struct sched_request req = request_of(1, 16);
    init(&f, SCHED_PREEMPT_PARTITION, QOS_PREEMPT_SUSPEND, NULL);
    req.place.mem_per_node = 5000;
    add(&f, &req);
    assert_int_equal(pass_at(&f, 100), 1);
    req = request_of(9, 4);
    req.partition = "urgent";
    req.place.mem_per_node = 4000; /* 3192 are left of each node */
    add(&f, &req);
    assert_int_equal(pass_at(&f, 200), 0);
    sched_remove(f.sched, 9);
    req.place.mem_per_node = 3000;
    add(&f, &req);
    assert_int_equal(pass_at(&f, 201), 2);
    uint32_t cores;
    uint64_t memory;
    sched_node_usage(f.sched, 0, &cores, &memory);
    assert_int_equal(cores, 4);
    assert_int_equal(memory, 8000);
    /* Also when the node is told of again. */
    sched_node_set(f.sched, 0, f.topo, NODE_MEMORY);
    sched_check_invariants(f.sched);
    end_at(&f, 9, 300);
    sched_set_limit(f.sched, SCHED_JOB(1), 700);
    assert_int_equal(pass_at(&f, 300), 1);
    assert_decision(&f, 0, SCHED_RESUME, 1);
    assert_int_equal(f.decisions[0].time_limit, 599);
    fixture_fini(&f);
}

static void the_end_of_a_suspended_job_frees_its_memory(void **state)
{
    (void)state;
    struct fixture f;
    struct sched_request req = request_of(1, 16);
    init(&f, SCHED_PREEMPT_PARTITION, QOS_PREEMPT_SUSPEND, NULL);
    req.place.mem_per_node = 5000;
    add(&f, &req);
    assert_int_equal(pass_at(&f, 100), 1);
    add_urgent(&f, 9, 1);
    assert_int_equal(pass_at(&f, 200), 2);
    req = request_of(10, 1);
    req.place.mem_per_node = 6000;
    add(&f, &req);
    assert_int_equal(pass_at(&f, 201), 0);
    end_at(&f, 1, 210);
    assert_pass(&f, 210, "10");
    fixture_fini(&f);
}

/* -------------------------------------------------------------------- by QOS */

static struct assoc *two_qos(enum qos_preempt mode, int64_t grace)
{
    struct assoc *assoc = assoc_create(&assoc_options_default, 0);
    struct err err;
    uint32_t low_index;
    struct qos low = {.name = "low", .preempt_mode = mode, .grace = grace};
    low.usage_factor = 1;
    assert_int_equal(assoc_qos_set(assoc, &low, &low_index, &err), 0);
    struct qos high = {.name = "high",
                       .priority = 10,
                       .usage_factor = 1,
                       .preempts = &low_index,
                       .n_preempts = 1};
    assert_int_equal(assoc_qos_set(assoc, &high, NULL, &err), 0);
    static const char *const names[] = {"normal", "low", "high"};
    assert_int_equal(assoc_set_qos(assoc, ASSOC_ROOT, names, 3, &err), 0);
    return assoc;
}

static void add_qos(struct fixture *f, uint32_t job, uint32_t tasks, const char *qos)
{
    struct sched_request req = request_of(job, tasks);
    req.user = "ada";
    req.uid = 7;
    req.qos = qos;
    add(f, &req);
}

static void a_qos_cancels_those_that_it_preempts_after_a_grace(void **state)
{
    (void)state;
    struct fixture f;
    struct assoc *assoc = two_qos(QOS_PREEMPT_CANCEL, 30);
    init(&f, SCHED_PREEMPT_QOS, QOS_PREEMPT_REQUEUE, assoc);
    add_qos(&f, 1, 8, "normal");
    add_qos(&f, 2, 8, "low");
    assert_int_equal(pass_at(&f, 100), 2);
    add_qos(&f, 9, 2, "high");
    assert_int_equal(pass_at(&f, 200), 1);
    assert_decision(&f, 0, SCHED_CANCEL, 2);
    assert_int_equal(f.decisions[0].grace, 30);
    assert_int_equal(sched_promised(f.sched, 9), 230);
    end_at(&f, 2, 230);
    assert_pass(&f, 230, "9");
    fixture_fini(&f);
    assoc_check_invariants(assoc);
    assoc_destroy(assoc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_higher_tier_requeues_the_youngest_and_no_more),
        cmocka_unit_test(an_equal_tier_pushes_nobody),
        cmocka_unit_test(who_cannot_be_requeued_is_cancelled),
        cmocka_unit_test(nobody_is_pushed_when_it_would_not_help),
        cmocka_unit_test(a_suspended_job_gives_its_cores_and_goes_on_later),
        cmocka_unit_test(what_is_parked_is_resumed_only_when_it_may),
        cmocka_unit_test(what_preemption_stopped_can_be_parked_too),
        cmocka_unit_test(memory_stays_held_while_suspended),
        cmocka_unit_test(the_end_of_a_suspended_job_frees_its_memory),
        cmocka_unit_test(a_qos_cancels_those_that_it_preempts_after_a_grace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
