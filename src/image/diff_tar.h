/* SPDX-License-Identifier: Apache-2.0
 *
 * diff_tar.h - what changed in a container, as a layer's tar
 */
#ifndef BERTH_IMAGE_DIFF_TAR_H
#define BERTH_IMAGE_DIFF_TAR_H

#include <stdint.h>

#include "base/err.h"

/* Write the upper directory of an overlay (mounted with userxattr), or a layer
 * as the store keeps it, as an OCI layer's plain tar to 'out': what overlayfs
 * hides becomes ".wh." files, what it made opaque gets its mark. Names are
 * sorted, owners are root's, no time is later than 'latest' (below 0: any): the
 * same changes give the same bytes. Sockets are left out. The root itself has no
 * entry. Both descriptors are borrowed; nobody may change 'upper' meanwhile. */
int image_diff_tar(int upper, int out, int64_t latest, struct err *err);

#endif
