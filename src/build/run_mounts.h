/* SPDX-License-Identifier: Apache-2.0
 *
 * run_mounts.h - RUN --mount=...
 *
 *     type=bind   files of the context, a stage or an image; read-only unless rw,
 *                 and then what is written is gone afterwards
 *     type=cache  a directory of the store that later builds find again
 *     type=tmpfs  an empty directory, gone afterwards
 */
#ifndef BERTH_BUILD_RUN_MOUNTS_H
#define BERTH_BUILD_RUN_MOUNTS_H

#include "build/builder.h"
#include "container/container.h"

enum run_mount_type { RUN_MOUNT_BIND, RUN_MOUNT_CACHE, RUN_MOUNT_TMPFS };

struct run_mount {
    enum run_mount_type type;
    char *target, *source, *from, *id; /* source, from, id: or NULL */
    bool readonly;
    uint64_t bytes;       /* of a tmpfs; 0: half the memory */
    struct origin origin; /* of a bind */
    char *digest;         /* of what is bound; NULL for the rest */
};

struct run_mounts {
    struct run_mount *v;
    size_t n;
};

/* Pure: one option's text, variables replaced. '*ret' is to be given to
 * run_mount_fini, on failure too. */
int run_mount_parse(const char *text, struct run_mount *ret, struct err *err);
void run_mount_fini(struct run_mount *mount);

/* Those of step->in, with what they bind found and its digest taken. */
int run_mounts_read(const struct step *step, struct run_mounts *ret, struct err *err);
void run_mounts_fini(struct run_mounts *mounts);

/* Make what is bound, below 'scratch' where it must not be the original. 'ret' has
 * room for one each, their sources to be freed by the caller. */
int run_mounts_prepare(const struct step *step, const struct run_mounts *mounts,
                       const char *scratch, struct bind_mount *ret, struct err *err);

#endif
