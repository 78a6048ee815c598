/* SPDX-License-Identifier: Apache-2.0
 *
 * runs.c - the steps of an allocation, as the lead sees them
 *
 *     requested -> waiting for cores -> placed, launched -> root joined
 *               -> nodes ended, one by one -> ended, client told
 *
 * This file has their list, their request and their end; see runs.h for the rest.
 */
#include "shepherd/runs.h"
#include "shepherd/reports.h"

#include "base/log.h"
#include "base/mem.h"
#include "shepherd/switchboard.h"
#include "wire/pack.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define KILL_MS 15000 /* for a killed step to be gone */

struct run *run_by_id(struct lead *lead, uint32_t id)
{
    for (struct run *run = lead->runs; run; run = run->next)
        if (run->is_placed && run->launch.step_id == id)
            return run;
    return NULL;
}

/* --------------------------------------------------------------------- end */

static void free_timer(uv_handle_t *handle)
{
    free(handle);
}

void run_free(struct run *run)
{
    struct run **slot = &run->lead->runs;

    while (*slot != run)
        slot = &(*slot)->next;
    *slot = run->next;
    if (run->overdue)
        uv_close((uv_handle_t *)run->overdue, free_timer);
    run_limits_stop(run);
    layout_clear_nodes(&run->launch);
    strbuf_fini(&run->input);
    watch_end(run);
    bag_destroy(run->bag);
    free_message(run->spec);
    free(run->words);
    free(run);
}

static void tell_client(struct run *run)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepEnded ended = BERTH__STEP_ENDED__INIT;

    ended.step_id = run->launch.step_id;
    ended.exit_code = run->exit_code;
    ended.exit_signal = run->exit_signal;
    ended.out_of_memory = run->out_of_memory;
    if (run->words)
        ended.words = run->words;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_ENDED;
    env.step_ended = &ended;
    watch_tell(run, &env);
    if (!run->client)
        return;
    channel_send(run->client->ch, &env);
    run->client->run = NULL;
}

static void end_bag(struct run *run)
{
    cleanup(freep) char *words = NULL;
    int code = bag_end(run->bag, &words);

    if (words)
        run_fail(run, words);
    if (!run->exit_code && !run->exit_signal)
        run->exit_code = code;
}

/* Its tasks are over: what it had is free for others. */
static void let_go(struct run *run)
{
    switchboard_step_ended(run);
    if (run->root) {
        run->root->run = NULL;
        channel_close(run->root->ch);
        run->root = NULL;
    }
    if (run->is_placed)
        layout_give(run->lead->layout, &run->launch);
}

static void run_finish(struct run *run)
{
    struct lead *lead = run->lead;
    bool is_spawned = run->is_spawned;
    uint32_t parent = run->parent_step;
    int exit_code = run->exit_code, exit_signal = run->exit_signal;
    cleanup(freep) char *words = run->words ? xstrdup(run->words) : NULL;

    if (is_spawned) {
        struct err err;

        (void)err_set(&err, ECONNRESET, "%s", words ? words : "it has ended");
        spawn_refused(run, &err);
    }
    reports_run(run);
    tell_client(run);
    run_free(run);
    if (is_spawned)
        spawn_ended(lead, parent, exit_code, exit_signal, words);
}

void run_end(struct run *run)
{
    struct lead *lead = run->lead;
    bool was_over = run->is_over, is_kept = spawn_keeps(run);

    if (run->bag)
        end_bag(run);
    lead->last_code = run->exit_code;
    lead->last_signal = run->exit_signal;
    if (!was_over)
        let_go(run);
    if (!is_kept)
        run_finish(run);
    runs_start_waiting(lead);
    lead_maybe_report(lead);
}

void run_explain(struct run *run, const char *words)
{
    if (!run->words)
        run->words = xstrdup(words);
}

void run_fail(struct run *run, const char *words)
{
    run_explain(run, words);
    if (!run->exit_code && !run->exit_signal)
        run->exit_code = 1;
}

/* ----------------------------------------------------------------- signals */

void run_send_signal(struct run *run, int signo, bool kill)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepSignal msg = BERTH__STEP_SIGNAL__INIT;

    msg.signal = signo;
    msg.abort = kill;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_SIGNAL;
    env.step_signal = &msg;
    channel_send(run->root->ch, &env);
}

static void on_overdue(uv_timer_t *timer)
{
    struct run *run = timer->data;
    cleanup(freep) char *words =
        xasprintf("node %s: its shepherd did not come", run->launch.nodes[0]->node);

    run_fail(run,
             run->is_killed ? "some of its nodes did not answer to the end" : words);
    run_end(run);
}

void run_start_overdue(struct run *run, unsigned int ms)
{
    if (!run->overdue) {
        run->overdue = xcalloc(1, sizeof(*run->overdue));
        run->overdue->data = run;
        (void)uv_timer_init(run->lead->sh->loop, run->overdue);
    }
    (void)uv_timer_start(run->overdue, on_overdue, ms, 0);
}

void run_signal(struct run *run, int signo, bool kill)
{
    if (kill && !run->is_killed) {
        run->is_killed = true;
        if (!run->is_launched) {
            run_fail(run, run->is_placed
                              ? "the job ended before its image was there"
                              : "the job ended before there was room for it");
            run_end(run);
            return;
        }
        run_start_overdue(run, KILL_MS);
        /* Nobody waits for a slow reader any more. */
        if (run->root)
            channel_pause(run->root->ch, false);
    }
    if (run->bag)
        bag_signalled(run->bag, signo, kill);
    if (run->root)
        run_send_signal(run, signo, kill);
    /* May end the run, if it only waited for these. */
    if (kill)
        spawn_signal(run, signo, true);
}

static struct run *youngest_alive(struct lead *lead)
{
    struct run *last = NULL;

    for (struct run *run = lead->runs; run; run = run->next)
        if (!run->is_killed)
            last = run;
    return last;
}

void runs_signal(struct lead *lead, int signo, bool kill)
{
    struct run *run;

    for (run = lead->runs; run && !kill; run = run->next)
        run_signal(run, signo, false);
    /* A kill frees a run that waits; the youngest first, so that none of those
     * behind it gets its turn. */
    while (kill && (run = youngest_alive(lead)))
        run_signal(run, signo, true);
}

/* ----------------------------------------------------------------- request */

static void name_files(const struct lead *lead, Berth__StepSpec *spec)
{
    Berth__FileNames *names = xcalloc(1, sizeof(*names));

    berth__file_names__init(names);
    names->has_array = lead->spec->array_job != 0;
    names->array_job = lead->spec->array_job;
    names->array_task = lead->spec->array_task;
    if (lead->spec->name[0])
        names->job_name = xstrdup(lead->spec->name);
    if (spec->names)
        berth__file_names__free_unpacked(spec->names, NULL);
    spec->names = names;
}

/* A directory that keeps what is written is one container's at a time, and while
 * there is a script it is the script's. */
static void inherit_container(const struct lead *lead, Berth__StepSpec *spec)
{
    if (spec->container || !lead->spec->container)
        return;
    spec->container = copy_message(&lead->spec->container->base);
    if (lead->spec->script.len && spec->container->overlay[0])
        spec->container->overlay[0] = '\0';
}

void run_request(struct conn *client, const Berth__Envelope *env)
{
    struct lead *lead = client->lead;
    struct run *run, **slot;
    struct err err;

    if (client->run || lead->is_ending || !env->step_request->spec ||
        env->step_request->spec->n_argv == 0) {
        channel_reply_status(client->ch, env, EINVAL,
                             client->run       ? "this connection has its step already"
                             : lead->is_ending ? "the job is ending"
                                               : "a step without a command");
        return;
    }
    run = xcalloc(1, sizeof(*run));
    run->lead = lead;
    run->client = client;
    run->request = env->id;
    run->spec = copy_message(&env->step_request->spec->base);
    berth__launch_step__init(&run->launch);
    inherit_container(lead, run->spec);
    name_files(lead, run->spec);
    if (run->spec->bag)
        bag_settle(lead, run->spec);
    if (holders_settle(lead, run->spec, &err)) {
        channel_reply_status(client->ch, env, err.code, err.text);
        free_message(run->spec);
        free(run);
        return;
    }
    client->run = run;
    for (slot = &lead->runs; *slot; slot = &(*slot)->next)
        ;
    *slot = run;
    runs_start_waiting(lead);
}
