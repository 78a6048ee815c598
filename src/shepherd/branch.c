/* SPDX-License-Identifier: Apache-2.0
 *
 * branch.c - our place in the step's tree
 *
 * Upwards go output, ends, aborts and fences; downwards input, signals and
 * results of fences; modex requests and replies go both ways (see exchange.c). The
 * root's parent is the lead. A parent that is lost ends the step here; a child that is
 * lost before its end is an abort for all, unless the step can go on without.
 */
#include "shepherd/step.h"

#include "base/log.h"
#include "base/mem.h"
#include "shepherd/tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECALL_MS 250
/* A little less than a daemon keeps who calls for a shepherd that has not come. */
#define KNOWN_BY_MS 8000

void branch_up(struct step *step, Berth__Envelope *env)
{
    if (step->parent)
        channel_send(step->parent, env);
}

void branch_down(struct step *step, Berth__Envelope *env)
{
    for (uint32_t i = 0; i < step->n_children; i++)
        if (step->children[i].ch)
            channel_send(step->children[i].ch, env);
}

void branch_towards(struct step *step, uint32_t index, Berth__Envelope *env)
{
    uint32_t next = tree_child_towards(step->launch->index, index, step->fanout);
    uint32_t first = tree_first_child(step->launch->index, step->fanout);

    if (next == UINT32_MAX)
        branch_up(step, env);
    else if (next - first < step->n_children && step->children[next - first].ch)
        channel_send(step->children[next - first].ch, env);
}

/* Children that never came do not hold up the end of an aborted step. */
bool branch_is_done(const struct step *step)
{
    for (uint32_t i = 0; i < step->n_children; i++) {
        const struct child *child = &step->children[i];

        if (!child->has_ended && (child->is_known || !step->is_aborted))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------ parent */

static void take_signal(struct step *step, Berth__Envelope *env)
{
    branch_down(step, env);
    if (env->step_signal->abort)
        step_abort(step);
    else if (env->step_signal->n_ranks)
        tasks_signal_ranks(step, env->step_signal);
    else
        tasks_signal(step, env->step_signal->signal);
}

static void take_window(struct step *step, Berth__Envelope *env)
{
    branch_down(step, env);
    streams_resize(step, env->step_window);
}

static void pause_children(struct step *step, bool paused)
{
    for (uint32_t i = 0; i < step->n_children; i++)
        if (step->children[i].ch)
            channel_pause(step->children[i].ch, paused);
}

/* To children that may have been there before: their tasks wait for this. */
static void answer_join(struct child *child)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    env.id = child->join_id;
    if (env.id && child->ch)
        channel_reply_status(child->ch, &env, 0, "");
    child->join_id = 0;
}

/* We have our place in the tree. */
static void parent_opens(struct step *step)
{
    step->parent_open = true;
    for (uint32_t i = 0; i < step->n_children; i++)
        answer_join(&step->children[i]);
    pause_children(step, false);
    if (step->words) {
        struct err err;

        (void)err_set(&err, EIO, "%s", step->words);
        step->is_aborted = false;
        step_fail(step, &err);
    }
    step_maybe_start(step);
}

static void on_parent_message(struct channel *ch, const Berth__Envelope *msg,
                              int adopted, void *ctx)
{
    struct step *step = ctx;
    Berth__Envelope env = *msg;

    (void)ch;
    (void)adopted;
    if (env.reply && !step->parent_open)
        parent_opens(step);
    else if (env.body_case == BERTH__ENVELOPE__BODY_STEP_SIGNAL)
        take_signal(step, &env);
    else if (env.body_case == BERTH__ENVELOPE__BODY_INPUT)
        input_take(step, env.input->data.data, env.input->data.len);
    else if (env.body_case == BERTH__ENVELOPE__BODY_BAG_WORK)
        bag_node_work(step, &env);
    else if (env.body_case == BERTH__ENVELOPE__BODY_FENCE && step->fences)
        fences_receive(step->fences, env.fence);
    else if (env.body_case == BERTH__ENVELOPE__BODY_MODEX_REQUEST)
        exchange_take_modex_request(step, &env);
    else if (env.body_case == BERTH__ENVELOPE__BODY_MODEX_REPLY)
        exchange_take_modex_reply(step, &env);
    else if (env.body_case == BERTH__ENVELOPE__BODY_MPI_ANSWER)
        exchange_take_answer(step, &env);
    else if (env.body_case == BERTH__ENVELOPE__BODY_MPI_MESSAGE)
        exchange_take_message(step, &env);
    else if (env.body_case == BERTH__ENVELOPE__BODY_STEP_WINDOW)
        take_window(step, &env);
    else if (env.body_case == BERTH__ENVELOPE__BODY_MPI_PROCS)
        exchange_take_inquiry(step, &env);
}

/* Launched again, we may be the second here, and the first may have come to its end
 * meanwhile. The parent knows, and cuts us off then. */
static void on_parent_open(struct channel *ch, void *ctx)
{
    struct step *step = ctx;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Join join = BERTH__JOIN__INIT;

    join.job_id = step->sh->job;
    join.epoch = step->sh->epoch;
    join.step_id = step->launch->step_id;
    join.index = step->launch->index;
    if (step->launch->again)
        env.id = channel_next_id(ch);
    env.body_case = BERTH__ENVELOPE__BODY_JOIN;
    env.join = &join;
    channel_send(ch, &env);
    step->parent_reached = true;
    if (!step->launch->again)
        parent_opens(step);
}

static void on_recall(uv_timer_t *timer)
{
    struct step *step = timer->data;
    struct err err;

    if (branch_connect(step, &err))
        step_leave(step);
}

/* Whoever has waited as long as an opening may take has met a daemon that knows no
 * such shepherd. Before that it was the daemon that was away. */
static bool calls_again(struct step *step, const struct err *why)
{
    uint64_t now = uv_now(step->sh->loop);

    if (step->parent_reached || !why->text[0] || now >= step->call_until ||
        now - step->called_at > KNOWN_BY_MS)
        return false;
    (void)uv_timer_start(&step->recall, on_recall, RECALL_MS, 0);
    return true;
}

/* After our last message we are done. Otherwise the step is lost. */
static void on_parent_close(struct channel *ch, const struct err *why, void *ctx)
{
    struct step *step = ctx;

    (void)ch;
    step->parent = NULL;
    if (calls_again(step, why))
        return;
    if (!step->is_over && why->text[0])
        log_warn("job %u step %u: lost the way up: %s", step->sh->job,
                 step->launch->step_id, why->text);
    step_leave(step);
}

static const struct channel_callbacks parent_callbacks = {
    .on_open = on_parent_open,
    .on_message = on_parent_message,
    .on_close = on_parent_close,
};

/* On the lead's own node this needs no network and no credentials. */
struct channel *branch_call_lead(struct step *step,
                                 const struct channel_callbacks *calls, struct err *err)
{
    const Berth__NodeShare *lead = step->sh->grant->placement->shares[0];
    cleanup(freep) char *path = xasprintf("%s/lead.sock", step->sh->dir);
    char target[40];

    if (strcmp(lead->node, step->own->node) == 0)
        return channel_connect_local(step->sh->loop, path, calls, step, err);
    (void)snprintf(target, sizeof(target), "%u.lead", step->sh->job);
    return channel_connect(step->sh->loop, &step->sh->auth, lead->address,
                           (uint16_t)lead->port, target, step->sh->owner.uid, calls,
                           step, err);
}

static struct channel *call_parent_node(struct step *step, struct err *err)
{
    const Berth__LaunchStep *launch = step->launch;
    const Berth__StepNode *parent =
        launch->nodes[tree_parent(launch->index, step->fanout)];
    char target[40];

    (void)snprintf(target, sizeof(target), "%u.%u", step->sh->job, launch->step_id);
    return channel_connect(step->sh->loop, &step->sh->auth, parent->address,
                           (uint16_t)parent->port, target, step->sh->owner.uid,
                           &parent_callbacks, step, err);
}

int branch_connect(struct step *step, struct err *err)
{
    step->called_at = uv_now(step->sh->loop);
    step->parent = step->launch->index ? call_parent_node(step, err)
                                       : branch_call_lead(step, &parent_callbacks, err);
    return step->parent ? 0 : -err->code;
}

/* ---------------------------------------------------------------- children */

static void add_ended(struct step *step, const Berth__NodeEnded *msg)
{
    for (size_t i = 0; i < msg->n_indexes && step->sums.n_indexes + 1 < step->n_nodes;
         i++)
        step->ended[step->sums.n_indexes++] = msg->indexes[i];
    step->sums.user_usec += msg->user_usec;
    step->sums.system_usec += msg->system_usec;
    if (msg->max_rss > step->sums.max_rss)
        step->sums.max_rss = msg->max_rss;
    if (msg->memory_peak > step->sums.memory_peak)
        step->sums.memory_peak = msg->memory_peak;
    step->sums.read_bytes += msg->read_bytes;
    step->sums.write_bytes += msg->write_bytes;
    /* What the lack of memory broke here says less than that. */
    if (msg->words[0] &&
        (!step->words || (msg->out_of_memory && !step->sums.out_of_memory)))
        str_replace(&step->words, msg->words);
    step->sums.out_of_memory |= msg->out_of_memory;
}

static void resume_when_drained(struct channel *parent, void *ctx)
{
    struct step *step = ctx;

    (void)parent;
    streams_pause(step, false);
    pause_children(step, false);
}

void branch_pause_when_congested(struct step *step)
{
    if (!step->parent || !channel_is_congested(step->parent))
        return;
    streams_pause(step, true);
    pause_children(step, true);
    channel_on_drain(step->parent, resume_when_drained);
}

static void child_joined(struct step *step, struct child *slot, struct channel *ch,
                         uint64_t join_id)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepSignal stop = BERTH__STEP_SIGNAL__INIT;

    slot->ch = ch;
    slot->is_known = true;
    slot->join_id = join_id;
    channel_set_ctx(ch, slot);
    /* What it says would be lost while we cannot pass it on. */
    if (!step->parent_open)
        channel_pause(ch, true);
    else
        answer_join(slot);
    if (!step->is_aborted)
        return;
    stop.abort = true;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_SIGNAL;
    env.step_signal = &stop;
    channel_send(ch, &env);
}

static void take_join(struct step *step, struct child *nobody, struct channel *ch,
                      const Berth__Envelope *env)
{
    const Berth__Join *join = env->join;
    uint32_t i = join->index - tree_first_child(step->launch->index, step->fanout);

    if (nobody->is_known || i >= step->n_children || step->children[i].is_known ||
        join->job_id != step->sh->job || join->epoch != step->sh->epoch ||
        join->step_id != step->launch->step_id) {
        channel_abort(ch, "no child of this node");
        return;
    }
    child_joined(step, &step->children[i], ch, env->id);
    free(nobody);
    input_continue(step);
}

static void take_child_ended(struct child *child, const Berth__NodeEnded *msg)
{
    if (child->has_ended)
        return;
    child->has_ended = true;
    add_ended(child->step, msg);
    /* It waits for this before it goes. */
    channel_close(child->ch);
    input_continue(child->step);
    step_maybe_end(child->step);
}

static void on_child_message(struct channel *ch, const Berth__Envelope *msg,
                             int adopted, void *ctx)
{
    struct child *child = ctx;
    struct step *step = child->step;
    Berth__Envelope env = *msg;

    (void)adopted;
    if (env.body_case == BERTH__ENVELOPE__BODY_EXEC && !child->is_known) {
        free(child);
        guests_request(&step->guests, ch, msg);
        return;
    }
    if (env.body_case == BERTH__ENVELOPE__BODY_JOIN) {
        take_join(step, child, ch, &env);
        return;
    }
    if (child->ch != ch)
        return;
    if (env.body_case == BERTH__ENVELOPE__BODY_FENCE && step->fences) {
        fences_receive(step->fences, env.fence);
    } else if (env.body_case == BERTH__ENVELOPE__BODY_MODEX_REQUEST) {
        exchange_take_modex_request(step, &env);
    } else if (env.body_case == BERTH__ENVELOPE__BODY_MODEX_REPLY) {
        exchange_take_modex_reply(step, &env);
    } else if (env.body_case == BERTH__ENVELOPE__BODY_NODE_ENDED) {
        take_child_ended(child, env.node_ended);
    } else if (env.body_case == BERTH__ENVELOPE__BODY_INPUT) {
        input_child_took(child, env.input->taken);
    } else {
        branch_up(step, &env);
        branch_pause_when_congested(step);
    }
}

/* All end with it, unless they are to go on, or can do without. */
static void lose_child(struct step *step, const struct child *child,
                       const struct err *err)
{
    if (step->launch->spec->bag && !step->is_aborted) {
        bag_node_lost_child(step, child->index, err->text);
    } else if (exchange_survives_loss(step)) {
        log_warn("job %u step %u: %s", step->sh->job, step->launch->step_id, err->text);
        if (!step->words)
            step->words = xasprintf("node %s: %s", step->own->node, err->text);
        exchange_tell_lost(step, child->index);
    } else {
        step_fail(step, err);
    }
}

static void on_child_close(struct channel *ch, const struct err *why, void *ctx)
{
    struct child *child = ctx;
    struct step *step = child->step;
    struct err err;

    (void)ch;
    if (!child->is_known) {
        free(child);
        return;
    }
    child->ch = NULL;
    if (child->has_ended)
        return;
    child->has_ended = true;
    (void)err_set(&err, EPIPE, "its neighbour %s was lost%s%s",
                  step->launch->nodes[child->index]->node, why->text[0] ? ": " : "",
                  why->text);
    lose_child(step, child, &err);
    input_continue(step);
    step_maybe_end(step);
}

static const struct channel_callbacks child_callbacks = {
    .on_message = on_child_message,
    .on_close = on_child_close,
};

/* Who connects is unknown until it has joined: a slot that is nobody's. */
void step_adopt(struct shepherd *sh, int fd, const void *hello, size_t len)
{
    struct step *step = sh->step;
    struct child *nobody = xcalloc(1, sizeof(*nobody));
    struct err err;

    nobody->step = step;
    if (!channel_adopt(sh->loop, &sh->auth, fd, hello, len, &child_callbacks, nobody,
                       &err)) {
        log_warn("job %u step %u: a neighbour's connection: %s", sh->job,
                 step->launch->step_id, err.text);
        free(nobody);
    }
}
