/* SPDX-License-Identifier: Apache-2.0
 *
 * frame.h - where one message ends and the next begins
 *
 *     +--------+--------+--------+--------+----------------------
 *     |  length, big-endian, 4 bytes      |  that many bytes
 *     +--------+--------+--------+--------+----------------------
 *
 * Pure: bytes are put in a buf by whoever reads them, frames come out.
 */
#ifndef BERTH_WIRE_FRAME_H
#define BERTH_WIRE_FRAME_H

#include "base/err.h"
#include "wire/buf.h"

#define FRAME_HEADER 4

/* The next frame of 'in', taken from it: 1 and the frame, which stays until
 * bytes are added to 'in'; 0 when it is not all there yet; -EMSGSIZE ("oversized")
 * as soon as the header promises more than 'max'. */
int frame_next(struct buf *in, uint32_t max, const uint8_t **ret_frame, size_t *ret_len,
               struct err *err);

/* How many bytes are missing to the end of the header or, when that is there,
 * of the frame. Who reads no more than this reads no byte too far. */
size_t frame_missing(const struct buf *in);

/* How much room to read into next: a chunk, or as much again as has come of a
 * large frame. So memory grows with what came, not with what was announced. */
size_t frame_read_size(const struct buf *in);

/* Append a frame / only its header, when the bytes follow. */
void frame_put(struct buf *out, const void *bytes, size_t len);
void frame_put_header(struct buf *out, size_t len);

#endif
