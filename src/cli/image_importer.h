/* SPDX-License-Identifier: Apache-2.0
 *
 * image_importer.h - the part of src/image that reads and writes archives
 */
#ifndef BERTH_CLI_IMAGE_IMPORTER_H
#define BERTH_CLI_IMAGE_IMPORTER_H

#include "image/fetch.h"
#include "image/store.h"

typedef typeof(image_import) image_import_fn;
typedef typeof(image_export) image_export_fn;
typedef typeof(image_verify) image_verify_fn;

/* image_import and the others, from image_import.so; it stays loaded. */
int image_importer_load(image_import_fn **ret, struct err *err);
int image_exporter_load(image_export_fn **ret, struct err *err);
int image_verifier_load(image_verify_fn **ret, struct err *err);
int image_fetcher_load(image_fetch_fn **ret, struct err *err);

#endif
