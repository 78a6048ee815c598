/* SPDX-License-Identifier: Apache-2.0
 *
 * run_wait.c - a step that waits for daemons of nodes that are away
 *
 * A daemon may be restarted at any moment: what does not reach it is asked again
 * until it is there, the step is cancelled, its job ends (as it does when the
 * controller declares the node down), or the time for that is over.
 */
#include "shepherd/runs.h"

#include "base/mem.h"

#include <signal.h>
#include <stdlib.h>

/* The controller, which knows of the node as well, has the first word. */
#define MARGIN_MS 5000

/* It outlives its run until its timer is closed. */
struct run_wait {
    struct run *run;
    struct patience patience;
    uv_timer_t timer;
    bool wants_image; /* and not yet the launch */
    bool is_cancelled;
};

static struct patience *patience_of(const struct run *run)
{
    return run->wait_node ? &run->wait_node->patience : NULL;
}

bool run_waits_for_node(const struct run *run)
{
    return run->wait_node && run->wait_node->patience.is_on;
}

bool run_misses_root(const struct run *run)
{
    return run_waits_for_node(run) && patience_misses(patience_of(run), 0);
}

bool run_waits_for_more(const struct run *run)
{
    return run_waits_for_node(run) && patience_of(run)->n_indexes > 0;
}

static void tell(const struct run *run, char *words)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepNotice notice = BERTH__STEP_NOTICE__INIT;

    notice.words = words;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_NOTICE;
    env.step_notice = &notice;
    if (run->client)
        channel_send(run->client->ch, &env);
}

static void give_up(struct run *run)
{
    struct patience *p = patience_of(run);
    cleanup(freep) char *words = xasprintf("%s (waited for %llu s)", p->words,
                                           (unsigned long long)(p->limit_ms / 1000));

    run_fail(run, words);
    run_give_up_nodes(run);
}

void run_give_up_nodes(struct run *run)
{
    bool is_root_missed = run_misses_root(run);

    run_settle_nodes(run);
    if (!run->root && (!run->is_launched || is_root_missed))
        run_end(run);
    else
        run_signal(run, SIGKILL, true);
}

static void on_time(uv_timer_t *timer);

static void plan(struct run_wait *wait)
{
    uint64_t now = uv_now(wait->run->lead->sh->loop);
    /* Without our own daemon nobody can be asked: its return is an event. */
    bool is_asking = wait->run->n_asked || !wait->run->lead->sh->node;

    (void)uv_timer_start(&wait->timer, on_time,
                         patience_left(&wait->patience, now, is_asking), 0);
}

static void ask(struct run_wait *wait, uint64_t now)
{
    struct run *run = wait->run;
    uint32_t *indexes;
    size_t n;

    if (run->n_asked || !run->lead->sh->node ||
        !patience_ask(&wait->patience, now, &indexes, &n))
        return;
    for (size_t i = 0; i < n; i++)
        run_launch_again(run, indexes[i]);
    free(indexes);
    if (wait->wants_image) {
        wait->wants_image = false;
        run_get_image(run); /* may free it, or settle */
    }
}

static void on_time(uv_timer_t *timer)
{
    struct run_wait *wait = timer->data;
    struct run *run = wait->run;
    uint64_t now = uv_now(timer->loop);
    cleanup(freep) char *words = patience_tell(&wait->patience, now);

    if (words)
        tell(run, words);
    if (wait->is_cancelled) {
        run_give_up_nodes(run);
        return;
    }
    if (patience_is_over(&wait->patience, now)) {
        give_up(run);
        return;
    }
    plan(wait);
    ask(wait, now);
}

void run_cancel_wait(struct run *run, int signo)
{
    struct run_wait *wait = run->wait_node;

    if (!run->exit_code && !run->exit_signal)
        run->exit_signal = signo;
    run_explain(run, wait->patience.words);
    wait->is_cancelled = true;
    (void)uv_timer_start(&wait->timer, on_time, 0, 0);
}

static struct run_wait *wait_of(struct run *run)
{
    struct shepherd *sh = run->lead->sh;

    if (run->wait_node)
        return run->wait_node;
    run->wait_node = xcalloc(1, sizeof(*run->wait_node));
    run->wait_node->run = run;
    run->wait_node->patience.limit_ms =
        1000ull * sh->assignment->node_lost_after + MARGIN_MS;
    run->wait_node->timer.data = run->wait_node;
    (void)uv_timer_init(sh->loop, &run->wait_node->timer);
    return run->wait_node;
}

void run_missed_node(struct run *run, uint32_t index, const char *node, const char *why)
{
    struct run_wait *wait = wait_of(run);

    patience_miss(&wait->patience, index, node, why, uv_now(run->lead->sh->loop));
    wait->wants_image |= index == PATIENCE_NO_INDEX && run->is_placed;
    plan(wait);
}

void run_settle_nodes(struct run *run)
{
    if (!run->wait_node)
        return;
    patience_clear(&run->wait_node->patience);
    run->wait_node->wants_image = run->wait_node->is_cancelled = false;
    (void)uv_timer_stop(&run->wait_node->timer);
}

static void free_wait(uv_handle_t *handle)
{
    free(handle->data);
}

void run_end_waiting(struct run *run)
{
    struct run_wait *wait = take(run->wait_node);

    if (!wait)
        return;
    patience_clear(&wait->patience);
    uv_close((uv_handle_t *)&wait->timer, free_wait);
}

/* ------------------------------------------------------------ our own daemon */

static const char own_is_away[] = "the connection to it has ended";

/* Those that have been asked for hear of it by the failure of that. */
static void await_own_node(struct run *run)
{
    struct run_wait *wait;

    if (run->is_launched || run->awaits_client || run_waits_for_node(run))
        return;
    wait = wait_of(run);
    patience_miss(&wait->patience, PATIENCE_NO_INDEX,
                  run->lead->sh->assignment->node_name, own_is_away,
                  uv_now(run->lead->sh->loop));
    plan(wait);
}

void runs_node_is_away(struct lead *lead)
{
    for (struct run *run = lead->runs; run; run = run->next)
        await_own_node(run);
}

void runs_node_is_back(struct lead *lead)
{
    for (struct run *run = lead->runs; run; run = run->next) {
        if (!run_waits_for_node(run))
            continue;
        if (run->is_launched || run->wait_node->wants_image) {
            patience_hurry(patience_of(run), uv_now(lead->sh->loop));
            plan(run->wait_node);
        } else {
            run_settle_nodes(run);
        }
    }
}
