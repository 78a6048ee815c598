/* SPDX-License-Identifier: Apache-2.0
 *
 * paths.h - paths inside of an image
 */
#ifndef BERTH_BUILD_PATHS_H
#define BERTH_BUILD_PATHS_H

/* 'path' seen from the working directory 'cwd' (NULL: the root), clean and relative
 * to the image's root: ("/srv", "a/../b/") is "srv/b". The caller frees it. */
char *path_inside(const char *cwd, const char *path);

#endif
