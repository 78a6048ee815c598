/* SPDX-License-Identifier: Apache-2.0
 *
 * tree_compare.h - are two trees the same?
 */
#ifndef BERTH_IMAGE_TREE_COMPARE_H
#define BERTH_IMAGE_TREE_COMPARE_H

#include "base/err.h"

/* 0 when the directory 'found' is as 'wanted': the same names with the same types,
 * modes, times of files, links, user attributes and content. -EBADMSG with words
 * on the first difference, by path; -ENOENT when there is no 'found'. Owners are not
 * compared, and neither are times of directories, which archives may leave out. */
int tree_compare(const char *found, const char *wanted, struct err *err);

#endif
