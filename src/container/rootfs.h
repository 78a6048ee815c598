/* SPDX-License-Identifier: Apache-2.0
 *
 * rootfs.h - build the file system that the container sees
 */
#ifndef BERTH_CONTAINER_ROOTFS_H
#define BERTH_CONTAINER_ROOTFS_H

#include "base/err.h"
#include "container/container.h"

/* Called once, in the new user, mount, PID and IPC namespaces with ids mapped.
 * On success the process stands in "/" of the finished root, and nothing of the
 * old one can be reached. */
int rootfs_build(const struct container_spec *spec, struct err *err);

#endif
