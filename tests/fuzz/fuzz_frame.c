/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_frame.c - a stream in parts: the first byte says how long each part is
 */
#include "fuzz.h"

#include "wire/frame.h"

#define FRAME_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t part = size > 0 ? (size_t)data[0] % 16 + 1 : 1;
    struct buf in = BUF_INIT;
    const uint8_t *frame;
    size_t len, taken = 0;
    int rc = 0;

    for (size_t at = 1; at < size && rc >= 0; at += part) {
        buf_add(&in, data + at, size - at < part ? size - at : part);
        while ((rc = frame_next(&in, FRAME_MAX, &frame, &len, NULL)) > 0) {
            BUG_ON(len > FRAME_MAX);
            taken += FRAME_HEADER + len;
        }
        BUG_ON(rc == 0 && frame_missing(&in) == 0);
    }
    BUG_ON(taken + buf_len(&in) > size);
    buf_fini(&in);
    return 0;
}
