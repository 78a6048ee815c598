/* SPDX-License-Identifier: Apache-2.0
 *
 * test_gather.c - all who take part get what all gave, once
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/mem.h"
#include "shepherd/gather.h"

struct fixture {
    struct gathers *gathers;
    uint32_t n_done, n_answered;
    int status;
    uint64_t serial;
    char data[64];
};

static void on_done(void *ctx, const struct gather_part *parts, size_t n_parts,
                    int status, uint64_t serial, const void *data, size_t len)
{
    struct fixture *f = ctx;

    f->n_done++;
    for (size_t i = 0; i < n_parts; i++)
        f->n_answered += parts[i].is_in;
    f->status = status;
    assert_true(serial > f->serial);
    f->serial = serial;
    assert_true(len < sizeof(f->data));
    memset(f->data, 0, sizeof(f->data));
    memcpy(f->data, data ? data : "", len);
}

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->gathers = gathers_create(&(struct gather_actions){.ctx = f, .done = on_done});
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    gathers_destroy(f->gathers);
    free(f);
    return 0;
}

static const uint8_t id[GATHER_ID_BYTES] = "some processes";
static const struct gather_part parts[] = {
    {.step = 3, .index = 0}, {.step = 1, .index = 1}, {.step = 1, .index = 0}};

static int enter(struct fixture *f, uint32_t step, uint32_t index, const char *data)
{
    struct gather_part own = {.step = step, .index = index};

    return gathers_enter(f->gathers, id, &own, parts, ARRAY_SIZE(parts), data,
                         strlen(data));
}

static void all_get_what_all_gave(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(enter(f, 1, 0, "a"), 0);
    assert_int_equal(enter(f, 3, 0, "b"), 0);
    assert_int_equal(f->n_done, 0);
    assert_int_equal(enter(f, 1, 1, "c"), 0);
    assert_int_equal(f->n_done, 1);
    assert_int_equal(f->n_answered, 3);
    assert_int_equal(f->status, 0);
    assert_string_equal(f->data, "abc");
}

static void who_enters_twice_is_in_the_next_one(void **state)
{
    struct fixture *f = *state;

    (void)enter(f, 1, 0, "a");
    (void)enter(f, 1, 0, "x");
    (void)enter(f, 1, 1, "b");
    (void)enter(f, 3, 0, "c");
    assert_int_equal(f->n_done, 1);
    assert_string_equal(f->data, "abc");
    (void)enter(f, 3, 0, "y");
    (void)enter(f, 1, 1, "z");
    assert_int_equal(f->n_done, 2);
    assert_string_equal(f->data, "xyz");
}

static void a_stranger_does_not_take_part(void **state)
{
    struct fixture *f = *state;

    (void)enter(f, 1, 0, "a");
    assert_int_equal(enter(f, 2, 0, "x"), -EINVAL);
    (void)enter(f, 1, 1, "b");
    (void)enter(f, 3, 0, "c");
    assert_int_equal(f->n_answered, 3);
    assert_string_equal(f->data, "abc");
}

static void a_step_that_ends_before_it_is_in_fails_the_rest(void **state)
{
    struct fixture *f = *state;

    (void)enter(f, 1, 0, "a");
    (void)enter(f, 3, 0, "b");
    /* It has given what it has to give. */
    gathers_step_ended(f->gathers, 3);
    assert_int_equal(f->n_done, 0);
    gathers_step_ended(f->gathers, 1);
    assert_int_equal(f->n_done, 1);
    assert_int_equal(f->n_answered, 2);
    assert_int_equal(f->status, ECONNRESET);
}

#define GATHER_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATHER_TEST(all_get_what_all_gave),
        GATHER_TEST(who_enters_twice_is_in_the_next_one),
        GATHER_TEST(a_stranger_does_not_take_part),
        GATHER_TEST(a_step_that_ends_before_it_is_in_fails_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
