/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_admit.h - what a pod is as a job
 *
 * Changes nothing. What nothing carries out yet is refused here, or warned of, by name.
 */
#ifndef BERTH_CONTROLLER_POD_ADMIT_H
#define BERTH_CONTROLLER_POD_ADMIT_H

#include "controller/controller.h"
#include "objects/pod.h"
#include "wire/messages.pb-c.h"

/* The batch job that a pod is a helper of, complete; its number, the pod's name there.
 * Partition, account, QOS, reservation and time are the job's where the pod says
 * nothing. */
struct pod_help {
    const Berth__JobSpec *job;
    uint32_t id;
    const char *name;
};

/* The job of 'pod', whose record has its owner, uid and manifest; partition, account
 * and QOS as far as it says them, or 'help' (NULL: it is no helper). The caller frees
 * it (free_message). -EINVAL, -EACCES with the field at fault; '*warning' is added to.
 */
int pod_admit(const struct controller *ctl, const Berth__ObjectRecord *record,
              const struct mf_pod *pod, const struct pod_help *help,
              Berth__JobSpec **ret, char **warning, struct err *err);

/* As a node is told of it; the caller frees it (free_message). */
Berth__PodExport *pod_export_message(const struct mf_nfs *nfs);

#endif
