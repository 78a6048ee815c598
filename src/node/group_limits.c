/* SPDX-License-Identifier: Apache-2.0
 *
 * group_limits.c - what a job may use here, from its grant and the configuration
 */
#include "node/group_limits.h"

#include <stdlib.h>

#include "base/mem.h"

#define MIB (1ull << 20)
#define WEIGHT_MAX 10000u

static struct bitset *cores_of(const struct node *node, const Berth__NodeShare *share)
{
    struct bitset *cores = NULL;

    (void)bitset_parse(share->cores, node->topo->n_cores, &cores, NULL);
    return cores;
}

static void limit_cores(const struct node *node, const Berth__NodeShare *share,
                        struct group_limits *limits)
{
    cleanup(bitset_destroyp) struct bitset *cores = cores_of(node, share);
    size_t n = cores ? bitset_count(cores) : 0;

    if (n == 0)
        return;
    /* Jobs that share cores get of them what they asked for. */
    limits->set.cpu_weight = n < WEIGHT_MAX / 100 ? (uint32_t)n * 100 : WEIGHT_MAX;
    if (!node->config->cgroup.constrain_cores || node->virtual_topology)
        return;
    limits->cpus = node_topo_pus(node->topo, cores);
    limits->set.cpus = limits->cpus;
}

static void limit_memory(const struct node *node, const Berth__NodeShare *share,
                         struct group_limits *limits)
{
    uint64_t memory = share->memory;
    uint64_t least = node->config->cgroup.memory_min;

    if (!node->config->cgroup.constrain_memory || !memory)
        return;
    memory = memory * node->config->cgroup.memory_percent / 100;
    if (memory < least)
        memory = least;
    limits->set.memory = memory * MIB;
    limits->set.swap = memory * MIB / 100 * node->config->cgroup.swap_percent;
    limits->set.kill_all = node->config->cgroup.oom_kill_all;
}

void group_limits_init(const struct node *node, const Berth__NodeShare *share,
                       struct group_limits *limits)
{
    *limits = (struct group_limits){0};
    limit_cores(node, share, limits);
    limit_memory(node, share, limits);
    limits->set.pids = node->config->cgroup.pids_max;
}

void group_limits_fini(struct group_limits *limits)
{
    free(limits->cpus);
    free(limits->devices);
}
