/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_exports.h - directories of NFS servers that the node mounts for the pod
 */
#ifndef BERTH_SHEPHERD_POD_EXPORTS_H
#define BERTH_SHEPHERD_POD_EXPORTS_H

#include "shepherd/pod_lead.h"

/* Does the pod name any that the node has not mounted anyway? */
bool pod_exports_are_wanted(const struct pod_lead *pl);
/* Have them mounted, behind pod_mounts_begin and before there is a sandbox. 'fn' is
 * called once, later, unless the pod ends before. */
void pod_exports_ask(struct pod_lead *pl,
                     void (*fn)(struct pod_lead *pl, const struct err *why));
/* The node's daemon is there again. */
void pod_exports_node_is_back(struct pod_lead *pl);
void pod_exports_end(struct pod_lead *pl);

#endif
