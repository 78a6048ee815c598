/* SPDX-License-Identifier: Apache-2.0
 *
 * build.h - a root file system under construction: what its parts share
 *
 * All of the container's own writable space is one tmpfs, the scratch: a
 * directory of it is the overlay's upper layer, and directories of that are
 * bound over it as /dev, /tmp and /run. One file system is cheaper to make and
 * to end than five, and its size bounds them together.
 */
#ifndef BERTH_CONTAINER_BUILD_H
#define BERTH_CONTAINER_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "container/container.h"

struct build {
    const struct container_spec *spec;
    int *layers;  /* O_PATH descriptors, topmost first */
    int *sources; /* of the caller's mounts: detached copies; -1: skipped */
    int scratch;  /* O_PATH: the tmpfs; -1 for the node's own root */
    int upper;    /* O_PATH: spec->overlay's two directories; -1 without one */
    int work;
    int root;  /* O_PATH: the new root */
    uid_t uid; /* of the user, inside */
    gid_t gid;
    bool in_place; /* the node's own root: nothing may be created in it */
};

/* Names in the scratch. UPPER is the overlay's upper layer, or the topmost of the
 * read-only ones when the root is read-only or its upper layer is on disk. */
#define UPPER "up"
#define WORK "work"
#define EMPTY "empty"

/* skeleton.c: before the overlay is mounted, make in its upper layer what it
 * will be mounted on, because in layers that belong to other users nothing can
 * be made afterwards. */
int skeleton_make(struct build *b, struct err *err);

/* links.c: before the overlay is mounted, make the caller's links in its upper
 * layer. */
int links_make(struct build *b, struct err *err);

/* etc.c: before the overlay is mounted, write etc/passwd and etc/group (the image's
 * own, and the user), hosts and hostname; afterwards, bind the node's resolv.conf. */
int etc_prepare(struct build *b, struct err *err);
int etc_bind(struct build *b, struct err *err);

/* dev.c: fill /dev. The working directory is the new root. */
int dev_make(struct build *b, struct err *err);
/* Names in /dev of the fabrics, single-copy helpers and, 'with_gpus', GPUs that the
 * node has; the caller frees the vector. */
char **dev_names(bool with_gpus);

/* mounts.c: the caller's mounts, in their order. The sources are copied before
 * anything is mounted: the work directory may be below one of them, and the
 * container must not hold a copy of itself. */
int mounts_open(struct build *b, struct err *err);
int mounts_attach(struct build *b, struct err *err);

/* Make a tree that is not attached yet read-only throughout. 0, or -1 and errno. */
int mount_set_readonly(int tree);

/* mask.c: hide or make read-only the parts of /proc and /sys that concern the
 * whole node. */
int mask_paths(struct build *b, struct err *err);
/* For those who do it elsewhere: the same as absolute paths, there or not; the caller
 * frees the vectors. */
char **mask_hidden_paths(void);
char **mask_readonly_paths(void);

/* overlay.c: open spec->overlay, and hold it against other containers; mount the
 * image's layers and what lies over them. */
int overlay_open(struct build *b, struct err *err);
int overlay_mount(struct build *b, struct err *err);

/* resolve.c: open 'path' (absolute or not) as if 'root' were "/"; links cannot
 * lead out of it, nor through /proc. A descriptor or -Exxx. */
int resolve_in(int root, const char *path, int flags);

/* Open the mount point 'path', a directory or a file, making what is missing as
 * long as it would be made in the container's own space. */
int resolve_target(const struct build *b, const char *path, bool want_dir, int *ret_fd,
                   struct err *err);

#endif
