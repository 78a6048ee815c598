/* SPDX-License-Identifier: Apache-2.0
 *
 * tree_at.h - a directory tree that paths cannot leave
 */
#ifndef BERTH_IMAGE_TREE_AT_H
#define BERTH_IMAGE_TREE_AT_H

#include <dirent.h>

/* A clean relative path from an archive's name: no empty, "." parts and leading
 * slashes. NULL when it has a ".." part, is too deep or too long. "" is the
 * root. The caller frees it. */
char *tree_clean_path(const char *name);

/* Open the directory 'path' (clean) below 'root', following links as if 'root'
 * were "/". A descriptor, or -Exxx. */
int tree_open_dir(int root, const char *path);

/* The same, making directories that are missing. */
int tree_make_dirs(int root, const char *path);

/* Remove 'name' in 'dir', whatever it is. Absent is fine. */
int tree_remove(int dir, const char *name);

/* The names in 'dir' without "." and "..", sorted by bytes: their number, or
 * -Exxx with an empty list. */
int tree_list(int dir, struct dirent ***ret_names);
void tree_list_free(struct dirent **names, int n);

/* What follows the last slash; '*ret_parent' (the caller's to free) is what
 * comes before, "" for the root. */
const char *tree_split(const char *path, char **ret_parent);

#endif
