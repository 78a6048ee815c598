/* SPDX-License-Identifier: Apache-2.0
 *
 * view.h - look into, and write to, a root file system made of layers
 *
 * What layers show together only the kernel says right: links across layers,
 * whiteouts, opaque directories. So a child process becomes root of a user
 * namespace of its own, mounts an overlay that nobody else sees, does one thing and
 * ends; no mount outlives it.
 */
#ifndef BERTH_BUILD_VIEW_H
#define BERTH_BUILD_VIEW_H

#include <stddef.h>

#include "base/err.h"

/* Runs in the child. What it writes to 'out' comes back to the caller. */
typedef int view_fn(void *ctx, int out, struct err *err);

/* Run 'fn' in a child. '*ret' (may be NULL): what it wrote, NUL-terminated; the
 * caller frees it. A readable 'stop_fd' (-1: none) ends the child: -ECANCELED. */
int view_call(view_fn *fn, void *ctx, int stop_fd, char **ret, size_t *ret_len,
              struct err *err);

/* In the child: stack 'layers' (directories, topmost first, may be none) and open
 * the root. With 'overlay' changes go to its "upper", as struct container_spec has
 * it; with NULL it is read-only. 'at' is an empty directory to mount on. */
int view_mount(char *const *layers, const char *overlay, const char *at, int *ret_root,
               struct err *err);

#endif
