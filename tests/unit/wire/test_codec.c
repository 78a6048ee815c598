/* SPDX-License-Identifier: Apache-2.0
 *
 * test_codec.c - envelopes through a sealed connection, and what tampering does
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/codec.h"
#include "wire/frame.h"
#include "wire/pack.h"

struct pair {
    struct codec a, b;
    struct buf wire; /* from a to b */
};

static int setup(void **state)
{
    struct pair *p = xcalloc(1, sizeof(*p));
    struct session_keys ka, kb, zero = {0};
    uint8_t pa[SESSION_KEY], pb[SESSION_KEY];

    session_keys_make(&ka);
    session_keys_make(&kb);
    memcpy(pa, ka.public_key, SESSION_KEY);
    memcpy(pb, kb.public_key, SESSION_KEY);
    assert_int_equal(codec_init_sealed(&p->a, &ka, pb, true, NULL), 0);
    assert_int_equal(codec_init_sealed(&p->b, &kb, pa, false, NULL), 0);
    assert_memory_equal(&ka, &zero, sizeof(zero));
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct pair *p = *state;

    codec_fini(&p->a);
    codec_fini(&p->b);
    buf_fini(&p->wire);
    free(p);
    return 0;
}

static void put(struct pair *p, uint64_t id)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    env.id = id;
    assert_int_equal(codec_put(&p->a, &env, &p->wire, NULL), 0);
}

/* The id of the next envelope, or a negative error. */
static int64_t get(struct pair *p)
{
    Berth__Envelope *env = NULL;
    const uint8_t *frame;
    size_t len;
    uint64_t id;
    int rc = 0;

    while (rc == 0 && !env) {
        assert_int_equal(frame_next(&p->wire, 1000, &frame, &len, NULL), 1);
        rc = codec_get(&p->b, frame, len, &env, NULL);
    }
    if (rc < 0)
        return rc;
    id = env->id;
    free_message(env);
    return (int64_t)id;
}

static void envelopes_arrive_in_order(void **state)
{
    struct pair *p = *state;

    for (uint64_t i = 1; i <= 20; i++)
        put(p, i);
    for (int i = 1; i <= 20; i++)
        assert_int_equal(get(p), i);
}

static void the_header_goes_once_and_first(void **state)
{
    struct pair *p = *state;

    codec_put_header(&p->a, &p->wire);
    codec_put_header(&p->a, &p->wire);
    assert_int_equal(buf_len(&p->wire), FRAME_HEADER + SESSION_HEADER);
    put(p, 5);
    assert_int_equal(get(p), 5);
}

static void nothing_of_a_message_is_readable_on_the_way(void **state)
{
    struct pair *p = *state;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Status status = BERTH__STATUS__INIT;
    char words[] = "a rather long secret sentence";

    status.text = words;
    env.status = &status;
    assert_int_equal(codec_put(&p->a, &env, &p->wire, NULL), 0);
    assert_null(memmem(buf_head(&p->wire), buf_len(&p->wire), "secret", 6));
}

static void a_changed_bit_anywhere_is_noticed(void **state)
{
    struct pair *p = *state;
    size_t len, at;

    put(p, 1);
    assert_int_equal(get(p), 1);
    put(p, 2);
    len = buf_len(&p->wire) - FRAME_HEADER;
    for (at = 0; at < len; at++) {
        struct codec before = p->b;
        struct buf copy = BUF_INIT;
        const uint8_t *frame;
        Berth__Envelope *env;
        size_t frame_len;

        before.opened = (struct buf)BUF_INIT;
        buf_add(&copy, buf_head(&p->wire), buf_len(&p->wire));
        copy.bytes[FRAME_HEADER + at] ^= 1;
        assert_int_equal(frame_next(&copy, 1000, &frame, &frame_len, NULL), 1);
        assert_int_equal(codec_get(&before, frame, frame_len, &env, NULL), -EBADMSG);
        buf_fini(&copy);
        buf_fini(&before.opened);
    }
    assert_int_equal(get(p), 2);
}

static void a_dropped_message_is_noticed(void **state)
{
    struct pair *p = *state;
    const uint8_t *frame;
    size_t len;

    put(p, 1);
    assert_int_equal(get(p), 1);
    put(p, 2);
    put(p, 3);
    assert_int_equal(frame_next(&p->wire, 1000, &frame, &len, NULL), 1);
    assert_int_equal(get(p), -EBADMSG);
}

static void a_repeated_message_is_noticed(void **state)
{
    cleanup(freep) uint8_t *again = NULL;
    struct pair *p = *state;
    size_t at;

    put(p, 1);
    assert_int_equal(get(p), 1);
    put(p, 2);
    at = buf_len(&p->wire);
    again = xmemdup(buf_head(&p->wire), at);
    buf_add(&p->wire, again, at);
    assert_int_equal(get(p), 2);
    assert_int_equal(get(p), -EBADMSG);
}

static void a_stream_without_its_header_is_refused(void **state)
{
    struct pair *p = *state;

    frame_put(&p->wire, "not a header", 12);
    assert_int_equal(get(p), -EPROTO);
}

static void a_bad_public_key_is_refused(void **state)
{
    static const uint8_t zero[SESSION_KEY];
    struct session_keys own;
    struct codec c;

    (void)state;
    session_keys_make(&own);
    assert_int_equal(codec_init_sealed(&c, &own, zero, true, NULL), -EPROTO);
}

static void a_message_too_large_for_a_frame_is_not_sent(void **state)
{
    struct pair *p = *state;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__TaskOutput output = BERTH__TASK_OUTPUT__INIT;
    cleanup(freep) uint8_t *data = xcalloc(1, 64u << 20);
    struct err err;

    output.data.data = data;
    output.data.len = 64u << 20;
    env.body_case = BERTH__ENVELOPE__BODY_OUTPUT;
    env.output = &output;
    assert_int_equal(codec_put(&p->a, &env, &p->wire, &err), -EMSGSIZE);
    assert_int_equal(buf_len(&p->wire), 0);
}

static void a_local_connection_is_in_clear(void **state)
{
    static const uint8_t golden[] = {0, 0, 0, 2, 0x08, 9};
    struct pair *p = *state;

    codec_fini(&p->a);
    codec_fini(&p->b);
    codec_init_clear(&p->a);
    codec_init_clear(&p->b);
    put(p, 9);
    assert_int_equal(buf_len(&p->wire), sizeof(golden));
    assert_memory_equal(buf_head(&p->wire), golden, sizeof(golden));
    assert_int_equal(get(p), 9);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(envelopes_arrive_in_order),
        T(the_header_goes_once_and_first),
        T(nothing_of_a_message_is_readable_on_the_way),
        T(a_changed_bit_anywhere_is_noticed),
        T(a_dropped_message_is_noticed),
        T(a_repeated_message_is_noticed),
        T(a_stream_without_its_header_is_refused),
        T(a_bad_public_key_is_refused),
        T(a_message_too_large_for_a_frame_is_not_sent),
        T(a_local_connection_is_in_clear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
