/* SPDX-License-Identifier: Apache-2.0
 *
 * reconcile.h - what a node says it runs against what the controller knows
 *
 *     controller      node lists it      node does not
 *     CONFIGURING     it has started     launch again, same epoch
 *     RUNNING         fine               lost, unless its end arrives soon
 *     COMPLETING      end it again       lost
 *     ended, unknown  stop it            fine
 */
#ifndef BERTH_CONTROLLER_RECONCILE_H
#define BERTH_CONTROLLER_RECONCILE_H

#include "controller/nodes.h"

/* Fill reply->stop with what must not run there. */
void reconcile_stop_list(const struct controller *ctl, const Berth__Register *request,
                         Berth__Registered *reply);

/* Fill reply->over with what is over of the jobs that wait for that there. */
void reconcile_over_list(const struct controller *ctl, const Berth__Register *request,
                         Berth__Registered *reply);

/* Go through the active jobs that 'node' leads (or, after a reboot, takes part
 * in). */
void reconcile_node(struct controller *ctl, struct ctl_node *node,
                    const Berth__Register *request, bool has_rebooted);

/* All active jobs that take part in 'node' are lost, since it was 'what' ("lost");
 * 'pods_may_stay': but those that wait for it to come back. */
void reconcile_lost_node(struct controller *ctl, struct ctl_node *node,
                         const char *what, bool pods_may_stay);

/* The limit of a job that runs is about to be another one, of which its lead does not
 * know, or may be: reconcile_tick keeps it from now on. */
void reconcile_new_limit(struct ctl_job *cj, int64_t now);

/* Each second: jobs that their node did not list and whose end did not come;
 * jobs past their time limit whose lead has not ended them. */
void reconcile_tick(struct controller *ctl, int64_t now);

#endif
