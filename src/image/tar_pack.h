/* SPDX-License-Identifier: Apache-2.0
 *
 * tar_pack.h - files of this machine as entries of a tar
 *
 * Equal files give equal bytes, on every machine: owners are left out (all is
 * root's), times are whole seconds, the attributes kept (user.*, without
 * overlayfs's own) are in sorted order. Format: POSIX.1-2001 pax, where plain
 * ustar does not suffice.
 */
#ifndef BERTH_IMAGE_TAR_PACK_H
#define BERTH_IMAGE_TAR_PACK_H

#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "image/attributes.h"

struct tar_pack;

/* One entry, from wherever it comes; all is borrowed. */
struct tar_entry {
    const char *path;
    mode_t mode; /* type and bits */
    int64_t mtime;
    int64_t size;         /* of a regular file that is no hard link; else 0 */
    const char *symlink;  /* where it leads */
    const char *hardlink; /* the entry that has the content */
    const struct attribute *attributes;
    size_t n_attributes;
    /* The next 'len' bytes of the content, all of them. 0 or -Exxx. */
    int (*read)(void *ctx, void *bytes, size_t len);
    void *ctx;
};

/* Begin a tar into 'out' (borrowed; any descriptor). No entry gets a time later
 * than 'latest', which below 0 allows all. */
int tar_pack_open(int out, int64_t latest, struct tar_pack **ret, struct err *err);

/* Add what 'name' in 'dir' is, with its content, under the name 'path'. 'st' is
 * its lstat. A file with several names goes in once, then as hard links. Words
 * name 'path'; -EIO: nobody reads 'out' any more. */
int tar_pack_add(struct tar_pack *pack, const char *path, int dir, const char *name,
                 const struct stat *st, struct err *err);

/* Add an entry as it is described. */
int tar_pack_put(struct tar_pack *pack, const struct tar_entry *entry, struct err *err);

/* Add an empty file, a mark of some kind. */
int tar_pack_mark(struct tar_pack *pack, const char *path, int64_t mtime,
                  struct err *err);

/* Write the end; without it the tar is cut short, which readers notice. */
int tar_pack_end(struct tar_pack *pack, struct err *err);
void tar_pack_closep(struct tar_pack **pack);

#endif
