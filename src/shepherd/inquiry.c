/* SPDX-License-Identifier: Apache-2.0
 *
 * inquiry.c - what is known of steps and their tasks
 *
 * The lead knows steps, nodes know tasks: these are asked when somebody asks.
 */
#include "shepherd/switchboard.h"

#include "base/mem.h"
#include "shepherd/runs.h"

#include <errno.h>
#include <stdlib.h>

struct inquiry {
    struct inquiry *next;
    uint64_t id;
    uint32_t step, index; /* who asks */
    uint64_t cookie;
    uint32_t about;
    size_t n_missing; /* nodes that have not answered */
    Berth__MpiProcInfo *procs;
    size_t n_procs;
};

static void answer(struct lead *lead, const struct run *asker, uint32_t index,
                   uint64_t cookie, const struct run *about,
                   const struct inquiry *inquiry)
{
    Berth__MpiAnswer msg = BERTH__MPI_ANSWER__INIT;
    struct description *list;
    cleanup(freep) Berth__MpiNamespace **jobs = NULL;
    cleanup(freep) Berth__MpiProcInfo **procs = NULL;
    size_t n = 0;

    for (const struct run *run = lead->runs; run; run = run->next)
        n++;
    list = xcalloc(n + 1, sizeof(*list));
    jobs = xcalloc(n + 1, sizeof(*jobs));
    procs = xcalloc(inquiry ? inquiry->n_procs + 1 : 1, sizeof(*procs));
    for (const struct run *run = lead->runs; run; run = run->next) {
        if (!run->is_launched || (about && run != about))
            continue;
        describe_init(&list[msg.n_jobs], run);
        jobs[msg.n_jobs] = &list[msg.n_jobs].msg;
        msg.n_jobs++;
    }
    for (size_t i = 0; inquiry && i < inquiry->n_procs; i++)
        procs[i] = &inquiry->procs[i];
    if (inquiry && msg.n_jobs) {
        jobs[0]->procs = procs;
        jobs[0]->n_procs = inquiry->n_procs;
    }
    msg.jobs = jobs;
    switchboard_answer(asker, index, cookie, &msg);
    for (size_t i = 0; i < msg.n_jobs; i++)
        describe_fini(&list[i]);
    free(list);
}

void inquiry_request(struct run *run, const Berth__MpiCall *call)
{
    struct switchboard *board = run->lead->switchboard;
    struct run *about =
        call->nspace[0] ? switchboard_find(run->lead, call->nspace) : NULL;
    struct inquiry *inquiry;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__MpiProcs question = BERTH__MPI_PROCS__INIT;

    if (call->nspace[0] && !about) {
        switchboard_refuse(run, call->from_index, call->cookie, ENOENT, NULL);
        return;
    }
    if (!about || !about->root) {
        answer(run->lead, run, call->from_index, call->cookie, about, NULL);
        return;
    }
    inquiry = xcalloc(1, sizeof(*inquiry));
    inquiry->id = question.id = ++board->last_inquiry;
    inquiry->step = run->launch.step_id;
    inquiry->index = call->from_index;
    inquiry->cookie = call->cookie;
    inquiry->about = about->launch.step_id;
    inquiry->n_missing = about->launch.n_nodes;
    inquiry->next = board->inquiries;
    board->inquiries = inquiry;
    env.body_case = BERTH__ENVELOPE__BODY_MPI_PROCS;
    env.mpi_procs = &question;
    channel_send(about->root->ch, &env);
}

/* Answered with what has come. */
static void finish(struct switchboard *board, struct inquiry *inquiry)
{
    struct inquiry **slot = &board->inquiries;
    const struct run *asker = run_by_id(board->lead, inquiry->step);
    const struct run *about = run_by_id(board->lead, inquiry->about);

    while (*slot != inquiry)
        slot = &(*slot)->next;
    *slot = inquiry->next;
    if (asker && about)
        answer(board->lead, asker, inquiry->index, inquiry->cookie, about, inquiry);
    free(inquiry->procs);
    free(inquiry);
}

void inquiry_take(struct run *run, const Berth__MpiProcs *msg)
{
    struct switchboard *board = run->lead->switchboard;
    struct inquiry *inquiry = board ? board->inquiries : NULL;

    while (inquiry && (inquiry->id != msg->id || inquiry->about != run->launch.step_id))
        inquiry = inquiry->next;
    if (!inquiry || !inquiry->n_missing)
        return;
    inquiry->procs = xrealloc(inquiry->procs, inquiry->n_procs + msg->n_procs + 1,
                              sizeof(*inquiry->procs));
    for (size_t i = 0; i < msg->n_procs; i++)
        inquiry->procs[inquiry->n_procs++] = *msg->procs[i];
    if (--inquiry->n_missing == 0)
        finish(board, inquiry);
}

void inquiry_step_ended(struct run *run)
{
    struct switchboard *board = run->lead->switchboard;
    struct inquiry *next;

    for (struct inquiry *inquiry = board->inquiries; inquiry; inquiry = next) {
        next = inquiry->next;
        if (inquiry->about == run->launch.step_id ||
            inquiry->step == run->launch.step_id)
            finish(board, inquiry);
    }
}
