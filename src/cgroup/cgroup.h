/* SPDX-License-Identifier: Apache-2.0
 *
 * cgroup.h - groups of processes: limited, counted, stopped and ended together
 *
 * What this kernel has for that is a plugin's matter (berth/cgroup.h, which says what
 * each function does). Where there is nothing, 'struct cgroup *' is NULL: all
 * functions take that, and do nothing or say -ENOTSUP.
 */
#ifndef BERTH_CGROUP_CGROUP_H
#define BERTH_CGROUP_CGROUP_H

#include <berth/cgroup.h>
#include <stdbool.h>

#include "base/err.h"

struct cgroup;

/* Load plugin 'plugin' and make the root 'name' ("berth/CLUSTER.NODE") with it, below
 * 'base' (NULL: where the plugin finds a place). "auto" is the first of "v2" and "v1"
 * that works. -ENOTSUP, -EACCES and others say why there is none. */
int cgroup_open(const char *plugin, const char *base, const char *name,
                struct cgroup **ret, struct err *err);
/* Another process's root, by the names that cgroup_plugin and cgroup_handle gave. */
int cgroup_join(const char *plugin, const char *handle, struct cgroup **ret,
                struct err *err);
/* What is left of it, to be removed: somebody else may have removed a part. */
int cgroup_join_rest(const char *plugin, const char *handle, struct cgroup **ret,
                     struct err *err);
void cgroup_close(struct cgroup *cg);

/* The same while there is time: the first cgroup_join of these names, in this process
 * or in one that it has forked, then finds it done. What fails, fails there. */
void cgroup_join_early(const char *plugin, const char *handle);

/* "v2"; "none" for NULL. */
const char *cgroup_plugin(const struct cgroup *cg);
const char *cgroup_handle(const struct cgroup *cg);
const char *cgroup_words(const struct cgroup *cg);
bool cgroup_can(const struct cgroup *cg, enum berth_cgroup_can what);

int cgroup_make(struct cgroup *cg, const char *path,
                const struct berth_cgroup_limits *limits, struct err *err);
int cgroup_enter(struct cgroup *cg, const char *path, pid_t pid, struct err *err);
int cgroup_doors(struct cgroup *cg, const char *path, int fds[BERTH_CGROUP_DOORS],
                 struct err *err);
int cgroup_usage(struct cgroup *cg, const char *path, struct berth_cgroup_usage *ret);
int cgroup_processes(struct cgroup *cg, const char *path, pid_t **ret, size_t *ret_n);
int cgroup_freeze(struct cgroup *cg, const char *path, bool frozen, struct err *err);
int cgroup_kill(struct cgroup *cg, const char *path, struct err *err);
int cgroup_remove(struct cgroup *cg, const char *path, struct err *err);
char **cgroup_children(struct cgroup *cg, const char *path);

#endif
