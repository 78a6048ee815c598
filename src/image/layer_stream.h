/* SPDX-License-Identifier: Apache-2.0
 *
 * layer_stream.h - bytes of a descriptor as a tar, hashed on both sides
 *
 *     bytes --digest--> decompress --diff id--> tar entries
 *        '--> the copy that is kept
 */
#ifndef BERTH_IMAGE_LAYER_STREAM_H
#define BERTH_IMAGE_LAYER_STREAM_H

#include <archive.h>

#include "image/layer.h"

struct layer_stream;

/* Begin to read 'source' (borrowed until the close): what it is compressed with is
 * found out, and both digests are taken along the way. 'keep': a descriptor that all
 * that is read is written to as well; -1: none. */
int layer_stream_open(const struct layer_source *source, int keep,
                      struct layer_stream **ret, struct err *err);
/* The entries; owned by the stream. */
struct archive *layer_stream_tar(struct layer_stream *stream);
/* Read what the tar's end left over and write digests, size and media type. */
int layer_stream_finish(struct layer_stream *stream, struct layer *ret,
                        struct err *err);
/* After a failure 'r' of whatever read the tar: was it the bytes that did not come,
 * or could not be kept? Then that failure and its words, else 'r' and those of
 * 'err'. */
int layer_stream_failure(const struct layer_stream *stream, int r, struct err *err);
void layer_stream_closep(struct layer_stream **stream);

#endif
