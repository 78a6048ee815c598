/* SPDX-License-Identifier: Apache-2.0
 *
 * test_frame.c - frames come out as they went in, however the bytes arrive
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
#include "wire/frame.h"

static void a_frame_is_its_length_in_big_endian_and_its_bytes(void **state)
{
    static const uint8_t golden[] = {0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o'};
    struct buf out = BUF_INIT;

    (void)state;
    frame_put(&out, "hello", 5);
    assert_int_equal(buf_len(&out), sizeof(golden));
    assert_memory_equal(buf_head(&out), golden, sizeof(golden));
    buf_fini(&out);
}

static void an_empty_frame_is_a_frame(void **state)
{
    struct buf b = BUF_INIT;
    const uint8_t *frame;
    size_t len;

    (void)state;
    frame_put(&b, "", 0);
    assert_int_equal(frame_next(&b, 10, &frame, &len, NULL), 1);
    assert_int_equal(len, 0);
    assert_int_equal(frame_next(&b, 10, &frame, &len, NULL), 0);
    buf_fini(&b);
}

static void a_length_past_the_bound_is_refused_with_its_header(void **state)
{
    static const uint8_t header[] = {0, 0, 0, 11};
    struct buf b = BUF_INIT;
    const uint8_t *frame;
    struct err err;
    size_t len;

    (void)state;
    buf_add(&b, header, 3);
    assert_int_equal(frame_next(&b, 10, &frame, &len, &err), 0);
    buf_add(&b, header + 3, 1);
    assert_int_equal(frame_next(&b, 10, &frame, &len, &err), -EMSGSIZE);
    assert_non_null(strstr(err.text, "oversized"));
    assert_int_equal(frame_next(&b, 11, &frame, &len, &err), 0);
    buf_fini(&b);
}

static void what_is_missing_ends_with_the_frame(void **state)
{
    struct buf whole = BUF_INIT, in = BUF_INIT;
    const uint8_t *frame;
    size_t len, missing;

    (void)state;
    frame_put(&whole, "hello", 5);
    frame_put(&whole, "next", 4);
    while ((missing = frame_missing(&in)) > 0) {
        buf_add(&in, buf_head(&whole), missing);
        buf_taken(&whole, missing);
    }
    assert_int_equal(buf_len(&in), 9);
    assert_int_equal(buf_len(&whole), 8);
    assert_int_equal(frame_next(&in, 10, &frame, &len, NULL), 1);
    assert_memory_equal(frame, "hello", 5);
    buf_fini(&whole);
    buf_fini(&in);
}

static void memory_grows_with_what_came_not_with_what_is_promised(void **state)
{
    static const uint8_t header[] = {4, 0, 0, 0}; /* 64 MiB */
    struct buf b = BUF_INIT;

    (void)state;
    buf_add(&b, header, 4);
    assert_true(frame_read_size(&b) <= 64 << 10);
    memset(buf_room(&b, 1 << 20), 0, 1 << 20);
    buf_added(&b, 1 << 20);
    assert_true(frame_read_size(&b) <= buf_len(&b));
    buf_fini(&b);
}

static uint64_t random_state;

static uint32_t next_random(uint32_t below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % below;
}

#define FRAMES 200

/* Frame i holds its number, repeated, in a length drawn from the seed. */
static void check_frame(const uint8_t *frame, size_t len, int i, size_t want)
{
    assert_int_equal(len, want);
    for (size_t k = 0; k < len; k++)
        assert_int_equal(frame[k], (uint8_t)i);
}

static void split_and_join(uint64_t seed)
{
    struct buf whole = BUF_INIT, in = BUF_INIT;
    size_t lens[FRAMES];
    int n = 0;

    random_state = seed;
    for (int i = 0; i < FRAMES; i++) {
        uint8_t bytes[5000];

        lens[i] = next_random(i % 10 ? 40 : 5000);
        memset(bytes, i, sizeof(bytes));
        frame_put(&whole, bytes, lens[i]);
    }
    while (buf_len(&whole) > 0) {
        size_t part = 1 + next_random(seed % 2 ? 7 : 3000);
        const uint8_t *frame;
        size_t len;

        if (part > buf_len(&whole))
            part = buf_len(&whole);
        buf_add(&in, buf_head(&whole), part);
        buf_taken(&whole, part);
        while (frame_next(&in, 5000, &frame, &len, NULL) > 0) {
            check_frame(frame, len, n, lens[n]);
            n++;
        }
    }
    assert_int_equal(n, FRAMES);
    assert_int_equal(buf_len(&in), 0);
    buf_fini(&whole);
    buf_fini(&in);
}

static void frames_survive_any_split_of_the_stream(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++)
        split_and_join(seed);
}

static void a_large_message_gives_its_memory_back(void **state)
{
    struct buf b = BUF_INIT;

    (void)state;
    buf_added(&b, (buf_room(&b, 1 << 20), 1 << 20));
    buf_trim(&b);
    assert_int_equal(buf_len(&b), 1 << 20);
    buf_taken(&b, 1 << 20);
    buf_trim(&b);
    assert_int_equal(b.cap, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_its_length_in_big_endian_and_its_bytes),
        cmocka_unit_test(an_empty_frame_is_a_frame),
        cmocka_unit_test(a_length_past_the_bound_is_refused_with_its_header),
        cmocka_unit_test(what_is_missing_ends_with_the_frame),
        cmocka_unit_test(memory_grows_with_what_came_not_with_what_is_promised),
        cmocka_unit_test(frames_survive_any_split_of_the_stream),
        cmocka_unit_test(a_large_message_gives_its_memory_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
