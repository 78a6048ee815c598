/* SPDX-License-Identifier: Apache-2.0
 *
 * group.h - the control group of this shepherd's tasks
 *
 * The ways into it are opened as root; the container's first process goes through them
 * as its first act, so all it starts is in there from its first instruction. We
 * ourselves never are. It is read to tell what was used and why something was killed. A
 * node without groups has none: then all of this does nothing, and says so.
 */
#ifndef BERTH_SHEPHERD_GROUP_H
#define BERTH_SHEPHERD_GROUP_H

#include <berth/cgroup.h>

#include "shepherd/shepherd.h"

struct group;

/* While we are root and have one thread: go to where the job's shepherds are, and open
 * the ways into the tasks' group. Keeps ourselves from being killed when memory is
 * short. */
int group_prepare(struct shepherd *sh, struct err *err);
/* These ways, for a container's first process. */
const int *group_doors(const struct shepherd *sh, size_t *ret_n);
/* The same of a container of a pod, GROUP_SANDBOX for what they share. These stay open,
 * as containers are started again: nobody may look into the lead of a pod. Where the
 * containers have no groups of their own they are the pod's. */
#define GROUP_SANDBOX "_sandbox"
const int *group_doors_of(const struct shepherd *sh, const char *name, size_t *ret_n);
/* It is on its way, or there will be none. Until then nobody may look into us; see
 * identity_open. May be repeated. */
void group_close_doors(struct shepherd *sh);
/* The node's daemon is back, and may not have heard what we asked. */
void group_node_is_back(struct shepherd *sh);
/* Stop or go on with all tasks. 'fallback' is called when the node cannot do that. */
void group_freeze(struct shepherd *sh, bool frozen, void (*fallback)(void *ctx),
                  void *ctx);

/* What is stopped does not die in all versions of control groups: before a kill. */
void group_thaw(struct shepherd *sh);

/* All zero where it is not known. */
struct berth_cgroup_usage group_usage(const struct shepherd *sh);
/* Was, by 'usage', something killed for lack of memory since this was last asked? Then
 * words on why, the caller's to free; 'who' ("task 3") was, of at most 'rss_kib'. */
char *group_why_killed(struct shepherd *sh, const struct berth_cgroup_usage *usage,
                       const char *who, uint64_t rss_kib);

/* Was something killed in a pod's container for lack of memory since this was last
 * asked? */
bool group_killed_in(struct shepherd *sh, const char *name);

#endif
