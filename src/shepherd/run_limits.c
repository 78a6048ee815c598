/* SPDX-License-Identifier: Apache-2.0
 *
 * run_limits.c - how long a step may run, and its tasks after the first has ended
 *
 * A step whose own limit is over is asked to end, and killed after the grace, as a job
 * is. With --wait the others are killed so long after the first task's end.
 */
#include "shepherd/runs.h"

#include "base/mem.h"
#include "shepherd/limit.h"

#include <signal.h>

static void on_warning(void *ctx)
{
    struct run *run = ctx;

    run_signal(run, (int)run->spec->signal, run->spec->signal == SIGKILL);
}

static void on_late(void *ctx)
{
    run_signal(ctx, SIGKILL, true);
}

void run_terminate(struct run *run, const char *why)
{
    const struct limit_plan grace = {
        .seconds = lead_grace(run->lead), .on_end = on_late, .ctx = run};

    run_explain(run, why);
    limit_stop(take(run->limit));
    run->limit = limit_start(run->lead->sh->loop, &grace);
    run_signal(run, SIGTERM, false);
    if (!run->limit)
        on_late(run);
}

static void on_end(void *ctx)
{
    run_terminate(ctx, "the step's time limit was reached");
}

static void on_waited(void *ctx)
{
    struct run *run = ctx;
    cleanup(freep) char *words =
        xasprintf("--wait: the first task ended %u seconds ago, others still ran",
                  run->spec->wait_after);

    run_explain(run, words);
    run_signal(run, SIGKILL, true);
}

void run_limits_start(struct run *run)
{
    const Berth__StepSpec *spec = run->spec;
    const struct limit_plan plan = {.seconds = spec->time_limit,
                                    .warns = spec->signal != 0,
                                    .warn_before = spec->signal_before,
                                    .on_warning = on_warning,
                                    .on_end = on_end,
                                    .ctx = run};

    run->limit = limit_start(run->lead->sh->loop, &plan);
    limit_hold(run->limit, run->lead->is_stopped);
}

void run_limits_task_ended(struct run *run)
{
    const struct limit_plan plan = {
        .seconds = run->spec->wait_after, .on_end = on_waited, .ctx = run};

    if (run->wait || run->is_killed)
        return;
    run->wait = limit_start(run->lead->sh->loop, &plan);
    limit_hold(run->wait, run->lead->is_stopped);
}

void run_limits_hold(struct lead *lead, bool held)
{
    for (struct run *run = lead->runs; run; run = run->next) {
        limit_hold(run->limit, held);
        limit_hold(run->wait, held);
    }
}

void run_limits_stop(struct run *run)
{
    limit_stop(take(run->limit));
    limit_stop(take(run->wait));
}
