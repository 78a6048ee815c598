/* SPDX-License-Identifier: Apache-2.0
 *
 * step.c - the life of one node's part of a step
 *
 *     assigned -> [box being built | wiring starts | parent called] -> all there
 *              -> tasks run -> all ended, streams drained, children ended -> gone
 *
 * An abort, from above or because something failed here, shortens the way: the
 * box is killed, and the end follows by itself.
 */
#include "shepherd/step.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strv.h"
#include "shepherd/group.h"
#include "shepherd/tree.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For all children to join: an opening may take 10 s, and a launch some more. Beside
 * that the lead may wait for daemons of their nodes. */
#define JOIN_MS 30000

static char *step_dir(const struct step *step)
{
    return xasprintf("%s/step.%u", step->sh->dir, step->launch->step_id);
}

void step_fail(struct step *step, const struct err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepAbort abort_msg = BERTH__STEP_ABORT__INIT;
    cleanup(freep) char *words = xasprintf("node %s: %s", step->own->node, err->text);

    if (!step->words)
        step->words = xstrdup(words);
    if (step->parent_open) {
        abort_msg.status = 1;
        abort_msg.words = words;
        env.body_case = BERTH__ENVELOPE__BODY_STEP_ABORT;
        env.step_abort = &abort_msg;
        branch_up(step, &env);
    }
    step_abort(step);
}

void step_abort(struct step *step)
{
    if (step->is_aborted)
        return;
    step->is_aborted = true;
    group_thaw(step->sh);
    if (step->box)
        box_end_tasks(step->box);
    step_maybe_end(step);
}

static void check_memory(struct step *step, const struct berth_cgroup_usage *usage,
                         const struct task *task, uint64_t rss_kib)
{
    cleanup(freep) char *who =
        task ? xasprintf("task %u", task->rank) : xstrdup("a process of the step");
    cleanup(freep) char *why = group_why_killed(step->sh, usage, who, rss_kib);

    if (!why || step->sums.out_of_memory)
        return;
    step->sums.out_of_memory = true;
    free(step->words);
    step->words = xasprintf("node %s: %s", step->own->node, why);
}

void step_check_memory(struct step *step, const struct task *task, uint64_t rss_kib)
{
    struct berth_cgroup_usage usage = group_usage(step->sh);

    check_memory(step, &usage, task, rss_kib);
}

/* -------------------------------------------------------------- preparation */

static bool wants_mpi(const struct step *step)
{
    const char *mpi = step->launch->spec->mpi;

    return mpi[0] && strcmp(mpi, "none") != 0;
}

static int start_wiring(struct step *step, struct err *err)
{
    bool as_root =
        step->launch->spec->container && step->launch->spec->container->as_root;
    struct wiring_events events = exchange_wiring_events(step);
    struct fence_actions actions = exchange_fence_actions(step);
    cleanup(freep) char *dir = step_dir(step);
    int rc;

    if (!wants_mpi(step))
        return 0;
    if (step->launch->spec->container &&
        strcmp(step->launch->spec->container->network, "none") == 0)
        return err_set(err, EINVAL,
                       "--network=none: MPI needs the node's network: add --mpi=none");
    rc = wiring_start(step->sh->loop, step->sh->assignment, step->sh->job, dir,
                      as_root ? 0 : step->sh->owner.uid,
                      as_root ? 0 : step->sh->owner.gid, &events, &step->wiring, err);
    if (!rc)
        step->fences =
            fences_create(step->launch->index, step->n_nodes, step->fanout, &actions);
    return rc;
}

/* What was ordered of a box that never was: nothing has begun. */
static void forget_tasks(struct step *step)
{
    for (uint32_t i = 0; i < step->n_tasks; i++) {
        step->tasks[i].has_ended = true;
        streams_ended(&step->tasks[i]);
    }
    step->n_running = 0;
}

/* Orders may be given before the box is ready, so that its first process finds them
 * then, and the shepherd need not be woken in between. One that others may join has to
 * be known to the lead first. */
static int order_early(struct step *step, struct err *err)
{
    if (!step->parent_open || step->is_aborted || step->box->hold ||
        step->launch->spec->bag)
        return 0;
    step->is_started = true;
    return tasks_start(step, err);
}

/* While the box is being built by its own process and the parent answers, the
 * slow part happens here. */
static void on_prepare(uv_timer_t *timer)
{
    struct step *step = timer->data;
    struct err err, of_orders;
    int rc;

    if (start_wiring(step, &err)) {
        step_fail(step, &err);
        return;
    }
    rc = order_early(step, &of_orders);
    /* Why a box cannot take orders is for itself to say. */
    if (container_wait_ready(step->box->container, &err)) {
        forget_tasks(step);
        step_fail(step, &err);
        return;
    }
    if (rc || holding_start(step, &err)) {
        step_fail(step, rc ? &of_orders : &err);
        return;
    }
    step->is_ready = true;
    step_maybe_start(step);
}

void step_maybe_start(struct step *step)
{
    struct err err;

    if (!step->is_ready || !step->parent_open || step->is_started || step->is_aborted ||
        !holding_is_settled(step))
        return;
    step->is_started = true;
    if (tasks_start(step, &err))
        step_fail(step, &err);
}

/* A child that dies before it has joined is noticed by nobody else. */
static void on_late(uv_timer_t *timer)
{
    struct step *step = timer->data;
    struct err err;

    for (uint32_t i = 0; i < step->n_children; i++) {
        if (step->children[i].is_known)
            continue;
        (void)err_set(&err, ETIMEDOUT, "its neighbour %s did not come",
                      step->launch->nodes[step->children[i].index]->node);
        if (!step->launch->spec->bag) {
            step_fail(step, &err);
            return;
        }
        step->children[i].has_ended = true;
        bag_node_lost_child(step, step->children[i].index, err.text);
        step_maybe_end(step);
    }
}

static void make_children(struct step *step)
{
    step->n_children =
        tree_n_children(step->launch->index, step->n_nodes, step->fanout);
    step->children = xcalloc(step->n_children, sizeof(*step->children));
    for (uint32_t i = 0; i < step->n_children; i++) {
        step->children[i].step = step;
        step->children[i].index =
            tree_first_child(step->launch->index, step->fanout) + i;
    }
}

int step_start(struct shepherd *sh, struct err *err)
{
    const Berth__LaunchStep *launch = sh->assignment->step;
    struct step *step = xcalloc(1, sizeof(*step));
    char name[32];
    int rc;

    step->sh = sh;
    step->launch = launch;
    step->own = launch->nodes[launch->index];
    step->n_nodes = (uint32_t)launch->n_nodes;
    step->fanout = launch->fanout;
    step->ended = xcalloc(step->n_nodes, sizeof(*step->ended));
    berth__node_ended__init(&step->sums);
    guests_init(&step->guests, sh);
    make_children(step);
    identity_limits(launch->spec->rlimits, launch->spec->n_rlimits);
    (void)snprintf(name, sizeof(name), "step.%u", launch->step_id);
    (void)uv_timer_init(sh->loop, &step->recall);
    step->recall.data = step;
    step->call_until = uv_now(sh->loop) + 1000ull * sh->assignment->node_lost_after;
    rc = box_create(sh, launch->spec->container, launch->spec->cwd, name, &step->box,
                    err);
    if (!rc)
        rc = branch_connect(step, err);
    if (rc)
        return rc;
    identity_many_files();
    sh->step = step;
    (void)uv_timer_init(sh->loop, &step->prepare);
    (void)uv_timer_init(sh->loop, &step->late);
    step->prepare.data = step->late.data = step;
    if (step->n_children)
        (void)uv_timer_start(&step->late, on_late,
                             JOIN_MS + 1000ull * sh->assignment->node_lost_after, 0);
    return uv_timer_start(&step->prepare, on_prepare, 0, 0);
}

/* --------------------------------------------------------------------- end */

/* What the tasks told of themselves, and what the group counted: that knows of all
 * that they left behind. */
static void add_usage(struct step *step, const struct berth_cgroup_usage *usage)
{
    Berth__NodeEnded *sums = &step->sums;
    bool knows =
        usage->user_usec + usage->system_usec > step->user_usec + step->system_usec;

    sums->user_usec += knows ? usage->user_usec : step->user_usec;
    sums->system_usec += knows ? usage->system_usec : step->system_usec;
    if (usage->memory_peak >> 10 > sums->memory_peak)
        sums->memory_peak = usage->memory_peak >> 10;
    sums->read_bytes += usage->read_bytes;
    sums->write_bytes += usage->write_bytes;
}

void step_maybe_end(struct step *step)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    struct berth_cgroup_usage usage;
    bool ran = step->is_started && step->tasks;

    /* The end is told to the parent, so there has to be one. */
    if (step->is_over || !step->parent_open || (!ran && !step->is_aborted))
        return;
    if (step->n_running || step->n_streams || !branch_is_done(step))
        return;
    step->is_over = true;
    usage = group_usage(step->sh);
    check_memory(step, &usage, NULL, 0);
    add_usage(step, &usage);
    step->ended[step->sums.n_indexes++] = step->launch->index;
    step->sums.indexes = step->ended;
    if (step->words)
        step->sums.words = step->words;
    env.body_case = BERTH__ENVELOPE__BODY_NODE_ENDED;
    env.node_ended = &step->sums;
    branch_up(step, &env);
    /* The parent closes when it has read this, and all before it, however slow
     * the reader of the output is: see step_leave. */
}

/* With the directory that it had for its sockets. */
static void end_wiring(struct step *step)
{
    cleanup(freep) char *dir = step_dir(step);

    if (!step->wiring)
        return;
    wiring_stop(take(step->wiring));
    (void)io_remove_tree(dir, NULL);
}

static void leave_now(void *ctx)
{
    struct step *step = ctx;

    box_destroy(step->box);
    end_wiring(step);
    shepherd_end(step->is_over ? 0 : 1);
}

void step_leave(struct step *step)
{
    if (step->box)
        box_end_tasks(step->box);
    if (holding_goes_on(step)) {
        guests_end(&step->guests, "the step has ended");
        /* With what its container needs: no MPI any more. */
        end_wiring(step);
        return;
    }
    if (step->box)
        container_kill(step->box->container);
    guests_end(&step->guests, "the step has ended");
    if (step->guests.n == 0)
        leave_now(step);
    step->guests.on_empty = leave_now;
    step->guests.ctx = step;
}
