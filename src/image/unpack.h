/* SPDX-License-Identifier: Apache-2.0
 *
 * unpack.h - one layer's archive into a directory, and never out of it
 *
 * Parents are resolved with openat2(RESOLVE_IN_ROOT), all else is made with
 * *at() calls below them; nothing that the archive says is ever used as a path
 * of the host.
 */
#ifndef BERTH_IMAGE_UNPACK_H
#define BERTH_IMAGE_UNPACK_H

#include <archive.h>
#include <stdint.h>

#include "base/err.h"

#define UNPACK_ENTRIES_MAX 10000000
#define UNPACK_DEPTH_MAX 256
#define UNPACK_BYTES_MAX (UINT64_C(512) << 30)

struct unpack_totals {
    uint64_t bytes;      /* written to files */
    uint64_t skipped;    /* devices, fifos, sockets */
    uint64_t attributes; /* extended attributes left behind */
    uint64_t set_ids;    /* files that lost set-id bits */
};

/* Unpack all entries of 'from' below the directory 'target', an empty one.
 * Whiteouts become overlayfs's own. -EINVAL for an archive that tries to leave,
 * or is none; -ENOSPC, -EDQUOT: the disk is full. */
int unpack_archive(struct archive *from, const char *target, struct unpack_totals *ret,
                   struct err *err);

#endif
