/* SPDX-License-Identifier: Apache-2.0
 *
 * bounds.c - what a container of a pod may have: its control group, time to end
 */
#include "objects/bounds.h"

#include "base/mem.h"
#include "objects/demand.h"
#include "objects/find.h"

#define SHARES_MIN 2
#define SHARES_MAX 262144
#define CPU_MAX 1000000 /* thousandths: more cores than there are */
#define SCORE_MAX 1000

static int64_t asked(const struct mf_container *c, const char *resource, bool in_milli)
{
    const struct quantity *q = amount_requested(c, resource);

    if (!q)
        return 0;
    return in_milli ? quantity_milli(q) : quantity_units(q);
}

static int64_t limit_of(const struct mf_container *c, const char *resource,
                        bool in_milli)
{
    const struct quantity *q = amount_limit(c, resource);

    if (!q)
        return 0;
    return in_milli ? quantity_milli(q) : quantity_units(q);
}

/* As the kubelet has it for version 2: 1024 shares a core, from 2 to 262144, spread
 * over 1 to 10000. */
static uint32_t weight_of(int64_t milli)
{
    int64_t shares = milli < SHARES_MAX ? milli * 1024 / 1000 : SHARES_MAX;

    if (shares < SHARES_MIN)
        shares = SHARES_MIN;
    if (shares > SHARES_MAX)
        shares = SHARES_MAX;
    return (uint32_t)(1 + (shares - SHARES_MIN) * 9999 / (SHARES_MAX - SHARES_MIN));
}

struct pod_bounds pod_container_bounds(const struct mf_container *container)
{
    int64_t cpu_max = limit_of(container, "cpu", true);

    return (struct pod_bounds){
        .memory = (uint64_t)limit_of(container, "memory", false),
        .cpu_weight = weight_of(asked(container, "cpu", true)),
        .cpu_max = (uint32_t)(cpu_max < CPU_MAX ? cpu_max : CPU_MAX),
    };
}

/* What asks for much of the node is killed after what asks for little. */
static int burstable_score(int64_t memory, uint64_t node_memory)
{
    uint64_t part = node_memory ? (uint64_t)memory / (node_memory / SCORE_MAX + 1) : 0;
    int score = SCORE_MAX - (int)(part < SCORE_MAX ? part : SCORE_MAX);

    return score < 3 ? 3 : score > SCORE_MAX - 1 ? SCORE_MAX - 1 : score;
}

int pod_oom_score(const struct mf_pod_spec *spec, const struct mf_container *container,
                  uint64_t node_memory)
{
    switch (pod_quality(spec)) {
    case POD_GUARANTEED:
        return 0;
    case POD_BURSTABLE:
        return burstable_score(asked(container, "memory", false), node_memory);
    case POD_BEST_EFFORT:
        break;
    }
    return SCORE_MAX;
}

/* ------------------------------------------------------------------ time to end */

int64_t pod_longest_grace(const struct mf_container *container)
{
    const struct mf_probe *const probes[] = {container->startup, container->liveness,
                                             container->readiness};
    int64_t longest = 0;

    for (size_t i = 0; i < ARRAY_SIZE(probes); i++)
        if (probes[i] && probes[i]->grace > longest)
            longest = probes[i]->grace;
    return longest;
}

static void cap_graces(const struct mf_container *container, int64_t most)
{
    struct mf_probe *const probes[] = {container->startup, container->liveness,
                                       container->readiness};

    for (size_t i = 0; i < ARRAY_SIZE(probes); i++)
        if (probes[i] && probes[i]->grace != MF_UNSET && probes[i]->grace > most)
            probes[i]->grace = most;
}

void pod_cap_graces(const struct mf_pod_spec *spec, int64_t most)
{
    for (size_t i = 0; i < spec->init.n; i++)
        cap_graces(&spec->init.items[i], most);
    for (size_t i = 0; i < spec->containers.n; i++)
        cap_graces(&spec->containers.items[i], most);
}
