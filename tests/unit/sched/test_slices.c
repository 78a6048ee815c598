/* SPDX-License-Identifier: Apache-2.0
 *
 * test_slices.c - a pass in slices decides what a whole one does
 */
#include "fixture.h"

#include <string.h>

struct play {
    struct fixture f;
    uint32_t seed;
    size_t max;
    uint32_t budget;
    struct strbuf text;
    uint32_t running[64], n_running;
};

static uint32_t next_random(struct play *p, uint32_t below)
{
    p->seed = p->seed * 1664525u + 1013904223u;
    return (p->seed >> 8) % below;
}

static void submit(struct play *p, uint32_t job)
{
    static const char *const partitions[] = {"batch", "debug", "urgent"};
    struct sched_request req = request_of(job, 1 + next_random(p, 14));
    req.partition = partitions[next_random(p, 3)];
    req.place.nodes_min = next_random(p, 3);
    req.time_limit = 10 + next_random(p, 200);
    req.nice = (int32_t)next_random(p, 50);
    if (sched_check(p->f.sched, &req, NULL) == 0)
        add(&p->f, &req);
}

static void pass(struct play *p, int64_t now)
{
    bool more = true;
    while (more) {
        struct sched_decision *d = p->f.decisions;
        size_t n = sched_pass(p->f.sched, now, d, p->max, p->budget, &more);
        for (size_t i = 0; i < n; i++) {
            cleanup(freep) char *cores = bitset_format(d[i].where->shares[0].cores);
            strbuf_printf(&p->text, "%ld: %u on n%u/%s\n", (long)now, d[i].id.job,
                          d[i].where->shares[0].node, cores);
            place_result_destroy(d[i].where);
            p->running[p->n_running++] = d[i].id.job;
        }
        sched_check_invariants(p->f.sched);
    }
}

static void end_one(struct play *p, int64_t now)
{
    if (p->n_running == 0)
        return;
    uint32_t at = next_random(p, p->n_running);
    end_at(&p->f, p->running[at], now);
    p->running[at] = p->running[--p->n_running];
}

static char *history(uint32_t seed, struct sched_policy policy, size_t max,
                     uint32_t budget)
{
    struct play p = {.seed = seed, .max = max, .budget = budget, .text = STRBUF_INIT};
    fixture_init(&p.f, true, policy);
    uint32_t job = 0;
    for (int64_t now = 100; now < 1500; now += 1 + next_random(&p, 20)) {
        for (uint32_t n = next_random(&p, 4); n > 0; n--)
            submit(&p, ++job);
        for (uint32_t n = next_random(&p, 4); n > 0; n--)
            end_one(&p, now);
        pass(&p, now);
    }
    fixture_fini(&p.f);
    return strbuf_take(&p.text);
}

static void cut_or_whole_the_decisions_are_the_same(void **state)
{
    static const struct sched_policy policies[] = {
        {.order = SCHED_BY_PRIORITY, .promises = 0},
        {.order = SCHED_BY_SUBMIT, .promises = 1},
        {.order = SCHED_BY_SUBMIT, .promises = 1, .backfill_shortest = true},
        {.order = SCHED_BY_PRIORITY, .promises = 3},
        {.order = SCHED_BY_SLOWDOWN, .promises = SCHED_ALL_PROMISED, .bind = 100},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(policies); i++)
        for (uint32_t seed = 1; seed <= 10; seed++) {
            cleanup(freep) char *whole = history(seed, policies[i], 64, 0);
            cleanup(freep) char *one = history(seed, policies[i], 1, 0);
            cleanup(freep) char *brief = history(seed, policies[i], 64, 1);
            cleanup(freep) char *few = history(seed, policies[i], 3, 2);
            assert_string_equal(whole, one);
            assert_string_equal(whole, brief);
            assert_string_equal(whole, few);
            assert_true(strlen(whole) > 500);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_or_whole_the_decisions_are_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
