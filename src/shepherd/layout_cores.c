/* SPDX-License-Identifier: Apache-2.0
 *
 * layout_cores.c - which cores each task gets, and which are held for the step
 *
 * A core may be shared (--overlap, --overcommit), so each has a number of users. A
 * step that asks for just what the job was placed for gets the placement's own map
 * of tasks to cores.
 */
#include "shepherd/layout_priv.h"

#include "base/mem.h"

#include <string.h>

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

static void take_counted(struct share *share, const struct wish *wish,
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

void cores_take(struct share *share, const struct wish *wish,
                const Berth__StepSpec *spec, bool as_placed, Berth__StepNode *node)
{
    if (as_placed && share->from->n_task_cores >= node->n_ranks &&
        strcmp(spec->bind, "none") != 0)
        take_as_placed(share, node);
    else
        take_counted(share, wish, spec, node);
}
