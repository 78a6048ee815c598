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

/* For another program that makes the rest: mount the image's layers at the work
 * directory, a fresh /proc on the node's, and an empty /sys/fs/cgroup when that is to
 * be hidden. All else stays the node's. */
int rootfs_mount_for(const struct container_spec *spec, struct err *err);

#endif
