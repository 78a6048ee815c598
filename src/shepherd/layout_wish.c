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
#include <string.h>

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

int wish_make(const struct layout *layout, const Berth__StepSpec *spec,
              struct wish *wish, struct err *err)
{
    uint64_t tasks;
    int rc = order_nodes(layout, spec, wish, err);

    if (rc)
        return rc;
    wish->overcommit = spec->overcommit || layout->job->overcommit;
    wish->share_cores = spec->overlap || wish->overcommit;
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
