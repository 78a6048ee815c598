/* SPDX-License-Identifier: Apache-2.0
 *
 * layer_stream.h - bytes of a descriptor as a tar, hashed on both sides
 *
 *     fd --digest--> decompress --diff id--> tar entries
 */
#ifndef BERTH_IMAGE_LAYER_STREAM_H
#define BERTH_IMAGE_LAYER_STREAM_H

#include <archive.h>

#include "image/layer.h"

struct layer_stream;

/* Begin to read 'source' (borrowed until the close): what it is compressed with is
 * found out, and both digests are taken along the way. */
int layer_stream_open(const struct layer_source *source, struct layer_stream **ret,
                      struct err *err);
/* The entries; owned by the stream. */
struct archive *layer_stream_tar(struct layer_stream *stream);
/* Read what the tar's end left over and write digests, size and media type. */
int layer_stream_finish(struct layer_stream *stream, struct layer *ret,
                        struct err *err);
void layer_stream_closep(struct layer_stream **stream);

#endif
