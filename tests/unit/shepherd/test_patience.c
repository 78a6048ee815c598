/* SPDX-License-Identifier: Apache-2.0
 *
 * test_patience.c - how long a step waits for nodes whose daemons are away
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
#include "shepherd/patience.h"

#define LIMIT_MS 10000

static void a_daemon_that_refuses_is_not_one_that_is_away(void **state)
{
    const int refusals[] = {0, EPERM, EINVAL, EBUSY, EALREADY, ENOMEM, ECANCELED};

    (void)state;
    assert_true(patience_forgives(EHOSTDOWN));
    assert_true(patience_forgives(EPIPE));
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
        assert_false(patience_forgives(refusals[i]));
}

static void without_a_miss_there_is_nothing_to_do(void **state)
{
    struct patience p = {.limit_ms = LIMIT_MS};
    uint32_t *indexes;
    size_t n;

    (void)state;
    assert_false(patience_ask(&p, 1000, &indexes, &n));
    assert_null(patience_tell(&p, 1000000));
    assert_false(patience_is_over(&p, 1000000));
    patience_clear(&p);
}

static void each_missed_node_is_asked_once_at_a_time(void **state)
{
    struct patience p = {.limit_ms = LIMIT_MS};
    cleanup(freep) uint32_t *indexes = NULL;
    size_t n;

    (void)state;
    patience_miss(&p, 3, "n4", "refused", 0);
    patience_miss(&p, 5, "n6", "refused", 0);
    patience_miss(&p, 3, "n4", "refused", 0);
    assert_true(patience_misses(&p, 5));
    assert_false(patience_misses(&p, 0));
    assert_false(patience_ask(&p, 99, &indexes, &n));
    assert_true(patience_ask(&p, 100, &indexes, &n));
    assert_int_equal(n, 2);
    assert_int_equal(indexes[0], 3);
    assert_int_equal(indexes[1], 5);
    assert_false(patience_misses(&p, 5));
    patience_clear(&p);
}

static void what_is_no_launch_has_no_index(void **state)
{
    struct patience p = {.limit_ms = LIMIT_MS};
    uint32_t *indexes;
    size_t n = 7;

    (void)state;
    patience_miss(&p, PATIENCE_NO_INDEX, "n1", "away", 0);
    assert_true(patience_ask(&p, 100, &indexes, &n));
    assert_int_equal(n, 0);
    patience_clear(&p);
}

/* When it is asked, as answers come at once. */
static size_t asked_until(uint64_t end, uint64_t *ret_longest)
{
    struct patience p = {.limit_ms = end};
    uint64_t now = 0, last = 0;
    size_t times = 0;

    *ret_longest = 0;
    for (patience_miss(&p, 0, "n1", "refused", now); !patience_is_over(&p, now);) {
        cleanup(freep) uint32_t *indexes = NULL;
        uint64_t left = patience_left(&p, now, false);
        size_t n;

        /* A clock that is woken for nothing would never stand still. */
        assert_true(left > 0 && left <= end);
        now += left;
        free(patience_tell(&p, now));
        if (!patience_ask(&p, now, &indexes, &n))
            continue;
        times++;
        if (now - last > *ret_longest)
            *ret_longest = now - last;
        last = now;
        patience_miss(&p, 0, "n1", "refused", now);
    }
    assert_int_equal(now, end);
    patience_clear(&p);
    return times;
}

static void it_asks_soon_then_rarely_until_its_end(void **state)
{
    uint64_t longest;

    (void)state;
    assert_in_range(asked_until(1000, &longest), 2, 5);
    assert_in_range(asked_until(65000, &longest), 30, 50);
    assert_int_equal(longest, 2000);
}

static void words_are_told_once_and_late(void **state)
{
    struct patience p = {.limit_ms = LIMIT_MS};
    cleanup(freep) char *words = NULL;

    (void)state;
    patience_miss(&p, 0, "n1", "Connection refused", 500);
    assert_null(patience_tell(&p, 3499));
    words = patience_tell(&p, 3500);
    assert_string_equal(words, "node n1: its daemon does not answer: Connection "
                               "refused; waiting for it, for 10 s at most");
    assert_null(patience_tell(&p, 3500));
    patience_clear(&p);
}

static void the_time_is_that_of_the_first_miss(void **state)
{
    struct patience p = {.limit_ms = LIMIT_MS};

    (void)state;
    patience_miss(&p, 0, "n1", "refused", 0);
    patience_miss(&p, 1, "n2", "refused", 9000);
    assert_false(patience_is_over(&p, 9999));
    assert_true(patience_is_over(&p, 10000));
    patience_clear(&p);
    patience_miss(&p, 1, "n2", "refused", 20000);
    assert_false(patience_is_over(&p, 29999));
    patience_clear(&p);
}

static void nothing_is_asked_while_an_answer_is_on_its_way(void **state)
{
    struct patience p = {.limit_ms = LIMIT_MS};

    (void)state;
    patience_miss(&p, 0, "n1", "refused", 0);
    assert_int_equal(patience_left(&p, 0, false), 100);
    assert_int_equal(patience_left(&p, 0, true), 3000);
    patience_hurry(&p, 10);
    assert_int_equal(patience_left(&p, 10, false), 0);
    patience_clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_daemon_that_refuses_is_not_one_that_is_away),
        cmocka_unit_test(without_a_miss_there_is_nothing_to_do),
        cmocka_unit_test(each_missed_node_is_asked_once_at_a_time),
        cmocka_unit_test(what_is_no_launch_has_no_index),
        cmocka_unit_test(it_asks_soon_then_rarely_until_its_end),
        cmocka_unit_test(words_are_told_once_and_late),
        cmocka_unit_test(the_time_is_that_of_the_first_miss),
        cmocka_unit_test(nothing_is_asked_while_an_answer_is_on_its_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
