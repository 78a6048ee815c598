/* SPDX-License-Identifier: Apache-2.0
 *
 * build.h - an image from a Containerfile
 *
 * Unprivileged: each RUN is a container of the caller's own over the layers so far,
 * as root with ids that only seem to change; what it wrote becomes a layer. Each
 * step that makes one is remembered in the store by a key over all it depended on.
 * The caller is single-threaded.
 */
#ifndef BERTH_BUILD_BUILD_H
#define BERTH_BUILD_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "image/store.h"

/* One step, as it begins and as it ends. */
struct build_step {
    size_t number, total; /* STEP 3/7 */
    const char *stage;    /* its name or number; NULL when the file has one stage */
    const char *text;     /* "RUN make" */
    unsigned int line;
    bool is_done; /* the members below count */
    bool cached;
    bool made_layer;
    double seconds;
};

/* All borrowed. */
struct build_request {
    struct image_store *store; /* the caller's own: layers are written and read */
    const char *context;       /* a directory */
    const char *file;     /* NULL: Containerfile, then Dockerfile, of the context */
    const char *name;     /* of the image; NULL: the context's directory's */
    const char *target;   /* stage; NULL: the last */
    const char *platform; /* "linux/amd64"; NULL: this machine's */
    char *const *args;    /* strv of "NAME=value" */
    bool no_cache;
    int64_t epoch; /* SOURCE_DATE_EPOCH, or -1: times are those of the build */
    int out, err;  /* where RUN's output goes */
    int stop_fd;   /* readable: stop; -1: never */

    /* Stores that a base image may be copied from. */
    const char *const *others;
    size_t n_others;
    /* Where no store has it: bring the image 'ref' into 'store' and write its
     * manifest's digest; -ENOENT, with words unless those of the stores say enough.
     * NULL: nothing more can be done. */
    int (*find_image)(void *ctx, const char *ref, const char *platform,
                      char ret_digest[IMAGE_DIGEST_MAX], struct err *err);
    void (*tell)(void *ctx, const struct build_step *step);
    void (*warn)(void *ctx, const char *words);
    void *ctx;
};

struct build_result {
    char digest[IMAGE_DIGEST_MAX]; /* of the manifest */
    char *name;                    /* full; the caller frees it */
    size_t n_steps, n_cached;      /* cached: of those that make layers */
    int status; /* of the RUN that failed, 1 to 255; 0: something else did */
};

/* Build and name the image. -ECANCELED when it was stopped. Nothing but the cache of
 * the steps that ended well is left behind by a failure. 'ret' is always written. */
int image_build(const struct build_request *request, struct build_result *ret,
                struct err *err);

#endif
