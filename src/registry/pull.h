/* SPDX-License-Identifier: Apache-2.0
 *
 * pull.h - an image from a registry into a store
 */
#ifndef BERTH_REGISTRY_PULL_H
#define BERTH_REGISTRY_PULL_H

#include "image/store.h"
#include "registry/settings.h"

struct registry_pull {
    const char *ref;      /* see name.h; short names are looked for */
    const char *name;     /* in the store; NULL: as 'ref' says it */
    const char *platform; /* "linux/arm64/v8"; NULL: this machine's */
    image_progress_fn *progress;
    void *ctx;
};

struct registry_pulled {
    char digest[IMAGE_DIGEST_MAX]; /* of the manifest */
    char *name;                    /* in the store */
    char *source;                  /* HOST/PATH that it came from */
    uint64_t skipped;              /* devices, fifos, sockets */
    uint64_t fetched;              /* bytes of layers that were not here */
};
void registry_pulled_fini(struct registry_pulled *pulled);

/* Pull. Layers that the store has are not fetched. '*ret' goes with
 * registry_pulled_fini, and is written on success only. -ENOENT: no registry that
 * was asked has it; -EACCES: none without (other) credentials; -EBADMSG: what came is
 * not what was named. */
int registry_pull(const struct registry_settings *settings, struct image_store *store,
                  const struct registry_pull *pull, struct registry_pulled *ret,
                  struct err *err);

/* The digest of the manifest that 'ref' stands for on this machine's platform now; the
 * same errors. */
int registry_resolve(const struct registry_settings *settings, const char *ref,
                     char ret_digest[IMAGE_DIGEST_MAX], struct err *err);

#endif
