/* SPDX-License-Identifier: Apache-2.0
 *
 * upload.h - one blob into a registry
 */
#ifndef BERTH_REGISTRY_UPLOAD_H
#define BERTH_REGISTRY_UPLOAD_H

#include "image/oci.h"
#include "registry/session.h"

enum upload_outcome {
    UPLOAD_THERE,   /* the repository has it */
    UPLOAD_MOUNTED, /* from another repository of the registry */
    UPLOAD_SENT,
};

struct upload {
    struct session *session;
    struct http *http;
    const char *scope, *path;
    const struct oci_descriptor *blob;
    const char *file; /* the blob's bytes */
    const char *from; /* another repository that may have it; NULL: none known */
    const char *what; /* for progress and words */
    image_progress_fn *progress;
    void *ctx;
};

/* See to it that the repository has the blob. */
int upload_blob(const struct upload *upload, enum upload_outcome *ret, struct err *err);

#endif
