/* SPDX-License-Identifier: Apache-2.0
 *
 * ephemeral.h - what a pod has on its node's disk, held against its limits
 *
 * Limits of ephemeral-storage. A container's is for what it has logged; that of the
 * pod, the sum of its containers', for all its logs and emptyDirs on disk. What a
 * container writes elsewhere in its root is memory here, and counted as that.
 */
#ifndef BERTH_VOLUME_EPHEMERAL_H
#define BERTH_VOLUME_EPHEMERAL_H

#include <stdint.h>

#include "objects/objects.h"

struct ephemeral;

/* NULL: no container has such a limit. Logs are files NAME.* of 'log_dir'; both
 * directories are the caller's user's. 'spec' is borrowed. */
struct ephemeral *ephemeral_create(const struct mf_pod_spec *spec,
                                   const char *volumes_dir, const char *log_dir);
void ephemeral_destroy(struct ephemeral *e);

/* Count a bit: as volumes_watch. -EDQUOT with Kubernetes' words: the pod is to be
 * evicted. */
int ephemeral_watch(struct ephemeral *e, int64_t now_ms, struct err *err);

#endif
