/* SPDX-License-Identifier: Apache-2.0
 *
 * base.h - where in the tree our groups may be
 */
#ifndef BERTH_CGROUP_V2_BASE_H
#define BERTH_CGROUP_V2_BASE_H

#include <berth/cgroup.h>

/* Make our root: *ret_dir is its absolute path, the caller's. -ENOTSUP: there is no
 * such tree, or it has no controllers to give. -EACCES and others: it does not let us.
 */
int base_make_root(const struct berth_cgroup_settings *settings, char **ret_dir,
                   struct berth_cgroup_err *err);
/* Have the groups below this one counted and limited, by all controllers that are to
 * be had. */
void base_enable(int at, const char *dir);

#endif
