/* SPDX-License-Identifier: Apache-2.0
 *
 * host_path.h - which paths of the node a pod may be shown
 *
 * A rule is an absolute path of the node, in which a part may have '*', '?' and
 * '[...]': "/data", "/scratch/[a-z]*". "%u" is the user. It allows what it fits and all
 * below. Judged is the path that is left when all links have been followed: a link
 * that leads out of what is allowed is refused; one of the site's, in the part of a
 * rule before its first pattern, is followed in the rule as well.
 */
#ifndef BERTH_VOLUME_HOST_PATH_H
#define BERTH_VOLUME_HOST_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "objects/objects.h"

struct host_rule {
    const char *pattern;
    bool is_writable; /* else it is mounted read-only, whatever the pod says */
};

/* A directory that the node has mounted from an NFS server. */
struct host_nfs {
    const char *server, *path; /* and all below */
    const char *mounted_at;
    bool is_writable;
};

/* Borrowed. */
struct host_rules {
    const struct host_rule *paths;
    size_t n_paths;
    const struct host_nfs *nfs;
    size_t n_nfs;
    const char *user;
};

/* Open-check what 'path' is by 'type', as the caller; what the type says to make is
 * made. '*ret' gets the path without links. -EPERM with words when the site does not
 * allow it, -ENOENT, -ENOTDIR, ... */
int host_path_find(const struct host_rules *rules, const char *path,
                   enum mf_host_path type, char **ret, bool *ret_writable,
                   struct err *err);

/* The same of a directory of an NFS server. */
int host_nfs_find(const struct host_rules *rules, const struct mf_nfs *nfs, char **ret,
                  bool *ret_writable, struct err *err);

#endif
