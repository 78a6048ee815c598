/* SPDX-License-Identifier: Apache-2.0
 *
 * wait.h - answers that are given when jobs have started or ended
 *
 *     wait ---- wait_link ---- job      one link for each job still waited for;
 *       |  \--- wait_link ---- job      the last one to go answers
 *     conn
 */
#ifndef BERTH_CONTROLLER_WAIT_H
#define BERTH_CONTROLLER_WAIT_H

#include "controller/controller.h"

/* A job changed its state: cut the links that waited for it. Answers leave
 * after the commit. */
void wait_job_changed(struct controller *ctl, struct ctl_job *cj);

/* The connection is gone: forget what it waits for. */
void wait_forget_conn(struct conn *conn);

#endif
