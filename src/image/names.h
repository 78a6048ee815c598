/* SPDX-License-Identifier: Apache-2.0
 *
 * names.h - the refs/ of a store
 */
#ifndef BERTH_IMAGE_NAMES_H
#define BERTH_IMAGE_NAMES_H

#include <stdint.h>

#include "image/paths.h"

/* The manifest that the full name 'name' stands for. 'ret_when' (may be NULL):
 * when it was given that name. */
int names_read(const struct image_store *store, const char *name,
               char ret_digest[IMAGE_DIGEST_MAX], int64_t *ret_when, struct err *err);

/* All full names, sorted. */
char **names_list(const struct image_store *store);

#endif
