/* SPDX-License-Identifier: Apache-2.0
 *
 * suspend.h - stop a running job by an administrator's order, and let it go on
 */
#ifndef BERTH_CONTROLLER_SUSPEND_H
#define BERTH_CONTROLLER_SUSPEND_H

#include "controller/conn.h"
#include "controller/jobs.h"

/* Stop a job, with all components: others may have its cores, its memory stays
 * where it is, and its time does not pass. No pass resumes it. -EPERM to who is no
 * administrator; -EINVAL when it does not run. */
int suspend_job(struct conn *conn, struct ctl_job *cj, struct err *err);

/* It may go on: the pass that finds its cores free resumes it. -EPERM, -EINVAL as
 * above, -EINVAL also for one that another job has pushed aside. */
int suspend_resume_job(struct conn *conn, struct ctl_job *cj, struct err *err);

#endif
