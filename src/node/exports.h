/* SPDX-License-Identifier: Apache-2.0
 *
 * exports.h - what NFS servers export, mounted here for pods
 *
 *     <run_dir>/nfs/ID               root's; who uses it may pass through
 *     <run_dir>/nfs/ID/root          where it is mounted
 *     <state_dir>/nfs/ID/JOB.EPOCH   a pod that uses it; made before it is mounted
 *
 * Only what pods.nfs lists and the pod was granted, and only when berthd is root. One
 * mount for all pods of the node, from before the first one's sandbox to when the last
 * one's lead has gone. After a restart of berthd the records say who uses what; what
 * nobody uses goes.
 */
#ifndef BERTH_NODE_EXPORTS_H
#define BERTH_NODE_EXPORTS_H

#include "node/node.h"

/* A PodMount of a lead: answered with PodMounted, when all of them are there. -EACCES:
 * the pod was not granted one of them; -EPERM: the site allows it to nobody. */
void exports_order(struct shepherd *lead, const Berth__Envelope *env);
/* The lead has gone: what only it used is unmounted. */
void exports_lead_gone(uint32_t job, uint32_t epoch);
/* Behind shepherds_accept. */
void exports_start(struct node *node);

#endif
