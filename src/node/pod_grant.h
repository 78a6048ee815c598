/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_grant.h - what of its node a pod was granted
 *
 * Pure. A lead is a process of the user's: what it asks its node for later is held
 * against this, which the controller said when it launched the pod.
 */
#ifndef BERTH_NODE_POD_GRANT_H
#define BERTH_NODE_POD_GRANT_H

#include <stdbool.h>

#include "wire/messages.pb-c.h"

/* Heap (free_message); NULL: the job is no pod. */
Berth__PodGrant *pod_grant_make(const Berth__LaunchJob *launch);
/* Is a directory of an NFS server among it, by the very names that its manifest or the
 * volume of its claim has? Not what is below. 'granted' NULL: nothing is. */
bool pod_grant_has_export(const Berth__PodGrant *granted, const char *server,
                          const char *path);

#endif
