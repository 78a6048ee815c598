/* SPDX-License-Identifier: Apache-2.0
 *
 * layout.c - which nodes, tasks and cores of an allocation a step gets
 *
 * Steps take whole cores, counted: a core may be shared (--overlap,
 * --overcommit), so each has a number of users. A step that asks for just what
 * the job was placed for gets the placement's own map of tasks to cores.
 */
#include "shepherd/layout.h"

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CORES_MAX 65536
#define TASKS_MAX (1u << 20)

struct share {
    const Berth__NodeShare *from;
    uint32_t *core_ids; /* logical indexes of the granted cores, ascending */
    uint16_t *users;    /* of each of them */
    uint32_t n_cores;
};

struct layout {
    const Berth__JobSpec *job;
    struct share *shares;
    size_t n_shares;
};

/* What a step comes to, once defaults are filled in. */
struct wish {
    uint32_t tasks, cpus, tasks_per_node;
    size_t *nodes; /* indexes of shares */
    size_t n_nodes;
    size_t n_named; /* the first ones, asked for by name */
    bool all_nodes; /* each of them has to get a task */
    bool share_cores, cyclic;
};

static int share_init(struct share *share, const Berth__NodeShare *from,
                      struct err *err)
{
    cleanup(bitset_destroyp) struct bitset *set = NULL;
    int rc = bitset_parse(from->cores, CORES_MAX, &set, err);

    if (rc) {
        (void)err_wrap(err, "cores of node %s", from->node);
        return -EBADMSG;
    }
    share->from = from;
    share->n_cores = (uint32_t)bitset_count(set);
    if (share->n_cores == 0)
        return err_set(err, EBADMSG, "node %s gives no cores", from->node);
    share->core_ids = xcalloc(share->n_cores, sizeof(*share->core_ids));
    share->users = xcalloc(share->n_cores, sizeof(*share->users));
    for (size_t i = 0, core = bitset_next(set, 0); core < set->nbits;
         core = bitset_next(set, core + 1))
        share->core_ids[i++] = (uint32_t)core;
    return 0;
}

int layout_create(const Berth__Grant *grant, const Berth__JobSpec *spec,
                  struct layout **ret, struct err *err)
{
    struct layout *layout = xcalloc(1, sizeof(*layout));
    const Berth__Placement *placement = grant->placement;

    layout->job = spec;
    layout->n_shares = placement ? placement->n_shares : 0;
    layout->shares = xcalloc(layout->n_shares, sizeof(*layout->shares));
    for (size_t i = 0; i < layout->n_shares; i++) {
        int rc = share_init(&layout->shares[i], placement->shares[i], err);

        if (rc) {
            layout_destroy(layout);
            return rc;
        }
    }
    *ret = layout;
    return 0;
}

void layout_destroy(struct layout *layout)
{
    if (!layout)
        return;
    for (size_t i = 0; i < layout->n_shares; i++) {
        free(layout->shares[i].core_ids);
        free(layout->shares[i].users);
    }
    free(layout->shares);
    free(layout);
}

/* ------------------------------------------------------------------ wishes */

static bool names_node(char *const *names, const char *node)
{
    for (size_t i = 0; names[i]; i++)
        if (strcmp(names[i], node) == 0)
            return true;
    return false;
}

/* Candidates: the named nodes first, in the allocation's order, then others. */
static int order_nodes(const struct layout *layout, const Berth__StepSpec *spec,
                       struct wish *wish, struct err *err)
{
    cleanup(strv_freep) char **names = NULL;
    size_t n = 0;

    wish->nodes = xcalloc(layout->n_shares, sizeof(*wish->nodes));
    if (!spec->nodelist[0]) {
        for (; n < layout->n_shares; n++)
            wish->nodes[n] = n;
        return 0;
    }
    if (hostlist_expand(spec->nodelist, &names, err))
        return err_wrap(err, "--nodelist");
    for (size_t i = 0; i < layout->n_shares; i++)
        if (names_node(names, layout->shares[i].from->node))
            wish->nodes[n++] = i;
    if (n < strv_len(names))
        return err_set(err, EINVAL, "--nodelist=%s: not all of it is in the allocation",
                       spec->nodelist);
    wish->n_named = n;
    for (size_t i = 0; i < layout->n_shares; i++)
        if (!names_node(names, layout->shares[i].from->node))
            wish->nodes[n++] = i;
    if (!spec->nodes)
        wish->n_nodes = wish->n_named;
    return 0;
}

static uint32_t either(uint32_t first, uint32_t second)
{
    return first ? first : second;
}

/* How many tasks on how many nodes, from what was said and the job's own. */
static void make_sizes(const struct layout *layout, const Berth__StepSpec *spec,
                       struct wish *wish)
{
    const Berth__JobSpec *job = layout->job;

    wish->cpus = either(either(spec->cpus_per_task, job->cpus_per_task), 1);
    wish->tasks_per_node = spec->tasks_per_node;
    wish->tasks = spec->tasks;
    wish->all_nodes = spec->nodes || wish->n_named;
    if (spec->nodes)
        wish->n_nodes = spec->nodes;
    if (!wish->tasks && !spec->tasks_per_node && !wish->n_nodes)
        wish->tasks = job->tasks;
    if (!wish->tasks_per_node && !wish->tasks)
        wish->tasks_per_node = job->tasks_per_node;
    if (!wish->n_nodes)
        wish->n_nodes = wish->tasks && wish->tasks < layout->n_shares
                            ? wish->tasks
                            : layout->n_shares;
}

static int make_wish(const struct layout *layout, const Berth__StepSpec *spec,
                     struct wish *wish, struct err *err)
{
    uint64_t tasks;
    int rc = order_nodes(layout, spec, wish, err);

    if (rc)
        return rc;
    wish->share_cores = spec->overlap || layout->job->overcommit;
    wish->cyclic = strcmp(spec->distribution, "cyclic") == 0;
    make_sizes(layout, spec, wish);
    if (wish->n_nodes > layout->n_shares)
        return err_set(err, EINVAL, "--nodes=%zu: the allocation has %zu",
                       wish->n_nodes, layout->n_shares);
    tasks = wish->tasks ? wish->tasks
                        : (uint64_t)wish->n_nodes * either(wish->tasks_per_node, 1);
    if (tasks > TASKS_MAX || tasks * wish->cpus > TASKS_MAX)
        return err_set(err, EINVAL,
                       "--ntasks=%llu with %u cores each: a step has at most %u",
                       (unsigned long long)tasks, wish->cpus, TASKS_MAX);
    wish->tasks = (uint32_t)tasks;
    if (wish->tasks < wish->n_nodes)
        wish->n_nodes = wish->tasks;
    return 0;
}

/* ---------------------------------------------------------------- counting */

static uint32_t room_on(const struct share *share, const struct wish *wish, bool empty)
{
    uint32_t cores = 0, room;

    for (uint32_t i = 0; i < share->n_cores; i++)
        cores += empty || wish->share_cores || share->users[i] == 0;
    room = cores / wish->cpus;
    if (wish->tasks_per_node && room > wish->tasks_per_node)
        room = wish->tasks_per_node;
    return room;
}

/* Candidates with room go first, those with room for an even part before all: a
 * step that needs one node of four takes one that is idle. */
static void prefer_room(const struct layout *layout, struct wish *wish, bool empty)
{
    cleanup(freep) size_t *old = xmemdup(wish->nodes, layout->n_shares * sizeof(*old));
    uint32_t even =
        (wish->tasks + (uint32_t)wish->n_nodes - 1) / (uint32_t)wish->n_nodes;
    const uint32_t least[] = {even, 1, 0};
    size_t n = wish->n_named;

    for (size_t class = 0; class < ARRAY_SIZE(least); class ++) {
        for (size_t i = wish->n_named; i < layout->n_shares; i++) {
            uint32_t room = room_on(&layout->shares[old[i]], wish, empty);

            if (room >= least[class] && (class == 0 || room < least[class - 1]))
                wish->nodes[n++] = old[i];
        }
    }
}

/* Spread tasks evenly over the nodes, none above its room: raise a common level
 * until all tasks are placed. False when they do not fit. */
static bool count_tasks(const struct layout *layout, const struct wish *wish,
                        bool empty, uint32_t *counts)
{
    uint32_t left = wish->tasks;
    bool grew = true;

    memset(counts, 0, wish->n_nodes * sizeof(*counts));
    for (uint32_t level = 1; left && grew; level++) {
        grew = false;
        for (size_t i = 0; i < wish->n_nodes && left; i++) {
            const struct share *share = &layout->shares[wish->nodes[i]];

            if (counts[i] >= level || room_on(share, wish, empty) < level)
                continue;
            counts[i]++;
            left--;
            grew = true;
        }
    }
    for (size_t i = 0; i < wish->n_nodes && wish->all_nodes; i++)
        if (counts[i] == 0)
            return false;
    return left == 0;
}

/* Nodes that got no task are no part of the step. */
static void drop_idle(struct wish *wish, uint32_t *counts)
{
    size_t n = 0;

    for (size_t i = 0; i < wish->n_nodes; i++) {
        if (counts[i] == 0)
            continue;
        wish->nodes[n] = wish->nodes[i];
        counts[n++] = counts[i];
    }
    wish->n_nodes = n;
}

/* More tasks than cores, as the job allows it: just spread them evenly. */
static void count_evenly(const struct wish *wish, uint32_t *counts)
{
    for (size_t i = 0; i < wish->n_nodes; i++)
        counts[i] = wish->tasks / (uint32_t)wish->n_nodes +
                    (i < wish->tasks % wish->n_nodes ? 1 : 0);
}

static bool is_idle(const struct share *share)
{
    for (uint32_t i = 0; i < share->n_cores; i++)
        if (share->users[i])
            return false;
    return true;
}

/* A step as the job was placed keeps the placement's own counts and cores. */
static bool count_as_placed(const struct layout *layout, const struct wish *wish,
                            uint32_t *counts)
{
    uint32_t sum = 0;

    if (wish->n_nodes != layout->n_shares || wish->tasks_per_node ||
        wish->cpus != either(layout->job->cpus_per_task, 1))
        return false;
    for (size_t i = 0; i < wish->n_nodes; i++) {
        const struct share *share = &layout->shares[wish->nodes[i]];

        counts[i] = share->from->tasks;
        sum += counts[i];
        if (!counts[i] || (!wish->share_cores && !is_idle(share)))
            return false;
    }
    return sum == wish->tasks;
}

static int count_refused(const struct layout *layout, const struct wish *wish,
                         struct err *err)
{
    uint32_t cores = 0;

    if (wish->tasks_per_node && wish->tasks / wish->tasks_per_node >= wish->n_nodes &&
        wish->tasks > wish->tasks_per_node * wish->n_nodes)
        return err_set(err, EINVAL,
                       "--ntasks=%u: %zu nodes with --ntasks-per-node=%u hold only %zu",
                       wish->tasks, wish->n_nodes, wish->tasks_per_node,
                       wish->tasks_per_node * wish->n_nodes);
    for (size_t i = 0; i < layout->n_shares; i++)
        cores += layout->shares[i].n_cores;
    return err_set(err, EINVAL,
                   "--ntasks=%u with %u cores each: the allocation has %u cores on "
                   "%zu nodes (--overcommit lets tasks share them)",
                   wish->tasks, wish->cpus, cores, layout->n_shares);
}

/* Tasks for each node of the wish: as the job was placed, else evenly. */
static int count(const struct layout *layout, struct wish *wish, uint32_t *counts,
                 bool *ret_as_placed, struct err *err)
{
    *ret_as_placed = count_as_placed(layout, wish, counts);
    if (*ret_as_placed)
        return 0;
    prefer_room(layout, wish, false);
    if (count_tasks(layout, wish, false, counts)) {
        drop_idle(wish, counts);
        return 0;
    }
    prefer_room(layout, wish, true);
    if (count_tasks(layout, wish, true, counts))
        return err_set(err, EAGAIN, "other steps use the cores");
    if (!layout->job->overcommit)
        return count_refused(layout, wish, err);
    count_evenly(wish, counts);
    return 0;
}

/* ------------------------------------------------------------------ taking */

static char *format_cores(const struct share *share, const uint32_t *picked, size_t n)
{
    cleanup(bitset_destroyp) struct bitset *set = bitset_create(CORES_MAX);

    for (size_t i = 0; i < n; i++)
        bitset_set(set, share->core_ids[picked[i]]);
    return bitset_format(set);
}

/* The next core for a task: the least loaded one from 'from' on, round. */
static uint32_t pick_core(const uint16_t *load, uint32_t n_cores, uint32_t from)
{
    uint32_t best = from % n_cores;

    for (uint32_t k = 0; k < n_cores; k++) {
        uint32_t i = (from + k) % n_cores;

        if (load[i] < load[best])
            best = i;
        if (load[best] == 0)
            break;
    }
    return best;
}

static void take_cores(struct share *share, const struct wish *wish,
                       const Berth__StepSpec *spec, Berth__StepNode *node)
{
    size_t n_tasks = node->n_ranks, n = 0, cap = n_tasks * wish->cpus;
    cleanup(freep) uint32_t *picked = xcalloc(cap, sizeof(*picked));
    cleanup(freep) uint16_t *load =
        xmemdup(share->users, share->n_cores * sizeof(*load));
    bool unbound = strcmp(spec->bind, "none") == 0;
    uint32_t next = 0;

    node->task_cores = xcalloc(n_tasks, sizeof(*node->task_cores));
    node->n_task_cores = n_tasks;
    for (size_t t = 0; t < n_tasks; t++) {
        for (uint32_t c = 0; c < wish->cpus; c++) {
            picked[n] = pick_core(load, share->n_cores, next);
            load[picked[n]]++;
            next = picked[n++] + 1;
        }
        node->task_cores[t] =
            unbound ? xstrdup(share->from->cores)
                    : format_cores(share, picked + n - wish->cpus, wish->cpus);
    }
    node->cores = format_cores(share, picked, n);
    /* A core counts one user a step, however many of its tasks share it. */
    for (uint32_t i = 0; i < share->n_cores; i++)
        share->users[i] += load[i] > share->users[i];
}

static void take_as_placed(struct share *share, Berth__StepNode *node)
{
    const Berth__NodeShare *from = share->from;

    node->task_cores = xcalloc(node->n_ranks, sizeof(*node->task_cores));
    node->n_task_cores = node->n_ranks;
    for (size_t t = 0; t < node->n_ranks; t++)
        node->task_cores[t] = xstrdup(from->task_cores[t]);
    node->cores = xstrdup(from->cores);
    for (uint32_t i = 0; i < share->n_cores; i++)
        share->users[i]++;
}

static void give_ranks(Berth__LaunchStep *launch, const uint32_t *counts, bool cyclic)
{
    uint32_t rank = 0;
    bool more = true;

    for (size_t i = 0; i < launch->n_nodes; i++)
        launch->nodes[i]->ranks = xcalloc(counts[i], sizeof(uint32_t));
    for (size_t i = 0; !cyclic && i < launch->n_nodes; i++)
        while (launch->nodes[i]->n_ranks < counts[i])
            launch->nodes[i]->ranks[launch->nodes[i]->n_ranks++] = rank++;
    while (cyclic && more) {
        more = false;
        for (size_t i = 0; i < launch->n_nodes; i++) {
            Berth__StepNode *node = launch->nodes[i];

            if (node->n_ranks < counts[i]) {
                node->ranks[node->n_ranks++] = rank++;
                more = true;
            }
        }
    }
}

static void make_nodes(struct layout *layout, const struct wish *wish,
                       const Berth__StepSpec *spec, const uint32_t *counts,
                       bool as_placed, Berth__LaunchStep *launch)
{
    launch->nodes = xcalloc(wish->n_nodes, sizeof(*launch->nodes));
    launch->n_nodes = wish->n_nodes;
    for (size_t i = 0; i < wish->n_nodes; i++) {
        const Berth__NodeShare *from = layout->shares[wish->nodes[i]].from;
        Berth__StepNode *node = xcalloc(1, sizeof(*node));

        berth__step_node__init(node);
        node->node = xstrdup(from->node);
        node->address = xstrdup(from->address);
        node->port = from->port;
        launch->nodes[i] = node;
    }
    give_ranks(launch, counts, wish->cyclic);
    for (size_t i = 0; i < wish->n_nodes; i++) {
        struct share *share = &layout->shares[wish->nodes[i]];

        if (as_placed && share->from->n_task_cores >= launch->nodes[i]->n_ranks &&
            strcmp(spec->bind, "none") != 0)
            take_as_placed(share, launch->nodes[i]);
        else
            take_cores(share, wish, spec, launch->nodes[i]);
    }
}

int layout_take(struct layout *layout, const Berth__StepSpec *spec,
                Berth__LaunchStep *launch, struct err *err)
{
    struct wish wish = {0};
    cleanup(freep) uint32_t *counts = xcalloc(layout->n_shares, sizeof(*counts));
    bool as_placed;
    int rc = make_wish(layout, spec, &wish, err);

    if (!rc)
        rc = count(layout, &wish, counts, &as_placed, err);
    if (!rc)
        make_nodes(layout, &wish, spec, counts, as_placed, launch);
    free(wish.nodes);
    return rc;
}

static struct share *share_of(struct layout *layout, const char *node)
{
    for (size_t i = 0; i < layout->n_shares; i++)
        if (strcmp(layout->shares[i].from->node, node) == 0)
            return &layout->shares[i];
    return NULL;
}

static void give_list(struct share *share, const char *cores)
{
    cleanup(bitset_destroyp) struct bitset *set = NULL;

    if (!share || bitset_parse(cores, CORES_MAX, &set, NULL))
        return;
    for (uint32_t i = 0; i < share->n_cores; i++)
        if (bitset_test(set, share->core_ids[i]) && share->users[i])
            share->users[i]--;
}

void layout_give(struct layout *layout, const Berth__LaunchStep *launch)
{
    for (size_t i = 0; i < launch->n_nodes; i++)
        give_list(share_of(layout, launch->nodes[i]->node), launch->nodes[i]->cores);
}

void layout_clear_nodes(Berth__LaunchStep *launch)
{
    for (size_t i = 0; i < launch->n_nodes; i++)
        berth__step_node__free_unpacked(launch->nodes[i], NULL);
    free(launch->nodes);
    launch->nodes = NULL;
    launch->n_nodes = 0;
}
