/* SPDX-License-Identifier: Apache-2.0
 *
 * test_victims.c - sets make room as a whole, or not at all
 *
 * Stories first; then small clusters made by chance, where a slow reference says whom
 * to push: a scheduler made anew for each question, without those that would leave.
 */
#include "fixture.h"

static void init(struct fixture *f, enum qos_preempt mode)
{
    struct sched_options options = sched_options_default;
    options.policy = (struct sched_policy){.order = SCHED_BY_SUBMIT, .promises = 1};
    options.preempt = SCHED_PREEMPT_PARTITION;
    options.preempt_mode = mode;
    fixture_init_with(f, true, &options);
}

static void add_urgent(struct fixture *f, uint32_t job, uint32_t tasks)
{
    struct sched_request req = request_of(job, tasks);
    req.partition = "urgent";
    add(f, &req);
}

/* One of two components, 1 and 2, of four cores each. */
static struct sched_request component(uint32_t job)
{
    struct sched_request req = request_of(job, 4);
    req.leader = 1;
    req.set_size = job == 1 ? 2 : 0;
    return req;
}

static struct sched_request member(uint32_t job, uint32_t size)
{
    struct sched_request req = request_of(job, 4);
    req.gang = 7;
    req.gang_size = size;
    return req;
}

static void add_set(struct fixture *f)
{
    struct sched_request req = component(1);
    add(f, &req);
    req = component(2);
    add(f, &req);
    assert_pass(f, 100, "1 2");
}

static void add_gang(struct fixture *f, uint32_t first, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        struct sched_request req = member(first + i, size);
        add(f, &req);
    }
}

static void assert_all(const struct fixture *f, size_t n, enum sched_verb verb)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(f->decisions[i].verb, verb);
        assert_int_equal(f->decisions[i].for_job, 9);
    }
}

/* ------------------------------------------------------------------ stories */

static void components_are_queued_again_together(void **state)
{
    (void)state;
    struct fixture f;
    struct sched_request req;
    init(&f, QOS_PREEMPT_REQUEUE);
    add_set(&f);
    add_urgent(&f, 9, 16);
    assert_pass(&f, 200, "1 2");
    assert_all(&f, 2, SCHED_REQUEUE);
    /* One has left and waits: it does not start without the other. */
    end_at(&f, 2, 201);
    req = component(2);
    add(&f, &req);
    assert_pass(&f, 201, "");
    end_at(&f, 1, 202);
    req = component(1);
    add(&f, &req);
    assert_pass(&f, 202, "9");
    end_at(&f, 9, 300);
    assert_pass(&f, 300, "1 2");
    fixture_fini(&f);
}

static void all_end_when_one_cannot_be_queued_again(void **state)
{
    (void)state;
    struct fixture f;
    struct sched_request req = component(1);
    init(&f, QOS_PREEMPT_REQUEUE);
    add(&f, &req);
    req = component(2);
    req.no_preempt = true;
    add(&f, &req);
    assert_pass(&f, 100, "1 2");
    add_urgent(&f, 9, 12);
    assert_pass(&f, 200, "1 2");
    assert_all(&f, 2, SCHED_CANCEL);
    fixture_fini(&f);
}

static void one_that_may_not_be_pushed_protects_the_others(void **state)
{
    (void)state;
    struct fixture f;
    struct sched_request req = component(1);
    init(&f, QOS_PREEMPT_REQUEUE);
    add(&f, &req);
    req = component(2);
    req.partition = "urgent";
    add(&f, &req);
    add_tasks(&f, 3, 4);
    assert_pass(&f, 100, "1 2 3");
    add_urgent(&f, 9, 12);
    assert_pass(&f, 200, "");
    sched_remove(f.sched, 9);
    /* A job of its own is pushed, as ever. */
    add_urgent(&f, 9, 8);
    assert_pass(&f, 201, "3");
    fixture_fini(&f);
}

static void a_smaller_victim_is_enough(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, QOS_PREEMPT_REQUEUE);
    add_set(&f);
    add_tasks(&f, 3, 8);
    assert_pass(&f, 101, "3");
    add_urgent(&f, 9, 4);
    assert_pass(&f, 200, "3");
    fixture_fini(&f);
}

static void those_elsewhere_leave_too(void **state)
{
    (void)state;
    struct fixture f;
    struct bitset *n3 = bitset_create(N_NODES);
    struct sched_request req = request_of(9, 4);
    init(&f, QOS_PREEMPT_REQUEUE);
    add_gang(&f, 1, 4);
    assert_pass(&f, 100, "1 2 3 4");
    bitset_set(n3, 3);
    req.partition = "urgent";
    req.place.required = n3;
    add(&f, &req);
    assert_pass(&f, 200, "1 2 3 4");
    assert_all(&f, 4, SCHED_REQUEUE);
    bitset_destroy(n3);
    fixture_fini(&f);
}

/* What waits again does not start beside those that are on their way out. */
static void a_gang_starts_again_whole(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, QOS_PREEMPT_REQUEUE);
    add_gang(&f, 1, 3);
    assert_pass(&f, 100, "1 2 3");
    add_urgent(&f, 9, 8);
    assert_pass(&f, 200, "1 2 3");
    for (uint32_t job = 1; job <= 3; job++) {
        struct sched_request req = member(job, 3);
        end_at(&f, job, 200 + job);
        add(&f, &req);
        assert_pass(&f, 200 + job, job == 1 ? "9" : "");
        if (job < 3)
            assert_int_equal(sched_why(f.sched, job, NULL), SCHED_GANG);
    }
    end_at(&f, 9, 300);
    assert_pass(&f, 300, "1 2 3");
    fixture_fini(&f);
}

static void a_gang_does_not_push_itself(void **state)
{
    (void)state;
    struct fixture f;
    struct sched_request req = member(9, 4);
    init(&f, QOS_PREEMPT_REQUEUE);
    add_gang(&f, 1, 4);
    assert_pass(&f, 100, "1 2 3 4");
    req.partition = "urgent";
    add(&f, &req);
    assert_pass(&f, 200, "");
    fixture_fini(&f);
}

/* What cannot be queued again ends; whoever made it makes another. */
static void members_of_a_gang_end_each_in_its_way(void **state)
{
    (void)state;
    struct fixture f;
    struct sched_request req = member(1, 2);
    init(&f, QOS_PREEMPT_REQUEUE);
    req.no_preempt = true;
    add(&f, &req);
    req = member(2, 2);
    add(&f, &req);
    assert_pass(&f, 100, "1 2");
    add_urgent(&f, 9, 16);
    assert_pass(&f, 200, "1 2");
    assert_int_equal(f.decisions[0].verb, SCHED_CANCEL);
    assert_int_equal(f.decisions[1].verb, SCHED_REQUEUE);
    fixture_fini(&f);
}

static void each_has_its_grace_and_a_helper_that_of_its_job_before(void **state)
{
    (void)state;
    struct fixture f;
    struct sched_explanation why;
    struct sched_request req = component(1);
    init(&f, QOS_PREEMPT_REQUEUE);
    req.grace = 40;
    add(&f, &req);
    req = component(2);
    req.grace = 15;
    req.follows = true;
    add(&f, &req);
    assert_pass(&f, 100, "1 2");
    add_urgent(&f, 9, 16);
    assert_pass(&f, 200, "1 2");
    assert_int_equal(f.decisions[0].grace, 40);
    assert_int_equal(f.decisions[1].grace, 15);
    assert_int_equal(sched_promised(f.sched, 9), 255);
    /* Who asks is told the same. */
    assert_int_equal(sched_explain(f.sched, 9, 200, &why, NULL), 0);
    assert_int_equal(why.start, 255);
    assert_int_equal(why.n_blockers, 2);
    sched_explanation_fini(&why);
    fixture_fini(&f);
}

static void a_set_is_stopped_and_goes_on_together(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, QOS_PREEMPT_SUSPEND);
    add_gang(&f, 1, 4);
    assert_pass(&f, 100, "1 2 3 4");
    add_urgent(&f, 9, 4);
    assert_pass(&f, 200, "1 2 3 4 9");
    assert_all(&f, 4, SCHED_SUSPEND);
    assert_true(sched_is_stopped(f.sched, SCHED_JOB(3)));
    /* Three of them could go on. */
    assert_pass(&f, 250, "");
    end_at(&f, 9, 300);
    sched_park(f.sched, SCHED_JOB(2), true, 300);
    assert_pass(&f, 300, "");
    sched_park(f.sched, SCHED_JOB(2), false, 310);
    assert_pass(&f, 310, "1 2 3 4");
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(f.decisions[i].verb, SCHED_RESUME);
    fixture_fini(&f);
}

static void a_set_that_stands_still_is_not_pushed_further(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, QOS_PREEMPT_REQUEUE);
    add_gang(&f, 1, 2);
    assert_pass(&f, 100, "1 2");
    sched_park(f.sched, SCHED_JOB(1), true, 110);
    add_urgent(&f, 9, 16);
    assert_pass(&f, 200, "");
    fixture_fini(&f);
}

static struct sched_request *adopt(struct fixture *f, struct sched_request *req,
                                   uint32_t node)
{
    struct place_share share = {.node = node, .tasks = 4};
    struct place_result where = {.shares = &share, .n_shares = 1};
    struct err err;
    share.cores = bitset_create(4);
    bitset_set_range(share.cores, 0, 4);
    if (sched_adopt(f->sched, SCHED_JOB(req->job), req, &where, 100, &err))
        fail_msg("%s", err.text);
    bitset_destroy(share.cores);
    return req;
}

static void adopted_sets_are_sets(void **state)
{
    (void)state;
    struct fixture f;
    struct sched_request one = component(1), two = component(2);
    init(&f, QOS_PREEMPT_CANCEL);
    adopt(&f, &one, 0);
    adopt(&f, &two, 1);
    add_urgent(&f, 9, 12);
    assert_pass(&f, 200, "1 2");
    assert_all(&f, 2, SCHED_CANCEL);
    fixture_fini(&f);
}

/* Whom it makes room for is forgotten; the one that it was for does not push more. */
static void one_that_made_room_before_a_restart_is_waited_for(void **state)
{
    (void)state;
    struct fixture f;
    struct sched_request one = request_of(1, 4), two = request_of(2, 4);
    init(&f, QOS_PREEMPT_REQUEUE);
    adopt(&f, &one, 0);
    adopt(&f, &two, 1);
    add_urgent(&f, 3, 8);
    assert_pass(&f, 149, "3");
    sched_adopt_leaving(f.sched, SCHED_JOB(1), 30, true, 150);
    add_urgent(&f, 9, 4);
    assert_pass(&f, 151, "");
    assert_int_equal(sched_promised(f.sched, 9), 180);
    end_at(&f, 1, 160);
    assert_pass(&f, 160, "9");
    /* It takes too long: others are pushed again. */
    sched_adopt_leaving(f.sched, SCHED_JOB(3), 30, true, 170);
    add_urgent(&f, 10, 4);
    assert_pass(&f, 171, "");
    assert_pass(&f, 199, "");
    sched_remove(f.sched, 10);
    add_urgent(&f, 11, 4);
    assert_pass(&f, 200, "2");
    fixture_fini(&f);
}

static void one_that_was_leaving_before_a_restart_protects_nobody(void **state)
{
    (void)state;
    struct fixture f;
    struct sched_request one = member(1, 2), two = member(2, 2);
    init(&f, QOS_PREEMPT_REQUEUE);
    adopt(&f, &one, 0);
    adopt(&f, &two, 1);
    sched_adopt_leaving(f.sched, SCHED_JOB(1), 30, false, 150);
    add_urgent(&f, 9, 12);
    assert_pass(&f, 151, "2");
    end_at(&f, 2, 160);
    assert_pass(&f, 160, "9");
    fixture_fini(&f);
}

static size_t short_pass(struct fixture *f, int64_t now, size_t max)
{
    bool more;
    size_t n = sched_pass(f->sched, now, f->decisions, max, 0, &more);
    for (size_t i = 0; i < n; i++)
        place_result_destroy(f->decisions[i].where);
    return n;
}

static void what_needs_too_many_victims_says_so(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, QOS_PREEMPT_REQUEUE);
    for (uint32_t job = 1; job <= 16; job++)
        add_tasks(&f, job, 1);
    assert_int_equal(pass_at(&f, 100), 16);
    add_urgent(&f, 99, 8);
    assert_int_equal(short_pass(&f, 200, 8), 0);
    assert_why(
        &f, 99, SCHED_RESOURCES,
        "to push aside 7 jobs, which is the most at once, would not make room for "
        "it");
    sched_remove(f.sched, 99);
    add_urgent(&f, 98, 8);
    assert_int_equal(short_pass(&f, 201, 9), 8);
    fixture_fini(&f);
}

/* Two components, 20 and 21, of four cores each: on n0 and n1, and on n2 and n3. */
static void add_pushing_set(struct fixture *f, const char *first, const char *second)
{
    struct bitset *low = bitset_create(N_NODES), *high = bitset_create(N_NODES);
    struct sched_request req = request_of(20, 4);
    bitset_set_range(low, 0, 2);
    bitset_set_range(high, 2, 2);
    req.partition = first;
    req.leader = 20;
    req.set_size = 2;
    req.place.excluded = high;
    add(f, &req);
    req.job = 21;
    req.set_size = 0;
    req.partition = second;
    req.place.excluded = low;
    add(f, &req);
    bitset_destroy(low);
    bitset_destroy(high);
}

/* A set that pushes: what any component may use counts. */
static void a_set_makes_room_for_a_set(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, QOS_PREEMPT_REQUEUE);
    add_gang(&f, 1, 4);
    assert_pass(&f, 100, "1 2 3 4");
    add_pushing_set(&f, "urgent", "urgent");
    assert_pass(&f, 200, "1 2 3 4");
    for (uint32_t job = 1; job <= 4; job++)
        end_at(&f, job, 210);
    assert_pass(&f, 210, "20 21");
    fixture_fini(&f);
}

/* One component in a high partition pushes for none of the others. */
static void a_set_pushes_as_its_least_component_may(void **state)
{
    (void)state;
    static const char *const partitions[] = {"urgent", "batch", "urgent"};
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;
        init(&f, QOS_PREEMPT_REQUEUE);
        add_tasks(&f, 1, 8);
        add_tasks(&f, 2, 8);
        assert_pass(&f, 100, "1 2");
        add_pushing_set(&f, partitions[i], partitions[i + 1]);
        assert_pass(&f, 200, "");
        fixture_fini(&f);
    }
}

/* ------------------------------------------------------------------ by chance */

#define SEEDS 150
#define RUNS_MAX 10

/* A job that runs: alone, or one of a set or gang. */
struct random_run {
    struct sched_request req;
    uint32_t node;
    struct bitset *cores;
    int64_t start;
    uint32_t unit; /* those that have it in common leave together */
};

struct chance {
    uint32_t seed;
    struct random_run runs[RUNS_MAX];
    uint32_t n, n_units;
    struct sched_request urgent;
};

static uint32_t next_random(struct chance *c, uint32_t below)
{
    c->seed = c->seed * 1664525u + 1013904223u;
    return (c->seed >> 8) % below;
}

static uint32_t first_of(const struct chance *c, uint32_t unit)
{
    uint32_t i = 0;
    while (c->runs[i].unit != unit)
        i++;
    return i;
}

static void make_run(struct chance *c, uint32_t *used, uint32_t kind)
{
    struct random_run *run = &c->runs[c->n];
    uint32_t id = c->n + 1, node = next_random(c, N_NODES);
    uint32_t size = 1 + next_random(c, 3);
    if (used[node] + size > 4)
        return;
    *run = (struct random_run){.req = request_of(id, size), .node = node};
    run->unit = c->n_units;
    run->start = 10 + next_random(c, 5);
    run->cores = bitset_create(4);
    bitset_set_range(run->cores, used[node], size);
    used[node] += size;
    run->req.place.nodes_min = run->req.place.nodes_max = 1;
    if (next_random(c, 7) == 0)
        run->req.partition = "urgent";
    c->n++;
    if (kind == 1) {
        run->req.leader = c->runs[first_of(c, run->unit)].req.job;
    } else if (kind == 2) {
        run->req.gang = 1 + run->unit;
        run->req.gang_size = 1;
    }
}

static void make_world(struct chance *c, uint32_t seed)
{
    uint32_t used[N_NODES] = {0};
    *c = (struct chance){.seed = seed * 7919};
    while (c->n < RUNS_MAX && c->n_units < 7) {
        uint32_t kind = next_random(c, 3), before = c->n;
        uint32_t members = kind ? 1 + next_random(c, 3) : 1;
        for (uint32_t i = 0; i < members && c->n < RUNS_MAX; i++)
            make_run(c, used, kind);
        c->n_units += c->n > before;
        if (c->n == before)
            break;
    }
    c->urgent = request_of(99, 1 + next_random(c, 12));
    c->urgent.partition = "urgent";
    if (next_random(c, 3) == 0)
        c->urgent.place.nodes_min = 1 + next_random(c, 3);
}

static void forget_world(struct chance *c)
{
    for (uint32_t i = 0; i < c->n; i++)
        bitset_destroy(c->runs[i].cores);
}

/* A scheduler in which all run but those of units that have 'gone'. */
static void furnish(const struct chance *c, const bool *gone, struct fixture *f)
{
    init(f, QOS_PREEMPT_REQUEUE);
    for (uint32_t i = 0; i < c->n; i++) {
        const struct random_run *run = &c->runs[i];
        struct place_share share = {
            .node = run->node, .tasks = run->req.place.tasks, .cores = run->cores};
        struct place_result where = {.shares = &share, .n_shares = 1};
        if (!gone[run->unit])
            assert_int_equal(sched_adopt(f->sched, SCHED_JOB(run->req.job), &run->req,
                                         &where, run->start, NULL),
                             0);
    }
    add(f, &c->urgent);
}

static bool starts_without(const struct chance *c, const bool *gone)
{
    struct fixture f;
    furnish(c, gone, &f);
    size_t n = pass_at(&f, 50);
    bool starts = n == 1 && f.decisions[0].verb == SCHED_START;
    fixture_fini(&f);
    return starts;
}

static bool may_go(const struct chance *c, uint32_t unit)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (c->runs[i].unit == unit && c->runs[i].req.partition[0] == 'u')
            return false;
    return true;
}

/* The one that has run longer is worthier, and of those the lower number. */
static bool is_worthier(const struct chance *c, uint32_t a, uint32_t b)
{
    int64_t start_a = INT64_MAX, start_b = INT64_MAX;
    for (uint32_t i = 0; i < c->n; i++) {
        int64_t start = c->runs[i].start;
        if (c->runs[i].unit == a && start < start_a)
            start_a = start;
        if (c->runs[i].unit == b && start < start_b)
            start_b = start;
    }
    return start_a < start_b || (start_a == start_b && a < b);
}

/* All that may go do; then the worthiest first stay if that can be. */
static void reference(const struct chance *c, bool *gone)
{
    bool seen[RUNS_MAX + 1] = {false};
    for (uint32_t unit = 0; unit < c->n_units; unit++)
        gone[unit] = may_go(c, unit);
    if (!starts_without(c, gone)) {
        for (uint32_t unit = 0; unit < c->n_units; unit++)
            gone[unit] = false;
        return;
    }
    for (uint32_t round = 0; round < c->n_units; round++) {
        uint32_t best = UINT32_MAX;
        for (uint32_t unit = 0; unit < c->n_units; unit++)
            if (!seen[unit] && (best == UINT32_MAX || is_worthier(c, unit, best)))
                best = unit;
        seen[best] = true;
        if (!gone[best])
            continue;
        gone[best] = false;
        gone[best] = !starts_without(c, gone);
    }
}

/* What was decided is what the reference says: of each unit all or none. */
static bool check_seed(uint32_t seed)
{
    struct chance c;
    struct fixture f;
    bool nobody[RUNS_MAX + 1] = {false}, gone[RUNS_MAX + 1] = {false};
    bool pushed[RUNS_MAX + 1] = {false};
    make_world(&c, seed);
    reference(&c, gone);
    furnish(&c, nobody, &f);
    size_t n = pass_at(&f, 50);
    for (size_t i = 0; i < n; i++)
        if (f.decisions[i].verb != SCHED_START)
            pushed[f.decisions[i].id.job - 1] = true;
    for (uint32_t i = 0; i < c.n; i++)
        if (pushed[i] != gone[c.runs[i].unit])
            fail_msg("seed %u: job %u of unit %u is %s", seed, i + 1, c.runs[i].unit,
                     pushed[i] ? "pushed" : "not pushed");
    bool any = false;
    for (uint32_t i = 0; i < c.n; i++) {
        any |= pushed[i];
        if (pushed[i])
            end_at(&f, i + 1, 60);
    }
    if (any)
        assert_pass(&f, 60, "99");
    fixture_fini(&f);
    forget_world(&c);
    return any;
}

static void whom_the_reference_names_are_pushed(void **state)
{
    (void)state;
    uint32_t pushes = 0;
    for (uint32_t seed = 1; seed <= SEEDS; seed++)
        pushes += check_seed(seed);
    /* It does come to that. */
    assert_true(pushes > SEEDS / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(components_are_queued_again_together),
        cmocka_unit_test(all_end_when_one_cannot_be_queued_again),
        cmocka_unit_test(one_that_may_not_be_pushed_protects_the_others),
        cmocka_unit_test(a_smaller_victim_is_enough),
        cmocka_unit_test(those_elsewhere_leave_too),
        cmocka_unit_test(a_gang_starts_again_whole),
        cmocka_unit_test(a_gang_does_not_push_itself),
        cmocka_unit_test(members_of_a_gang_end_each_in_its_way),
        cmocka_unit_test(each_has_its_grace_and_a_helper_that_of_its_job_before),
        cmocka_unit_test(a_set_is_stopped_and_goes_on_together),
        cmocka_unit_test(a_set_that_stands_still_is_not_pushed_further),
        cmocka_unit_test(adopted_sets_are_sets),
        cmocka_unit_test(one_that_made_room_before_a_restart_is_waited_for),
        cmocka_unit_test(one_that_was_leaving_before_a_restart_protects_nobody),
        cmocka_unit_test(what_needs_too_many_victims_says_so),
        cmocka_unit_test(a_set_makes_room_for_a_set),
        cmocka_unit_test(a_set_pushes_as_its_least_component_may),
        cmocka_unit_test(whom_the_reference_names_are_pushed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
