/* SPDX-License-Identifier: Apache-2.0
 *
 * settings.h - from the configuration to the scheduler
 */
#ifndef BERTH_CONTROLLER_SETTINGS_H
#define BERTH_CONTROLLER_SETTINGS_H

#include "controller/controller.h"

/* Make ctl->sched and ctl->tree: options, switches, partitions, features and
 * licences as the configuration has them. Words name what it has wrong. */
int settings_make_sched(struct controller *ctl, struct err *err);

#endif
