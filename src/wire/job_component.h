/* SPDX-License-Identifier: Apache-2.0
 *
 * job_component.h - the components of a heterogeneous job, each as a JobSpec
 *
 * The first component is the JobSpec itself; its message JobComponent has fields
 * of JobSpec under the same numbers, for each further one.
 */
#ifndef BERTH_WIRE_JOB_COMPONENT_H
#define BERTH_WIRE_JOB_COMPONENT_H

#include <stddef.h>

#include "wire/messages.pb-c.h"

#define JOB_COMPONENTS_MAX 128 /* of one job, the first included */

/* 1 for a plain job. */
size_t job_component_count(const Berth__JobSpec *spec);

/* What component 'i' (below the count) asks for, as a JobSpec without script,
 * environment or container. Of component 0, the same fields of 'spec'. The
 * caller frees it with free_message. */
Berth__JobSpec *job_component(const Berth__JobSpec *spec, size_t i);

#endif
