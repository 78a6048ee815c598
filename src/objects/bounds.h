/* SPDX-License-Identifier: Apache-2.0
 *
 * bounds.h - what a container of a pod may have: its control group, time to end
 *
 * Weights and scores follow Kubernetes: a weight by what is asked for, a limit by the
 * limit, and whom the kernel kills first when memory is short by the quality of
 * service. One thing differs: a Guaranteed pod is not spared, it is like any other
 * job's.
 */
#ifndef BERTH_OBJECTS_BOUNDS_H
#define BERTH_OBJECTS_BOUNDS_H

#include <stdint.h>

#include "objects/pod.h"

struct pod_bounds {
    uint64_t memory;     /* bytes; 0: no limit of its own */
    uint32_t cpu_weight; /* of cgroups: 1 to 10000 */
    uint32_t cpu_max;    /* thousandths of a core; 0: no limit */
};

struct pod_bounds pod_container_bounds(const struct mf_container *container);

/* oom_score_adj: 0 to 1000. 'node_memory' in bytes. */
int pod_oom_score(const struct mf_pod_spec *spec, const struct mf_container *container,
                  uint64_t node_memory);

/* The longest terminationGracePeriodSeconds of its probes; 0: none says one. */
int64_t pod_longest_grace(const struct mf_container *container);
/* None of those of the pod's probes is longer than 'most' seconds from now on. */
void pod_cap_graces(const struct mf_pod_spec *spec, int64_t most);

#endif
