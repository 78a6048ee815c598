/* SPDX-License-Identifier: Apache-2.0
 *
 * dispatch.h - from the scheduler's decisions to orders for nodes
 */
#ifndef BERTH_CONTROLLER_DISPATCH_H
#define BERTH_CONTROLLER_DISPATCH_H

#include "controller/controller.h"

/* Make what waits for the loop: the pass, and the time of the next one. */
void dispatch_init(struct controller *ctl);

/* Something changed that may let a job start: one pass in the next turn of the
 * loop, however often this is called. */
void dispatch_want_pass(struct controller *ctl);

/* When all changes so far are on disk: send LaunchJob to the lead node of a job
 * that is STARTING by then. Repeats are harmless. */
void dispatch_launch_committed(struct controller *ctl, const struct ctl_job *cj);
/* The node's answer to it; status NULL is success. */
void dispatch_launched(struct controller *ctl, struct ctl_job *cj,
                       const Berth__Status *status);

/* Seconds from the word to the kill, 1 at least of a pod: its own or the site's. */
uint32_t dispatch_grace(const struct controller *ctl, const struct ctl_job *cj);
/* When all changes so far are on disk: order the lead to end the job. */
void dispatch_kill_committed(struct controller *ctl, const struct ctl_job *cj,
                             const char *why);
/* The same for one that makes room: 'grace' in seconds, 0 is the site's. */
/* As dispatch_kill_committed, with 'grace' seconds, 1 at least. */
void dispatch_end_committed(struct controller *ctl, const struct ctl_job *cj,
                            int64_t grace, const char *why);
void dispatch_leave_committed(struct controller *ctl, const struct ctl_job *cj,
                              int64_t grace, const char *why);
/* Tell the lead whether its job is stopped or goes on: at once, or when all changes
 * so far are on disk. Repeats are harmless. */
void dispatch_stop_or_go(struct controller *ctl, const struct ctl_job *cj);
void dispatch_stop_committed(struct controller *ctl, const struct ctl_job *cj);
/* Its node says that the job runs: so it does, or is stopped, when others were given
 * its cores meanwhile. */
void dispatch_started(struct controller *ctl, struct ctl_job *cj);
/* Pass on a signal at once. -EHOSTUNREACH when the node is not connected. */
int dispatch_signal(struct controller *ctl, const struct ctl_job *cj, int32_t signo,
                    Berth__SignalJob__Scope scope, struct err *err);
/* The node's answer to either. */
void dispatch_signalled(struct controller *ctl, struct ctl_job *cj,
                        const Berth__Status *status);

#endif
