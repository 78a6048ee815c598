/* SPDX-License-Identifier: Apache-2.0
 *
 * inflate.c - gzip members, one after the other
 */
#include "image/inflate.h"

#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"

#define OUTPUT (256U << 10)

struct inflater {
    inflate_read_fn *read;
    void *ctx;
    const uint8_t *bytes; /* compressed, not looked at yet */
    size_t len;
    uint8_t left[8];     /* bytes that the member before this one read too many; then */
    const uint8_t *rest; /* comes this */
    size_t rest_len;
    bool is_begun; /* inside of a member */
    bool had_one;
    struct inflate_state state;
    uint8_t output[OUTPUT];
};

bool inflate_is_here(void)
{
    return true;
}

struct inflater *inflater_create(inflate_read_fn *read, void *ctx)
{
    struct inflater *f = xmalloc(sizeof(*f));

    f->read = read;
    f->ctx = ctx;
    f->len = f->rest_len = 0;
    f->is_begun = f->had_one = false;
    return f;
}

void inflater_destroy(struct inflater *inflater)
{
    free(inflater);
}

/* More compressed bytes: their number, 0 at the end, -Exxx. */
static ssize_t fill(struct inflater *f)
{
    const void *bytes = f->rest;
    ssize_t n = f->rest_len ? (ssize_t)f->rest_len : f->read(f->ctx, &bytes);

    f->rest_len = 0;
    f->bytes = bytes;
    f->len = n > 0 ? (size_t)n : 0;
    return n;
}

/* Does another member follow? 1, 0 or -Exxx. What does not begin as one is padding. */
static int begin(struct inflater *f)
{
    ssize_t n = f->len ? 1 : fill(f);

    if (n <= 0 || *f->bytes != 0x1f)
        return (int)n < 0 ? (int)n : 0;
    isal_inflate_init(&f->state);
    f->state.crc_flag = ISAL_GZIP;
    f->is_begun = f->had_one = true;
    return 1;
}

/* ISA-L reads ahead, up to eight bytes: those behind the end come first again. */
static void give_back(struct inflater *f)
{
    size_t n = (size_t)f->state.read_in_length / 8;
    uint64_t bits = f->state.read_in >> (f->state.read_in_length % 8);

    if (!n)
        return;
    for (size_t i = 0; i < n; i++)
        f->left[i] = (uint8_t)(bits >> (8 * i));
    f->rest = f->bytes;
    f->rest_len = f->len;
    f->bytes = f->left;
    f->len = n;
}

/* One step; the number of plain bytes it gave, which may be none. */
static ssize_t step(struct inflater *f, struct err *err)
{
    struct inflate_state *s = &f->state;
    int r;

    s->next_in = (uint8_t *)(uintptr_t)f->bytes;
    s->avail_in = (uint32_t)f->len;
    s->next_out = f->output;
    s->avail_out = OUTPUT;
    r = isal_inflate(s);
    f->bytes = s->next_in;
    f->len = s->avail_in;
    if (r != ISAL_DECOMP_OK)
        return err_set(err, EBADMSG, "the gzip stream is damaged (%d)", r);
    if (s->block_state == ISAL_BLOCK_FINISH) {
        f->is_begun = false;
        give_back(f);
    }
    return (ssize_t)(OUTPUT - s->avail_out);
}

ssize_t inflater_next(struct inflater *f, const void **ret_bytes, struct err *err)
{
    *ret_bytes = f->output;
    for (;;) {
        ssize_t n;

        if (!f->is_begun) {
            int more = begin(f);

            if (more <= 0)
                return more < 0 || f->had_one
                           ? more
                           : err_set(err, EBADMSG, "the gzip stream has no beginning");
        }
        n = step(f, err);
        if (n != 0)
            return n;
        if (!f->is_begun || f->len)
            continue;
        n = fill(f);
        if (n < 0)
            return n;
        if (n == 0)
            return err_set(err, EBADMSG, "the gzip stream ends too early");
    }
}
