/* SPDX-License-Identifier: Apache-2.0
 *
 * wants.h - what a job wants beyond nodes, tasks and cores, as the scheduler takes it
 */
#ifndef BERTH_CONTROLLER_WANTS_H
#define BERTH_CONTROLLER_WANTS_H

#include "controller/request.h"

/* Sizes that follow from options on GPUs: "--gpus=8 --ntasks-per-gpu=2" is 16 tasks.
 * Only what the person left open is filled in. -EINVAL with words when GPUs do not
 * come out even. */
int wants_complete(Berth__JobSpec *spec, struct err *err);

/* Devices, features, licences, switches, sharing, times and dependencies of the
 * spec into 'ret', whose place_request has its sizes already. -EINVAL with words. */
int wants_fill(const struct controller *ctl, const struct job *job, struct request *ret,
               struct err *err);

#endif
