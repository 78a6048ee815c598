/* SPDX-License-Identifier: Apache-2.0
 *
 * export.h - what the forms of an exported image share
 */
#ifndef BERTH_IMAGE_EXPORT_H
#define BERTH_IMAGE_EXPORT_H

#include <sys/types.h>

#include "image/oci.h"
#include "image/paths.h"

/* Where the files of a bundle go: a directory, or a tar. */
struct sink;

/* 'out', the tar's descriptor, and 'path', a directory that is there, are borrowed. */
int sink_of_tar(int out, struct sink **ret, struct err *err);
int sink_of_dir(const char *path, struct sink **ret, struct err *err);
int sink_put(struct sink *sink, const char *name, const void *bytes, size_t len,
             struct err *err);
/* 'size' bytes that 'read' gives, all that it is asked for: 0 or -Exxx. */
int sink_put_from(struct sink *sink, const char *name, uint64_t size,
                  int (*read)(void *ctx, void *bytes, size_t len), void *ctx,
                  struct err *err);
/* Directories come before what is in them. */
int sink_put_dir(struct sink *sink, const char *name, struct err *err);
int sink_end(struct sink *sink, struct err *err);
void sink_closep(struct sink **sink);

/* An image with its documents. */
struct exported {
    const struct image_store *store;
    const struct image *image;
    const char *name; /* that it gets outside */
    char *manifest_text, *config_text;
    struct oci_manifest manifest;
    struct oci_config config;
};

/* As an OCI layout, byte for byte what came in; as a docker archive. -ENOENT when
 * the layers' archives are not kept. */
int export_layout(const struct exported *x, struct sink *sink, struct err *err);
int export_docker(const struct exported *x, struct sink *sink, struct err *err);

/* As the root file system that containers see: a tar, a directory, a squashfs. */
int export_tar(const struct image *image, int out, struct err *err);
int export_dir(const struct image *image, const char *path, struct err *err);
int export_squashfs(const struct image *image, const char *path, struct err *err);

#endif
