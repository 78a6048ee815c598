/* SPDX-License-Identifier: Apache-2.0
 *
 * test_digest.c - SHA-256 of bytes that come in parts of any size, and gzip streams of
 * any number of members
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "fixture.h"
#include "image/digest.h"
#include "image/inflate.h"

static unsigned char data[100000];

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)(i * 131 + (i >> 7) * 17);
    return sodium_init() < 0 ? -1 : 0;
}

static void a_digest_is_that_of_libsodium(void **state)
{
    char found[IMAGE_DIGEST_MAX], expected[2 * crypto_hash_sha256_BYTES + 1];
    unsigned char sum[crypto_hash_sha256_BYTES];

    (void)state;
    for (size_t len = 0; len < 1200; len++) {
        digest_of(data + len % 5, len, found);
        crypto_hash_sha256(sum, data + len % 5, len);
        sodium_bin2hex(expected, sizeof(expected), sum, sizeof(sum));
        assert_string_equal(digest_hex(found), expected);
    }
}

static void parts_of_any_size_give_the_same_digest(void **state)
{
    char whole[IMAGE_DIGEST_MAX], parts[IMAGE_DIGEST_MAX];

    (void)state;
    digest_of(data, sizeof(data), whole);
    for (size_t part = 1; part < 700; part += 13) {
        struct digest_state digest;

        digest_start(&digest);
        for (size_t at = 0; at < sizeof(data); at += part)
            digest_add(&digest, data + at,
                       part < sizeof(data) - at ? part : sizeof(data) - at);
        digest_end(&digest, parts);
        assert_string_equal(parts, whole);
    }
}

static void the_standards_own_example_comes_out(void **state)
{
    char found[IMAGE_DIGEST_MAX];

    (void)state;
    digest_of("abc", 3, found);
    assert_string_equal(found,
                        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff"
                        "61f20015ad");
}

/* Gives the stream in parts of 'part' bytes. */
struct giver {
    const char *bytes;
    size_t len, part;
};

static ssize_t give(void *ctx, const void **ret)
{
    struct giver *g = ctx;
    size_t n = g->part < g->len ? g->part : g->len;

    *ret = g->bytes;
    g->bytes += n;
    g->len -= n;
    return (ssize_t)n;
}

static int inflate_all(const struct strbuf *in, size_t part, struct strbuf *out)
{
    struct giver giver = {.bytes = in->s, .len = in->len, .part = part};
    struct inflater *inflater = inflater_create(give, &giver);
    const void *bytes;
    ssize_t n;

    while ((n = inflater_next(inflater, &bytes, NULL)) > 0)
        strbuf_add(out, bytes, (size_t)n);
    inflater_destroy(inflater);
    return (int)n;
}

static const struct fx_entry entries[] = {{'f', "a", "some text, some text", 0},
                                          {.type = 0}};

static void gzip_members_follow_each_other(void **state)
{
    struct fx_bytes plain = fx_tar(entries, ""), member = fx_tar(entries, "gzip");
    cleanup(strbuf_fini) struct strbuf stream = STRBUF_INIT;

    (void)state;
    if (!inflate_is_here())
        skip();
    for (size_t i = 0; i < 3; i++)
        strbuf_add(&stream, member.bytes, member.len);
    strbuf_add(&stream, "\0\0\0\0", 4); /* padding */
    for (size_t part = 1; part < stream.len + 2; part++) {
        cleanup(strbuf_fini) struct strbuf out = STRBUF_INIT;

        assert_int_equal(inflate_all(&stream, part, &out), 0);
        assert_int_equal(out.len, 3 * plain.len);
        assert_memory_equal(out.s + 2 * plain.len, plain.bytes, plain.len);
    }
    free(plain.bytes);
    free(member.bytes);
}

static void damaged_gzip_streams_are_noticed(void **state)
{
    struct fx_bytes member = fx_tar(entries, "gzip");

    (void)state;
    if (!inflate_is_here())
        skip();
    for (size_t len = 0; len < member.len; len++) {
        cleanup(strbuf_fini) struct strbuf stream = STRBUF_INIT, out = STRBUF_INIT;

        strbuf_add(&stream, member.bytes, len);
        assert_int_equal(inflate_all(&stream, 7, &out), -EBADMSG);
    }
    member.bytes[member.len - 6] ^= 1; /* the check sum */
    {
        cleanup(strbuf_fini) struct strbuf stream = STRBUF_INIT, out = STRBUF_INIT;

        strbuf_add(&stream, member.bytes, member.len);
        assert_int_equal(inflate_all(&stream, 7, &out), -EBADMSG);
    }
    free(member.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_digest_is_that_of_libsodium),
        cmocka_unit_test(parts_of_any_size_give_the_same_digest),
        cmocka_unit_test(the_standards_own_example_comes_out),
        cmocka_unit_test(gzip_members_follow_each_other),
        cmocka_unit_test(damaged_gzip_streams_are_noticed),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
