/* SPDX-License-Identifier: Apache-2.0
 *
 * fetch.h - bring a base image into the store that is built in
 */
#ifndef BERTH_BUILD_FETCH_H
#define BERTH_BUILD_FETCH_H

#include "build/builder.h"

/* Look 'ref' up in the store, then in the request's other ones, then ask the caller
 * for it. Afterwards it is in the store, and so its files are the caller's own: over
 * layers of another user's nothing could be written. */
int fetch_image(const struct builder *b, const char *ref, const char *platform,
                char ret_digest[IMAGE_DIGEST_MAX], struct err *err);

#endif
