/* SPDX-License-Identifier: Apache-2.0
 *
 * runs.c - the steps of an allocation, as the lead sees them
 *
 *     requested -> waiting for cores -> placed, launched -> root joined
 *               -> nodes ended, one by one -> ended, client told
 *
 * A task that fails ends the step where that is asked for (MPI steps do), and
 * the step's exit status is that task's.
 */
#include "shepherd/lead.h"

#include "base/log.h"
#include "base/mem.h"
#include "shepherd/images.h"
#include "wire/pack.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define JOIN_MS 30000 /* for a launched step's root to come */
#define KILL_MS 15000 /* for a killed step to be gone */
#define FANOUT 16     /* where the node does not say */

/* --------------------------------------------------------------------- end */

static void free_timer(uv_handle_t *handle)
{
    free(handle);
}

static void run_free(struct run *run)
{
    struct run **slot = &run->lead->runs;

    while (*slot != run)
        slot = &(*slot)->next;
    *slot = run->next;
    if (run->overdue)
        uv_close((uv_handle_t *)run->overdue, free_timer);
    layout_clear_nodes(&run->launch);
    strbuf_fini(&run->input);
    watch_end(run);
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

static void run_end(struct run *run)
{
    struct lead *lead = run->lead;

    lead->last_code = run->exit_code;
    lead->last_signal = run->exit_signal;
    tell_client(run);
    if (run->root) {
        run->root->run = NULL;
        channel_close(run->root->ch);
    }
    if (run->is_placed)
        layout_give(lead->layout, &run->launch);
    run_free(run);
    runs_start_waiting(lead);
    lead_maybe_report(lead);
}

static void run_fail(struct run *run, const char *words)
{
    if (!run->words)
        run->words = xstrdup(words);
    if (!run->exit_code && !run->exit_signal)
        run->exit_code = 1;
}

/* ----------------------------------------------------------------- signals */

static void send_signal(struct run *run, int signo, bool kill)
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

static void start_overdue(struct run *run, unsigned int ms)
{
    if (!run->overdue) {
        run->overdue = xcalloc(1, sizeof(*run->overdue));
        run->overdue->data = run;
        (void)uv_timer_init(run->lead->sh->loop, run->overdue);
    }
    (void)uv_timer_start(run->overdue, on_overdue, ms, 0);
}

/* Signal a step's tasks; 'kill' ends them at once, and may free 'run'. */
static void run_signal(struct run *run, int signo, bool kill)
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
        start_overdue(run, KILL_MS);
        /* Nobody waits for a slow reader any more. */
        if (run->root)
            channel_pause(run->root->ch, false);
    }
    if (run->root)
        send_signal(run, signo, kill);
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

/* -------------------------------------------------------------------- list */

static void describe(const struct run *run, Berth__StepInfo *ret)
{
    berth__step_info__init(ret);
    ret->step_id = run->launch.step_id;
    ret->name = run->spec->name[0] ? run->spec->name : run->spec->argv[0];
    ret->nodes = run->launch.nodes;
    ret->n_nodes = run->launch.n_nodes;
    ret->has_started = run->root != NULL;
    ret->start_time = run->start_time;
}

void runs_list(struct lead *lead, struct channel *ch, const Berth__Envelope *env)
{
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;
    Berth__StepList list = BERTH__STEP_LIST__INIT;
    cleanup(freep) Berth__StepInfo *infos = NULL;
    cleanup(freep) Berth__StepInfo **steps = NULL;
    size_t n = 0;

    for (const struct run *run = lead->runs; run; run = run->next)
        n++;
    infos = xcalloc(n + 1, sizeof(*infos));
    steps = xcalloc(n + 1, sizeof(*steps));
    for (const struct run *run = lead->runs; run; run = run->next) {
        if (!run->is_launched)
            continue;
        steps[list.n_steps] = &infos[list.n_steps];
        describe(run, steps[list.n_steps++]);
    }
    list.steps = steps;
    list.has_batch = lead->spec->script.len > 0 && !lead->is_ending;
    list.node = lead->sh->assignment->node_name;
    reply.id = env->id;
    reply.reply = true;
    reply.body_case = BERTH__ENVELOPE__BODY_STEP_LIST;
    reply.step_list = &list;
    channel_send(ch, &reply);
}

/* ------------------------------------------------------------------ launch */

/* Runs are found again by number: one may have ended meanwhile. */
struct launched {
    struct lead *lead;
    uint32_t step_id;
};

static struct run *run_by_id(struct lead *lead, uint32_t id)
{
    for (struct run *run = lead->runs; run; run = run->next)
        if (run->is_placed && run->launch.step_id == id)
            return run;
    return NULL;
}

static void on_launched(const Berth__Envelope *reply, const struct err *err, void *ctx)
{
    struct launched *launched = ctx;
    struct run *run = run_by_id(launched->lead, launched->step_id);
    const Berth__LaunchStepReply *msg = NULL;
    bool root_failed = err != NULL;

    free(launched);
    if (!run)
        return;
    if (reply && reply->body_case == BERTH__ENVELOPE__BODY_STEP_LAUNCHED)
        msg = reply->step_launched;
    if (err)
        run_fail(run, err->text);
    for (size_t i = 0; msg && i < msg->n_nodes && i < msg->n_statuses; i++) {
        cleanup(freep) char *words =
            xasprintf("node %s: %s", msg->nodes[i], msg->statuses[i]->text);

        run_fail(run, words);
        if (strcmp(msg->nodes[i], run->launch.nodes[0]->node) == 0)
            root_failed = true;
    }
    if (!run->words) {
        if (!run->root && !run->is_killed)
            start_overdue(run, JOIN_MS);
        return;
    }
    if (root_failed && !run->root)
        run_end(run);
    else
        run_signal(run, SIGKILL, true);
}

void run_describe_start(const struct run *run, struct channel *ch, uint64_t request)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepStarted started = BERTH__STEP_STARTED__INIT;

    started.step_id = run->launch.step_id;
    started.nodes = run->launch.nodes;
    started.n_nodes = run->launch.n_nodes;
    for (size_t i = 0; i < run->launch.n_nodes; i++)
        started.tasks += (uint32_t)run->launch.nodes[i]->n_ranks;
    env.id = request;
    env.reply = true;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_STARTED;
    env.step_started = &started;
    channel_send(ch, &env);
}

static void refuse_client(struct run *run, const struct err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    env.id = run->request;
    if (run->client) {
        channel_reply_status(run->client->ch, &env, err->code, err->text);
        run->client->run = NULL;
    }
    run_free(run);
}

static void count_tasks(const struct run *run, Berth__StepSpec *spec)
{
    size_t tasks = 0;

    for (size_t i = 0; i < run->launch.n_nodes; i++)
        tasks += run->launch.nodes[i]->n_ranks;
    /* One task alone needs no wiring, and starts faster without. */
    if (!spec->mpi[0])
        spec->mpi = xstrdup(tasks > 1 ? "pmix" : "none");
}

static void run_launch(struct run *run)
{
    struct lead *lead = run->lead;
    struct shepherd *sh = lead->sh;
    struct launched *launched = xcalloc(1, sizeof(*launched));
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    run->is_launched = true;
    run->start_time = time(NULL);
    count_tasks(run, run->spec);
    run->launch.grant = sh->assignment->job->grant;
    run->launch.spec = run->spec;
    run->launch.fanout = sh->assignment->fanout ? sh->assignment->fanout : FANOUT;
    randombytes_buf(run->secret, sizeof(run->secret));
    run->launch.secret.data = run->secret;
    run->launch.secret.len = sizeof(run->secret);
    run_describe_start(run, run->client->ch, run->request);
    launched->lead = lead;
    launched->step_id = run->launch.step_id;
    env.body_case = BERTH__ENVELOPE__BODY_LAUNCH_STEP;
    env.launch_step = &run->launch;
    rpc_call(sh->node_rpc, sh->node, &env, on_launched, launched);
}

static void on_image(const struct err *err, void *ctx)
{
    struct launched *waiting = ctx;
    struct run *run = run_by_id(waiting->lead, waiting->step_id);
    struct lead *lead;

    free(waiting);
    if (!run || run->is_launched)
        return;
    if (!err) {
        run_launch(run);
        return;
    }
    lead = run->lead;
    layout_give(lead->layout, &run->launch);
    refuse_client(run, err);
    runs_start_waiting(lead);
    lead_maybe_report(lead);
}

/* It has its place. What it runs in must be there before it is. */
static void run_prepare(struct run *run)
{
    struct lead *lead = run->lead;
    struct launched *waiting = xcalloc(1, sizeof(*waiting));
    cleanup(freep) char **nodes = xcalloc(run->launch.n_nodes, sizeof(*nodes));

    run->is_placed = true;
    run->launch.step_id = lead->next_step++;
    waiting->lead = lead;
    waiting->step_id = run->launch.step_id;
    for (size_t i = 0; i < run->launch.n_nodes; i++)
        nodes[i] = run->launch.nodes[i]->node;
    if (images_need(lead, run->spec->container, nodes, run->launch.n_nodes, on_image,
                    waiting))
        on_image(NULL, waiting);
}

/* First come, first served; a step that has to wait holds up those behind. While
 * the node's daemon is away all of them wait. */
void runs_start_waiting(struct lead *lead)
{
    struct run *run, *next;
    struct err err;

    if (lead->is_ending || !lead->sh->node)
        return;
    for (run = lead->runs; run; run = next) {
        int rc;

        next = run->next;
        if (run->is_placed)
            continue;
        rc = layout_take(lead->layout, run->spec, &run->launch, &err);
        if (rc == -EAGAIN)
            return;
        if (rc)
            refuse_client(run, &err);
        else
            run_prepare(run);
    }
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

/* --------------------------------------------------------------- the client */

static void forward_input(struct run *run)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__TaskInput input = BERTH__TASK_INPUT__INIT;

    env.body_case = BERTH__ENVELOPE__BODY_INPUT;
    env.input = &input;
    if (run->input.len) {
        input.data.data = (uint8_t *)run->input.s;
        input.data.len = run->input.len;
        channel_send(run->root->ch, &env);
        strbuf_fini(&run->input);
    }
    if (run->input_ended) {
        input.data.len = 0;
        channel_send(run->root->ch, &env);
    }
    run->input_ended = false;
}

/* Never held up, as signals come the same way: a client keeps what it sends
 * within bounds by what 'taken' tells it. */
static void take_input(struct run *run, struct conn *from,
                       const Berth__TaskInput *input)
{
    if (input->data.len && input_note(run, from, input->data.len))
        return;
    strbuf_add(&run->input, input->data.data, input->data.len);
    run->input_ended |= input->data.len == 0;
    if (run->root)
        forward_input(run);
}

/* Its end is not the end of the step's input. */
void run_watcher_input(struct conn *conn, const Berth__TaskInput *input)
{
    if (input->data.len)
        take_input(conn->watches, conn, input);
}

void run_from_client(struct run *run, const Berth__Envelope *env)
{
    if (env->body_case == BERTH__ENVELOPE__BODY_INPUT)
        take_input(run, run->client, env->input);
    else if (env->body_case == BERTH__ENVELOPE__BODY_STEP_SIGNAL)
        run_signal(run, env->step_signal->signal,
                   env->step_signal->abort || env->step_signal->signal == SIGKILL);
}

void run_lost_client(struct run *run)
{
    input_forget(run, run->client);
    run->client = NULL;
    if (run->root)
        channel_pause(run->root->ch, false);
    run_fail(run, "its client went away");
    run_signal(run, SIGKILL, true);
}

/* ----------------------------------------------------------------- the root */

void run_join(struct conn *root, const Berth__Join *join)
{
    struct run *run = run_by_id(root->lead, join->step_id);

    if (!run || run->root || root->run || join->index != 0 ||
        join->epoch != root->lead->sh->epoch) {
        channel_abort(root->ch, "no step waits for this");
        return;
    }
    run->root = root;
    root->run = run;
    if (run->overdue && !run->is_killed)
        (void)uv_timer_stop(run->overdue);
    if (run->is_killed)
        send_signal(run, SIGKILL, true);
    forward_input(run);
}

static void note_status(struct run *run, int status)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    int signo = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

    /* What a kill of ours did to the others is not the step's status. */
    if (run->is_killed && (run->exit_code || run->exit_signal))
        return;
    if (signo)
        run->exit_signal = signo;
    if (code > run->exit_code)
        run->exit_code = code;
    if ((signo || code) && run->spec->kill_on_bad_exit)
        run_signal(run, SIGKILL, true);
}

static void take_task_ended(struct run *run, const Berth__TaskEnded *msg)
{
    for (size_t i = 0; i < msg->n_statuses; i++)
        note_status(run, msg->statuses[i]);
}

static void take_abort(struct run *run, const Berth__StepAbort *msg)
{
    if (run->is_killed && run->words)
        return;
    if (!run->exit_code && !run->exit_signal)
        run->exit_code = msg->status & 0xff ? msg->status & 0xff : 1;
    run_fail(run, msg->words);
    run_signal(run, SIGKILL, true);
}

/* What it broke says less than that. */
static void take_out_of_memory(struct run *run, const char *words)
{
    run->out_of_memory = true;
    str_replace(&run->words, words);
    str_replace(&run->lead->oom_words, words);
    run_fail(run, words);
}

static void take_node_ended(struct run *run, const Berth__NodeEnded *msg)
{
    struct lead *lead = run->lead;

    lead->ended.user_usec += msg->user_usec;
    lead->ended.system_usec += msg->system_usec;
    if (msg->max_rss > lead->ended.max_rss)
        lead->ended.max_rss = msg->max_rss;
    if (msg->memory_peak > lead->ended.memory_peak)
        lead->ended.memory_peak = msg->memory_peak;
    lead->ended.read_bytes += msg->read_bytes;
    lead->ended.write_bytes += msg->write_bytes;
    if (msg->out_of_memory)
        take_out_of_memory(run, msg->words);
    if (msg->words[0])
        run_fail(run, msg->words);
    /* The root speaks last, for its whole tree. */
    run_end(run);
}

static void resume_root(struct channel *client, void *ctx)
{
    struct conn *conn = ctx;

    (void)client;
    if (conn->run && conn->run->root)
        channel_pause(conn->run->root->ch, false);
}

static void forward_to_client(struct run *run, const Berth__Envelope *env)
{
    watch_tell(run, env);
    if (!run->client)
        return;
    channel_send(run->client->ch, env);
    if (!run->root || run->is_killed || !channel_is_congested(run->client->ch))
        return;
    channel_pause(run->root->ch, true);
    channel_on_drain(run->client->ch, resume_root);
}

void run_from_root(struct run *run, const Berth__Envelope *env)
{
    if (env->body_case == BERTH__ENVELOPE__BODY_OUTPUT) {
        forward_to_client(run, env);
    } else if (env->body_case == BERTH__ENVELOPE__BODY_INPUT) {
        input_taken(run, env->input->taken);
    } else if (env->body_case == BERTH__ENVELOPE__BODY_TASK_ENDED) {
        forward_to_client(run, env);
        take_task_ended(run, env->task_ended);
    } else if (env->body_case == BERTH__ENVELOPE__BODY_STEP_ABORT) {
        take_abort(run, env->step_abort);
    } else if (env->body_case == BERTH__ENVELOPE__BODY_NODE_ENDED) {
        take_node_ended(run, env->node_ended);
    }
}

void run_lost_root(struct run *run, const char *why)
{
    cleanup(freep) char *words =
        xasprintf("node %s: its shepherd was lost%s%s", run->launch.nodes[0]->node,
                  why[0] ? ": " : "", why);

    run->root = NULL;
    run_fail(run, words);
    run_end(run);
}
