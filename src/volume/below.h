/* SPDX-License-Identifier: Apache-2.0
 *
 * below.h - paths below a directory, which links cannot lead out of
 */
#ifndef BERTH_VOLUME_BELOW_H
#define BERTH_VOLUME_BELOW_H

#include <stdbool.h>

/* Open 'path' ("": the directory itself) below 'dir'. A descriptor, or -Exxx; -EXDEV:
 * it leads out. */
int below_open(int dir, const char *path, int flags);

/* Make what is missing of 'path', in the end a directory or an empty file. 0, also
 * when it was there, or -Exxx. */
int below_make(int dir, const char *path, bool want_dir);

/* Relative, with no empty, "." or ".." part, and not beginning with "..": a name for
 * a file that we make. */
bool below_is_plain(const char *path);

/* The path that an open descriptor has now, without links; heap, NULL: none. */
char *below_path(int fd);

#endif
