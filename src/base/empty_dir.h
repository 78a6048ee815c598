/* SPDX-License-Identifier: Apache-2.0
 *
 * empty_dir.h - remove what a directory holds, if it is below one that may lose it
 */
#ifndef BERTH_BASE_EMPTY_DIR_H
#define BERTH_BASE_EMPTY_DIR_H

#include "base/err.h"

/* Remove all that 'path' holds, as the caller, and itself where the caller may; else it
 * stays, empty. 'path' is absolute, without "." and "..", and below one of 'roots', a
 * strv of absolute paths; no root itself is ever emptied. Links of a root's own path
 * are followed; none from there on is, nor is a mount entered. Absent is fine.
 *
 * -EPERM: it is below none of them; -EINVAL, -ELOOP: not such a path; -ENOENT: the root
 * is not here; else what keeps something from being removed. */
int empty_dir_below(char *const *roots, const char *path, struct err *err);

#endif
