/* SPDX-License-Identifier: Apache-2.0
 *
 * copy.h - COPY and ADD: from a source tree into the image's root
 *
 * Runs in a view (view.h): both roots are open, and no path leaves them.
 */
#ifndef BERTH_BUILD_COPY_H
#define BERTH_BUILD_COPY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "build/sources.h"

#define COPY_MODE_KEPT ((mode_t)-1)

struct copy_job {
    const struct source_tree *tree;
    char *const *paths; /* as sources_find gives them */
    int root;           /* of the image */
    const char *dest;   /* clean, relative to the root */
    bool dest_is_dir;   /* it was written with a slash at its end */
    mode_t mode;        /* --chmod, or COPY_MODE_KEPT */
    const char *unpack; /* ADD: an empty directory for archives; NULL: copy them */
    uint64_t skipped;   /* result: devices, pipes, sockets */
};

/* Files keep mode and time; a directory's contents go into the destination; what is
 * in the way of a file is replaced, a directory in its way is an error, and the other
 * way round. */
int copy_all(struct copy_job *job, struct err *err);

/* A here-document: 'text' as the file 'name' in the directory dest, or as dest. */
int copy_text(struct copy_job *job, const char *name, const char *text,
              struct err *err);

#endif
