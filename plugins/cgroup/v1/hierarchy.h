/* SPDX-License-Identifier: Apache-2.0
 *
 * hierarchy.h - one of the trees of version 1
 */
#ifndef BERTH_CGROUP_V1_HIERARCHY_H
#define BERTH_CGROUP_V1_HIERARCHY_H

#include <berth/cgroup.h>

enum controller {
    MEMORY,
    PIDS,
    FREEZER,
    CPUACCT,
    CPUSET,
    CPU,
    DEVICES,
    BLKIO,
    N_CONTROLLERS
};

struct hierarchy {
    uint32_t controllers; /* 1 << enum controller */
    int fd;               /* of our root in it */
    char *dir;            /* the same, absolute */
};

/* Make our root in the tree that has 'controller'. -ENOTSUP: there is none. */
int hierarchy_make(const struct berth_cgroup_settings *settings,
                   enum controller controller, struct hierarchy *ret,
                   struct berth_cgroup_err *err);
/* Open a root from its line of a handle, which is cut up. */
int hierarchy_join(char *line, struct hierarchy *ret, struct berth_cgroup_err *err);
void hierarchy_fini(struct hierarchy *tree);

/* "cpu,cpuacct" */
void hierarchy_names(const struct hierarchy *tree, char *names, size_t size);
/* Make a group whose parent is there; one that is there is fine. */
int hierarchy_mkdir(const struct hierarchy *tree, const char *path);
/* With all below it; "": our root too, and what was made for it. */
int hierarchy_remove(const struct hierarchy *tree, const char *path);

#endif
