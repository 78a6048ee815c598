/* SPDX-License-Identifier: Apache-2.0
 *
 * exchange.c - what MPI plugins of a step's nodes tell each other over its tree
 *
 * Fences are summed up on their way (fence.c); a modex request travels to the node
 * of the rank, and its reply back to the node that asked.
 */
#include "shepherd/step.h"

#include "base/mem.h"
#include "shepherd/translate.h"
#include "shepherd/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void fence_up(void *ctx, const Berth__Fence *fence)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Fence copy = *fence;

    env.body_case = BERTH__ENVELOPE__BODY_FENCE;
    env.fence = &copy;
    branch_up(ctx, &env);
}

static void fence_down(void *ctx, const Berth__Fence *fence)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Fence copy = *fence;

    copy.up = false;
    env.body_case = BERTH__ENVELOPE__BODY_FENCE;
    env.fence = &copy;
    branch_down(ctx, &env);
}

static void fence_deliver(void *ctx, const uint8_t *set, int status, const void *data,
                          size_t len)
{
    struct step *step = ctx;

    wiring_fence_done(step->wiring, set, status, data, len);
}

struct fence_actions exchange_fence_actions(struct step *step)
{
    return (struct fence_actions){
        .ctx = step, .up = fence_up, .down = fence_down, .deliver = fence_deliver};
}

static void on_fence(void *ctx, const uint8_t set[16], const uint32_t *nodes,
                     size_t n_nodes, const void *data, size_t len)
{
    struct step *step = ctx;

    fences_enter(step->fences, set, nodes, n_nodes, data, len);
}

/* 'to' is another step's namespace, or "": the lead passes on to other steps. */
static void send_to(struct step *step, const char *to, uint32_t index,
                    Berth__Envelope *env)
{
    if (to[0])
        branch_up(step, env);
    else
        branch_towards(step, index, env);
}

static uint32_t node_of_rank(const struct step *step, uint32_t rank)
{
    for (uint32_t i = 0; i < step->n_nodes; i++)
        for (size_t r = 0; r < step->launch->nodes[i]->n_ranks; r++)
            if (step->launch->nodes[i]->ranks[r] == rank)
                return i;
    return UINT32_MAX;
}

static void on_modex_request(void *ctx, const char *nspace, uint32_t rank,
                             uint64_t cookie)
{
    struct step *step = ctx;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ModexRequest msg = BERTH__MODEX_REQUEST__INIT;

    msg.to_index = nspace ? UINT32_MAX : node_of_rank(step, rank);
    if (!nspace &&
        (msg.to_index == UINT32_MAX || fences_has_lost(step->fences, msg.to_index))) {
        wiring_modex_done(step->wiring, cookie,
                          msg.to_index == UINT32_MAX ? ENOENT : ECONNRESET, NULL, 0);
        return;
    }
    msg.rank = rank;
    msg.from_index = step->launch->index;
    msg.cookie = cookie;
    env.body_case = BERTH__ENVELOPE__BODY_MODEX_REQUEST;
    env.modex_request = &msg;
    if (nspace)
        msg.to = (char *)(uintptr_t)nspace;
    send_to(step, msg.to, msg.to_index, &env);
}

/* The plugin answers a request of another node: its cookie is ours, which
 * remembers theirs. */
struct served {
    uint32_t from_index;
    uint64_t cookie;
    char from[]; /* namespace of another step, or "" */
};

static struct served *serve(const Berth__ModexRequest *msg)
{
    struct served *served = xcalloc(1, sizeof(*served) + strlen(msg->from) + 1);

    served->from_index = msg->from_index;
    served->cookie = msg->cookie;
    memcpy(served->from, msg->from, strlen(msg->from) + 1);
    return served;
}

/* To the node that asked: it may be one of another step, behind the lead. */
static void reply_modex(struct step *step, const struct served *served, int status,
                        const void *data, size_t len)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ModexReply msg = BERTH__MODEX_REPLY__INIT;

    msg.to = (char *)(uintptr_t)served->from;
    msg.to_index = served->from_index;
    msg.cookie = served->cookie;
    msg.status = status;
    msg.data.data = (uint8_t *)(uintptr_t)data;
    msg.data.len = len;
    env.body_case = BERTH__ENVELOPE__BODY_MODEX_REPLY;
    env.modex_reply = &msg;
    send_to(step, msg.to, msg.to_index, &env);
}

static void on_modex_reply(void *ctx, uint64_t cookie, int status, const void *data,
                           size_t len)
{
    struct served *served = (struct served *)(uintptr_t)cookie;

    reply_modex(ctx, served, status, data, len);
    free(served);
}

void exchange_take_modex_request(struct step *step, Berth__Envelope *env)
{
    const Berth__ModexRequest *msg = env->modex_request;
    struct served *served;

    if (msg->to[0] || msg->to_index != step->launch->index) {
        send_to(step, msg->to, msg->to_index, env);
        return;
    }
    served = serve(msg);
    if (step->wiring) {
        wiring_modex_serve(step->wiring, msg->rank, (uint64_t)(uintptr_t)served);
        return;
    }
    reply_modex(step, served, ENOENT, NULL, 0);
    free(served);
}

void exchange_take_modex_reply(struct step *step, Berth__Envelope *env)
{
    const Berth__ModexReply *msg = env->modex_reply;

    if (msg->to[0] || msg->to_index != step->launch->index)
        send_to(step, msg->to, msg->to_index, env);
    else if (step->wiring)
        wiring_modex_done(step->wiring, msg->cookie, msg->status, msg->data.data,
                          msg->data.len);
}

static void on_abort(void *ctx, uint32_t rank, int status, const char *words)
{
    struct step *step = ctx;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepAbort msg = BERTH__STEP_ABORT__INIT;
    /* OpenMPI has nothing to add to a plain MPI_Abort, and says so. */
    bool said = words[0] && strcmp(words, "N/A") != 0;
    cleanup(freep) char *text =
        xasprintf("task %u on %s aborted the step with status %d%s%s", rank,
                  step->own->node, status, said ? ": " : "", said ? words : "");

    msg.rank = rank;
    msg.status = status;
    msg.words = text;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_ABORT;
    env.step_abort = &msg;
    branch_up(step, &env);
}

static void on_client(void *ctx, uint32_t rank, bool is_finalized)
{
    struct task *task = tasks_by_rank(ctx, rank);

    if (!task)
        return;
    task->is_connected = true;
    task->is_finalized = is_finalized;
}

/* -------------------------------------------------------------- nodes that go */

bool exchange_survives_loss(const struct step *step)
{
    return step->fences && !step->launch->spec->kill_on_bad_exit && !step->is_aborted;
}

/* Over the lead, as all messages do, which keeps their order: what was said before
 * comes before. One from nobody is the shepherds' own. */
void exchange_tell_lost(struct step *step, uint32_t index)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__MpiMessage msg = BERTH__MPI_MESSAGE__INIT;
    char own[NSPACE_MAX];

    nspace_format(own, step->sh->job, step->launch->step_id, &step->launch->secret);
    msg.from_index = index;
    msg.to = own;
    msg.to_index = BERTH_MPI_ALL;
    env.body_case = BERTH__ENVELOPE__BODY_MPI_MESSAGE;
    env.mpi_message = &msg;
    branch_up(step, &env);
}

/* It takes all below along: they have lost their way up. */
static void take_lost(struct step *step, uint32_t index)
{
    if (!step->fences)
        return;
    fences_lose(step->fences, index);
    for (uint32_t i = index; i < step->n_nodes; i++)
        if (i == index || tree_child_towards(index, i, step->fanout) != UINT32_MAX)
            wiring_node_lost(step->wiring, i);
}

/* --------------------------------------------------- calls, answers, messages */

static void on_call(void *ctx, const Berth__MpiCall *call)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    env.body_case = BERTH__ENVELOPE__BODY_MPI_CALL;
    env.mpi_call = (Berth__MpiCall *)(uintptr_t)call;
    branch_up(ctx, &env);
}

void exchange_take_answer(struct step *step, Berth__Envelope *env)
{
    const Berth__MpiAnswer *msg = env->mpi_answer;

    if (msg->to_index == BERTH_MPI_ALL)
        branch_down(step, env);
    else if (msg->to_index != step->launch->index)
        branch_towards(step, msg->to_index, env);
    if (step->wiring &&
        (msg->to_index == BERTH_MPI_ALL || msg->to_index == step->launch->index))
        wiring_answer(step->wiring, msg);
}

/* All go over the lead: so messages of one sender stay in order. */
static void on_tell(void *ctx, const char *nspace, uint32_t node, const void *data,
                    size_t len)
{
    struct step *step = ctx;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__MpiMessage msg = BERTH__MPI_MESSAGE__INIT;
    char own[NSPACE_MAX];

    nspace_format(own, step->sh->job, step->launch->step_id, &step->launch->secret);
    msg.from = own;
    msg.from_index = step->launch->index;
    msg.to = !nspace ? own : nspace[0] ? (char *)(uintptr_t)nspace : (char[]){"*"};
    msg.to_index = node;
    msg.data.data = (uint8_t *)(uintptr_t)data;
    msg.data.len = len;
    env.body_case = BERTH__ENVELOPE__BODY_MPI_MESSAGE;
    env.mpi_message = &msg;
    branch_up(step, &env);
}

void exchange_take_message(struct step *step, Berth__Envelope *env)
{
    const Berth__MpiMessage *msg = env->mpi_message;

    if (msg->to_index == BERTH_MPI_ALL)
        branch_down(step, env);
    else if (msg->to_index != step->launch->index)
        branch_towards(step, msg->to_index, env);
    if (!msg->from[0])
        take_lost(step, msg->from_index);
    else if (step->wiring &&
             (msg->to_index == BERTH_MPI_ALL || msg->to_index == step->launch->index))
        wiring_told(step->wiring, msg->from, msg->from_index, msg->data.data,
                    msg->data.len);
}

static uint32_t state_of(const struct task *task)
{
    if (task->has_ended)
        return BERTH_MPI_ENDED;
    if (task->is_connected && !task->is_finalized)
        return BERTH_MPI_CONNECTED;
    return task->pid ? BERTH_MPI_RUNNING : BERTH_MPI_STARTING;
}

/* Every node answers for its own tasks. */
void exchange_take_inquiry(struct step *step, Berth__Envelope *env)
{
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;
    Berth__MpiProcs msg = BERTH__MPI_PROCS__INIT;
    cleanup(freep) Berth__MpiProcInfo *infos =
        xcalloc(step->n_tasks + 1, sizeof(*infos));
    cleanup(freep) Berth__MpiProcInfo **procs =
        xcalloc(step->n_tasks + 1, sizeof(*procs));

    branch_down(step, env);
    for (uint32_t i = 0; i < step->n_tasks; i++) {
        berth__mpi_proc_info__init(&infos[i]);
        infos[i].rank = step->tasks[i].rank;
        infos[i].node = step->launch->index;
        infos[i].pid = step->tasks[i].pid;
        infos[i].state = state_of(&step->tasks[i]);
        infos[i].status = step->tasks[i].status;
        procs[i] = &infos[i];
    }
    msg.id = env->mpi_procs->id;
    msg.index = step->launch->index;
    msg.procs = procs;
    msg.n_procs = step->n_tasks;
    reply.body_case = BERTH__ENVELOPE__BODY_MPI_PROCS;
    reply.mpi_procs = &msg;
    branch_up(step, &reply);
}

static void on_write(void *ctx, uint32_t rank, int stream, const void *data, size_t len)
{
    const struct step *step = ctx;
    struct task *task = tasks_by_rank(ctx, rank);

    if (task && !step->is_over && len)
        tasks_say(task, (uint32_t)stream, data, len);
}

struct wiring_events exchange_wiring_events(struct step *step)
{
    return (struct wiring_events){
        .ctx = step,
        .fence = on_fence,
        .modex_request = on_modex_request,
        .modex_reply = on_modex_reply,
        .abort = on_abort,
        .client = on_client,
        .call = on_call,
        .tell = on_tell,
        .write = on_write,
    };
}
