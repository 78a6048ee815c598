/* SPDX-License-Identifier: Apache-2.0
 *
 * job_policy.h - which ends of pods are failures, and when a Job has had enough
 *
 * podFailurePolicy, podReplacementPolicy and successPolicy, as Kubernetes has them.
 */
#ifndef BERTH_WORKLOAD_JOB_POLICY_H
#define BERTH_WORKLOAD_JOB_POLICY_H

#include "workload/job_progress.h"

/* A pod that ends is replaced when it has ended (true), or at once. */
bool job_waits_for_ends(const struct mf_job_spec *spec);

/* It ended in failure; one that was asked to go counts at once unless the Job waits
 * for ends. */
bool job_pod_has_failed(const struct mf_job_spec *spec, const struct job_pod *pod);

/* What the first rule that fits a failed pod says. */
struct job_verdict {
    enum mf_failure_action action; /* MF_FAIL_COUNT when no rule fits */
    size_t rule;
    const struct job_exit *exit;           /* that the rule matched, or */
    const struct mf_pod_condition *reason; /* that condition */
};
struct job_verdict job_judge_failure(const struct mf_job_spec *spec,
                                     const struct job_pod *pod);

/* The first rule of the successPolicy that holds, or -1. */
int job_success_rule(const struct mf_job_spec *spec,
                     const struct job_progress *progress);

/* How long to wait after so many failures: 10 s, doubled up to 6 minutes. 0 after
 * none. */
int64_t job_back_off(uint32_t failures);

#endif
