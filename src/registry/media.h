/* SPDX-License-Identifier: Apache-2.0
 *
 * media.h - what a document from a registry is, when all that says so agrees
 *
 * A document that could be read in two ways (a manifest and an index at once, or one
 * whose mediaType is not the Content-Type it came with) is refused: a signature on
 * its digest would cover either (CVE-2021-41190).
 */
#ifndef BERTH_REGISTRY_MEDIA_H
#define BERTH_REGISTRY_MEDIA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "image/oci.h"

/* For requests: all that we can read. */
#define MEDIA_ACCEPT                                              \
    "application/vnd.oci.image.index.v1+json, "                   \
    "application/vnd.oci.image.manifest.v1+json, "                \
    "application/vnd.docker.distribution.manifest.list.v2+json, " \
    "application/vnd.docker.distribution.manifest.v2+json"

enum media_kind {
    MEDIA_MANIFEST,
    MEDIA_INDEX,
};

/* 'type' is the Content-Type, or what an index's descriptor says; NULL: nothing.
 * -EINVAL with words for what is ambiguous, or neither. */
int media_judge(const char *type, const char *bytes, size_t len, enum media_kind *ret,
                struct err *err);

/* The mediaType that the document itself gives, or the one its kind has. The caller
 * frees it. For sending it to a registry. */
char *media_of_manifest(const char *bytes, size_t len);

/* Are config and layers those of an image, of kinds that we can unpack? */
int media_check_parts(const struct oci_manifest *manifest, struct err *err);

#endif
