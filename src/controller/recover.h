/* SPDX-License-Identifier: Apache-2.0
 *
 * recover.h - from what is on disk to what is in memory, at start
 */
#ifndef BERTH_CONTROLLER_RECOVER_H
#define BERTH_CONTROLLER_RECOVER_H

#include "controller/controller.h"

/* Read the whole store: keys, hardware, nodes, jobs. A grant key is made the
 * first time. -EBADMSG with words when a record cannot be read. */
int recover(struct controller *ctl, struct err *err);

#endif
