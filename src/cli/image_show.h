/* SPDX-License-Identifier: Apache-2.0
 *
 * image_show.h - images as tables, texts and JSON
 */
#ifndef BERTH_CLI_IMAGE_SHOW_H
#define BERTH_CLI_IMAGE_SHOW_H

#include <jansson.h>

#include "cli/table.h"
#include "image/store.h"

/* A table of images, and one more row of it. */
struct table *image_table_create(void);
void image_table_add(struct table *table, const struct image *image, const char *store,
                     bool whole_digest);

/* Everything that is known of one image, for people. */
void image_print(const struct image *image, const char *store);

/* The same as one JSON object; the caller owns it. */
json_t *image_json(const struct image *image, const char *store);

#endif
