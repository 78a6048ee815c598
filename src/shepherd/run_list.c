/* SPDX-License-Identifier: Apache-2.0
 *
 * run_list.c - what the lead says of its steps to who asks, and orders from others
 *
 * Whoever may talk to the lead may ask for each step, wait for its end and end it,
 * whoever its client is.
 */
#include "shepherd/runs.h"

#include "base/mem.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* -------------------------------------------------------------------- list */

static char image_on_way[] = "its image is on the way";

static void describe(const struct run *run, Berth__StepInfo *ret)
{
    ret->step_id = run->launch.step_id;
    ret->name = (char *)(uintptr_t)run_name(run);
    ret->nodes = run->launch.nodes;
    ret->n_nodes = run->launch.n_nodes;
    ret->has_started = run->root != NULL;
    ret->start_time = run->start_time;
    ret->request_time = run->request_time;
    ret->state = run->is_launched ? BERTH__STEP_INFO__STATE__RUNS
                                  : BERTH__STEP_INFO__STATE__WAITS;
    ret->tasks = run->tasks;
    ret->argv = run->spec->argv;
    ret->n_argv = run->spec->n_argv;
    if (run->is_placed && !run->is_launched)
        ret->why = image_on_way;
    else if (!run->is_launched && run->why)
        ret->why = run->why;
}

static void describe_past(const struct past_step *past, Berth__StepInfo *ret)
{
    ret->step_id = past->id;
    ret->name = past->name;
    ret->nodelist = past->nodelist;
    ret->state = BERTH__STEP_INFO__STATE__ENDED;
    ret->tasks = past->tasks;
    ret->request_time = past->request_time;
    ret->start_time = past->start_time;
    ret->end_time = past->end_time;
    ret->exit_code = past->exit_code;
    ret->exit_signal = past->exit_signal;
    ret->out_of_memory = past->out_of_memory;
    if (past->words)
        ret->words = past->words;
    ret->user_usec = past->user_usec;
    ret->system_usec = past->system_usec;
    ret->max_rss = past->max_rss;
    ret->memory_peak = past->memory_peak;
}

static bool is_asked(const Berth__StepQuery *query, uint32_t id)
{
    for (size_t i = 0; i < query->n_step_ids; i++)
        if (query->step_ids[i] == id)
            return true;
    return query->n_step_ids == 0;
}

struct answer {
    Berth__StepInfo *infos;
    Berth__StepInfo **steps;
    size_t n, room;
};

static Berth__StepInfo *add_info(struct answer *answer)
{
    Berth__StepInfo *info = &answer->infos[answer->n];

    berth__step_info__init(info);
    answer->steps[answer->n++] = info;
    return info;
}

static void collect(const struct lead *lead, const Berth__StepQuery *query,
                    struct answer *answer)
{
    for (size_t i = 0; query->all && i < lead->past.n; i++)
        if (is_asked(query, past_at(&lead->past, i)->id))
            describe_past(past_at(&lead->past, i), add_info(answer));
    for (const struct run *run = lead->runs; run; run = run->next)
        if ((query->all || run->is_launched) && is_asked(query, run->launch.step_id))
            describe(run, add_info(answer));
}

void runs_list(struct lead *lead, struct channel *ch, const Berth__Envelope *env)
{
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;
    Berth__StepList list = BERTH__STEP_LIST__INIT;
    struct answer answer = {.room = lead->past.n};

    for (const struct run *run = lead->runs; run; run = run->next)
        answer.room++;
    answer.infos = xcalloc(answer.room + 1, sizeof(*answer.infos));
    answer.steps = xcalloc(answer.room + 1, sizeof(*answer.steps));
    collect(lead, env->step_query, &answer);
    list.steps = answer.steps;
    list.n_steps = answer.n;
    list.has_batch = lead->spec->script.len > 0 && !lead->is_ending;
    list.node = lead->sh->assignment->node_name;
    reply.id = env->id;
    reply.reply = true;
    reply.body_case = BERTH__ENVELOPE__BODY_STEP_LIST;
    reply.step_list = &list;
    channel_send(ch, &reply);
    free(answer.infos);
    free(answer.steps);
}

/* ----------------------------------------------------------------- waiting */

static void tell_end(struct channel *ch, uint64_t request, const struct past_step *past)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepEnded ended = BERTH__STEP_ENDED__INIT;

    ended.step_id = past->id;
    ended.exit_code = past->exit_code;
    ended.exit_signal = past->exit_signal;
    ended.out_of_memory = past->out_of_memory;
    if (past->words)
        ended.words = past->words;
    env.id = request;
    env.reply = true;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_ENDED;
    env.step_ended = &ended;
    channel_send(ch, &env);
}

void run_tell_waiters(struct lead *lead, const struct past_step *past)
{
    for (struct conn *conn = lead->conns; conn; conn = conn->next) {
        if (!conn->waits || conn->waits_for != past->id)
            continue;
        conn->waits = false;
        tell_end(conn->ch, conn->wait_request, past);
    }
}

static void refuse_unknown(struct conn *conn, const Berth__Envelope *env, uint32_t id)
{
    char words[96];

    (void)snprintf(words, sizeof(words), "there is no step %u.%u", conn->lead->sh->job,
                   id);
    channel_reply_status(conn->ch, env, ESRCH, words);
}

void runs_wait(struct conn *conn, const Berth__Envelope *env)
{
    uint32_t id = env->step_wait->step_id;
    const struct past_step *past = past_find(&conn->lead->past, id);

    if (past) {
        tell_end(conn->ch, env->id, past);
    } else if (conn->run || conn->waits) {
        channel_reply_status(conn->ch, env, EINVAL,
                             "this connection has its step already");
    } else if (!run_find(conn->lead, id)) {
        refuse_unknown(conn, env, id);
    } else {
        conn->waits = true;
        conn->waits_for = id;
        conn->wait_request = env->id;
    }
}

/* ------------------------------------------------------------------ orders */

void runs_control(struct conn *conn, const Berth__Envelope *env)
{
    const Berth__StepControl *order = env->step_control;
    struct run *run = run_find(conn->lead, order->step_id);

    if (!run && past_find(&conn->lead->past, order->step_id)) {
        channel_reply_status(conn->ch, env, ESRCH, "the step has ended");
        return;
    }
    if (!run) {
        refuse_unknown(conn, env, order->step_id);
        return;
    }
    channel_reply_status(conn->ch, env, 0, "");
    run_order(run, order->signal);
}
