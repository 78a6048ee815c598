/* SPDX-License-Identifier: Apache-2.0
 *
 * group_limits.h - what a job may use here, from its grant and the configuration
 */
#ifndef BERTH_NODE_GROUP_LIMITS_H
#define BERTH_NODE_GROUP_LIMITS_H

#include <berth/cgroup.h>

#include "node/node.h"

struct group_limits {
    struct berth_cgroup_limits set;
    char *cpus;
    struct berth_cgroup_device *devices;
};

/* Work out the limits of a job with this share, so much memory (MiB) and these
 * devices; fini frees what they hold. */
void group_limits_init(const struct node *node, const Berth__NodeShare *share,
                       uint64_t memory, const Berth__DevicePolicy *devices,
                       struct group_limits *limits);
/* What a step may use less than its job. False: nothing. */
bool group_limits_of_step(const struct node *node, const Berth__StepNode *own,
                          const Berth__DevicePolicy *devices,
                          struct group_limits *limits);
void group_limits_fini(struct group_limits *limits);

#endif
