/* SPDX-License-Identifier: Apache-2.0
 *
 * tree.h - one hierarchy: its directories, and the processes in them
 */
#ifndef BERTH_CGROUP_TREE_H
#define BERTH_CGROUP_TREE_H

#include "files.h"

/* A list of pids that grows. */
struct pids {
    pid_t *v;
    size_t n;
};

/* Add the processes in 'dir' and below. */
void tree_processes(int at, const char *dir, struct pids *pids);
/* SIGKILL to them all; how many there were. */
size_t tree_kill(int at, const char *dir);
/* rmdir from the bottom up; 0 when it is not there. -EBUSY: processes. */
int tree_remove(int at, const char *dir);

/* Find where the hierarchy with all of 'controller' (of v1; NULL: v2) is mounted,
 * and where we are in it: heap strings, the caller's. 'machine' stands before all
 * paths. -ENOTSUP: it is not mounted. */
int tree_find(const char *machine, const char *controller, char **ret_mount,
              char **ret_own);

#endif
