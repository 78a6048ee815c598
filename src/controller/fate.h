/* SPDX-License-Identifier: Apache-2.0
 *
 * fate.h - how a job stands that another one depends on
 */
#ifndef BERTH_CONTROLLER_FATE_H
#define BERTH_CONTROLLER_FATE_H

#include "controller/jobs.h"
#include "spec/depend_spec.h"

/* Of this one job. */
struct depend_facts fate_of_one(const struct ctl_job *cj);

/* A sched_fate_fn; 'ctx' is the controller. */
struct depend_facts fate_of_job(void *ctx, uint32_t job, uint32_t task);

#endif
