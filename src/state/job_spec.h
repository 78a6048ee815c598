/* SPDX-License-Identifier: Apache-2.0
 *
 * job_spec.h - the one judge of what a person asks for
 *
 * Looks at a JobSpec alone: sizes, spellings, contradictions. Whether a cluster
 * could run it is sched_check's question.
 */
#ifndef BERTH_STATE_JOB_SPEC_H
#define BERTH_STATE_JOB_SPEC_H

#include "base/err.h"
#include "place/place.h"
#include "wire/messages.pb-c.h"

#define JOB_SCRIPT_MAX (4u << 20)
#define JOB_ENV_MAX (4u << 20) /* arguments and environment together */

/* 0, or -EINVAL/-E2BIG with one sentence that names the option at fault in
 * Slurm's spelling. */
int job_spec_check(const Berth__JobSpec *spec, struct err *err);

/* The words of --bind and --placement; "" is the default. -EINVAL with words. */
int job_spec_bind(const Berth__JobSpec *spec, enum place_bind *ret, struct err *err);
int job_spec_policy(const Berth__JobSpec *spec, enum place_policy *ret,
                    struct err *err);

#endif
