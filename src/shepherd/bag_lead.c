/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_lead.c - a bag in the lead: from the client's window to nodes, and back
 *
 * The lead has what its client sent ahead, so that the allocation stays full while the
 * client writes or syncs. What ended goes to the client as it comes, with what the lead
 * made of it.
 */
#include "shepherd/bag.h"
#include "shepherd/bag_queue.h"
#include "shepherd/lead.h"
#include "shepherd/tree.h"

#include "base/bitset.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define CHUNK 512       /* commands of one message */
#define CORES_MAX 65536 /* of a node */
#define RESTARTS_MAX 3

struct bag {
    struct run *run;
    struct bag_queue *queue;
    uint32_t *numbers; /* in the queue, of each node in the tree */
    unsigned int restarts;
    bool is_last_sent, is_stop_told;
    bool is_broken; /* all nodes were lost */
};

/* ------------------------------------------------------------------- slots */

static uint32_t cores_of(const Berth__NodeShare *share)
{
    cleanup(bitset_destroyp) struct bitset *set = NULL;

    return bitset_parse(share->cores, CORES_MAX, &set, NULL)
               ? 0
               : (uint32_t)bitset_count(set);
}

/* As many as the cores of the named nodes, or of all, hold. */
static uint32_t slots_of_all(const Berth__Placement *placement, const char *nodelist,
                             uint32_t cpus)
{
    cleanup(strv_freep) char **names = NULL;
    uint32_t slots = 0;

    if (nodelist[0] && hostlist_expand(nodelist, &names, NULL))
        return 0;
    for (size_t i = 0; i < placement->n_shares; i++) {
        const Berth__NodeShare *share = placement->shares[i];

        if (!names || strv_has(names, share->node))
            slots += cores_of(share) / cpus;
    }
    return slots;
}

void bag_settle(const struct lead *lead, Berth__StepSpec *spec)
{
    uint32_t cpus = spec->cpus_per_task         ? spec->cpus_per_task
                    : lead->spec->cpus_per_task ? lead->spec->cpus_per_task
                                                : 1;

    uint32_t limit = spec->bag->limit;

    spec->no_stdin = true;
    spec->kill_on_bad_exit = false;
    if (!spec->mpi[0])
        spec->mpi = xstrdup("none");
    if (!spec->tasks && !spec->tasks_per_node && !spec->nodes)
        spec->tasks = slots_of_all(lead->sh->grant->placement, spec->nodelist, cpus);
    if (limit && spec->tasks > limit)
        spec->tasks = limit;
}

struct bag *bag_create(struct run *run)
{
    const Berth__LaunchStep *launch = &run->launch;
    const struct bag_limits limits = {.retry = run->spec->bag->retry,
                                      .max_failures = run->spec->bag->max_failures};
    cleanup(freep) uint32_t *slots = xcalloc(launch->n_nodes, sizeof(*slots));
    struct bag *bag = xcalloc(1, sizeof(*bag));

    bag->run = run;
    bag->numbers = xcalloc(launch->n_nodes, sizeof(*bag->numbers));
    for (size_t i = 0; i < launch->n_nodes; i++) {
        slots[i] = (uint32_t)launch->nodes[i]->n_ranks;
        bag->numbers[i] = (uint32_t)i;
    }
    bag->queue = bag_queue_create(&limits, slots, launch->n_nodes);
    return bag;
}

void bag_destroy(struct bag *bag)
{
    if (!bag)
        return;
    bag_queue_destroy(bag->queue);
    free(bag->numbers);
    free(bag);
}

/* -------------------------------------------------------------------- down */

static void send_work(struct bag *bag, uint32_t index, Berth__BagWork *work)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    work->to_index = index;
    env.body_case = BERTH__ENVELOPE__BODY_BAG_WORK;
    env.bag_work = work;
    channel_send(bag->run->root->ch, &env);
}

static void send_to_all(struct bag *bag, Berth__BagWork *work)
{
    for (uint32_t i = 0; i < bag->run->launch.n_nodes; i++)
        if (bag_queue_is_ready(bag->queue, bag->numbers[i]))
            send_work(bag, i, work);
}

static void fill(const struct bag_command *from, Berth__BagCommand *to)
{
    berth__bag_command__init(to);
    to->index = from->index;
    to->attempt = from->attempt;
    to->argv.data = (uint8_t *)(uintptr_t)from->argv;
    to->argv.len = from->len;
}

static void hand_out(struct bag *bag, uint32_t index)
{
    static Berth__BagCommand commands[CHUNK];
    static Berth__BagCommand *list[CHUNK];
    const struct bag_command *next;
    Berth__BagWork work = BERTH__BAG_WORK__INIT;

    work.commands = list;
    do {
        work.n_commands = 0;
        while (work.n_commands < CHUNK &&
               (next = bag_queue_next(bag->queue, bag->numbers[index]))) {
            list[work.n_commands] = &commands[work.n_commands];
            fill(next, list[work.n_commands++]);
        }
        if (work.n_commands)
            send_work(bag, index, &work);
    } while (work.n_commands == CHUNK);
}

static void recall(struct bag *bag)
{
    Berth__BagWork work = BERTH__BAG_WORK__INIT;

    work.recall = true;
    for (uint32_t i = 0; i < bag->run->launch.n_nodes; i++)
        if (bag_queue_wants_back(bag->queue, bag->numbers[i]))
            send_work(bag, i, &work);
}

static void send_last(struct bag *bag, uint32_t index)
{
    Berth__BagWork work = BERTH__BAG_WORK__INIT;

    work.is_last = true;
    send_work(bag, index, &work);
}

static void close_nodes(struct bag *bag)
{
    for (uint32_t i = 0; i < bag->run->launch.n_nodes && !bag->is_last_sent; i++)
        if (bag_queue_is_ready(bag->queue, bag->numbers[i]))
            send_last(bag, i);
    bag->is_last_sent = true;
}

/* Whatever has changed: nodes get what they have room for. */
static void serve(struct bag *bag)
{
    if (!bag->run->root || bag->run->is_killed)
        return;
    for (uint32_t i = 0; i < bag->run->launch.n_nodes; i++)
        hand_out(bag, i);
    recall(bag);
    if (bag_queue_is_over(bag->queue))
        close_nodes(bag);
}

void bag_begin(struct bag *bag)
{
    serve(bag);
}

static void stop(struct bag *bag)
{
    Berth__BagWork work = BERTH__BAG_WORK__INIT;

    if (bag_queue_is_stopped(bag->queue))
        return;
    bag_queue_stop(bag->queue);
    work.recall = true;
    if (bag->run->root)
        send_to_all(bag, &work);
}

void bag_signalled(struct bag *bag, int signo, bool kill)
{
    if (!kill && signo != SIGTERM)
        return;
    stop(bag);
    serve(bag);
}

/* ---------------------------------------------------------------------- up */

static void tell_client(struct bag *bag, Berth__BagReport *report, bool all_credit)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    report->taken = bag_queue_take_credit(bag->queue, all_credit);
    report->stopped = bag_queue_is_stopped(bag->queue) && !bag->is_stop_told;
    bag->is_stop_told |= report->stopped;
    if (!report->taken && !report->stopped && !report->n_results &&
        !report->n_outputs && !report->words[0])
        return;
    env.body_case = BERTH__ENVELOPE__BODY_BAG_REPORT;
    env.bag_report = report;
    run_to_client(bag->run, &env);
}

static void tell_credit(struct bag *bag)
{
    Berth__BagReport report = BERTH__BAG_REPORT__INIT;

    tell_client(bag, &report, false);
}

void bag_from_client(struct bag *bag, const Berth__BagWork *work)
{
    for (size_t i = 0; i < work->n_commands; i++) {
        const Berth__BagCommand *c = work->commands[i];

        if (!bag_queue_add(bag->queue, c->index, c->argv.data, c->argv.len)) {
            channel_abort(bag->run->client->ch, "more of a bag than was agreed on");
            return;
        }
    }
    if (work->is_last)
        bag_queue_close(bag->queue);
    if (work->stop)
        stop(bag);
    serve(bag);
    tell_credit(bag);
}

static void take_result(struct bag *bag, uint32_t number, Berth__BagResult *result)
{
    bool ok = WIFEXITED(result->status) && WEXITSTATUS(result->status) == 0 &&
              !result->words[0];
    enum bag_verdict verdict = bag_queue_result(bag->queue, number, result->index,
                                                result->attempt, ok, result->usec);

    result->is_final = verdict == BAG_DONE || verdict == BAG_FAILED;
}

static void take_report(struct bag *bag, Berth__BagReport *report)
{
    bool was_stopped = bag_queue_is_stopped(bag->queue);
    uint32_t number;

    if (report->from_index >= bag->run->launch.n_nodes)
        return;
    number = bag->numbers[report->from_index];
    if (bag_queue_ready(bag->queue, number) && bag->is_last_sent)
        send_last(bag, report->from_index); /* it came after the end */
    bag_queue_heard(bag->queue, number);
    for (size_t i = 0; i < report->n_results; i++)
        take_result(bag, number, report->results[i]);
    for (size_t i = 0; i < report->n_returned; i++)
        bag_queue_return(bag->queue, number, report->returned[i]);
    if (!was_stopped && bag_queue_is_stopped(bag->queue)) {
        Berth__BagWork work = BERTH__BAG_WORK__INIT;

        work.recall = true;
        send_to_all(bag, &work);
    }
    serve(bag);
    tell_client(bag, report, true);
}

/* ------------------------------------------------------------------- losses */

struct losses {
    Berth__BagResult **results;
    size_t n;
};

static void note_loss(void *ctx, const struct bag_command *command,
                      enum bag_verdict verdict)
{
    struct losses *losses = ctx;
    Berth__BagResult *result = xcalloc(1, sizeof(*result));

    berth__bag_result__init(result);
    result->index = command->index;
    result->attempt = command->attempt;
    result->status = SIGKILL;
    result->is_lost = true;
    result->is_final = verdict == BAG_FAILED;
    losses->results =
        xrealloc(losses->results, losses->n + 1, sizeof(*losses->results));
    losses->results[losses->n++] = result;
}

/* The node at 'index' in the tree has gone, for the reason 'why'. */
static void lose_node(struct bag *bag, uint32_t index, const char *why)
{
    Berth__BagReport report = BERTH__BAG_REPORT__INIT;
    struct losses losses = {NULL, 0};
    cleanup(freep) char *words = NULL;
    uint32_t number = bag->numbers[index];

    if (bag_queue_is_lost(bag->queue, number))
        return;
    (void)bag_queue_lose(bag->queue, number, note_loss, &losses);
    report.node = bag->run->launch.nodes[index]->node;
    report.results = losses.results;
    report.n_results = losses.n;
    words = xasprintf("node %s: %s: %zu commands that it had go elsewhere", report.node,
                      why, losses.n);
    report.words = words;
    tell_client(bag, &report, true);
    for (size_t i = 0; i < losses.n; i++)
        free(losses.results[i]);
    free(losses.results);
}

static void take_lost(struct bag *bag, const Berth__BagLost *lost)
{
    const Berth__LaunchStep *launch = &bag->run->launch;

    for (uint32_t i = 0; i < launch->n_nodes; i++)
        if (i == lost->index ||
            (!lost->alone &&
             tree_child_towards(lost->index, i, launch->fanout) != UINT32_MAX))
            lose_node(bag, i, i == lost->index ? lost->words : "its way up was lost");
    if (!bag_queue_is_stranded(bag->queue)) {
        serve(bag);
        return;
    }
    bag->is_broken = !bag_queue_is_over(bag->queue);
    bag_queue_stop(bag->queue);
}

void bag_from_root(struct bag *bag, const Berth__Envelope *env)
{
    if (env->body_case == BERTH__ENVELOPE__BODY_BAG_REPORT)
        take_report(bag, env->bag_report);
    else if (env->body_case == BERTH__ENVELOPE__BODY_BAG_LOST)
        take_lost(bag, env->bag_lost);
}

static bool is_local(const struct bag *bag, const Berth__StepNode *node)
{
    return strcmp(node->node, bag->run->lead->sh->assignment->node_name) == 0;
}

/* A root on the lead's own node can come again there; another may have gone with its
 * node. */
static void drop_root(struct bag *bag)
{
    Berth__LaunchStep *launch = &bag->run->launch;

    if (is_local(bag, launch->nodes[0]))
        return;
    berth__step_node__free_unpacked(launch->nodes[0], NULL);
    launch->n_nodes--;
    memmove(launch->nodes, launch->nodes + 1, launch->n_nodes * sizeof(*launch->nodes));
    memmove(bag->numbers, bag->numbers + 1, launch->n_nodes * sizeof(*bag->numbers));
}

bool bag_goes_on(struct bag *bag, const char *why)
{
    Berth__LaunchStep *launch = &bag->run->launch;
    cleanup(freep) char *words =
        xasprintf("its shepherd was lost%s%s", why[0] ? ": " : "", why);

    if (bag->run->is_killed || bag->run->lead->is_ending ||
        bag_queue_is_over(bag->queue) || bag->restarts >= RESTARTS_MAX ||
        (launch->n_nodes == 1 && !is_local(bag, launch->nodes[0])))
        return false;
    bag->restarts++;
    for (uint32_t i = 0; i < launch->n_nodes; i++)
        lose_node(bag, i, i ? "its way up was lost" : words);
    drop_root(bag);
    for (uint32_t i = 0; i < launch->n_nodes; i++)
        bag_queue_regain(bag->queue, bag->numbers[i]);
    return true;
}

static uint32_t at_most_32_bits(uint64_t n)
{
    return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

void bag_counts(const struct bag *bag, uint32_t *ret_ended, uint32_t *ret_failed)
{
    uint64_t failed = bag_queue_failed(bag->queue);

    *ret_ended = at_most_32_bits(bag_queue_done(bag->queue) + failed);
    *ret_failed = at_most_32_bits(failed);
}

int bag_end(const struct bag *bag, char **ret_words)
{
    *ret_words = NULL;
    if (bag->is_broken)
        *ret_words = xstrdup("all nodes of the bag were lost");
    return bag->is_last_sent && !bag_queue_is_stopped(bag->queue) &&
                   !bag_queue_failed(bag->queue)
               ? 0
               : 1;
}
