/* SPDX-License-Identifier: Apache-2.0
 *
 * bundle.h - the files of an image in transit: a directory, or a tar of one
 *
 * OCI layouts, skopeo's directories and docker archives are a handful of files
 * with fixed names. Whoever reads them asks for names and does not see whether
 * they lie in a directory or in a tar, which is read in place.
 */
#ifndef BERTH_IMAGE_BUNDLE_H
#define BERTH_IMAGE_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* An image of 128 layers has about 260 files in any of the forms; a hundred such
 * images in one archive are still fewer. */
#define BUNDLE_FILES_MAX 65536

struct bundle;

/* One of its files: 'size' bytes from the descriptor's position. Those of a tar
 * share one position, so read one at a time. */
struct bundle_file {
    int fd; /* the caller's to close */
    uint64_t size;
};

/* The next bytes of a 'struct bundle_file', whose size goes down by as many: a
 * layer_source's 'read'. */
ssize_t bundle_file_read(void *file, void *bytes, size_t len, struct err *err);

/* 'dir' and 'tar' (seekable, not compressed) are taken over. -EINVAL for what is
 * no tar. Entries that are neither files nor links count as absent. */
struct bundle *bundle_of_dir(int dir);
int bundle_of_tar(int tar, struct bundle **ret, struct err *err);
void bundle_closep(struct bundle **bundle);

bool bundle_has(const struct bundle *bundle, const char *name);
/* -ENOENT with words when there is no such regular file. */
int bundle_open(const struct bundle *bundle, const char *name, struct bundle_file *ret,
                struct err *err);
/* The whole file, at most 'max' bytes, NUL-terminated. */
int bundle_read(const struct bundle *bundle, const char *name, size_t max,
                char **ret_bytes, size_t *ret_len, struct err *err);

/* Do the names that a tar begins with look like those of a bundle? 'bytes' is
 * its beginning, compressed or not; '*ret_compressed' says which. False for what
 * is no tar. */
bool bundle_is_likely(const void *bytes, size_t len, bool *ret_compressed);

#endif
