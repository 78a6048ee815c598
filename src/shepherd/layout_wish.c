/* SPDX-License-Identifier: Apache-2.0
 *
 * layout_wish.c - what a step comes to, once defaults are filled in
 */
#include "shepherd/layout_priv.h"

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"

#include <errno.h>
#include <stdlib.h>

void wish_fini(struct wish *wish)
{
    for (size_t i = 0; i < wish->n_devices; i++) {
        free(wish->devices[i].name);
        free(wish->devices[i].type);
    }
    free(wish->devices);
    free(wish->nodes);
}

/* ------------------------------------------------------------------- nodes */

static int read_names(const char *option, const char *text, char ***ret,
                      struct err *err)
{
    if (!text[0])
        return 0;
    return hostlist_expand(text, ret, err) ? err_wrap(err, "--%s", option) : 0;
}

static void add_candidates(const struct layout *layout, char *const *named,
                           char *const *excluded, bool with_named, struct wish *wish)
{
    for (size_t i = 0; i < layout->n_shares; i++) {
        const char *node = layout->shares[i].from->node;

        if (strv_has(named, node) == with_named && !strv_has(excluded, node))
            wish->nodes[wish->n_candidates++] = i;
    }
}

/* From the N-th node of the allocation on, in its order. */
static int order_from(const struct layout *layout, const Berth__StepSpec *spec,
                      struct wish *wish, struct err *err)
{
    if (spec->nodelist[0] || spec->exclude[0])
        return err_set(err, EINVAL,
                       "--relative=%u: names of nodes (--nodelist, --exclude) cannot "
                       "be given with it",
                       spec->relative - 1);
    if (spec->relative > layout->n_shares)
        return err_set(err, EINVAL,
                       "--relative=%u: the allocation has %zu nodes, counted from 0",
                       spec->relative - 1, layout->n_shares);
    for (size_t i = spec->relative - 1; i < layout->n_shares; i++)
        wish->nodes[wish->n_candidates++] = i;
    wish->n_named = wish->n_candidates;
    return 0;
}

/* Candidates: the named nodes first, in the allocation's order, then others. */
static int order_nodes(const struct layout *layout, const Berth__StepSpec *spec,
                       struct wish *wish, struct err *err)
{
    cleanup(strv_freep) char **named = NULL;
    cleanup(strv_freep) char **excluded = NULL;
    int rc;

    wish->nodes = xcalloc(layout->n_shares, sizeof(*wish->nodes));
    if (spec->relative)
        return order_from(layout, spec, wish, err);
    rc = read_names("nodelist", spec->nodelist, &named, err);
    if (!rc)
        rc = read_names("exclude", spec->exclude, &excluded, err);
    if (rc)
        return rc;
    add_candidates(layout, named, excluded, true, wish);
    wish->n_named = wish->n_candidates;
    if (wish->n_named < strv_len(named))
        return err_set(err, EINVAL, "--nodelist=%s: not all of it is in the allocation",
                       spec->nodelist);
    add_candidates(layout, named, excluded, false, wish);
    if (!wish->n_candidates)
        return err_set(err, EINVAL, "--exclude=%s: no node of the allocation is left",
                       spec->exclude);
    return 0;
}

/* ------------------------------------------------------------------- sizes */

/* How many tasks on how many nodes, from what was said and the job's own. */
static void make_sizes(const struct layout *layout, const Berth__StepSpec *spec,
                       struct wish *wish)
{
    const Berth__JobSpec *job = layout->job;
    bool is_named = spec->nodelist[0] && !spec->relative;

    wish->cpus = either(either(spec->cpus_per_task, job->cpus_per_task), 1);
    wish->tasks_per_node = spec->tasks_per_node;
    wish->tasks = spec->tasks;
    wish->n_nodes = spec->nodes ? spec->nodes : is_named ? wish->n_named : 0;
    wish->min_nodes = either(spec->nodes_min, spec->nodes);
    wish->all_nodes = wish->n_nodes != 0;
    if (!wish->tasks && !spec->tasks_per_node && !wish->n_nodes)
        wish->tasks = job->tasks;
    if (!wish->tasks_per_node && !wish->tasks)
        wish->tasks_per_node = job->tasks_per_node;
    if (!wish->n_nodes)
        wish->n_nodes = wish->tasks && wish->tasks < wish->n_candidates
                            ? wish->tasks
                            : wish->n_candidates;
}

static void make_kind(const struct layout *layout, const Berth__StepSpec *spec,
                      struct wish *wish)
{
    const Berth__JobSpec *job = layout->job;

    wish->overcommit = spec->overcommit || job->overcommit;
    wish->overlaps = spec->overlap || wish->overcommit;
    wish->is_wide =
        spec->launcher || (!spec->exact && !spec->cpus_per_task &&
                           !job->cpus_per_task && !spec->bind[0] && !wish->overcommit);
    wish->memory = spec->mem_per_node;
    wish->memory_core = spec->mem_per_cpu;
    wish->memory_all = spec->mem_all;
}

static int check_nodes(const struct layout *layout, struct wish *wish, struct err *err)
{
    size_t most = wish->n_candidates;
    size_t least = wish->min_nodes ? wish->min_nodes : wish->n_nodes;

    if (least > most)
        return err_set(err, EINVAL, "--nodes=%zu: %s %zu", least,
                       most < layout->n_shares ? "of the allocation's nodes it may use"
                                               : "the allocation has",
                       most);
    if (wish->n_nodes > most)
        wish->n_nodes = most;
    return 0;
}

static int check_tasks(struct wish *wish, struct err *err)
{
    uint64_t tasks = wish->tasks
                         ? wish->tasks
                         : (uint64_t)wish->n_nodes * either(wish->tasks_per_node, 1);

    if (tasks > TASKS_MAX || tasks * wish->cpus > TASKS_MAX)
        return err_set(err, EINVAL,
                       "--ntasks=%llu with %u cores each: a step has at most %u",
                       (unsigned long long)tasks, wish->cpus, TASKS_MAX);
    return 0;
}

int wish_make(const struct layout *layout, const Berth__StepSpec *spec,
              struct wish *wish, struct err *err)
{
    int rc = order_nodes(layout, spec, wish, err);

    if (rc)
        return rc;
    make_kind(layout, spec, wish);
    rc = distribution_parse(spec->distribution, &wish->dist, err);
    if (rc)
        return err_wrap(err, "--distribution");
    make_sizes(layout, spec, wish);
    rc = check_nodes(layout, wish, err);
    if (!rc)
        rc = check_tasks(wish, err);
    return rc ? rc : devices_wish(spec, wish, err);
}
