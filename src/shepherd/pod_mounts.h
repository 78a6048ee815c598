/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_mounts.h - what the containers of a pod have mounted
 */
#ifndef BERTH_SHEPHERD_POD_MOUNTS_H
#define BERTH_SHEPHERD_POD_MOUNTS_H

#include "shepherd/pod_lead.h"

struct pod_volumes;

/* Take in what came with the launch. An error is one of the whole pod. */
int pod_mounts_begin(struct pod_lead *pl, struct err *err);
/* Its volumes; NULL before pod_mounts_begin. */
struct pod_volumes *pod_mounts_volumes(const struct pod_lead *pl);
/* Judge the volumes and make their directories, before there is a sandbox: likewise. */
int pod_mounts_prepare(struct pod_lead *pl, struct err *err);
/* What the sandbox is to mount of memory: /dev/shm, which containers share, and
 * volumes. Borrowed until pod_mounts_end. */
const struct sandbox_memory *pod_mounts_memory(const struct pod_lead *pl,
                                               size_t *ret_n);
/* The sandbox stands. */
void pod_mounts_reach(struct pod_lead *pl);

/* New contents of what the pod names. */
void pod_mounts_take(struct pod_lead *pl, const Berth__PodData *data);

/* The variables that the manifest gives a container (an strv): likewise. */
int pod_mounts_env(const struct pod_member *member, char ***ret_env, struct err *err);

/* The mounts of a container; 'env' is for subPathExpr. What it names and is not there
 * (yet) is an error with words, a CreateContainerConfigError. */
struct pod_mount_list {
    struct bind_mount *v;
    size_t n;
    char **own; /* texts that they point to */
};
int pod_mounts_of(struct pod_member *member, char *const *env,
                  struct pod_mount_list *ret, struct err *err);
void pod_mount_list_fini(struct pod_mount_list *list);

/* The file that a container leaves its last words in. */
char *pod_mounts_message_file(const struct pod_member *member);

/* Nothing of the pod runs any more: remove all. */
void pod_mounts_end(struct pod_lead *pl);

#endif
