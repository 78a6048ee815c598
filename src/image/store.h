/* SPDX-License-Identifier: Apache-2.0
 *
 * store.h - images on disk, kept by content
 *
 *     <store>/blobs/sha256/<hex>      verified documents (manifests, configs), and
 *                                     layers' archives as they came
 *     <store>/layers/<hex of diff id>/  each layer unpacked once, read-only
 *     <store>/layers/<hex>.bytes      text: what it takes unpacked
 *     <store>/refs/<name>             text: "sha256:<hex of the manifest>"
 *     <store>/tmp/                    half-done work, on the same file system
 *     <store>/lock                    flock: shared to import, alone to collect
 *
 * A directory appears in layers/ by rename when it is whole, so readers need no
 * lock; writers of the same content race harmlessly. A layer's archive is
 * verified while it is unpacked, and kept for its owner alone to read: it holds
 * what in the image only root may read. A name like "debian:12" or "site/hpcc" is
 * encoded in refs/ so that it cannot leave it.
 */
#ifndef BERTH_IMAGE_STORE_H
#define BERTH_IMAGE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define IMAGE_DIGEST_MAX 72 /* "sha256:" + 64 + NUL */

struct image_store;

/* Open the store at 'path', making it when 'create'. -ENOENT otherwise. */
int image_store_open(const char *path, bool create, struct image_store **ret,
                     struct err *err);
void image_store_close(struct image_store *store);
/* Whether the archives of layers that come in are kept (they are, until this says
 * otherwise): they are needed to push an image and to pass it to other stores. */
void image_store_keep_archives(struct image_store *store, bool keep);
const char *image_store_path(const struct image_store *store);

/* A resolved image: what a container needs. */
struct image {
    char digest[IMAGE_DIGEST_MAX]; /* of the manifest */
    char *name;                    /* as stored, "hpcc:latest" */
    char **layers;                 /* absolute directories, topmost first */
    size_t n_layers;
    char **env; /* the image's own ENV */
    char **entrypoint, **cmd;
    char *workdir;     /* "" when it has none */
    char *stop_signal; /* "SIGQUIT": what tells its program to end; NULL: not said */
    uint64_t bytes;    /* unpacked size */
    int64_t created;   /* by its own word, or when it was imported */
    int *holds;        /* see image_hold */
};
void image_free(struct image *image);
void image_freep(struct image **image);

/* Look a reference up: "name", "name:tag" ("latest" when absent) or a digest
 * "sha256:...". -ENOENT with words that name the nearest one stored. */
int image_lookup(struct image_store *store, const char *ref, struct image **ret,
                 struct err *err);

/* The same in the first of several stores that has it: a user's own, then the
 * site's. A store that is not there is skipped. '*ret_store' is the path of the
 * one it was found in; the caller frees it. */
int image_find(const char *const *stores, size_t n_stores, const char *ref,
               struct image **ret, char **ret_store, struct err *err);

/* Keep the layers on disk until 'image' is freed, even if its name is removed:
 * a shared flock on each. -ENOENT when one has gone since the lookup. */
int image_hold(struct image *image, struct err *err);

/* The full name of 'ref', which the store has: the image itself may be damaged. The
 * caller frees it. -ENOENT with words that name the nearest one. */
int image_full_name(struct image_store *store, const char *ref, char **ret,
                    struct err *err);

/* Is 'ref' a name that an image can have? -EINVAL with words. */
int image_check_name(const char *ref, struct err *err);

/* Progress of long work, called now and then: what ("layer 2/3"), done and
 * total bytes (total 0: unknown). */
typedef void image_progress_fn(const char *what, uint64_t done, uint64_t total,
                               void *ctx);

struct image_import_request {
    const char *source;   /* see source.h; its kind is found by looking */
    const char *ref;      /* the name it gets */
    const char *platform; /* "linux/arm64"; NULL: this machine's */
    image_progress_fn *progress;
    void *ctx;
};

struct image_taken {
    char digest[IMAGE_DIGEST_MAX]; /* of the manifest */
    uint64_t skipped;              /* devices, fifos, sockets */
    uint64_t attributes;           /* extended attributes left behind */
    uint64_t set_ids;              /* files that lost set-id bits */
};

/* Take an image in: an OCI layout or skopeo's dir:, an OCI or docker archive, a
 * squashfs or SIF file, a tar of a root file system (plain, gzip, zstd, xz), or such
 * a directory ("-" reads a tar or an archive from stdin). An image that had the name
 * before loses it, and goes when it has no other. Entries that try to leave the
 * root are refused; device nodes, fifos and sockets are skipped. All files belong to
 * the importer; set-id bits and attributes that are rights are dropped. Other modes
 * are kept, so what only root may read in the image stays unreadable to jobs. */
int image_import(struct image_store *store, const struct image_import_request *request,
                 struct image_taken *ret, struct err *err);

/* All images, sorted by name. */
int image_list(struct image_store *store, struct image ***ret, size_t *ret_n,
               struct err *err);

/* Forget a name; blobs and layers that no other name needs go with it. Layers
 * that a running container holds stay until a later removal. Waits for imports
 * that are under way. */
int image_remove(struct image_store *store, const char *ref, struct err *err);

/* Give the image that 'ref' names in this store a further name. */
int image_tag(struct image_store *store, const char *ref, const char *name,
              struct err *err);

/* When a container last started from the image: the access time of its manifest,
 * which image_hold sets (for users who do not own the store the kernel does so when
 * they read it, at most once a day); at least when the image got its name. */
int64_t image_last_used(struct image_store *store, const struct image *image);

struct image_prune_request {
    bool all;          /* every image that no container uses, and steps of builds */
    int64_t before;    /* images last used before; 0: none for their age */
    uint64_t max_size; /* then the least recently used ones, until it is not more than
                        * this; 0: any size. Steps of builds go first. */
    bool cache;        /* what builds remember: steps and cache mounts */
    bool archives;     /* and layers' archives, which only pushes and copies need */
    bool dry_run;
    const char *keep; /* a full name that stays; NULL: none */
    void (*removed)(const char *name, int64_t used, void *ctx); /* each; may be NULL */
    void *ctx;
};

struct image_prune_result {
    size_t images, layers, blobs; /* gone */
    uint64_t freed, kept;         /* bytes */
};

/* Remove what no name needs, and names as asked. What running containers use stays.
 * Waits for imports that are under way. */
int image_prune(struct image_store *store, const struct image_prune_request *request,
                struct image_prune_result *ret, struct err *err);

/* What a store takes: layers unpacked; blobs are archives and documents. */
struct image_usage {
    size_t images, layers, blobs;
    uint64_t layer_bytes, blob_bytes;
    uint64_t unneeded; /* of both; what image_prune would free at least */
};
int image_usage(struct image_store *store, struct image_usage *ret, struct err *err);

/* The image's documents as they are stored, verified, NUL-terminated; the caller
 * frees them. Either may be NULL. */
int image_documents(struct image_store *store, const struct image *image,
                    char **ret_manifest, char **ret_config, struct err *err);

/* What a layer takes unpacked, by its diff id; 0 when it is not known. */
uint64_t image_layer_bytes(const struct image_store *store, const char *diff_id);

enum image_format {
    IMAGE_OCI_ARCHIVE, /* a tar of a layout */
    IMAGE_OCI_LAYOUT,  /* a directory; digests stay as they are */
    IMAGE_DOCKER_ARCHIVE,
    IMAGE_TAR, /* the root file system that containers see */
    IMAGE_DIR,
    IMAGE_SQUASHFS, /* needs sqfstar of squashfs-tools */
};

/* Write an image to 'path' (NULL: stdout, of a tar), whole or not at all: a file is
 * replaced, a directory must be empty or not there. Layouts and archives need the
 * layers' archives (-ENOENT); the others are made of what is unpacked. 'image' is
 * held meanwhile, so that nothing of it is removed. */
int image_export(struct image_store *store, struct image *image,
                 enum image_format format, const char *path, struct err *err);

enum image_verify_state {
    IMAGE_BROKEN,
    IMAGE_REPAIRED,  /* was broken */
    IMAGE_UNCHECKED, /* there is nothing to compare with */
};

struct image_verify_request {
    char *const *names; /* full names; NULL: all */
    bool repair;        /* make broken trees anew from their archives */
    image_progress_fn *progress;
    void *progress_ctx;
    /* Once for each thing that is not as it should be. */
    void (*found)(const char *image, enum image_verify_state state, const char *words,
                  void *ctx);
    void *ctx;
};

struct image_verify_result {
    size_t images, layers; /* looked at */
    size_t broken, repaired, unchecked;
};

/* Check documents, archives and unpacked trees of images against their digests. Takes
 * the room of the largest layer for a while. 0 also when something is broken. */
int image_verify(struct image_store *store, const struct image_verify_request *request,
                 struct image_verify_result *ret, struct err *err);

#endif
