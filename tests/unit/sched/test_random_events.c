/* SPDX-License-Identifier: Apache-2.0
 *
 * test_random_events.c - whatever happens, resources add up and replay is equal
 *
 * Seeds are fixed, so a failure comes back. A history is written as text: every
 * decision with its nodes and cores.
 */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"

#define SEEDS 60
#define STEPS 150

struct world {
    struct fixture f;
    uint32_t seed;
    uint32_t next_job;
    int64_t now;
    struct sched_id last; /* that started */
    struct strbuf history;
};

static uint32_t next_random(struct world *w, uint32_t below)
{
    w->seed = w->seed * 1664525u + 1013904223u;
    return (w->seed >> 8) % below;
}

/* An array, a dependency or licences now and then. */
static void decorate(struct world *w, struct sched_request *req,
                     struct array_spec *array, char *dependency, size_t size)
{
    static const char *const kinds[] = {"after", "afterany", "afterok", "aftercorr"};
    if (next_random(w, 5) == 0) {
        assert_int_equal(array_spec_parse("0-4%2", array, NULL), 0);
        req->array = array;
    }
    if (next_random(w, 6) == 0 && req->job > 1) {
        snprintf(dependency, size, "%s:%u", kinds[next_random(w, 4)],
                 1 + next_random(w, req->job - 1));
        req->dependency = dependency;
    }
    if (next_random(w, 5) == 0)
        req->licences = next_random(w, 2) ? "x:2" : "x|y";
}

static void submit(struct world *w)
{
    static const char *const partitions[] = {"batch", "batch", "debug", "closed",
                                             "urgent"};
    struct array_spec array = {0};
    char dependency[40];
    struct bitset *sets[2] = {bitset_create(N_NODES), bitset_create(N_NODES)};
    struct sched_request req = request_of(++w->next_job, next_random(w, 9));
    req.partition = partitions[next_random(w, ARRAY_SIZE(partitions))];
    req.submit_time = w->now;
    req.eligible_time = w->now + (next_random(w, 5) == 0 ? 50 : 0);
    req.nice = (int32_t)next_random(w, 100);
    req.held = next_random(w, 10) == 0;
    req.place.cpus_per_task = 1 + next_random(w, 3);
    req.place.nodes_min = next_random(w, 4);
    req.place.exclusive = next_random(w, 8) == 0;
    req.place.mem_per_node = next_random(w, 3) == 0 ? next_random(w, 6000) : 0;
    if (next_random(w, 3) == 0) {
        req.place.nodes_min = req.place.tasks = 1;
        req.place.cpus_per_task = next_random(w, 3);
        req.place.milli = 1 + next_random(w, 999);
    }
    if (next_random(w, 6) == 0) {
        bitset_set(sets[next_random(w, 2)], next_random(w, N_NODES));
        req.place.required = sets[0];
        req.place.excluded = sets[1];
    }
    decorate(w, &req, &array, dependency, sizeof(dependency));
    if (!req.array && next_random(w, 5) == 0) {
        req.gang = 1 + next_random(w, 3);
        req.gang_size = 1 + req.gang;
    }
    if (sched_check(w->f.sched, &req, NULL) == 0)
        add(&w->f, &req);
    array_spec_fini(&array);
    bitset_destroy(sets[0]);
    bitset_destroy(sets[1]);
}

static void write_decision(struct world *w, const struct sched_decision *decision)
{
    strbuf_printf(&w->history, "%d %u_%u for %u:", (int)decision->verb,
                  decision->id.job, decision->id.task, decision->for_job);
    for (size_t i = 0; decision->where && i < decision->where->n_shares; i++) {
        const struct place_share *share = &decision->where->shares[i];
        cleanup(freep) char *cores = bitset_format(share->cores);
        strbuf_printf(&w->history, " n%u/%s", share->node, cores);
        for (uint32_t task = 0; task < share->tasks; task++)
            assert_true(bitset_is_subset(share->task_cores[task], share->cores));
    }
    strbuf_putc(&w->history, '\n');
}

static void pass(struct world *w)
{
    size_t max = 1 + next_random(w, 8);
    bool more;
    size_t n =
        sched_pass(w->f.sched, w->now, w->f.decisions, max, next_random(w, 5), &more);
    assert_true(n <= max);
    for (size_t i = 0; i < n; i++) {
        write_decision(w, &w->f.decisions[i]);
        if (w->f.decisions[i].verb == SCHED_START)
            w->last = w->f.decisions[i].id;
        place_result_destroy(w->f.decisions[i].where);
    }
}

static void reserve(struct world *w)
{
    struct bitset *nodes = bitset_create(N_NODES);
    struct sched_reservation what = {.name = "r",
                                     .nodes = nodes,
                                     .start = w->now + next_random(w, 100),
                                     .every = next_random(w, 2) ? 500 : 0};
    what.end = what.start + 1 + next_random(w, 300);
    bitset_set_range(nodes, 0, 1 + next_random(w, N_NODES - 1));
    if (next_random(w, 3) == 0)
        sched_unreserve(w->f.sched, "r");
    else
        (void)sched_reserve(w->f.sched, &what, next_random(w, 2), w->now, NULL);
    bitset_destroy(nodes);
}

static void step(struct world *w)
{
    uint32_t job = 1 + next_random(w, w->next_job + 1);
    uint32_t node = next_random(w, N_NODES);
    w->now += next_random(w, 30);
    switch (next_random(w, 13)) {
    case 0:
    case 1:
    case 2:
        submit(w);
        break;
    case 3:
    case 4:
        sched_remove(w->f.sched, job);
        break;
    case 5:
        sched_hold(w->f.sched, job, next_random(w, 2));
        break;
    case 6:
        sched_node_up(w->f.sched, node, next_random(w, 4) > 0);
        break;
    case 7:
        sched_node_set(w->f.sched, node, next_random(w, 4) ? w->f.topo : NULL,
                       NODE_MEMORY);
        break;
    case 8:
        sched_ended(w->f.sched, w->last, w->now);
        break;
    case 9:
        if (next_random(w, 3) == 0)
            reserve(w);
        else
            sched_licence_set(w->f.sched, "x", 1 + next_random(w, 4));
        break;
    default:
        pass(w);
        break;
    }
    sched_check_invariants(w->f.sched);
}

static char *history_of(uint32_t seed, struct sched_policy policy)
{
    struct world w = {.seed = seed, .history = STRBUF_INIT};
    struct sched_options options = sched_options_default;
    options.policy = policy;
    options.preempt = seed % 3 ? SCHED_PREEMPT_PARTITION : SCHED_PREEMPT_NONE;
    options.preempt_mode = seed % 3 == 1 ? QOS_PREEMPT_SUSPEND : QOS_PREEMPT_REQUEUE;
    fixture_init_with(&w.f, true, &options);
    sched_licence_set(w.f.sched, "x", 3);
    sched_licence_set(w.f.sched, "y", 1);
    for (int i = 0; i < STEPS; i++)
        step(&w);
    for (uint32_t job = 1; job <= w.next_job; job++)
        sched_remove(w.f.sched, job);
    for (uint32_t node = 0; node < N_NODES; node++) {
        uint32_t cores;
        uint64_t memory;
        sched_node_usage(w.f.sched, node, &cores, &memory);
        assert_int_equal(cores, 0);
        assert_int_equal(memory, 0);
    }
    fixture_fini(&w.f);
    return strbuf_take(&w.history);
}

static void a_replay_decides_the_same(void **state)
{
    static const uint32_t promises[] = {0, 1, 2, SCHED_ALL_PROMISED};
    (void)state;
    size_t decided = 0;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct sched_policy policy = {
            .order = seed % 2 ? SCHED_BY_PRIORITY : SCHED_BY_SUBMIT,
            .promises = promises[seed % ARRAY_SIZE(promises)]};
        cleanup(freep) char *first = history_of(seed, policy);
        cleanup(freep) char *second = history_of(seed, policy);
        assert_string_equal(first, second);
        decided += strlen(first);
    }
    /* The events do lead to starts. */
    assert_true(decided > SEEDS * 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replay_decides_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
