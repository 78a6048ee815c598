/* SPDX-License-Identifier: Apache-2.0
 *
 * layout_cores.c - which cores each task gets, and which are held for the step
 *
 * A step holds as many cores as it counts; one that is held may be shared only with
 * steps that say so (--overlap, --overcommit), so each has a number of users. What
 * tasks may use is the same, with two exceptions: unbound tasks may use all of the
 * job's, and those of a step that said nothing of cores may use, in equal parts, all
 * that nobody held when it began.
 */
#include "shepherd/layout_priv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Cores of a node, by place in the share's list. */
struct core_list {
    uint32_t *places;
    size_t n;
};

static char *format_cores(const struct share *share, const uint32_t *places, size_t n)
{
    cleanup(bitset_destroyp) struct bitset *set =
        bitset_create(share->core_ids[share->n_cores - 1] + (size_t)1);

    for (size_t i = 0; i < n; i++)
        bitset_set(set, share->core_ids[places[i]]);
    return bitset_format(set);
}

/* Hold these; a core counts one user a step, however many of its tasks share it. */
static char *hold(struct share *share, const uint32_t *places, size_t n)
{
    cleanup(freep) bool *seen = xcalloc(share->n_cores, sizeof(*seen));

    for (size_t i = 0; i < n; i++) {
        share->users[places[i]] += !seen[places[i]];
        seen[places[i]] = true;
    }
    return format_cores(share, places, n);
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

static void take_counted(struct share *share, const struct wish *wish, bool unbound,
                         Berth__StepNode *node)
{
    size_t n = 0;
    cleanup(freep) uint32_t *picked =
        xcalloc(node->n_ranks * wish->cpus, sizeof(*picked));
    cleanup(freep) uint16_t *load =
        xmemdup(share->users, share->n_cores * sizeof(*load));
    uint32_t next = 0;

    for (size_t t = 0; t < node->n_ranks; t++) {
        for (uint32_t c = 0; c < wish->cpus; c++) {
            picked[n] = pick_core(load, share->n_cores, next);
            load[picked[n]]++;
            next = picked[n++] + 1;
        }
        node->task_cores[t] =
            unbound ? xstrdup(share->from->cores)
                    : format_cores(share, picked + n - wish->cpus, wish->cpus);
    }
    node->held = hold(share, picked, n);
    node->cores = xstrdup(unbound ? share->from->cores : node->held);
}

static struct core_list free_list(const struct share *share, const struct wish *wish)
{
    struct core_list list = {xcalloc(share->n_cores, sizeof(*list.places)), 0};

    for (uint32_t i = 0; i < share->n_cores; i++)
        if (wish->overlaps || !share->users[i])
            list.places[list.n++] = i;
    return list;
}

/* Nothing was said of cores, and there are more than tasks: each gets its part of
 * them, neighbours, and holds the first. False when there are no more. */
static bool take_wide(struct share *share, const struct wish *wish,
                      Berth__StepNode *node)
{
    struct core_list list = free_list(share, wish);
    size_t n_tasks = node->n_ranks;
    bool has_more = list.n > n_tasks;
    cleanup(freep) uint32_t *places = list.places;
    cleanup(freep) uint32_t *firsts = xcalloc(n_tasks, sizeof(*firsts));

    for (size_t t = 0; has_more && t < n_tasks; t++) {
        size_t begin = t * list.n / n_tasks, end = (t + 1) * list.n / n_tasks;

        firsts[t] = places[begin];
        node->task_cores[t] = format_cores(share, places + begin, end - begin);
    }
    if (has_more) {
        node->cores = format_cores(share, places, list.n);
        node->held = hold(share, firsts, n_tasks);
    }
    return has_more;
}

static void hold_listed(struct share *share, const struct bitset *set)
{
    for (uint32_t i = 0; i < share->n_cores; i++)
        share->users[i] += bitset_test(set, share->core_ids[i]);
}

/* The placement's map of tasks to cores. False when it cannot be read. */
static bool take_as_placed(struct share *share, Berth__StepNode *node)
{
    const Berth__NodeShare *from = share->from;
    cleanup(bitset_destroyp) struct bitset *all = bitset_create(CORES_MAX);

    for (size_t t = 0; t < node->n_ranks; t++) {
        cleanup(bitset_destroyp) struct bitset *set = NULL;

        if (!from->task_cores[t][0] ||
            bitset_parse(from->task_cores[t], CORES_MAX, &set, NULL))
            return false;
        for (size_t c = bitset_next(set, 0); c < set->nbits;
             c = bitset_next(set, c + 1))
            bitset_set(all, c);
    }
    for (size_t t = 0; t < node->n_ranks; t++)
        node->task_cores[t] = xstrdup(from->task_cores[t]);
    hold_listed(share, all);
    node->held = bitset_format(all);
    node->cores = xstrdup(node->held);
    return true;
}

void cores_take(struct share *share, const struct wish *wish,
                const Berth__StepSpec *spec, bool as_placed, Berth__StepNode *node)
{
    bool unbound = strcmp(spec->bind, "none") == 0;

    node->task_cores = xcalloc(node->n_ranks, sizeof(*node->task_cores));
    node->n_task_cores = node->n_ranks;
    if (wish->is_wide && take_wide(share, wish, node))
        return;
    if (!as_placed || unbound || share->from->n_task_cores < node->n_ranks ||
        !take_as_placed(share, node))
        take_counted(share, wish, unbound, node);
}

void cores_give(struct share *share, const Berth__StepNode *node)
{
    cleanup(bitset_destroyp) struct bitset *set = NULL;

    if (bitset_parse(node->held, CORES_MAX, &set, NULL))
        return;
    for (uint32_t i = 0; i < share->n_cores; i++) {
        if (!bitset_test(set, share->core_ids[i]) || !share->users[i])
            continue;
        share->users[i]--;
        share->before[i] = share->before[i] && share->users[i];
    }
}
