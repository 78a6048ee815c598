/* SPDX-License-Identifier: Apache-2.0
 *
 * internal.h - a pod's volumes, as their files share them
 */
#ifndef BERTH_VOLUME_INTERNAL_H
#define BERTH_VOLUME_INTERNAL_H

#include "volume/publish.h"
#include "volume/usage.h"
#include "volume/volumes.h"

enum volume_kind {
    VOLUME_DISK,   /* a directory of ours */
    VOLUME_MEMORY, /* a tmpfs of the sandbox */
    VOLUME_FILES,  /* a directory on the sandbox's ramfs, written by publish */
    VOLUME_PLACE,  /* a path of the node */
};

struct volume {
    const struct mf_volume *mf;
    enum volume_kind kind;
    char *path; /* where containers find it: absolute, without links */
    bool is_writable, is_dir;
    size_t memory; /* which of volumes_memory, of MEMORY and FILES */
    struct published published;
    uint64_t limit; /* of DISK; 0: none */
    struct usage *usage;
    int64_t look_at; /* when to begin to count again */
};

struct volumes {
    const struct mf_pod *pod;
    char *dir;
    struct volume *v;
    size_t n;
    struct volume_memory *memory;
    const int *roots; /* of these; NULL: not reached yet */
    size_t n_memory;
};

/* Open the volume's directory (or file): a descriptor, or -Exxx with words. */
int volume_open(const struct volumes *v, const struct volume *volume, struct err *err);

#endif
