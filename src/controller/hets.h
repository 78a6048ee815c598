/* SPDX-License-Identifier: Apache-2.0
 *
 * hets.h - heterogeneous jobs: components that are jobs of their own, and start and
 * end together
 *
 *     submit -N1 : -N4 --gpus-per-node=2  -->  job 12 (leads, has the script), job 13
 *
 * Components have consecutive numbers and enter in one batch. The first runs the
 * script; the others hold their nodes until it has ended, or are its helper pods
 * (helpers.h), which come last.
 */
#ifndef BERTH_CONTROLLER_HETS_H
#define BERTH_CONTROLLER_HETS_H

#include "controller/jobs.h"

/* What component 'i' of 'spec' is as a job: its sizes, and all else of 'spec', with
 * the script only in the first. The caller frees it. */
Berth__JobSpec *hets_component(const Berth__JobSpec *spec, size_t i);

/* The i-th component of the job that 'cj' is one of; NULL: there is none. */
struct ctl_job *hets_member(const struct controller *ctl, const struct ctl_job *cj,
                            uint32_t i);

/* A component has ended, so the others will. */
void hets_settle(struct controller *ctl, struct ctl_job *cj, int64_t now);
/* One of them waits again, as it was told to ('then'), so the others will. */
void hets_requeued(struct controller *ctl, struct ctl_job *cj, enum job_then then,
                   int64_t now);

/* What the component finds of the others in its environment. */
void hets_describe(const struct controller *ctl, const struct ctl_job *cj,
                   Berth__JobSpec *spec);

#endif
