/* SPDX-License-Identifier: Apache-2.0
 *
 * squashfs.h - a squashfs file system as a stream of tar
 *
 * libsquashfuse reads it, in a process of its own that may do nothing but read
 * that file and write the tar: what a made-up file system does to the library
 * stays there.
 */
#ifndef BERTH_IMAGE_SQUASHFS_H
#define BERTH_IMAGE_SQUASHFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Do these first bytes of a file begin a squashfs? */
bool squashfs_is_one(const void *bytes, size_t len);

struct squashfs_tar;

/* Start the process; its tar is read from '*ret_fd' (the caller's to close). 'fd' is
 * the file, in which the file system begins at 'offset'; it may be closed at once.
 * -ENOTSUP when this berth was built without libsquashfuse. */
int squashfs_tar_start(int fd, uint64_t offset, struct squashfs_tar **ret, int *ret_fd,
                       struct err *err);

/* Wait for the process: 0 when all was written, else what stopped it. Close the
 * descriptor first when it was not read to its end. */
int squashfs_tar_finish(struct squashfs_tar *tar, struct err *err);

/* What the process does, here and now: write the file system as a tar to 'out'. */
int squashfs_pack(int fd, uint64_t offset, int out, struct err *err);

#endif
