/* SPDX-License-Identifier: Apache-2.0
 *
 * docker.h - manifest.json of a docker archive
 *
 * What 'docker save', 'podman save' and skopeo's docker-archive: write: a tar with
 *
 *     manifest.json   [{"Config": file, "RepoTags": [names], "Layers": [files]}, ...]
 *     the files it names, layers as tars, bottom first
 *
 * Pure: bytes in, bounded structures out.
 */
#ifndef BERTH_IMAGE_DOCKER_H
#define BERTH_IMAGE_DOCKER_H

#include <stddef.h>

#include "base/err.h"

#define DOCKER_IMAGES_MAX 1024

struct docker_image {
    char *config; /* clean names of files in the archive */
    char **layers;
    char **names; /* "debian:12"; NULL: none */
};

struct docker_manifest {
    struct docker_image *images;
    size_t n;
};

/* 'ret' is written on success only. -EINVAL with words for what is no such
 * document, names files outside of the archive or is over the bounds. */
int docker_parse_manifest(const char *bytes, size_t len, struct docker_manifest *ret,
                          struct err *err);
void docker_manifest_fini(struct docker_manifest *manifest);

#endif
