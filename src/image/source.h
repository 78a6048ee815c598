/* SPDX-License-Identifier: Apache-2.0
 *
 * source.h - what 'berth image import' was given
 *
 *     PATH                              found out by looking
 *     oci:DIR[:NAME]                    as skopeo and podman write it
 *     oci-archive:FILE[:NAME]
 *     docker-archive:FILE[:NAME]
 *     dir:DIR
 *     -                                 stdin
 */
#ifndef BERTH_IMAGE_SOURCE_H
#define BERTH_IMAGE_SOURCE_H

#include "base/err.h"

enum source_kind {
    SOURCE_STDIN,
    SOURCE_FILE,       /* a tar or archive of any kind */
    SOURCE_TREE,       /* a root file system */
    SOURCE_OCI_LAYOUT, /* a directory */
    SOURCE_SKOPEO_DIR, /* the same */
};

struct source {
    enum source_kind kind;
    char *path;
    char *pick; /* which image of it; NULL: not said */
};

/* Look at what 'text' names. -ENOENT and the like for what is not there, -EINVAL
 * when it is not what its prefix says. */
int source_find(const char *text, struct source *ret, struct err *err);
void source_fini(struct source *source);

/* A name for an image made of the path: "dir/debian-12.tar.zst" -> "debian-12". Of
 * "oci:dir:debian:12" it is the name given. NULL when there is none (stdin). The
 * caller frees it. */
char *source_name(const char *text);

#endif
