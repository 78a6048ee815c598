/* SPDX-License-Identifier: Apache-2.0
 *
 * inflate_absent.c - built without ISA-L: libarchive takes gzip off with zlib
 */
#include "image/inflate.h"

#include <errno.h>

bool inflate_is_here(void)
{
    return false;
}

struct inflater *inflater_create(inflate_read_fn *read, void *ctx)
{
    (void)read;
    (void)ctx;
    return NULL;
}

void inflater_destroy(struct inflater *inflater)
{
    (void)inflater;
}

ssize_t inflater_next(struct inflater *inflater, const void **ret_bytes,
                      struct err *err)
{
    (void)inflater;
    (void)ret_bytes;
    return err_set(err, ENOTSUP, "built without ISA-L");
}
