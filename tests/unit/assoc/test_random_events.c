/* SPDX-License-Identifier: Apache-2.0
 *
 * test_random_events.c - whatever happens, sums agree and no limit is exceeded
 *
 * Seeds are fixed, so a failure comes back. What is held is counted here a second
 * time, job by job.
 */
#include "fixture.h"

#define SEEDS 40
#define STEPS 400
#define JOBS 48
#define USERS 6
#define ACCOUNTS 5

struct job {
    bool waits, runs;
    int user;
    struct assoc_handle h;
    struct tres tres;
    int64_t limit, start;
};

struct world {
    struct assoc *a;
    uint32_t seed;
    int64_t now;
    struct job jobs[JOBS];
    uint32_t account[ACCOUNTS];
};

static uint32_t next_random(struct world *w, uint32_t below)
{
    w->seed = w->seed * 1664525u + 1013904223u;
    return (w->seed >> 8) % below;
}

static void change_a_limit(struct world *w)
{
    static const enum limit which[] = {
        LIMIT_GRP_CORES, LIMIT_GRP_JOBS, LIMIT_MAX_JOBS,  LIMIT_GRP_CORE_RUN_MINS,
        LIMIT_GRP_MEM,   LIMIT_MAX_WALL, LIMIT_JOB_CORES, LIMIT_GRP_CORE_MINS};
    char text[16] = "none";
    if (next_random(w, 3))
        snprintf(text, sizeof text, "%u", 1 + next_random(w, 200));
    limit(w->a, w->account[next_random(w, ACCOUNTS)],
          which[next_random(w, ARRAY_SIZE(which))], text);
}

static void submit(struct world *w, struct job *job)
{
    static const char *const users[USERS] = {"u0", "u1", "u2", "u3", "u4", "u5"};
    *job = (struct job){.user = (int)next_random(w, USERS),
                        .limit = 60 * (1 + next_random(w, 100))};
    job->h = resolve(w->a, users[job->user], next_random(w, 3) ? NULL : "high");
    job->tres = (struct tres){.cores = 1 + next_random(w, 16),
                              .mem_mb = next_random(w, 5000),
                              .nodes = 1 + next_random(w, 3),
                              .gpus = next_random(w, 3)};
    if (assoc_check_job_size(w->a, &job->h, &job->tres, job->limit, NULL, NULL) < 0 ||
        assoc_check_submit(w->a, &job->h, 1, NULL, NULL) < 0)
        return;
    assoc_submitted(w->a, &job->h, 1);
    job->waits = true;
}

/* Is 'account' above the association of this job? */
static bool is_above(const struct world *w, uint32_t account, const struct job *job)
{
    struct assoc_object object;
    for (uint32_t i = job->h.leaf; i != ASSOC_NONE; i = object.parent) {
        if (i == account)
            return true;
        assert_true(assoc_get(w->a, i, &object));
    }
    return false;
}

/* The job has just started: nothing above it is over a limit. */
static void assert_within(const struct world *w, const struct job *started)
{
    for (int i = 0; i < ACCOUNTS; i++) {
        struct assoc_object object;
        uint64_t sum = 0, mem = 0, jobs = 0;
        double left = 0;
        assert_true(assoc_get(w->a, w->account[i], &object));
        if (!is_above(w, w->account[i], started))
            continue;
        for (int j = 0; j < JOBS; j++) {
            const struct job *job = &w->jobs[j];
            if (!job->runs || !is_above(w, w->account[i], job))
                continue;
            sum += job->tres.cores;
            mem += job->tres.mem_mb;
            left +=
                (double)job->tres.cores * (double)(job->start + job->limit - w->now);
            jobs++;
        }
        const struct limits *l = object.limits;
        assert_true(!limits_has(l, LIMIT_GRP_CORES) ||
                    sum <= l->value[LIMIT_GRP_CORES]);
        assert_true(!limits_has(l, LIMIT_GRP_MEM) || mem <= l->value[LIMIT_GRP_MEM]);
        assert_true(!limits_has(l, LIMIT_GRP_JOBS) || jobs <= l->value[LIMIT_GRP_JOBS]);
        assert_true(!limits_has(l, LIMIT_GRP_CORE_RUN_MINS) ||
                    left <= 60.0 * (double)l->value[LIMIT_GRP_CORE_RUN_MINS] ||
                    started->tres.cores == 0);
    }
}

static void assert_user_within(const struct world *w, const struct job *started)
{
    const struct limits *l = &assoc_qos(w->a, 1)->limits;
    uint64_t sum = 0, jobs = 0;
    if (started->h.qos != 1)
        return;
    for (int j = 0; j < JOBS; j++)
        if (w->jobs[j].runs && w->jobs[j].h.qos == 1 &&
            w->jobs[j].user == started->user) {
            sum += w->jobs[j].tres.cores;
            jobs++;
        }
    assert_true(sum <= l->value[LIMIT_USER_CORES]);
    assert_true(jobs <= l->value[LIMIT_MAX_JOBS]);
}

static void try_start(struct world *w, struct job *job)
{
    if (assoc_check_start(w->a, &job->h, &job->tres, job->limit, w->now, NULL, NULL) <
        0)
        return;
    job->waits = false;
    job->runs = true;
    job->start = w->now;
    assoc_started(w->a, &job->h, &job->tres, job->limit, w->now, w->now);
    assert_within(w, job);
    assert_user_within(w, job);
}

static void finish(struct world *w, struct job *job)
{
    assoc_ended(w->a, &job->h, &job->tres, job->limit, job->start, w->now);
    assoc_unsubmitted(w->a, &job->h, 1);
    job->runs = false;
}

/* Jobs of one account only, so that it is easy to say what is above them. */
static void move_an_account(struct world *w)
{
    static const char *const to[] = {"root", "a0", "a1"};
    assoc_move(w->a, w->account[2 + next_random(w, 3)], to[next_random(w, 3)], w->now,
               NULL);
}

static void step(struct world *w)
{
    struct job *job = &w->jobs[next_random(w, JOBS)];
    w->now += next_random(w, 90);
    if (next_random(w, 12) == 0)
        change_a_limit(w);
    if (next_random(w, 40) == 0)
        move_an_account(w);
    if (job->runs)
        finish(w, job);
    else if (job->waits)
        try_start(w, job);
    else
        submit(w, job);
    if (next_random(w, 20) == 0)
        assoc_refresh(w->a, w->now);
    assoc_check_invariants(w->a);
}

static void world_init(struct world *w, uint32_t seed)
{
    struct assoc_options options = assoc_options_default;
    options.half_life = seed % 2 ? 3600 : 0;
    *w = (struct world){.seed = seed, .now = NOW};
    w->a = assoc_create(&options, NOW);
    w->account[0] = add_account(w->a, "a0", NULL);
    w->account[1] = add_account(w->a, "a1", NULL);
    w->account[2] = add_account(w->a, "a2", "a0");
    w->account[3] = add_account(w->a, "a3", "a2");
    w->account[4] = add_account(w->a, "a4", "a1");
    add_user(w->a, "u0", "a0");
    add_user(w->a, "u1", "a1");
    add_user(w->a, "u2", "a2");
    add_user(w->a, "u3", "a3");
    add_user(w->a, "u4", "a3");
    add_user(w->a, "u5", "a4");
    qos_limit(w->a, "high", LIMIT_USER_CORES, "20");
    qos_limit(w->a, "high", LIMIT_MAX_JOBS, "3");
}

/* Everything ended: nothing is held, and usage is what jobs that ended used. */
static void assert_empty(struct world *w)
{
    struct assoc_share share;
    for (int i = 0; i < JOBS; i++) {
        if (w->jobs[i].runs)
            finish(w, &w->jobs[i]);
        else if (w->jobs[i].waits)
            assoc_unsubmitted(w->a, &w->jobs[i].h, 1);
    }
    assoc_check_invariants(w->a);
    assoc_share_of(w->a, ASSOC_ROOT, &share);
    assert_int_equal(share.jobs, 0);
    for (int k = 0; k < TRES_N; k++)
        assert_int_equal(share.in_use.of[k], 0);
}

static void sums_agree_and_no_limit_is_exceeded(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct world w;
        world_init(&w, seed);
        for (int i = 0; i < STEPS; i++)
            step(&w);
        assert_empty(&w);
        assoc_destroy(w.a);
    }
}

/* A better account's users all go first, on every level, for any usage. */
static void ranks_follow_levels(void **state)
{
    (void)state;
    static const char *const users[USERS] = {"u0", "u1", "u2", "u3", "u4", "u5"};
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct world w;
        world_init(&w, seed);
        for (int i = 0; i < USERS; i++)
            use(w.a, users[i], 1 + next_random(&w, 100000), w.now);
        for (int i = 0; i < ACCOUNTS; i++)
            assoc_set_shares(w.a, w.account[i], 1 + next_random(&w, 10));
        assoc_refresh(w.a, w.now);
        struct assoc_share a0, a1, u3, u4;
        assoc_share_of(w.a, w.account[0], &a0);
        assoc_share_of(w.a, w.account[1], &a1);
        bool first = a0.level_fs > a1.level_fs;
        for (int x = 0; x < USERS; x++)
            for (int y = 0; y < USERS; y++) {
                bool below_a0 = x == 0 || (x >= 2 && x <= 4);
                bool below_a1 = y == 1 || y == 5;
                if (below_a0 && below_a1)
                    assert_int_equal(factor(w.a, users[x]) > factor(w.a, users[y]),
                                     first);
            }
        assoc_share_of(w.a, assoc_find(w.a, "a3", "u3", NULL), &u3);
        assoc_share_of(w.a, assoc_find(w.a, "a3", "u4", NULL), &u4);
        assert_int_equal(u3.level_fs > u4.level_fs, u3.factor > u4.factor);
        assoc_destroy(w.a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_agree_and_no_limit_is_exceeded),
        cmocka_unit_test(ranks_follow_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
