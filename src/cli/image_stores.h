/* SPDX-License-Identifier: Apache-2.0
 *
 * image_stores.h - where this user's images are
 */
#ifndef BERTH_CLI_IMAGE_STORES_H
#define BERTH_CLI_IMAGE_STORES_H

#include <stddef.h>

#include "base/err.h"
#include "config/config.h"

/* Searched in this order. The first is the one that this user writes: root the
 * site's, everyone else their own. */
struct image_stores {
    char *paths[2];
    size_t n;
    struct config *config; /* what else it says on images */
};

/* As the configuration 'config' (NULL: found) says, or by default where there is
 * none; of the stores only 'store' when that is not NULL. */
int image_stores_find(const char *config, const char *store, struct image_stores *ret,
                      struct err *err);
void image_stores_fini(struct image_stores *stores);

#endif
