/* SPDX-License-Identifier: Apache-2.0
 *
 * mounts.h - which directories of the node a container of the job's image gets
 *
 * Pure. Beside the mounts a job asks for, in this order:
 *
 *     Berth's own command       at MOUNTS_TOOLS_INSIDE, read-only
 *     the site's task hooks     at TASK_PROLOG_INSIDE, TASK_EPILOG_INSIDE, read-only
 *     the home directory        at the same path, unless --no-home or "/"
 *     the job's directory       at the same path, unless below the home
 *     the working directory     at the same path, unless below the home, or where
 *                               it would hide a part of the image
 */
#ifndef BERTH_SHEPHERD_MOUNTS_H
#define BERTH_SHEPHERD_MOUNTS_H

#include <stddef.h>

#include "container/container.h"
#include "wire/messages.pb-c.h"

#define MOUNTS_TOOLS_INSIDE "/run/berth/bin"

/* The strings are borrowed. */
struct mounts {
    struct bind_mount *v;
    size_t n, cap;
    char **own; /* those that are not */
};

/* Where things are on the node. */
struct mount_sources {
    const char *tools, *home, *job_dir, *cwd;
    const char *task_prolog, *task_epilog; /* of the site; "": none */
};

void mounts_append(struct mounts *mounts, struct bind_mount mount);
bool mounts_have(const struct mounts *mounts, const char *target);

/* What programs find as /etc/hosts: lines of helper pods ('pods', n of them), which are
 * the first whatever else has such a name; the node's ('text'); and the job's nodes
 * with the addresses that they were granted with, where they are numbers and the node's
 * does not name them. Heap; NULL: there is nothing to add. */
char *mounts_hosts(const char *text, char *const *pods, size_t n_pods,
                   const Berth__Placement *placement);

/* What comes with an image by itself / what the job asks for. */
void mounts_of_image(const struct mount_sources *from, const Berth__ContainerSpec *spec,
                     struct mounts *mounts);
void mounts_of_job(const Berth__ContainerSpec *spec, struct mounts *mounts);
void mounts_fini(struct mounts *mounts);

#endif
