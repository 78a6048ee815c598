/* SPDX-License-Identifier: Apache-2.0
 *
 * whiteout.h - OCI's ".wh." files as overlayfs knows them
 *
 * An OCI layer says "x of the layers below is gone" by a file ".wh.x", and
 * "nothing of this directory below counts" by ".wh..wh..opq". For overlayfs,
 * mounted with userxattr, these are a character device 0:0 named x, and the
 * attribute user.overlay.opaque=y of the directory.
 */
#ifndef BERTH_IMAGE_WHITEOUT_H
#define BERTH_IMAGE_WHITEOUT_H

#include <stdbool.h>
#include <sys/stat.h>

#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_OPAQUE ".wh..wh..opq"

/* Does a file's name make it a whiteout of any kind? */
bool whiteout_is_one(const char *name);

/* What ".wh.x" hides: "x"; NULL for ".wh..wh..opq" and AUFS's own marks. */
const char *whiteout_target(const char *name);
bool whiteout_is_opaque_mark(const char *name);

/* Hide 'name' of the layers below in the directory 'dir'. When this layer has
 * it too, a directory becomes opaque and anything else already hides it. */
int whiteout_make(int dir, const char *name);

/* Nothing of the layers below shows in the directory 'dir'. */
int whiteout_make_opaque(int dir);

/* The other way round: is 'name' in 'dir', whose lstat is 'st', a whiteout of
 * either form? Is nothing of the layers below to show in 'dir'? */
bool whiteout_is_made(int dir, const char *name, const struct stat *st);
bool whiteout_is_opaque(int dir);

#endif
