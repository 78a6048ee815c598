/* SPDX-License-Identifier: Apache-2.0
 *
 * group_devices.h - which devices a job may use here
 */
#ifndef BERTH_NODE_GROUP_DEVICES_H
#define BERTH_NODE_GROUP_DEVICES_H

#include <berth/cgroup.h>
#include <stddef.h>

#include "wire/messages.pb-c.h"

struct device_rules {
    struct berth_cgroup_device *v;
    size_t n;
};

/* What every job may use: the common devices, terminals, fabrics and FUSE; then what
 * 'policy' gave it, what specifications (CDI) name unless it has to be given, GPUs
 * where they are not given out, and 'more' ("kvm,dri/renderD128"; NULL: no more). Files
 * that are not there are passed over. 'dev' is "/dev". The caller frees the list. */
struct device_rules group_devices(const char *dev, const Berth__DevicePolicy *policy,
                                  const char *more);

#endif
