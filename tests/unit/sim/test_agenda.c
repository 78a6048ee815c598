/* SPDX-License-Identifier: Apache-2.0
 *
 * test_agenda.c - the earliest comes first, and of equal ones the first added
 */
#include "sim/agenda.h"

#include "sim/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void an_empty_agenda_has_no_first(void **state)
{
    struct agenda agenda = {0};

    (void)state;
    assert_null(agenda_first(&agenda));
    agenda_fini(&agenda);
}

static void equal_times_come_as_they_were_added(void **state)
{
    static const size_t order[] = {3, 1, 4, 0, 2};
    static const int64_t times[] = {7, 3, 9, 1, 3};
    struct agenda agenda = {0};

    (void)state;
    for (size_t i = 0; i < 5; i++)
        agenda_add(&agenda, times[i], 0, i);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(agenda_first(&agenda)->job, order[i]);
        assert_int_equal(agenda_pop(&agenda), order[i]);
    }
    assert_null(agenda_first(&agenda));
    agenda_fini(&agenda);
}

static void of_equal_times_the_lower_rank_comes_first(void **state)
{
    static const size_t order[] = {2, 4, 0, 3, 1};
    static const unsigned int ranks[] = {1, 2, 0, 1, 0};
    struct agenda agenda = {0};

    (void)state;
    for (size_t i = 0; i < 5; i++)
        agenda_add(&agenda, 7, ranks[i], i);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(agenda_pop(&agenda), order[i]);
    agenda_fini(&agenda);
}

static void many_come_in_order_between_additions(void **state)
{
    struct agenda agenda = {0};
    struct random_source source;
    int64_t last_time = 0;
    uint64_t last_turn = 0;

    (void)state;
    random_seed(&source, 1);
    for (size_t i = 0; i < 20000; i++) {
        /* Nothing is added before the time that has come. */
        agenda_add(&agenda, last_time + (int64_t)(random_bits(&source) % 50), 0, i);
        if (random_bits(&source) % 3 == 0)
            continue;
        const struct agenda_entry first = *agenda_first(&agenda);

        assert_true(first.time > last_time ||
                    (first.time == last_time && first.turn >= last_turn));
        assert_int_equal(agenda_pop(&agenda), first.job);
        last_time = first.time;
        last_turn = first.turn;
    }
    agenda_fini(&agenda);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_agenda_has_no_first),
        cmocka_unit_test(equal_times_come_as_they_were_added),
        cmocka_unit_test(of_equal_times_the_lower_rank_comes_first),
        cmocka_unit_test(many_come_in_order_between_additions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
