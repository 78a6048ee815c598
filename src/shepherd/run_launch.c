/* SPDX-License-Identifier: Apache-2.0
 *
 * run_launch.c - a step that has its place: its image, its launch, its root
 */
#include "shepherd/runs.h"

#include "base/clock.h"
#include "base/mem.h"
#include "shepherd/images.h"
#include "shepherd/programs.h"
#include "shepherd/switchboard.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define JOIN_MS 30000 /* for a launched step's root to come */
#define FANOUT 16     /* where the node does not say */

/* Runs are found again by number: one may have ended meanwhile. */
struct launched {
    struct lead *lead;
    uint32_t step_id;
    uint32_t index; /* the top of the nodes that were asked */
};

static uint32_t index_of(const struct run *run, const char *node)
{
    for (uint32_t i = 0; i < run->launch.n_nodes; i++)
        if (strcmp(run->launch.nodes[i]->node, node) == 0)
            return i;
    return PATIENCE_NO_INDEX;
}

/* One node has not started its part. That its daemon was not there means that it, and
 * all below it, are asked again. */
static void take_failure(struct run *run, const char *node, int code, const char *text)
{
    uint32_t index = index_of(run, node);
    cleanup(freep) char *words = NULL;

    if (patience_forgives(code) && index != PATIENCE_NO_INDEX) {
        run_missed_node(run, index, node, text);
        return;
    }
    words = xasprintf("node %s: %s", node, text);
    run_fail(run, words);
    run->root_failed |= index == 0;
}

/* The whole question has failed: our own daemon refuses it, or is away. */
static void take_refusal(struct run *run, uint32_t index, const struct err *err)
{
    if (patience_forgives(err->code)) {
        run_missed_node(run, index, run->lead->sh->assignment->node_name, err->text);
        return;
    }
    run_fail(run, err->text);
    run->root_failed |= index == 0;
}

/* All that were asked have answered. */
static void settle(struct run *run)
{
    if (run->words || (run->is_killed && run_waits_for_node(run))) {
        run->root_failed |= run_misses_root(run);
        run_settle_nodes(run);
        if (run->root_failed && !run->root)
            run_end(run);
        else
            run_signal(run, SIGKILL, true);
        return;
    }
    if (run_waits_for_more(run))
        return;
    run_settle_nodes(run);
    if (!run->root && !run->is_killed)
        run_start_overdue(run, JOIN_MS);
}

static void on_launched(const Berth__Envelope *reply, const struct err *err, void *ctx)
{
    struct launched *launched = ctx;
    struct run *run = run_by_id(launched->lead, launched->step_id);
    const Berth__LaunchStepReply *msg = NULL;
    uint32_t index = launched->index;

    free(launched);
    if (!run)
        return;
    run->n_asked--;
    if (reply && reply->body_case == BERTH__ENVELOPE__BODY_STEP_LAUNCHED)
        msg = reply->step_launched;
    if (err)
        take_refusal(run, index, err);
    for (size_t i = 0; msg && i < msg->n_nodes && i < msg->n_statuses; i++)
        take_failure(run, msg->nodes[i], msg->statuses[i]->code,
                     msg->statuses[i]->text);
    if (!run->n_asked)
        settle(run);
}

void run_describe_start(const struct run *run, struct channel *ch, uint64_t request)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepStarted started = BERTH__STEP_STARTED__INIT;

    started.step_id = run->launch.step_id;
    started.nodes = run->launch.nodes;
    started.n_nodes = run->launch.n_nodes;
    started.tasks = run->tasks;
    env.id = request;
    env.reply = true;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_STARTED;
    env.step_started = &started;
    channel_send(ch, &env);
}

/* It had its number: those who know it hear of it as of one that failed. */
void run_refuse(struct run *run, const struct err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    env.id = run->request;
    if (run->client) {
        channel_reply_status(run->client->ch, &env, err->code, err->text);
        run->client->run = NULL;
        run->client = NULL;
    }
    if (run->is_spawned) {
        struct lead *lead = run->lead;

        if (run->is_placed)
            layout_give(lead->layout, &run->launch);
        spawn_refused(run, err);
        run_free(run);
        runs_start_waiting(lead);
        lead_maybe_report(lead);
        return;
    }
    run_fail(run, err->text);
    run_end(run);
}

/* One task alone needs no wiring, and starts faster without. */
static void choose_mpi(const struct run *run, Berth__StepSpec *spec)
{
    const char *several = run->lead->sh->assignment->mpi_default;

    if (!spec->mpi[0])
        spec->mpi = xstrdup(run->tasks < 2 ? "none" : several[0] ? several : "pmix");
}

/* Tasks that the allocation was made for, as MPI wants to know before it spawns. */
static uint32_t count_places(const Berth__Placement *placement)
{
    uint32_t n = 0;

    for (size_t i = 0; i < placement->n_shares; i++)
        n += placement->shares[i]->tasks;
    return n;
}

/* Down the tree from this node on. */
static void ask_nodes(struct run *run, uint32_t index, bool again)
{
    struct shepherd *sh = run->lead->sh;
    struct launched *launched;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    if (!sh->node) {
        run_missed_node(run, index, sh->assignment->node_name, "it is away");
        return;
    }
    launched = xcalloc(1, sizeof(*launched));
    launched->lead = run->lead;
    launched->step_id = run->launch.step_id;
    launched->index = index;
    run->launch.index = index;
    run->launch.again = again;
    run->n_asked++;
    env.body_case = BERTH__ENVELOPE__BODY_LAUNCH_STEP;
    env.launch_step = &run->launch;
    rpc_call(sh->node_rpc, sh->node, &env, on_launched, launched);
}

void run_launch_again(struct run *run, uint32_t index)
{
    ask_nodes(run, index, true);
}

/* Its nodes have not seen the job's spec. */
static void name_pods(Berth__StepSpec *spec, const Berth__PodWish *pods)
{
    while (spec->n_hosts)
        free(spec->hosts[--spec->n_hosts]);
    free(take(spec->hosts));
    if (!pods || !pods->n_hosts)
        return;
    spec->hosts = xcalloc(pods->n_hosts, sizeof(*spec->hosts));
    for (; spec->n_hosts < pods->n_hosts; spec->n_hosts++)
        spec->hosts[spec->n_hosts] = xstrdup(pods->hosts[spec->n_hosts]);
}

void run_launch(struct run *run)
{
    struct lead *lead = run->lead;
    struct shepherd *sh = lead->sh;

    run->is_launched = true;
    run->root_failed = false;
    run->n_asked = 0; /* what a root that was lost was asked is no matter any more */
    run_settle_nodes(run);
    run->start_usec = clock_epoch_usec();
    run->start_time = run->start_usec / 1000000;
    if (!run->limit) /* a bag is launched again */
        run_limits_start(run);
    choose_mpi(run, run->spec);
    name_pods(run->spec, lead->spec->pod);
    run->spec->universe = count_places(sh->grant->placement);
    run->launch.grant = sh->assignment->job->grant;
    run->launch.spec = run->spec;
    run->launch.fanout = sh->assignment->fanout ? sh->assignment->fanout : FANOUT;
    randombytes_buf(run->secret, sizeof(run->secret));
    run->launch.secret.data = run->secret;
    run->launch.secret.len = sizeof(run->secret);
    if (run->spec->bag && !run->bag)
        run->bag = bag_create(run);
    if (run->client)
        run_describe_start(run, run->client->ch, run->request);
    ask_nodes(run, 0, false);
}

static void on_image(const struct err *err, void *ctx)
{
    struct launched *waiting = ctx;
    struct run *run = run_by_id(waiting->lead, waiting->step_id);

    free(waiting);
    if (!run || run->is_launched)
        return;
    run->n_asked--;
    if (!err)
        run_launch(run);
    else if (err->code == EHOSTDOWN)
        run_missed_node(run, PATIENCE_NO_INDEX, run->launch.nodes[0]->node, err->text);
    else
        run_refuse(run, err);
}

void run_get_image(struct run *run)
{
    struct launched *waiting = xcalloc(1, sizeof(*waiting));
    cleanup(freep) char **nodes = xcalloc(run->launch.n_nodes, sizeof(*nodes));

    waiting->lead = run->lead;
    waiting->step_id = run->launch.step_id;
    for (size_t i = 0; i < run->launch.n_nodes; i++)
        nodes[i] = run->launch.nodes[i]->node;
    run->n_asked++;
    if (images_need(run->lead, run->spec->container, nodes, run->launch.n_nodes,
                    on_image, waiting))
        on_image(NULL, waiting);
}

void run_prepare(struct run *run)
{
    struct err err;

    run->is_placed = true;
    if (run->overdue)
        (void)uv_timer_stop(run->overdue);
    run->tasks = 0;
    for (size_t i = 0; i < run->launch.n_nodes; i++)
        run->tasks += (uint32_t)run->launch.nodes[i]->n_ranks;
    if (programs_check(run->spec, run->tasks, &err))
        run_refuse(run, &err);
    else
        run_get_image(run);
}
