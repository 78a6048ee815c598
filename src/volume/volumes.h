/* SPDX-License-Identifier: Apache-2.0
 *
 * volumes.h - the volumes of a pod on its node, from the first directory to the last
 *
 * The caller is the job's user. Everything is below '<dir>/volumes', 'dir' being a
 * directory of the user's alone:
 *
 *     volumes/NAME     emptyDir: a directory, or where a tmpfs is mounted
 *     volumes/.data    where one ramfs for all files from objects is mounted:
 *     volumes/.data/NAME/{..DATA_7/, ..data -> ..DATA_7, key -> ..data/key}
 *
 * What is of memory is mounted by the pod's sandbox in its mount namespace, so nobody
 * else on the node has a path to it, and it ends with the pod however that ends. A
 * user may not say noswap of a tmpfs; a ramfs has no swap to begin with.
 *
 *     volumes_create --> volumes_memory: mounted by the sandbox
 *                        volumes_reach(descriptors of their roots)
 *                        volumes_update: all files are there, or words of what is not
 *                        volumes_binds, for each container
 *     PodData -------->  volumes_update;  timer --> volumes_watch;  volumes_destroy
 */
#ifndef BERTH_VOLUME_VOLUMES_H
#define BERTH_VOLUME_VOLUMES_H

#include "volume/data.h"
#include "volume/facts.h"
#include "volume/host_path.h"

struct volumes;

/* The directory of an NFS server that 'volume' is, itself or as what its claim has got;
 * NULL: it is none. Borrowed. */
const struct mf_nfs *volumes_nfs(const struct mf_volume *volume,
                                 const struct pod_data *data);

/* Judge the volumes by what the site allows, and make their directories. -EPERM,
 * -ENOENT, ... with words that begin with the volume: "volume 'logs': ...". */
int volumes_create(const struct mf_pod *pod, const struct pod_data *data,
                   const struct host_rules *site, const char *dir, struct volumes **ret,
                   struct err *err);

/* A file system of memory that the sandbox mounts at 'path', a directory that is
 * there. */
struct volume_memory {
    char *path;
    uint64_t bytes;     /* bounds it; 0: half the memory */
    bool never_swapped; /* a ramfs: no bounds but the control group's */
};
const struct volume_memory *volumes_memory(const struct volumes *v, size_t *ret_n);

/* Descriptors (O_PATH) of their roots, in the same order; they stay the caller's until
 * volumes_destroy. */
void volumes_reach(struct volumes *v, const int *roots);

/* Bring the files of configMap, secret, downwardAPI and projected volumes to what the
 * objects say now; whoever reads them sees all old or all new. The number of volumes
 * that changed, or: -ENOENT when something is not there (yet), and then a volume that
 * was filled before stays as it was; the others are done all the same. */
int volumes_update(struct volumes *v, const struct pod_data *data,
                   const struct pod_facts *facts, struct err *err);

/* A mount of a container; see 'struct bind_mount'. */
struct volume_bind {
    char *source; /* absolute, and no part of it may be a link */
    char *within; /* below it; its links may not leave it; NULL: all of it */
    char *target; /* in the container */
    bool readonly;
};
struct volume_binds {
    struct volume_bind *v;
    size_t n;
};

/* What the container mounts, shorter targets first. 'env' is for subPathExpr. A subPath
 * that is not there is made, a directory. -ENODATA: a volume has not been filled. */
int volumes_binds(struct volumes *v, const struct mf_container *container,
                  char *const *env, struct volume_binds *ret, struct err *err);
void volume_binds_fini(struct volume_binds *binds);

/* Look whether a directory holds more than its sizeLimit: a little at a time, one
 * millisecond of CPU a call at most, each volume at most every 10 s. Returns in how
 * many ms to call again, 0: never; or -EDQUOT with words: the pod is to be evicted. */
int volumes_watch(struct volumes *v, int64_t now_ms, struct err *err);

/* Remove all, also what only modes protect. The sandbox should have ended. */
void volumes_destroy(struct volumes *v);

#endif
