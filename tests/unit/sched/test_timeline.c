/* SPDX-License-Identifier: Apache-2.0
 *
 * test_timeline.c - a timeline says what an array with a cell a second says
 */
#include "fixture.h"

#include "sched/timeline.h"

#define SEEDS 200
#define STEPS 120
#define SPAN 80 /* seconds that the array has; the last one stands for ever after */

struct pair {
    struct timeline line;
    struct amount cells[SPAN + 1];
    uint32_t seed;
};

static uint32_t next_random(struct pair *p, uint32_t below)
{
    p->seed = p->seed * 1664525u + 1013904223u;
    return (p->seed >> 8) % below;
}

static struct amount random_amount(struct pair *p)
{
    struct amount a = {.cores = (int32_t)next_random(p, 4),
                       .memory = next_random(p, 3) * 100};
    a.gres[next_random(p, AMOUNT_GRES)] = (int16_t)next_random(p, 3);
    return a;
}

static void change(struct pair *p)
{
    struct amount what = random_amount(p);
    int64_t from = next_random(p, SPAN + 1), to = next_random(p, SPAN + 10);
    bool take = next_random(p, 2);
    if (to > SPAN)
        to = TIME_NEVER;
    if (take)
        timeline_take(&p->line, from, to, &what);
    else
        timeline_give(&p->line, from, to, &what);
    for (int64_t t = from; t <= SPAN && t < to; t++) {
        if (take)
            amount_sub(&p->cells[t], &what);
        else
            amount_add(&p->cells[t], &what);
    }
}

static struct amount least_by_force(const struct pair *p, int64_t from, int64_t to)
{
    struct amount least = p->cells[from < SPAN ? from : SPAN];
    for (int64_t t = from; t <= SPAN && t < to; t++)
        amount_lower(&least, &p->cells[t]);
    return least;
}

static int64_t earliest_by_force(const struct pair *p, int64_t from, int64_t before,
                                 int64_t length, const struct amount *need)
{
    for (int64_t t = from; t < before && t <= SPAN; t++) {
        struct amount least = least_by_force(p, t, time_after(t, length));
        if (amount_covers(&least, need))
            return t;
    }
    return TIME_NEVER;
}

static void compare(struct pair *p)
{
    int64_t from = next_random(p, SPAN), length = 1 + next_random(p, SPAN);
    int64_t before = next_random(p, 3) ? TIME_NEVER : next_random(p, SPAN + 1);
    struct amount need = random_amount(p);
    if (next_random(p, 6) == 0)
        length = TIME_NEVER;
    struct amount is = timeline_least(&p->line, from, time_after(from, length));
    struct amount must = least_by_force(p, from, time_after(from, length));
    assert_true(amount_equals(&is, &must));
    assert_int_equal(timeline_earliest(&p->line, from, before, length, &need),
                     earliest_by_force(p, from, before, length, &need));
}

static void pair_init(struct pair *p, uint32_t seed)
{
    struct amount all = {.cores = 6, .memory = 300, .gres = {2, 2, 2, 2, 2, 2, 2, 2}};
    *p = (struct pair){.seed = seed};
    timeline_init(&p->line, &all);
    for (int t = 0; t <= SPAN; t++)
        p->cells[t] = all;
}

static void it_agrees_with_an_array_of_seconds(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct pair p;
        pair_init(&p, seed);
        for (int i = 0; i < STEPS; i++) {
            change(&p);
            timeline_check_invariants(&p.line);
            compare(&p);
        }
        timeline_fini(&p.line);
    }
}

static void what_is_taken_and_given_leaves_one_step(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, 1);
    struct amount two = {.cores = 2}, three = {.cores = 3};
    timeline_take(&p.line, 10, 20, &two);
    timeline_take(&p.line, 15, TIME_NEVER, &three);
    assert_int_equal(p.line.n, 4);
    timeline_give(&p.line, 15, TIME_NEVER, &three);
    timeline_give(&p.line, 10, 20, &two);
    assert_int_equal(p.line.n, 1);
    timeline_take(&p.line, 20, 20, &two);
    assert_int_equal(p.line.n, 1);
    timeline_fini(&p.line);
}

static void trimming_forgets_the_past_and_nothing_else(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct pair p;
        pair_init(&p, seed);
        for (int i = 0; i < 20; i++)
            change(&p);
        int64_t now = next_random(&p, SPAN);
        timeline_trim(&p.line, now);
        timeline_check_invariants(&p.line);
        assert_true(p.line.n == 1 || p.line.steps[p.line.head + 1].time > now);
        for (int64_t t = now; t <= SPAN; t++) {
            struct amount is = timeline_least(&p.line, t, t + 1);
            assert_true(amount_equals(&is, &p.cells[t]));
        }
        timeline_fini(&p.line);
    }
}

static void a_shift_is_for_all_of_time(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, 1);
    struct amount two = {.cores = 2}, less = {.cores = -5};
    timeline_take(&p.line, 10, 20, &two);
    timeline_shift(&p.line, &less);
    assert_int_equal(timeline_least(&p.line, 0, 5).cores, 1);
    assert_int_equal(timeline_least(&p.line, 0, 15).cores, -1);
    assert_int_equal(timeline_least(&p.line, 20, TIME_NEVER).cores, 1);
    timeline_fini(&p.line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_agrees_with_an_array_of_seconds),
        cmocka_unit_test(what_is_taken_and_given_leaves_one_step),
        cmocka_unit_test(trimming_forgets_the_past_and_nothing_else),
        cmocka_unit_test(a_shift_is_for_all_of_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
