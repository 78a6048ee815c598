/* SPDX-License-Identifier: Apache-2.0
 *
 * run_traffic.c - between a step's client and its root: input, output, ends
 *
 * A task that fails ends the step where that is asked for (MPI steps do), and
 * the step's exit status is that task's.
 */
#include "shepherd/runs.h"

#include "base/mem.h"
#include "shepherd/switchboard.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

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

void run_plugin_input(struct run *run, const void *data, size_t len)
{
    Berth__TaskInput input = BERTH__TASK_INPUT__INIT;

    input.data.data = (uint8_t *)(uintptr_t)data;
    input.data.len = len;
    take_input(run, NULL, &input);
}

static void signal_family(struct run *run, const Berth__StepSignal *msg)
{
    bool kill = msg->abort || msg->signal == SIGKILL;

    if (!kill)
        spawn_signal(run, msg->signal, false);
    run_signal(run, msg->signal, kill);
}

void run_from_client(struct run *run, const Berth__Envelope *env)
{
    if (env->body_case == BERTH__ENVELOPE__BODY_INPUT)
        take_input(run, run->client, env->input);
    else if (env->body_case == BERTH__ENVELOPE__BODY_STEP_WINDOW && run->root)
        channel_send(run->root->ch, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_BAG_WORK && run->bag)
        bag_from_client(run->bag, env->bag_work);
    else if (env->body_case == BERTH__ENVELOPE__BODY_STEP_SIGNAL)
        signal_family(run, env->step_signal);
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

void run_join(struct conn *root, const Berth__Envelope *env)
{
    const Berth__Join *join = env->join;
    struct run *run = run_by_id(root->lead, join->step_id);

    if (!run || run->root || root->run || join->index != 0 ||
        join->epoch != root->lead->sh->epoch) {
        channel_abort(root->ch, "no step waits for this");
        return;
    }
    run->root = root;
    root->run = run;
    if (env->id)
        channel_reply_status(root->ch, env, 0, "");
    if (run->overdue && !run->is_killed)
        (void)uv_timer_stop(run->overdue);
    if (run->is_killed)
        run_send_signal(run, SIGKILL, true);
    spawn_started(run);
    forward_input(run);
    if (run->bag)
        bag_begin(run->bag);
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
    for (size_t i = 0; i < msg->n_ranks; i++)
        switchboard_task_ended(run, msg->ranks[i]);
    for (size_t i = 0; i < msg->n_statuses; i++)
        note_status(run, msg->statuses[i]);
    run_limits_task_ended(run);
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

    run->used = *msg;
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

static void resume_roots(struct channel *client, void *ctx)
{
    const struct conn *conn = ctx;
    uint32_t rank;

    (void)client;
    for (struct run *run = conn->lead->runs; run; run = run->next)
        if (run->root && spawn_client(run, &rank) == conn)
            channel_pause(run->root->ch, false);
}

static void pause_for(struct run *run, const struct conn *client)
{
    if (!run->root || run->is_killed || !channel_is_congested(client->ch))
        return;
    channel_pause(run->root->ch, true);
    channel_on_drain(client->ch, resume_roots);
}

void run_to_client(struct run *run, const Berth__Envelope *env)
{
    watch_tell(run, env);
    if (!run->client)
        return;
    channel_send(run->client->ch, env);
    pause_for(run, run->client);
}

/* What a spawned step writes is in the name of the task that asked for it. */
static void forward_output(struct run *run, const Berth__Envelope *env)
{
    uint32_t rank;
    struct conn *client = run->is_spawned ? spawn_client(run, &rank) : NULL;
    Berth__Envelope copy = *env;
    Berth__TaskOutput out = *env->output;

    run_to_client(run, env);
    if (!client || !out.data.len)
        return;
    out.rank = rank;
    copy.output = &out;
    channel_send(client->ch, &copy);
    pause_for(run, client);
}

/* Kept with what the lead itself has said of the node, for who asks. */
static void take_bound(struct run *run, const Berth__TasksBound *msg)
{
    Berth__StepNode *node;

    if (msg->index >= run->launch.n_nodes)
        return;
    node = run->launch.nodes[msg->index];
    if (node->n_task_pus || msg->n_pus != node->n_ranks)
        return;
    node->task_pus = xcalloc(msg->n_pus, sizeof(*node->task_pus));
    for (; node->n_task_pus < msg->n_pus; node->n_task_pus++)
        node->task_pus[node->n_task_pus] = xstrdup(msg->pus[node->n_task_pus]);
}

void run_from_root(struct run *run, const Berth__Envelope *env)
{
    if (env->body_case == BERTH__ENVELOPE__BODY_OUTPUT) {
        forward_output(run, env);
    } else if (env->body_case == BERTH__ENVELOPE__BODY_INPUT) {
        input_taken(run, env->input->taken);
    } else if (env->body_case == BERTH__ENVELOPE__BODY_TASK_ENDED) {
        run_to_client(run, env);
        if (!run->bag) /* else it is a dispatcher, whose loss is told apart */
            take_task_ended(run, env->task_ended);
    } else if (env->body_case == BERTH__ENVELOPE__BODY_TASKS_BOUND) {
        take_bound(run, env->tasks_bound);
    } else if (env->body_case == BERTH__ENVELOPE__BODY_STEP_ABORT) {
        take_abort(run, env->step_abort);
    } else if (env->body_case == BERTH__ENVELOPE__BODY_NODE_ENDED) {
        take_node_ended(run, env->node_ended);
    } else if (run->bag) {
        bag_from_root(run->bag, env);
    } else {
        switchboard_take(run, env);
    }
}

void run_lost_root(struct run *run, const char *why)
{
    cleanup(freep) char *words =
        xasprintf("node %s: its shepherd was lost%s%s", run->launch.nodes[0]->node,
                  why[0] ? ": " : "", why);

    run->root = NULL;
    if (run->bag && bag_goes_on(run->bag, why)) {
        run->launch.step_id = run->lead->next_step++;
        run_launch(run);
        return;
    }
    run_fail(run, words);
    run_end(run);
}
