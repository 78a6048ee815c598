/* SPDX-License-Identifier: Apache-2.0
 *
 * squashfs_absent.c - in place of squashfs_pack.c where there is no libsquashfuse
 */
#include "image/squashfs.h"

#include <errno.h>

int squashfs_pack(int fd, uint64_t offset, int out, struct err *err)
{
    (void)fd;
    (void)offset;
    (void)out;
    return err_set(err, ENOTSUP,
                   "this berth was built without libsquashfuse and reads no squashfs: "
                   "unpack it with unsquashfs and import the directory");
}
