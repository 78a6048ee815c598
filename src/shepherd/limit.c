/* SPDX-License-Identifier: Apache-2.0
 *
 * limit.c - a limit of time, with a warning before it
 */
#include "shepherd/limit.h"

#include <stdlib.h>

#include "base/mem.h"

enum { WARNING, END, N_CLOCKS };

struct clock {
    struct limit *limit;
    uv_timer_t timer;
    uint64_t left; /* ms, while it is held; 0: it does not run */
};

struct limit {
    struct limit_plan plan;
    struct clock clocks[N_CLOCKS];
    bool is_held;
    unsigned int n_open;
};

static void on_time(uv_timer_t *timer)
{
    struct clock *clock = timer->data;
    const struct limit_plan *plan = &clock->limit->plan;

    if (clock == &clock->limit->clocks[WARNING])
        plan->on_warning(plan->ctx);
    else
        plan->on_end(plan->ctx);
}

static void start_clock(struct clock *clock, uint64_t ms)
{
    (void)uv_timer_start(&clock->timer, on_time, ms, 0);
}

struct limit *limit_start(uv_loop_t *loop, const struct limit_plan *plan)
{
    struct limit *limit;
    uint64_t seconds = (uint64_t)plan->seconds;

    if (plan->seconds <= 0)
        return NULL;
    limit = xcalloc(1, sizeof(*limit));
    limit->plan = *plan;
    for (size_t i = 0; i < N_CLOCKS; i++) {
        struct clock *clock = &limit->clocks[i];

        clock->limit = limit;
        (void)uv_timer_init(loop, &clock->timer);
        clock->timer.data = clock;
        limit->n_open++;
    }
    start_clock(&limit->clocks[END], 1000 * seconds);
    if (plan->warns)
        start_clock(&limit->clocks[WARNING], plan->warn_before < seconds
                                                 ? 1000 * (seconds - plan->warn_before)
                                                 : 0);
    return limit;
}

static void hold_clock(struct clock *clock)
{
    bool runs = uv_is_active((uv_handle_t *)&clock->timer);

    clock->left = runs ? uv_timer_get_due_in(&clock->timer) + 1 : 0;
    (void)uv_timer_stop(&clock->timer);
}

void limit_hold(struct limit *limit, bool held)
{
    if (!limit || limit->is_held == held)
        return;
    limit->is_held = held;
    for (size_t i = 0; i < N_CLOCKS; i++) {
        struct clock *clock = &limit->clocks[i];

        if (held)
            hold_clock(clock);
        else if (clock->left)
            start_clock(clock, clock->left);
    }
}

static void on_closed(uv_handle_t *timer)
{
    struct clock *clock = timer->data;

    if (--clock->limit->n_open == 0)
        free(clock->limit);
}

void limit_stop(struct limit *limit)
{
    for (size_t i = 0; limit && i < N_CLOCKS; i++)
        uv_close((uv_handle_t *)&limit->clocks[i].timer, on_closed);
}
