/* SPDX-License-Identifier: Apache-2.0
 *
 * submit.h - jobs that the controller itself makes
 */
#ifndef BERTH_CONTROLLER_SUBMIT_H
#define BERTH_CONTROLLER_SUBMIT_H

#include "controller/jobs.h"

/* Complete 'spec', whose owner is set, and judge it as a client's. '*warning' is added
 * to. */
int submit_judge(struct controller *ctl, Berth__JobSpec *spec, char **warning,
                 struct err *err);
/* Take over one that was judged in this turn of the loop, as the job of 'pod'. */
struct ctl_job *submit_enter(struct controller *ctl, Berth__JobSpec *spec,
                             struct ctl_object *pod);

#endif
