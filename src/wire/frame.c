/* SPDX-License-Identifier: Apache-2.0
 *
 * frame.c - where one message ends and the next begins
 */
#include "wire/frame.h"

#include <errno.h>

#define READ_CHUNK ((size_t)64 << 10)

static size_t read_header(const uint8_t *b)
{
    return (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
}

int frame_next(struct buf *in, uint32_t max, const uint8_t **ret_frame, size_t *ret_len,
               struct err *err)
{
    size_t len;

    if (buf_len(in) < FRAME_HEADER)
        return 0;
    len = read_header(buf_head(in));
    if (len > max)
        return err_set(err, EMSGSIZE,
                       "oversized: a frame of %zu bytes, at most %u may come", len,
                       max);
    if (buf_len(in) < FRAME_HEADER + len)
        return 0;
    *ret_frame = buf_head(in) + FRAME_HEADER;
    *ret_len = len;
    buf_taken(in, FRAME_HEADER + len);
    return 1;
}

size_t frame_missing(const struct buf *in)
{
    size_t have = buf_len(in);
    size_t len;

    if (have < FRAME_HEADER)
        return FRAME_HEADER - have;
    len = FRAME_HEADER + read_header(buf_head(in));
    return have < len ? len - have : 0;
}

size_t frame_read_size(const struct buf *in)
{
    size_t size = frame_missing(in);

    if (size > buf_len(in))
        size = buf_len(in);
    return size > READ_CHUNK ? size : READ_CHUNK;
}

void frame_put_header(struct buf *out, size_t len)
{
    uint8_t header[FRAME_HEADER] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16),
                                    (uint8_t)(len >> 8), (uint8_t)len};

    buf_add(out, header, sizeof(header));
}

void frame_put(struct buf *out, const void *bytes, size_t len)
{
    frame_put_header(out, len);
    buf_add(out, bytes, len);
}
