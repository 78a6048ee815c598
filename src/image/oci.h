/* SPDX-License-Identifier: Apache-2.0
 *
 * oci.h - OCI's documents: index, manifest, configuration
 *
 * Pure: bytes in, bounded structures out. Formats: OCI image-spec 1.1, and
 * Docker's schema 2, which differs in media types only.
 */
#ifndef BERTH_IMAGE_OCI_H
#define BERTH_IMAGE_OCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "image/store.h"

#define OCI_LAYERS_MAX 128
#define OCI_MANIFESTS_MAX 1024
#define OCI_STRINGS_MAX 4096

#define OCI_LAYER_TAR "application/vnd.oci.image.layer.v1.tar"

struct layer;

struct oci_descriptor {
    char digest[IMAGE_DIGEST_MAX];
    uint64_t size;
    char *media_type;
    char *ref_name;   /* annotation org.opencontainers.image.ref.name, or NULL */
    char *image_name; /* annotation io.containerd.image.name (docker's), or NULL */
    char *os, *arch, *variant; /* platform, or NULL */
};

struct oci_index {
    struct oci_descriptor *manifests;
    size_t n_manifests;
};

struct oci_manifest {
    struct oci_descriptor config;
    struct oci_descriptor *layers; /* bottom first */
    size_t n_layers;
};

struct oci_config {
    char *os, *arch;
    char **diff_ids; /* valid digests, bottom first */
    char **env, **entrypoint, **cmd;
    char *workdir;     /* "" when it has none */
    char *created;     /* RFC 3339, or NULL */
    char *stop_signal; /* "SIGQUIT"; NULL: not said */
};

/* Read one document; 'ret' is written on success only and goes with its _fini.
 * -EINVAL with words for what is not such a document, names an unknown algorithm
 * or is over the bounds above. */
int oci_parse_index(const char *bytes, size_t len, struct oci_index *ret,
                    struct err *err);
int oci_parse_manifest(const char *bytes, size_t len, struct oci_manifest *ret,
                       struct err *err);
int oci_parse_config(const char *bytes, size_t len, struct oci_config *ret,
                     struct err *err);
void oci_index_fini(struct oci_index *index);
void oci_manifest_fini(struct oci_manifest *manifest);
void oci_config_fini(struct oci_config *config);

/* A manifest's layers must be as many as its config's; -EINVAL with words. */
int oci_check_layers(size_t n_layers, const struct oci_config *config, struct err *err);

/* Is the descriptor an index rather than a manifest? */
bool oci_is_index(const struct oci_descriptor *descriptor);

/* This machine's architecture in OCI's (Go's) spelling. */
const char *oci_machine(void);

/* A configuration for a root file system of one layer; the caller frees it. */
char *oci_make_config(const char *diff_id);
/* A manifest for a configuration and layers, bottom first; the caller frees it. */
char *oci_make_manifest(const char *config_digest, size_t config_size,
                        const struct layer *layers, size_t n_layers);

/* Seconds since the epoch of an RFC 3339 time; 0 when it is none. */
int64_t oci_parse_time(const char *text);

#endif
