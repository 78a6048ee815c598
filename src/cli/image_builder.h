/* SPDX-License-Identifier: Apache-2.0
 *
 * image_builder.h - src/build, loaded when an image is built
 */
#ifndef BERTH_CLI_IMAGE_BUILDER_H
#define BERTH_CLI_IMAGE_BUILDER_H

#include "build/build.h"

typedef typeof(image_build) image_build_fn;

/* 'image_build' itself, from image_build.so; it stays loaded. */
int image_builder_load(image_build_fn **ret, struct err *err);

#endif
