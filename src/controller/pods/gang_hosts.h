/* SPDX-License-Identifier: Apache-2.0
 *
 * gang_hosts.h - members of a gang are told each other's names and addresses
 *
 * As a PodObject of kind "Gang" in a PodData, whose text has a line a member:
 *
 *     ADDRESS NAME SUBDOMAIN        (its hostname, or its name; "-": no subdomain)
 *
 * All that run get all of it when a member's address comes or goes, at most each
 * second.
 */
#ifndef BERTH_CONTROLLER_GANG_HOSTS_H
#define BERTH_CONTROLLER_GANG_HOSTS_H

#include "controller/objects/objects.h"

struct ctl_node;

/* The address of 'pod' may be another one, or it has ended. */
void gang_hosts_note(struct controller *ctl, struct ctl_object *pod);
/* A node has registered: its leads may have missed something. */
void gang_hosts_note_node(struct controller *ctl, struct ctl_node *node);
/* Each second. */
void gang_hosts_tick(struct controller *ctl);

#endif
