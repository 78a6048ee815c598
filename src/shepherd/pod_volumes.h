/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_volumes.h - variables and volumes of a pod, from what its node was sent
 *
 * The seam between src/volume, which knows no messages, and whoever runs the pod.
 */
#ifndef BERTH_SHEPHERD_POD_VOLUMES_H
#define BERTH_SHEPHERD_POD_VOLUMES_H

#include "shepherd/shepherd.h"
#include "volume/volumes.h"

struct pod_volumes;

/* Take in the objects that came with the launch, and overwrite them there. 'pod' is
 * borrowed until the end. An error is one of the whole pod. */
int pod_volumes_create(struct shepherd *sh, const struct mf_pod *pod,
                       struct pod_volumes **ret, struct err *err);
/* The directories of NFS servers that the node has not mounted: 'ret' has room for all
 * volumes of the pod. Their number; they are borrowed. */
size_t pod_volumes_exports(const struct pod_volumes *v, const struct mf_nfs **ret);
/* Now it has: "SERVER:/PATH=/DIRECTORY[:rw]". */
int pod_volumes_add_export(struct pod_volumes *v, const char *rule, struct err *err);
/* Make the volumes' directories below 'dir', which is ours. */
int pod_volumes_prepare(struct pod_volumes *v, const char *dir, struct err *err);
void pod_volumes_destroy(struct pod_volumes *v);

/* As volumes_memory and volumes_reach; 'roots' are copied. */
const struct volume_memory *pod_volumes_memory(const struct pod_volumes *v,
                                               size_t *ret_n);
void pod_volumes_reach(struct pod_volumes *v, const int *roots);
/* What is known only later; "": it is not. Copied. */
void pod_volumes_addresses(struct pod_volumes *v, const char *host, const char *pod);

/* The manifest's variables of a container, "NAME=VALUE", which an image's stand
 * behind. What is not there (yet) is an error with words, a
 * CreateContainerConfigError. */
int pod_volumes_env(const struct pod_volumes *v, const struct mf_container *container,
                    char ***ret_env, struct err *err);
/* What it mounts, filled; likewise. 'env' are its variables. */
int pod_volumes_binds(struct pod_volumes *v, const struct mf_container *container,
                      char *const *env, struct volume_binds *ret, struct err *err);

/* New contents. True when they are others than before: files have been brought up to
 * them, as far as all is there. Overwritten in the message. */
bool pod_volumes_take(struct pod_volumes *v, const Berth__PodData *data);

/* As volumes_watch. */
int pod_volumes_watch(struct pod_volumes *v, int64_t now_ms, struct err *err);

#endif
