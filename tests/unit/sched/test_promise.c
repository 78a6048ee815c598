/* SPDX-License-Identifier: Apache-2.0
 *
 * test_promise.c - a promised start is kept, and nobody waits for ever
 *
 * Whole histories over random machines: jobs come, end early, change their
 * priority. As long as no node is lost, no job overruns, no limit is raised and no
 * reservation is added, a promise only ever moves forward.
 */
#include "fixture.h"

#define JOBS 70
#define MAX_NODES 16

struct job {
    int64_t submit, start, runs, promised;
    struct sched_request req;
    bool waits, is_running;
};

struct world {
    struct sched *sched;
    struct sched_policy policy;
    struct job jobs[JOBS + 1];
    struct sched_decision decisions[16];
    uint32_t seed, n_jobs, n_nodes, n_promised;
    int64_t now;
    bool is_excused;        /* something happened that may make promises later */
    bool may_break;         /* such things happen at all */
    struct node_topo *topo; /* of nodes whose cores are chosen; NULL: they count */
};

static uint32_t next_random(struct world *w, uint32_t below)
{
    w->seed = w->seed * 1664525u + 1013904223u;
    return (w->seed >> 8) % below;
}

static void make_nodes(struct world *w, bool is_flat)
{
    for (uint32_t i = 0; i < w->n_nodes; i++) {
        if (w->topo)
            sched_node_set(w->sched, i, w->topo, 8000);
        else
            sched_node_set_flat(w->sched, i, is_flat ? 64 : 4 + 4 * next_random(w, 2),
                                is_flat ? 0 : 8000);
        sched_node_up(w->sched, i, true);
    }
}

/* One node that counts cores, or 8 to 16 nodes and partitions that overlap. */
static void world_init(struct world *w, uint32_t seed, struct sched_policy policy)
{
    static const char *const names[MAX_NODES] = {
        "n0", "n1", "n2",  "n3",  "n4",  "n5",  "n6",  "n7",
        "n8", "n9", "n10", "n11", "n12", "n13", "n14", "n15"};
    bool is_flat = seed % 4 == 0;
    *w = (struct world){.seed = seed, .policy = policy};
    w->n_nodes = is_flat ? 1 : 8 + next_random(w, 9);
    uint32_t half = w->n_nodes / 2;
    struct bitset *all = bitset_create(w->n_nodes), *low = bitset_create(w->n_nodes);
    bitset_set_range(all, 0, w->n_nodes);
    bitset_set_range(low, 0, is_flat ? 1 : half + 2);
    struct sched_partition partitions[] = {
        {.name = "all", .nodes = all, .time_max = TIME_UNLIMITED, .up = true},
        {.name = "low", .nodes = low, .time_max = TIME_UNLIMITED, .up = true},
    };
    struct sched_options options = sched_options_default;
    options.policy = policy;
    options.numbers_only = seed % 2;
    struct err err;
    if (sched_create(&options, NULL, 0, names, w->n_nodes, partitions, 2, &w->sched,
                     &err) < 0)
        fail_msg("%s", err.text);
    if (seed % 4 == 2 &&
        node_topo_load("synthetic:pack:2 core:3 pu:1", &w->topo, NULL, &err) < 0)
        fail_msg("%s", err.text);
    make_nodes(w, is_flat);
    bitset_destroy(all);
    bitset_destroy(low);
}

static void submit(struct world *w)
{
    uint32_t id = ++w->n_jobs;
    struct job *job = &w->jobs[id];
    struct sched_request *req = &job->req;
    int64_t limit = 10 + next_random(w, 1000);
    *req = (struct sched_request){.job = id,
                                  .partition = next_random(w, 3) ? "all" : "low",
                                  .submit_time = w->now,
                                  .time_limit = limit,
                                  .uid = UINT32_MAX};
    req->place.tasks = 1 + next_random(w, w->n_nodes == 1 ? 64 : 24);
    if (w->n_nodes > 1) {
        req->place.nodes_min = next_random(w, 5);
        req->place.exclusive = next_random(w, 8) == 0;
        req->place.mem_per_node = next_random(w, 3) == 0 ? next_random(w, 8000) : 0;
        if (!req->place.mem_per_node && next_random(w, 3) == 0)
            req->place.mem_per_cpu = 100 * next_random(w, 10);
        if (req->place.tasks < req->place.nodes_min)
            req->place.tasks = req->place.nodes_min;
    }
    if (w->topo && next_random(w, 2)) {
        req->place.tasks = req->place.nodes_min = 1;
        req->place.cpus_per_task = next_random(w, 3);
        req->place.milli = 1 + next_random(w, 999);
    }
    job->submit = w->now;
    job->runs = next_random(w, 3) ? 1 + next_random(w, (uint32_t)limit) : limit;
    if (sched_check(w->sched, req, NULL) < 0)
        return;
    assert_int_equal(sched_add(w->sched, req, NULL), 0);
    job->waits = true;
}

/* ------------------------------------------------------------ what happens */

static void end_jobs(struct world *w)
{
    for (uint32_t id = 1; id <= w->n_jobs; id++) {
        struct job *job = &w->jobs[id];
        if (!job->is_running || job->start + job->runs > w->now)
            continue;
        sched_ended(w->sched, SCHED_JOB(id), w->now);
        job->is_running = false;
    }
}

static void disturb(struct world *w)
{
    uint32_t id = 1 + next_random(w, w->n_jobs), node = next_random(w, w->n_nodes);
    struct job *job = &w->jobs[id];
    switch (next_random(w, 4)) {
    case 0:
        sched_node_up(w->sched, node, false);
        break;
    case 1:
        sched_node_up(w->sched, node, true);
        return;
    case 2:
        if (!job->is_running)
            return;
        job->req.time_limit += 500;
        sched_set_limit(w->sched, SCHED_JOB(id), job->req.time_limit);
        break;
    case 3:
        if (!job->is_running)
            return;
        job->runs = job->req.time_limit + 30;
        break;
    }
    w->is_excused = true;
}

static void change_priority(struct world *w)
{
    uint32_t id = 1 + next_random(w, w->n_jobs);
    struct job *job = &w->jobs[id];
    if (!job->waits || job->promised)
        return;
    job->req.nice = (int32_t)next_random(w, 2000) - 1000;
    assert_int_equal(sched_update(w->sched, &job->req, NULL), 0);
}

/* -------------------------------------------------------- what must hold */

static void check_start(struct world *w, const struct sched_decision *d)
{
    struct job *job = &w->jobs[d->id.job];
    assert_int_equal(d->verb, SCHED_START);
    assert_true(job->waits);
    if (job->promised && !w->is_excused && w->now > job->promised)
        fail_msg("job %u was promised %ld, it starts at %ld", d->id.job,
                 (long)job->promised, (long)w->now);
    job->waits = false;
    job->is_running = true;
    job->start = w->now;
    place_result_destroy(d->where);
}

static void check_promises(struct world *w)
{
    for (uint32_t id = 1; id <= w->n_jobs; id++) {
        struct job *job = &w->jobs[id];
        if (!job->waits)
            continue;
        int64_t promised = sched_promised(w->sched, id);
        w->n_promised += promised && !job->promised;
        if (job->promised && !w->is_excused && (!promised || promised > job->promised))
            fail_msg("job %u was promised %ld, at %ld it is %ld", id,
                     (long)job->promised, (long)w->now, (long)promised);
        job->promised = promised;
    }
}

static void pass(struct world *w)
{
    bool more = true;
    while (more) {
        size_t n = sched_pass(w->sched, w->now, w->decisions, ARRAY_SIZE(w->decisions),
                              0, &more);
        for (size_t i = 0; i < n; i++)
            check_start(w, &w->decisions[i]);
    }
    sched_check_invariants(w->sched);
    check_promises(w);
    if (!w->may_break)
        assert_false(sched_is_overbooked(w->sched));
    if (w->may_break && next_random(w, 6) > 0)
        w->is_excused = true; /* jobs overrun for a while */
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* The next time at which anything happens; 0: nothing ever will. */
static int64_t next_time(struct world *w)
{
    int64_t next = sched_next_time(w->sched, w->now);
    for (uint32_t id = 1; id <= w->n_jobs; id++)
        if (w->jobs[id].is_running)
            next = sooner(next, w->jobs[id].start + w->jobs[id].runs);
    return next;
}

static void play(struct world *w)
{
    int64_t arrival = 1;
    for (int step = 0; step < 100 * JOBS; step++) {
        int64_t next = next_time(w);
        if (w->n_jobs < JOBS)
            next = sooner(next, arrival);
        if (next == 0)
            break;
        w->now = next > w->now ? next : w->now;
        end_jobs(w);
        while (w->n_jobs < JOBS && arrival <= w->now) {
            submit(w);
            arrival += next_random(w, 100);
        }
        if (next_random(w, 4) == 0)
            change_priority(w);
        if (w->may_break && w->n_jobs < JOBS && next_random(w, 8) == 0)
            disturb(w);
        pass(w);
    }
}

static void finish(struct world *w)
{
    for (uint32_t i = 0; i < w->n_nodes; i++)
        sched_node_up(w->sched, i, true);
    pass(w);
    play(w);
    for (uint32_t id = 1; id <= w->n_jobs; id++) {
        struct err why = {0};
        enum sched_reason reason = sched_why(w->sched, id, &why);
        if (w->jobs[id].waits || w->jobs[id].is_running)
            fail_msg("job %u has not ended at %ld, it waits for %d, %s", id,
                     (long)w->now, reason, why.text);
    }
    sched_destroy(w->sched);
    node_topo_destroy(w->topo);
}

static const struct sched_policy policies[] = {
    {.order = SCHED_BY_SUBMIT, .promises = 1},
    {.order = SCHED_BY_SUBMIT, .promises = SCHED_ALL_PROMISED},
    {.order = SCHED_BY_SUBMIT, .promises = 4},
    {.order = SCHED_BY_PRIORITY, .promises = 1},
    {.order = SCHED_BY_PRIORITY, .promises = SCHED_ALL_PROMISED},
    {.order = SCHED_BY_SLOWDOWN, .promises = 1, .bind = 600},
    {.order = SCHED_BY_SLOWDOWN, .promises = 3},
    {.order = SCHED_BY_SUBMIT, .promises = 1, .backfill_shortest = true},
};

static void play_seeds(uint32_t seeds, bool may_break)
{
    uint32_t n_promised = 0;
    for (size_t p = 0; p < ARRAY_SIZE(policies); p++)
        for (uint32_t seed = 1; seed <= seeds; seed++) {
            struct world w;
            world_init(&w, seed, policies[p]);
            w.may_break = may_break;
            play(&w);
            finish(&w);
            n_promised += w.n_promised;
        }
    /* The workloads are such that there is something to promise. */
    assert_true(n_promised > 4 * seeds * ARRAY_SIZE(policies));
}

static void a_promised_start_is_kept_and_never_made_later(void **state)
{
    (void)state;
    play_seeds(40, false);
}

static void nobody_waits_for_ever_whatever_breaks(void **state)
{
    (void)state;
    play_seeds(20, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_promised_start_is_kept_and_never_made_later),
        cmocka_unit_test(nobody_waits_for_ever_whatever_breaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
