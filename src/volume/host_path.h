/* SPDX-License-Identifier: Apache-2.0
 *
 * host_path.h - which paths of the node a pod may be shown
 *
 * A rule is an absolute path of the node, in which a part may have '*', '?' and
 * '[...]', and "%u", the user: "/data", "/scratch/[a-z]*:rw". It allows what it fits
 * and all below; behind ":rw" also to write there. Judged is the path that is left
 * when all links have been followed: a link that leads out of what is allowed is
 * refused. Links before a rule's first pattern are the site's, and are followed in the
 * rule as well.
 */
#ifndef BERTH_VOLUME_HOST_PATH_H
#define BERTH_VOLUME_HOST_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "objects/objects.h"

struct host_rules;

/* "RULE,RULE" of pods.host_paths, "SERVER:/PATH=/DIRECTORY[:rw],..." of
 * pods.nfs_mounts; NULL or "": none. -EINVAL with words. */
int host_rules_parse(const char *paths, const char *nfs, const char *user,
                     struct host_rules **ret, struct err *err);
void host_rules_free(struct host_rules *rules);

/* Do nodes have it mounted? */
bool host_nfs_is_known(const struct host_rules *rules, const struct mf_nfs *nfs);
/* One more of these; -EINVAL with words. */
int host_rules_add_nfs(struct host_rules *rules, const char *nfs, struct err *err);

/* Where a volume is. */
struct host_place {
    char *path; /* absolute, without links; heap */
    bool is_writable;
    bool is_dir;
};

/* Find 'path', as the caller ('rules' NULL: whatever he may see), and hold it against
 * 'type'; what that says to make is made, where pods may write. -EPERM with words when
 * the site does not allow it, -ENOENT, -ENOTDIR, ... */
int host_path_find(const struct host_rules *rules, const char *path,
                   enum mf_host_path type, struct host_place *ret, struct err *err);

/* The same of a directory of an NFS server, which must be mounted: -ENODEV. */
int host_nfs_find(const struct host_rules *rules, const struct mf_nfs *nfs,
                  struct host_place *ret, struct err *err);

#endif
