/* SPDX-License-Identifier: Apache-2.0
 *
 * dir_guard.h - a directory of root's that some users may pass through, and no others
 */
#ifndef BERTH_NODE_DIR_GUARD_H
#define BERTH_NODE_DIR_GUARD_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* Let these 'n' users, each at most once, enter 'dir', which they cannot list, and
 * nobody else but its owner; an ACL (acl(5)) says so. -ENOTSUP and others: the file
 * system has none, or none of that size; then nobody but its owner may. */
int dir_guard_set(const char *dir, const uid_t *uids, size_t n, struct err *err);

#endif
