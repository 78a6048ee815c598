/* SPDX-License-Identifier: Apache-2.0
 *
 * push.h - an image from a store into a registry
 */
#ifndef BERTH_REGISTRY_PUSH_H
#define BERTH_REGISTRY_PUSH_H

#include "image/store.h"
#include "registry/settings.h"

struct registry_push {
    const char *name; /* in the store */
    const char *ref;  /* in the registry */
    image_progress_fn *progress;
    void *ctx;
};

struct registry_pushed {
    char digest[IMAGE_DIGEST_MAX]; /* of the manifest */
    char *target;                  /* HOST/PATH:TAG */
    size_t n_sent, n_mounted, n_there;
    uint64_t sent; /* bytes */
};
void registry_pushed_fini(struct registry_pushed *pushed);

/* Push, bit by bit as the image came: blobs that the registry has are not sent,
 * those that another repository of it is known to have are mounted from there, an
 * upload that breaks goes on where it broke. '*ret' goes with registry_pushed_fini and
 * is written on success only. -ENODATA: the store did not keep a layer's archive. */
int registry_push(const struct registry_settings *settings, struct image_store *store,
                  const struct registry_push *push, struct registry_pushed *ret,
                  struct err *err);

#endif
