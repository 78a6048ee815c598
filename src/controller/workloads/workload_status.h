/* SPDX-License-Identifier: Apache-2.0
 *
 * workload_status.h - what is kept of a Job, as its record has it
 */
#ifndef BERTH_CONTROLLER_WORKLOAD_STATUS_H
#define BERTH_CONTROLLER_WORKLOAD_STATUS_H

#include "wire/messages.pb-c.h"
#include "workload/job_progress.h"

Berth__WorkloadStatus *workload_status_new(void);

/* Overwrites 'ret', which the caller ends with job_progress_fini. 'status' NULL: it has
 * not begun. */
void workload_progress_read(const Berth__WorkloadStatus *status,
                            struct job_progress *ret);

/* Put 'progress' into '*status', made when it is not there; false: it says so
 * already. */
bool workload_progress_write(Berth__WorkloadStatus **status,
                             const struct job_progress *progress);

#endif
