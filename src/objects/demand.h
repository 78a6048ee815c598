/* SPDX-License-Identifier: Apache-2.0
 *
 * demand.h - what a pod asks of its node
 *
 * Init containers run one after the other and before the others, sidecars (init
 * containers that restart) beside all that comes after them. So of each resource a pod
 * asks for the larger of
 *
 *     all containers and all sidecars together
 *     one init container and the sidecars before it, whichever is the most
 */
#ifndef BERTH_OBJECTS_DEMAND_H
#define BERTH_OBJECTS_DEMAND_H

#include "objects/pod.h"

/* How much of 'resource' ("cpu", "memory", "nvidia.com/gpu") is asked for. -ERANGE when
 * that is more than a quantity can be. */
int pod_demand(const struct mf_pod_spec *spec, const char *resource,
               struct quantity *ret);

/* Names of the resources that any container asks for, each once, in the order in which
 * they are met (a strv of the caller's). */
char **pod_resources(const struct mf_pod_spec *spec);

/* Kubernetes' quality of service. */
enum pod_quality {
    POD_GUARANTEED, /* each container has limits of cpu and memory, and asks for them */
    POD_BURSTABLE,  /* some container asks for something */
    POD_BEST_EFFORT, /* none does */
};
enum pod_quality pod_quality(const struct mf_pod_spec *spec);
const char *pod_quality_name(enum pod_quality quality);

#endif
