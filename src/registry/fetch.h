/* SPDX-License-Identifier: Apache-2.0
 *
 * fetch.h - an image's documents from a registry, verified
 */
#ifndef BERTH_REGISTRY_FETCH_H
#define BERTH_REGISTRY_FETCH_H

#include "image/oci.h"
#include "image/pick.h"
#include "registry/name.h"
#include "registry/session.h"

struct image_documents {
    char digest[IMAGE_DIGEST_MAX]; /* of the manifest */
    char *manifest_bytes, *config_bytes;
    size_t manifest_len, config_len;
    struct oci_manifest manifest;
    struct oci_config config;
};
void image_documents_fini(struct image_documents *documents);

/* The manifest that 'reference' (a tag or digest) stands for at 'path', through
 * an index the one for 'platform', and its configuration. 'ret' starts all zero and
 * goes with image_documents_fini also after a failure. -ENOENT with the tag that is
 * most like it, or with the platforms that are there. */
int fetch_documents(struct session *session, struct http *http, const char *scope,
                    const char *path, const char *reference,
                    const struct platform *platform, struct image_documents *ret,
                    struct err *err);

#endif
