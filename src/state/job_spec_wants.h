/* SPDX-License-Identifier: Apache-2.0
 *
 * job_spec_wants.h - the part of job_spec_check for src/spec's texts, for this
 * folder alone
 */
#ifndef BERTH_STATE_JOB_SPEC_WANTS_H
#define BERTH_STATE_JOB_SPEC_WANTS_H

#include "base/err.h"
#include "wire/messages.pb-c.h"

/* Resources and places of one component: readable, and not at odds. */
int job_spec_check_wants(const Berth__JobSpec *spec, struct err *err);

/* What is said once for all components: array, dependency, times, rules. */
int job_spec_check_rules(const Berth__JobSpec *spec, struct err *err);

#endif
