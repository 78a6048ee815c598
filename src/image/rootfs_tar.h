/* SPDX-License-Identifier: Apache-2.0
 *
 * rootfs_tar.h - a root file system as a stream of tar, always in the same order
 */
#ifndef BERTH_IMAGE_ROOTFS_TAR_H
#define BERTH_IMAGE_ROOTFS_TAR_H

#include <stddef.h>

#include "base/err.h"

struct rootfs_tar;

/* Start a thread that writes what the directories 'dirs' show when overlayfs
 * stacks them, topmost first, as a tar, to be read from '*ret_fd' (the caller's
 * to close). One directory is the usual case; whiteouts are applied, not
 * written. Names are sorted and owners left out, so equal trees give equal
 * bytes. Other file systems mounted inside are left out as well. */
int rootfs_tar_start(const char *const *dirs, size_t n, struct rootfs_tar **ret,
                     int *ret_fd, struct err *err);

/* Wait for the thread: 0 when all was written, else what stopped it. Close the
 * descriptor first when it was not read to its end. */
int rootfs_tar_finish(struct rootfs_tar *tar, struct err *err);

#endif
