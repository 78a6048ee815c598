/* SPDX-License-Identifier: Apache-2.0
 *
 * inflate.h - gzip's compression off a stream, with ISA-L
 *
 * It takes half the time that zlib needs, which libarchive has. Without ISA-L,
 * inflate_is_here is false and nothing else is called.
 */
#ifndef BERTH_IMAGE_INFLATE_H
#define BERTH_IMAGE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct inflater;

/* The next compressed bytes, valid until the next call; 0 at the end, or -Exxx. */
typedef ssize_t inflate_read_fn(void *ctx, const void **ret_bytes);

bool inflate_is_here(void);

/* 'read' is called with 'ctx' when more is needed. */
struct inflater *inflater_create(inflate_read_fn *read, void *ctx);
void inflater_destroy(struct inflater *inflater);

/* The next plain bytes, valid until the next call; 0 at the end of the last gzip
 * member. What follows it (padding) is left. -EBADMSG with words when the stream is
 * damaged or ends early; what 'read' said, without words. */
ssize_t inflater_next(struct inflater *inflater, const void **ret_bytes,
                      struct err *err);

#endif
