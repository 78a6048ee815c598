/* SPDX-License-Identifier: Apache-2.0
 *
 * exchange.c - what MPI plugins of a step's nodes tell each other over its tree
 *
 * Fences are summed up on their way (fence.c); a modex request travels to the node
 * of the rank, and its reply back to the node that asked.
 */
#include "shepherd/step.h"

#include "base/mem.h"

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

static uint32_t node_of_rank(const struct step *step, uint32_t rank)
{
    for (uint32_t i = 0; i < step->n_nodes; i++)
        for (size_t r = 0; r < step->launch->nodes[i]->n_ranks; r++)
            if (step->launch->nodes[i]->ranks[r] == rank)
                return i;
    return UINT32_MAX;
}

static void on_modex_request(void *ctx, uint32_t rank, uint64_t cookie)
{
    struct step *step = ctx;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ModexRequest msg = BERTH__MODEX_REQUEST__INIT;

    msg.to_index = node_of_rank(step, rank);
    if (msg.to_index == UINT32_MAX) {
        wiring_modex_done(step->wiring, cookie, ENOENT, NULL, 0);
        return;
    }
    msg.rank = rank;
    msg.from_index = step->launch->index;
    msg.cookie = cookie;
    env.body_case = BERTH__ENVELOPE__BODY_MODEX_REQUEST;
    env.modex_request = &msg;
    branch_towards(step, msg.to_index, &env);
}

/* The plugin answers a request of another node: its cookie is ours, which
 * remembers theirs. */
struct served {
    uint32_t from_index;
    uint64_t cookie;
};

static void on_modex_reply(void *ctx, uint64_t cookie, int status, const void *data,
                           size_t len)
{
    struct step *step = ctx;
    struct served *served = (struct served *)(uintptr_t)cookie;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ModexReply msg = BERTH__MODEX_REPLY__INIT;

    msg.to_index = served->from_index;
    msg.cookie = served->cookie;
    msg.status = status;
    msg.data.data = (uint8_t *)(uintptr_t)data;
    msg.data.len = len;
    env.body_case = BERTH__ENVELOPE__BODY_MODEX_REPLY;
    env.modex_reply = &msg;
    branch_towards(step, msg.to_index, &env);
    free(served);
}

static void refuse_modex(struct step *step, const Berth__ModexRequest *request)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ModexReply msg = BERTH__MODEX_REPLY__INIT;

    msg.to_index = request->from_index;
    msg.cookie = request->cookie;
    msg.status = ENOENT;
    env.body_case = BERTH__ENVELOPE__BODY_MODEX_REPLY;
    env.modex_reply = &msg;
    branch_towards(step, msg.to_index, &env);
}

void exchange_take_modex_request(struct step *step, Berth__Envelope *env)
{
    const Berth__ModexRequest *msg = env->modex_request;
    struct served *served;

    if (msg->to_index != step->launch->index) {
        branch_towards(step, msg->to_index, env);
        return;
    }
    if (!step->wiring) {
        refuse_modex(step, msg);
        return;
    }
    served = xcalloc(1, sizeof(*served));
    served->from_index = msg->from_index;
    served->cookie = msg->cookie;
    wiring_modex_serve(step->wiring, msg->rank, (uint64_t)(uintptr_t)served);
}

void exchange_take_modex_reply(struct step *step, Berth__Envelope *env)
{
    const Berth__ModexReply *msg = env->modex_reply;

    if (msg->to_index != step->launch->index)
        branch_towards(step, msg->to_index, env);
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

struct wiring_events exchange_wiring_events(struct step *step)
{
    return (struct wiring_events){
        .ctx = step,
        .fence = on_fence,
        .modex_request = on_modex_request,
        .modex_reply = on_modex_reply,
        .abort = on_abort,
        .client = on_client,
    };
}
