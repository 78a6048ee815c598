/* SPDX-License-Identifier: Apache-2.0
 *
 * image_importer.h - the part of src/image that takes images in, when needed
 */
#ifndef BERTH_CLI_IMAGE_IMPORTER_H
#define BERTH_CLI_IMAGE_IMPORTER_H

#include "image/fetch.h"
#include "image/store.h"

typedef typeof(image_import) image_import_fn;

/* 'image_import' itself, from image_import.so; it stays loaded. */
int image_importer_load(image_import_fn **ret, struct err *err);
/* 'image_fetch' of the same. */
int image_fetcher_load(image_fetch_fn **ret, struct err *err);

#endif
