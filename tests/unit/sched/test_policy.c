/* SPDX-License-Identifier: Apache-2.0
 *
 * test_policy.c - small cases with starts worked out by hand
 *
 * A machine of ten cores. Jobs come at 0 in the order of their ids and run to their
 * limits.
 */
#include "fixture.h"

#include <string.h>

#define CORES 10
#define JOBS_MAX 8

struct asked {
    uint32_t cores;
    int64_t limit, at;
};

struct machine {
    struct sched *sched;
    int64_t starts[JOBS_MAX + 1], ends[JOBS_MAX + 1];
};

static struct sched *machine_of(const struct sched_options *options)
{
    static const char *const names[] = {"m"};
    cleanup(bitset_destroyp) struct bitset *all = bitset_create(1);
    bitset_set(all, 0);
    struct sched_partition partition = {
        .name = "batch", .nodes = all, .time_max = TIME_UNLIMITED, .up = true};
    struct sched *sched;
    assert_int_equal(
        sched_create(options, NULL, 0, names, 1, &partition, 1, &sched, NULL), 0);
    sched_node_set_flat(sched, 0, CORES, 0);
    sched_node_up(sched, 0, true);
    return sched;
}

static void pass(struct machine *m, int64_t now, const struct asked *jobs)
{
    struct sched_decision decisions[JOBS_MAX];
    bool more;
    size_t n = sched_pass(m->sched, now, decisions, JOBS_MAX, 0, &more);
    assert_false(more);
    for (size_t i = 0; i < n; i++) {
        uint32_t id = decisions[i].id.job;
        m->starts[id] = now;
        m->ends[id] = now + jobs[id - 1].limit;
    }
    sched_check_invariants(m->sched);
    assert_false(sched_is_overbooked(m->sched));
}

static void add_job(struct machine *m, uint32_t id, const struct asked *job)
{
    struct sched_request req = {.job = id,
                                .partition = "batch",
                                .place.tasks = job->cores,
                                .submit_time = job->at,
                                .time_limit = job->limit,
                                .uid = UINT32_MAX};
    assert_int_equal(sched_add(m->sched, &req, NULL), 0);
}

/* The starts of all of them; -1: it never did. */
static void play(const struct sched_options *options, const struct asked *jobs,
                 uint32_t n, int64_t until, int64_t *ret)
{
    struct machine m = {.sched = machine_of(options)};
    memset(m.starts, -1, sizeof(m.starts));
    memset(m.ends, -1, sizeof(m.ends));
    for (int64_t now = 0; now <= until; now++) {
        bool due = now == sched_next_time(m.sched, now - 1);
        for (uint32_t id = 1; id <= n; id++)
            if (m.ends[id] == now) {
                sched_ended(m.sched, SCHED_JOB(id), now);
                due = true;
            }
        for (uint32_t id = 1; id <= n; id++)
            if (jobs[id - 1].at == now) {
                add_job(&m, id, &jobs[id - 1]);
                due = true;
            }
        if (due)
            pass(&m, now, jobs);
    }
    memcpy(ret, m.starts + 1, n * sizeof(*ret));
    sched_destroy(m.sched);
}

static void assert_starts(struct sched_policy policy, const struct asked *jobs,
                          uint32_t n, const int64_t *expected)
{
    struct sched_options options = sched_options_default;
    int64_t starts[JOBS_MAX];
    options.policy = policy;
    options.numbers_only = true;
    play(&options, jobs, n, 2000, starts);
    for (uint32_t i = 0; i < n; i++)
        if (starts[i] != expected[i])
            fail_msg("job %u starts at %ld, and should at %ld", i + 1, (long)starts[i],
                     (long)expected[i]);
}

static struct sched_policy named(const char *name)
{
    struct sched_policy policy;
    assert_int_equal(sched_policy_named(name, &policy, NULL), 0);
    return policy;
}

/* 1 runs to 100 beside 4 free cores. 2 needs all, 3 half of them for long, 4 and 5
 * fit beside 1; 4 ends with it, 5 does not. */
static const struct asked queue[] = {
    {6, 100, 0}, {10, 50, 0}, {5, 200, 0}, {3, 100, 0}, {4, 120, 0}, {1, 100, 0},
};
#define QUEUE_N ARRAY_SIZE(queue)

static void fifo_starts_in_order_only(void **state)
{
    (void)state;
    /* 6 would fit at any time, and may not pass those that wait. */
    static const int64_t starts[] = {0, 100, 150, 150, 250, 250};
    assert_starts(named("fifo"), queue, QUEUE_N, starts);
}

static void easy_fills_up_before_the_start_of_the_first(void **state)
{
    (void)state;
    /* 4 and 6 end by 100, when 2 starts. 3 is the next one, then 5. */
    static const int64_t starts[] = {0, 100, 150, 0, 150, 0};
    assert_starts(named("easy"), queue, QUEUE_N, starts);
}

/* 2 starts at 100 beside 4 free cores until 200. 3 needs all. 4 would fit beside 2
 * until 300, which delays 3 and not 2. */
static const struct asked pair[] = {
    {10, 100, 0}, {6, 100, 0}, {10, 100, 0}, {4, 200, 0}, {4, 100, 0}};
#define PAIR_N ARRAY_SIZE(pair)

static void conservative_delays_none_of_those_that_wait(void **state)
{
    (void)state;
    static const int64_t starts[] = {0, 100, 200, 300, 100};
    assert_starts(named("conservative"), pair, PAIR_N, starts);
}

/* 1 holds 8 cores to 100. Waiting: 2 (9 cores), 3 (9 cores); 4 (1 core, 150 s) would
 * delay 3's start, at 150 and at no time 2's. */
static const struct asked three[] = {
    {8, 100, 0}, {9, 50, 0}, {10, 50, 0}, {1, 190, 0}, {1, 150, 0}};
#define THREE_N ARRAY_SIZE(three)

static void hybrid_promises_to_the_first_few(void **state)
{
    (void)state;
    struct sched_policy policy = named("hybrid");
    static const int64_t one[] = {0, 100, 190, 0, 150};
    static const int64_t two[] = {0, 100, 150, 200, 0};
    /* One: 4 uses the core that 2 leaves, 3 has to wait for it, and 5 starts when
     * 2 has ended. */
    policy.promises = 1;
    assert_starts(policy, three, 4, one);
    policy.promises = 2;
    assert_starts(policy, three, THREE_N, two);
    policy.promises = SCHED_ALL_PROMISED;
    assert_starts(policy, three, THREE_N, two);
}

static void the_shortest_that_fits_fills_up_first(void **state)
{
    (void)state;
    /* 2 waits for 100. Of those behind it one fits at a time. */
    static const struct asked jobs[] = {{6, 100, 0}, {10, 10, 0}, {4, 60, 0},
                                        {4, 30, 0},  {4, 30, 0},  {4, 100, 0}};
    static const int64_t in_order[] = {0, 100, 0, 60, 110, 110};
    static const int64_t shortest[] = {0, 100, 110, 0, 30, 110};
    struct sched_policy policy = named("easy");
    assert_starts(policy, jobs, ARRAY_SIZE(jobs), in_order);
    policy.backfill_shortest = true;
    assert_starts(policy, jobs, ARRAY_SIZE(jobs), shortest);
}

static struct sched_options by_slowdown(int64_t budget)
{
    struct sched_options options = sched_options_default;
    options.policy = named("default");
    options.policy.bind = 100000;
    options.numbers_only = true;
    options.slowdown = (struct sched_slowdown){
        .tau = 10000, .phi = 0.35, .width = 0.5, .budget = budget, .look_interval = 1};
    return options;
}

/* A long one waits for the whole machine while short ones come and come. */
static void a_long_job_is_overtaken_until_the_guard_says_stop(void **state)
{
    (void)state;
    static const struct asked jobs[] = {{10, 100, 0}, {10, 1000, 1}, {10, 90, 2},
                                        {10, 80, 3},  {10, 70, 110}, {10, 60, 200},
                                        {10, 50, 300}};
    int64_t free_run[ARRAY_SIZE(jobs)], guarded[ARRAY_SIZE(jobs)];
    struct sched_options options = by_slowdown(0);
    play(&options, jobs, ARRAY_SIZE(jobs), 2000, free_run);
    options = by_slowdown(120);
    play(&options, jobs, ARRAY_SIZE(jobs), 2000, guarded);
    for (size_t i = 2; i < ARRAY_SIZE(jobs); i++)
        assert_true(free_run[i] >= 0 && free_run[i] < free_run[1]);
    /* 80 and 70 seconds of the machine were done by others: more than 120. */
    assert_int_equal(guarded[1], 250);
    assert_true(guarded[2] > guarded[1]);
}

static void an_unknown_policy_is_refused_with_the_nearest(void **state)
{
    (void)state;
    struct sched_policy policy;
    struct err err;
    assert_int_equal(sched_policy_named("esay", &policy, &err), -EINVAL);
    assert_string_equal(err.text, "policy 'esay': there is no such policy (did you "
                                  "mean easy?)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fifo_starts_in_order_only),
        cmocka_unit_test(easy_fills_up_before_the_start_of_the_first),
        cmocka_unit_test(conservative_delays_none_of_those_that_wait),
        cmocka_unit_test(hybrid_promises_to_the_first_few),
        cmocka_unit_test(the_shortest_that_fits_fills_up_first),
        cmocka_unit_test(a_long_job_is_overtaken_until_the_guard_says_stop),
        cmocka_unit_test(an_unknown_policy_is_refused_with_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
