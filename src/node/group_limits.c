/* SPDX-License-Identifier: Apache-2.0
 *
 * group_limits.c - what a job may use here, from its grant and the configuration
 */
#include "node/group_limits.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cgroup/cgroup.h"
#include "node/group_devices.h"

#define MIB (1ull << 20)
#define WEIGHT_MAX 10000u

static struct bitset *cores_of(const struct node *node, const Berth__NodeShare *share)
{
    struct bitset *cores = NULL;

    (void)bitset_parse(share->cores, node->topo->n_cores, &cores, NULL);
    return cores;
}

/* A hundred a core; of the one that is shared, what of it is the job's. */
static uint32_t weight_of(size_t cores, uint32_t milli)
{
    uint64_t weight = (uint64_t)cores * 100;

    if (milli)
        weight = (cores - 1) * 100 + (milli + 9) / 10;
    return weight < WEIGHT_MAX ? (uint32_t)weight : WEIGHT_MAX;
}

static void limit_cores(const struct node *node, const Berth__NodeShare *share,
                        struct group_limits *limits)
{
    cleanup(bitset_destroyp) struct bitset *cores = cores_of(node, share);
    size_t n = cores ? bitset_count(cores) : 0;

    if (n == 0)
        return;
    /* Jobs that share cores get of them what they asked for. */
    limits->set.cpu_weight = weight_of(n, share->cpu_milli);
    if (!node->config->cgroup.constrain_cores || node->virtual_topology)
        return;
    limits->cpus = node_topo_pus(node->topo, cores);
    limits->set.cpus = limits->cpus;
}

static void limit_memory(const struct node *node, uint64_t memory,
                         struct group_limits *limits)
{
    uint64_t least = node->config->cgroup.memory_min;

    if (!node->config->cgroup.constrain_memory || !memory)
        return;
    memory = memory * node->config->cgroup.memory_percent / 100;
    if (memory < least)
        memory = least;
    limits->set.memory = memory * MIB;
    limits->set.swap = memory * MIB / 100 * node->config->cgroup.swap_percent;
}

static void limit_devices(const struct node *node, const Berth__DevicePolicy *policy,
                          struct group_limits *limits)
{
    struct device_rules rules;

    if (!node->config->cgroup.constrain_devices ||
        !cgroup_can(node->cgroup, BERTH_CGROUP_DEVICES))
        return;
    rules = group_devices("/dev", policy, node->config->cgroup.devices);
    limits->devices = rules.v;
    limits->set.has_devices = 1;
    limits->set.devices = rules.v;
    limits->set.n_devices = rules.n;
}

void group_limits_init(const struct node *node, const Berth__NodeShare *share,
                       uint64_t memory, const Berth__DevicePolicy *devices,
                       struct group_limits *limits)
{
    *limits = (struct group_limits){0};
    limit_devices(node, devices, limits);
    limit_cores(node, share, limits);
    limit_memory(node, memory, limits);
    limits->set.pids = node->config->cgroup.pids_max;
}

bool group_limits_of_step(const struct node *node, const Berth__StepNode *own,
                          const Berth__DevicePolicy *devices,
                          struct group_limits *limits)
{
    *limits = (struct group_limits){0};
    limits->set.is_leaf = 1;
    limit_memory(node, own->memory, limits);
    if (own->has_devices)
        limit_devices(node, devices, limits);
    return limits->set.memory || limits->set.has_devices;
}

void group_limits_fini(struct group_limits *limits)
{
    free(limits->cpus);
    free(limits->devices);
}
